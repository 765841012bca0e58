"""``probe``: ask a live tenant what only it can answer, and print a report that may be attached to a public issue."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from connector import __version__
from connector.clients.exchange_transport import Transport
from connector.errors import ConnectorError, ServiceError
from connector.services import close_services, services
from local.environment import settings
from local.questions import READING, WRITING, Asking, Question
from local.redaction import Redaction
from local.serve import described

_PACKAGES = ("azure-functions-durable", "azure-identity", "azure-keyvault-secrets", "msgraph-sdk", "azure-core")


async def probe(arguments: argparse.Namespace) -> int:
    """Ask all questions and print the report; return 0 when each could be asked."""
    if arguments.endpoints is not None:
        endpoints = await asyncio.to_thread(described, arguments.endpoints)
        os.environ.update(settings(endpoints, arguments.store or Path()))
    name = arguments.write or arguments.connection
    if arguments.write is not None:
        sys.stderr.write(
            f"Repeats New-ServicePrincipal and one Add-MailboxPermission of the connection {arguments.write}. Both are "
            "there already, so nothing changes.\n"
        )
    try:
        asking = await _asking(name)
        questions = (*READING, *WRITING) if arguments.write is not None else READING
        answers = [await _ask(question, asking) for question in questions]
        await asking.exchange.close()
    finally:
        await close_services()
    connection = asking.connection
    known = (connection.name, connection.wanted.display_name) if connection is not None else ()
    report = {**_head(), "answers": _redacted(answers, known)}
    sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) if arguments.json else _markdown(report))
    sys.stdout.write("\n")
    return 0 if all("failed" not in answer for answer in answers) else 1


async def _asking(name: str | None) -> Asking:
    """Return what the questions need.

    Raises:
        ConnectorError: a setting is wrong, the grant is missing, or there is no token.
    """
    clients = services()
    clients.require_grant()
    claims = await clients.identity.claims(clients.cloud.exchange_scope)
    connection, address = None, None
    if name is not None:
        found = await clients.documents.load(name)
        if found is None:
            raise SystemExit(f"There is no connection {name!r} in the store.")
        connection = found.connection
        chunk = await clients.documents.chunk(name, 0)
        address = next((entry.address for entry in chunk.mailboxes if entry.access is not None), None)
    transport = Transport(clients.cloud, clients.identity.credential)
    return Asking(clients, transport, claims.tenant_id, connection, address)


async def _ask(question: Question, asking: Asking) -> dict[str, Any]:
    asked = {"question": (question.__doc__ or "").strip(), "name": question.__name__}
    try:
        return {**asked, "facts": await question(asking)}
    except ServiceError as error:
        return {**asked, "failed": f"{error.service}: {type(error).__name__} {error.code}: {error.reason}"}
    except (ConnectorError, OSError, ValueError) as error:
        return {**asked, "failed": type(error).__name__}


def _head() -> dict[str, Any]:
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _redacted(answers: list[dict[str, Any]], known: Sequence[str]) -> list[dict[str, Any]]:
    redaction = Redaction(*known)
    return [
        {**answer, **{key: redaction.value(answer[key]) for key in ("facts", "failed") if key in answer}}
        for answer in answers
    ]


def _markdown(report: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in report["packages"].items())
    lines = [
        "# Report of a live tenant",
        "",
        f"utm-mail-connect {report['version']}, Python {report['python']}, {report['written']}",
        "",
        packages,
    ]
    for answer in report["answers"]:
        lines += ["", f"## {answer['name']}", "", answer["question"], ""]
        if "failed" in answer:
            lines.append(f"Could not be asked: {answer['failed']}")
        else:
            lines += ["```json", json.dumps(answer["facts"], indent=2, ensure_ascii=False), "```"]
    return "\n".join(lines)
