"""``python -m local``: the whole product on a bare machine."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

PRESETS = ("calm", "normal", "hostile")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="set one connection up, end to end, then exit")
    _tenant_options(demo)
    demo.add_argument("--clock", type=float, default=60.0, help="how much faster time passes (60)")
    demo.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    serve = commands.add_parser(
        "serve", help="serve the app until Ctrl-C, with a simulated tenant unless told otherwise"
    )
    _tenant_options(serve)
    serve.add_argument("--port", type=int, default=7071, help="0 takes a free one (7071)")
    serve.add_argument("--endpoints", type=Path, metavar="FILE", help="use the tenant that FILE describes")
    serve.add_argument("--store", type=Path, metavar="DIR", help="keep the connections there")
    serve.add_argument("--clock", type=float, help="how much faster time passes (60; 1 with another tenant)")
    serve.add_argument("--redeliver", action="store_true", help="deliver every activity twice")
    serve.add_argument("--json", action="store_true", help="print one line of JSON when ready")

    tenant = commands.add_parser("tenant", help="the simulated tenant alone, until Ctrl-C")
    _tenant_options(tenant)
    tenant.add_argument("--clock", type=float, default=1.0, help="how much faster its delays pass (1)")
    tenant.add_argument("--out", type=Path, metavar="FILE", help="write its endpoints there")

    probe = commands.add_parser("probe", help="ask a live tenant what only it can answer; prints a redacted report")
    probe.add_argument("--endpoints", type=Path, metavar="FILE", help="ask the tenant that FILE describes")
    probe.add_argument("--store", type=Path, metavar="DIR", help="with --endpoints: where the connections are kept")
    probe.add_argument("--connection", metavar="NAME", help="ask about this connection too")
    probe.add_argument("--write", metavar="NAME", help="also repeat two writes of this connection that change nothing")
    probe.add_argument("--json", action="store_true", help="print JSON instead of Markdown")

    soak = commands.add_parser("soak", help="runs that are disturbed, each of which must end like a calm one")
    soak.add_argument("--preset", choices=PRESETS, default="hostile", help="how the tenant behaves (hostile)")
    soak.add_argument("--seeds", type=_count, default=20, help="how many seeds of that preset (20)")
    soak.add_argument("--mailboxes", type=_count, default=3, help="how many mailboxes (3)")
    soak.add_argument("--at-once", type=_count, default=4, help="how many runs at the same time (4)")
    return parser


def _tenant_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", choices=PRESETS, help="how the simulated tenant behaves (calm)")
    parser.add_argument("--seed", type=int, default=1, help="makes its misbehaviour repeatable (1)")
    parser.add_argument("--mailboxes", type=_count, default=3, help="how many mailboxes it has (3)")


def _count(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 5_000:  # noqa: PLR2004 - as many as a connection may have
        raise argparse.ArgumentTypeError("must be between 1 and 5000")
    return number


def main() -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args()
    lines = logging.StreamHandler(sys.stderr)
    lines.setLevel(logging.WARNING if arguments.command in {"demo", "probe", "soak"} else logging.INFO)
    logging.basicConfig(handlers=[lines], format="%(message)s", level=logging.INFO)
    for name in ("azure", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if arguments.command == "demo":
        from local.demo import demo as run  # noqa: PLC0415 - only what the command needs is imported
    elif arguments.command == "serve":
        from local.serve import serve as run  # noqa: PLC0415 - as above
    elif arguments.command == "probe":
        from local.probe import probe as run  # noqa: PLC0415 - as above
    elif arguments.command == "soak":
        from local.soak import soak as run  # noqa: PLC0415 - as above
    else:
        from local.serve import tenant as run  # noqa: PLC0415 - as above
    try:
        return asyncio.run(run(arguments))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
