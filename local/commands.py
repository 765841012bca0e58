"""The commands of ``python -m local``: what each takes, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from connector.errors import ConnectorError
from local.terminal import count, explained, factor, folder, port, says, write_plainly

PRESETS = ("calm", "normal", "hostile")
PROFILES = ("careful", "automatic", "minimal")
INTERRUPTED = 130
"""As in ``local.__main__``."""
Command = Callable[[argparse.Namespace], Awaitable[int]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole product on a bare machine.")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="set one connection up, end to end, then exit")
    _tenant_options(demo)
    demo.add_argument("--clock", type=factor, default=60.0, help="how much faster time passes (60)")
    demo.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    serve = commands.add_parser(
        "serve", help="serve the app until Ctrl-C, with a simulated tenant unless told otherwise"
    )
    _tenant_options(serve)
    serve.add_argument("--port", type=port, default=7071, help="0 takes a free one (7071)")
    serve.add_argument("--endpoints", type=Path, metavar="FILE", help="use the tenant that FILE describes")
    serve.add_argument(
        "--store", type=folder, metavar="DIR", help="keep the connections and the simulated tenant there"
    )
    serve.add_argument("--clock", type=factor, help="how much faster time passes (60; 1 with another tenant)")
    serve.add_argument(
        "--profile", choices=PROFILES, default="careful", help="the rights that a new tenant has granted (careful)"
    )
    serve.add_argument("--redeliver", action="store_true", help="deliver every activity twice")
    serve.add_argument("--json", action="store_true", help="print one line of JSON when ready")

    tenant = commands.add_parser("tenant", help="the simulated tenant alone, until Ctrl-C")
    _tenant_options(tenant)
    tenant.add_argument("--clock", type=factor, default=1.0, help="how much faster its delays pass (1)")
    tenant.add_argument("--out", type=Path, metavar="FILE", help="write its endpoints there")

    probe = commands.add_parser("probe", help="ask a live tenant what only it can answer; prints a redacted report")
    probe.add_argument("--endpoints", type=Path, metavar="FILE", help="ask the tenant that FILE describes")
    probe.add_argument("--store", type=folder, metavar="DIR", help="with --endpoints: where the connections are kept")
    probe.add_argument("--connection", metavar="NAME", help="ask about this connection too")
    probe.add_argument("--write", metavar="NAME", help="also repeat two writes of this connection that change nothing")
    probe.add_argument("--json", action="store_true", help="print JSON instead of Markdown")

    soak = commands.add_parser("soak", help="runs that are disturbed, each of which must end like a calm one")
    soak.add_argument("--preset", choices=PRESETS, default="hostile", help="how the tenant behaves (hostile)")
    soak.add_argument("--seeds", type=count, default=20, help="how many seeds of that preset (20)")
    soak.add_argument("--mailboxes", type=count, default=3, help="how many mailboxes (3)")
    soak.add_argument("--at-once", type=count, default=4, help="how many runs at the same time (4)")

    year = commands.add_parser("year", help="a connection through a year of simulated days; prints those without mail")
    year.add_argument("--seed", type=int, default=1, help="what people do and leave undone in it (1)")
    year.add_argument("--calm", action="store_true", help="a year in which everybody does his part")
    year.add_argument("--days", type=count, default=365, help="how many days (365)")
    year.add_argument("--mailboxes", type=count, default=1, help="how many mailboxes (1)")
    return parser


def _tenant_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", choices=PRESETS, help="how the simulated tenant behaves (calm)")
    parser.add_argument("--seed", type=int, default=1, help="makes its misbehaviour repeatable (1)")
    parser.add_argument("--mailboxes", type=count, default=3, help="how many mailboxes it has (3)")


def _command(name: str) -> Command:
    """Return a command; only what it needs is imported."""
    if name == "demo":
        from local.demo import demo as command  # noqa: PLC0415 - see above
    elif name == "serve":
        from local.serve import serve as command  # noqa: PLC0415 - see above
    elif name == "probe":
        from local.probe import probe as command  # noqa: PLC0415 - see above
    elif name == "soak":
        from local.soak import soak as command  # noqa: PLC0415 - see above
    elif name == "year":
        from local.year import command  # noqa: PLC0415 - see above
    else:
        from local.serve import tenant as command  # noqa: PLC0415 - see above
    return command


async def _run(arguments: argparse.Namespace) -> int:
    return await _command(arguments.command)(arguments)


def main() -> int:
    """Run one command and return its exit status."""
    write_plainly()
    arguments = _parser().parse_args()
    lines = logging.StreamHandler(sys.stderr)
    lines.setLevel(logging.WARNING if arguments.command in {"demo", "probe", "soak", "year"} else logging.INFO)
    logging.basicConfig(handlers=[lines], format="%(message)s", level=logging.INFO)
    for name in ("azure", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # asyncio ends its task at Ctrl-C, so that everything is tidied up; only where the handler is Python's own.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(_run(arguments))
    except KeyboardInterrupt:
        # All is tidied up; a thread that was cut off in the midst of a line would abort the interpreter's own end.
        os._exit(0 if arguments.command in {"serve", "tenant"} else INTERRUPTED)
    except BrokenPipeError:  # who reads has gone, as in ``| head -1``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        sys.stderr.write(says("refused", reason=error) + "\n")
        return 1
    except ConnectorError as error:
        sys.stderr.write(says("refused", reason=explained(error)) + "\n")
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the interpreter is going, and would only complain
