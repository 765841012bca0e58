"""Look at many deployments at once; the exit code is that of a Nagios plugin."""

from __future__ import annotations

import argparse
import asyncio
import codecs
import json
import math
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from fleet.asking import AT_ONCE, SECONDS, ask
from fleet.deployment import SCOPE, Deployment, FleetError, of_azure, of_file
from fleet.overview import Row, exit_code, ordered, since
from fleet.shown import as_csv, as_json, table
from fleet.tokens import OfAzure, Tokens

UNKNOWN = 3


class _Parser(argparse.ArgumentParser):
    """Ends with what Nagios calls unknown: argparse's 2 would be critical."""

    def error(self, message: str) -> None:  # type: ignore[override] # it exits as well
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, f"{self.prog}: {message}\n")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m fleet", description=__doc__)
    parser.add_argument(
        "--file",
        type=Path,
        help='a list of {"name", "url", "keyFrom" or "signIn"}; else Azure is asked',
    )
    parser.add_argument("--subscription", action="append", default=[], help="only in this one; may be repeated")
    parser.add_argument(
        "--since", type=Path, help="only what has changed since this file, which --format json has made"
    )
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table")
    parser.add_argument("--seconds", type=_seconds, default=SECONDS, help="how long each is waited for (%(default)s)")
    return parser.parse_args(given)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        msg = "a number of seconds above 0"
        raise argparse.ArgumentTypeError(msg)
    return seconds


def _before(path: Path) -> list[dict[str, Any]]:
    """Return what an earlier call has written.

    Raises:
        FleetError: the file is none of these.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
        if all({"name", "url", "customer", "how", "needing", "version"} <= one.keys() for one in rows):
            return [dict(one) for one in rows]
    except (OSError, ValueError, TypeError, AttributeError):
        pass
    msg = f"{path} is not what --format json writes"
    raise FleetError(msg)


async def look(given: argparse.Namespace, client: httpx.AsyncClient, tokens: Tokens) -> list[Row]:
    """Return how all deployments are.

    Raises:
        FleetError: they cannot be found.
    """
    deployments: list[Deployment]
    if given.file is not None:
        token, deployments = None, of_file(given.file)
    else:
        token = await tokens.token(SCOPE)
        deployments = await of_azure(client, token, given.subscription)
    return ordered(await ask(client, deployments, tokens, token, given.seconds))


async def _run(given: argparse.Namespace) -> list[Row]:
    limits = httpx.Limits(max_connections=2 * AT_ONCE)
    async with httpx.AsyncClient(limits=limits, timeout=given.seconds) as client, OfAzure() as tokens:
        return await look(given, client, tokens)


def _legible(error: UnicodeError) -> tuple[str, int]:
    """Write what the terminal has no character for: a customer's name, or a mark, which stays apart from "unknown"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join({"✓": "+", "✗": "x"}.get(one, "?") for one in error.object[error.start : error.end]), error.end


def main(arguments: Sequence[str] | None = None) -> int:
    """Return Nagios' code of the worst deployment; unknown where they cannot be found, or nobody reads or waits."""
    codecs.register_error("legible", _legible)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="legible")
    given = _arguments(arguments)
    try:
        code = _look_and_show(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return UNKNOWN
    except BrokenPipeError:  # who reads has gone, as in ``| head -1``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNKNOWN
    return code


def _look_and_show(given: argparse.Namespace) -> int:
    try:
        before = _before(given.since) if given.since is not None else None
        rows = asyncio.run(_run(given))
    except FleetError as error:
        print(f"fleet: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        return UNKNOWN
    shown = ordered(since(rows, before)) if before is not None else rows
    if given.format == "table":
        console = Console()
        with console.capture() as captured:
            table(shown, console)
        print(captured.get(), end="")  # noqa: T201 - as above
    else:
        print((as_json if given.format == "json" else as_csv)(shown), end="")  # noqa: T201 - as above
    return exit_code(rows)


if __name__ == "__main__":
    raise SystemExit(main())
