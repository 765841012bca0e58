"""``demo``: one connection, end to end, shown as it happens; at the end the values as the UTM labels them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from connector.messages import Language, text
from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant
from local.terminal import locale_language

NAME = "utm-headquarters"
_MARKS = {
    "done": ("✔", "green"),
    "unchanged": ("✔", "green"),
    "waiting": ("…", "yellow"),
    "action-required": ("!", "red"),
    "failed": ("✘", "red"),
    "pending": ("·", "dim"),
}
PATIENCE = 30.0
"""Real seconds for which the demo goes on looking when a step says that it needs a person: it may heal by itself."""
_READS = 5
SHOWN = 5
"""How many mailboxes the end of the demo lists."""
FIELDS = ("applicationId", "tenantId", "clientSecret")


async def demo(arguments: argparse.Namespace) -> int:
    """Set one connection up; return 0 when every mailbox has opened."""
    lang = locale_language()
    console = Console(stderr=arguments.json, quiet=arguments.json, highlight=False)
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        async with Tenant(
            preset=arguments.preset or "calm", seed=arguments.seed, clock=arguments.clock, mailboxes=arguments.mailboxes
        ) as tenant:
            environment = settings(tenant.endpoints, Path(folder))
            async with (
                serving(environment, clock=arguments.clock) as host,
                ApiClient(host, lang) as client,
            ):
                body = {"name": NAME, "mailboxes": tenant.addresses}
                console.print(_heading(arguments, lang))
                with Live(console=console, refresh_per_second=10, transient=False) as live:
                    connection = await client.set_up(
                        body, lambda seen: live.update(show(seen, arguments, lang)), patience=PATIENCE
                    )
                console.print()
                parameters = await _parameters(client)
                calls = dict(sorted(tenant.calls.items()))
    if arguments.json:
        sys.stdout.write(json.dumps(report(connection, parameters, calls), ensure_ascii=False) + "\n")
    else:
        for finding in connection["findings"]:
            console.print(f"{finding['message']}\n  {text(lang, 'label', 'action')}: {finding['action']['text']}")
        if parameters is not None:
            console.print(ending(connection, parameters, calls, lang))
    return 0 if connection["state"] == "ready" else 1


async def _parameters(client: ApiClient) -> dict[str, Any] | None:
    """Read the parameters, again where the vault is just throttling; None where there are none."""
    for _ in range(_READS):
        answer = await client.get(f"/api/connections/{NAME}/parameters")
        if answer.is_success:
            document: dict[str, Any] = answer.json()
            return document
        await asyncio.sleep(0.5)
    return None


def show(connection: dict[str, Any], arguments: argparse.Namespace, lang: Language) -> RenderableType:
    """Return the steps as they stand.

    A calm tenant lets nobody wait: what its steps take is this machine's own time, which a fast clock multiplies.
    """
    calm = arguments.preset in {None, "calm"}
    pace = arguments.clock if calm else 1.0
    table = Table.grid(padding=(0, 2))
    turning = "dots" if sys.stdout.encoding.lower().startswith("utf") else "line"
    for number, step in enumerate(connection["steps"], 1):
        mark, style = _MARKS.get(step["state"], ("", "cyan"))
        sign: RenderableType = Spinner(turning) if step["state"] == "running" else Text(mark, style=style)
        table.add_row(
            str(number),
            sign,
            text(lang, "step", step["name"]),
            Text(_said(step, connection, lang), style=style),
            Text(_duration(seconds(step), pace), style="dim"),
        )
    lines: list[RenderableType] = [table]
    lines += [
        Text(f"  {finding['severity']}: {finding['message']}", style="yellow") for finding in connection["findings"]
    ]
    if calm:
        lines.append(Text(text(lang, "demo", "calm"), style="dim"))
    elif arguments.clock != 1:
        lines.append(Text(_clock_note(arguments.clock, lang), style="dim"))
    return Group(*lines)


def _said(step: dict[str, Any], connection: dict[str, Any], lang: Language) -> str:
    if step["reason"]:
        return f"{text(lang, 'state', 'waiting')}: {step['reason']}"
    if step["name"] == "verification" and step["state"] != "pending":
        opened = connection["mailboxes"]["counts"].get("open", 0)
        return f"{text(lang, 'state', step['state'])} ({opened}/{connection['mailboxes']['total']})"
    return text(lang, "state", step["state"])


def seconds(step: dict[str, Any]) -> float | None:
    """Return how long a step took on the app's clock."""
    if step["started"] is None or step["ended"] is None:
        return None
    return (datetime.fromisoformat(step["ended"]) - datetime.fromisoformat(step["started"])).total_seconds()


def _duration(value: float | None, pace: float) -> str:
    if value is None:
        return ""
    value /= pace
    minutes, rest = divmod(value, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def report(connection: dict[str, Any], parameters: dict[str, Any] | None, calls: dict[str, int]) -> dict[str, Any]:
    """Return what ``--json`` prints: the secret's length stands in for its value."""
    return {
        "state": connection["state"],
        "parameters": {**parameters, "clientSecret": len(parameters["clientSecret"])} if parameters else None,
        "steps": [
            {"name": step["name"], "state": step["state"], "seconds": seconds(step), "changes": step["changes"]}
            for step in connection["steps"]
        ],
        "findings": [finding["code"] for finding in connection["findings"]],
        "calls": calls,
        "waits": sum(step["waits"] for step in connection["steps"]),
    }


def ending(
    connection: dict[str, Any], parameters: dict[str, Any], calls: dict[str, int], lang: Language
) -> RenderableType:
    """Return the values as the UTM labels them, and what they cost."""
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=26)  # beside it, 80 columns hold the secret in one line, to be copied
    table.add_column()
    for field in FIELDS:
        value = Text(str(parameters.get(field)), style="bold", overflow="fold")
        table.add_row(text(lang, "label", field), value)
    table.add_row("", "")
    table.add_row(text(lang, "label", "provider"), parameters["provider"])
    table.add_row(text(lang, "label", "expires"), parameters["secret"]["expiresOn"][:10])
    mailboxes = parameters["mail"]["mailboxes"]
    more = ["…"] if len(mailboxes) > SHOWN else []
    table.add_row(text(lang, "label", "mailboxes"), "\n".join(mailboxes[:SHOWN] + more))
    table.add_row(text(lang, "label", "verified"), text(lang, "label", "yes" if parameters["verified"] else "no"))
    lines: list[RenderableType] = [Panel(table, title="Securepoint UTM › OAuth 2", expand=False)]
    if lang == "en":
        lines.append(Text(text(lang, "label", "tenantHint"), style="dim"))
    waits = sum(step["waits"] for step in connection["steps"])
    cost = ", ".join(f"{service} {number}" for service, number in calls.items())
    lines.append(Text(f"{text(lang, 'label', 'calls')}: {cost}; {text(lang, 'label', 'waits')}: {waits}", style="dim"))
    return Group(*lines)


def _heading(arguments: argparse.Namespace, lang: Language) -> str:
    values = {"name": NAME, "preset": arguments.preset or "calm", "seed": arguments.seed}
    return text(lang, "demo", "heading", values=values)


def _clock_note(clock: float, lang: Language) -> str:
    return text(lang, "demo", "clock", values={"factor": f"{clock:g}"})
