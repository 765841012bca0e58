"""What Windows does otherwise, as far as it can be tried elsewhere: signals, file names, the lines of the READMEs."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import pytest

from local.commands import _parser
from local.serve import until_stopped
from tests.docs.test_docs import ROOT, blocks, read
from tests.flow.app import NAME, running

_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
"""What a name on Windows may not hold, or end with (learn.microsoft.com/windows/win32/fileio/naming-a-file)."""


class Loop(asyncio.SelectorEventLoop):
    """A loop that takes no signals, as those of Windows."""

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: object) -> None:
        del sig, callback, args
        raise NotImplementedError


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_loop_that_takes_no_signals_is_stopped_all_the_same(name: signal.Signals) -> None:
    before = signal.getsignal(name)
    loop = Loop()
    loop.call_later(0.05, signal.raise_signal, name)
    try:
        loop.run_until_complete(asyncio.wait_for(until_stopped(), 5))
    finally:
        loop.close()
        signal.signal(name, before)


def stored(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


async def test_every_name_that_is_stored_may_be_one_on_windows(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.set_up()
    names = stored(tmp_path)
    assert f"{NAME}.json" in names
    assert {name for name in names if _FORBIDDEN.search(name)} == set()


@pytest.mark.parametrize("path", ["README.md", "README.de.md"])
def test_the_lines_for_powershell_name_what_there_is(path: str) -> None:
    (shown,) = blocks(read(path), "powershell")
    make, install, *commands = (line.split() for line in shown.splitlines())
    assert make[-2:] == ["venv", ".venv-demo"]
    assert (ROOT / install[-1]).is_file()
    for program, module, package, *words in commands:
        assert PureWindowsPath(program) == PureWindowsPath(".venv-demo", "Scripts", "python")
        assert (module, package) == ("-m", "local")
        assert _parser().parse_args(words).command in {"demo", "serve"}
