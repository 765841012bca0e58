"""The app in a process of its own, which can be killed at any moment and started again."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.environment import serving, settings
from local.host.losses import drawn

_PRELOADED = (
    "function_app", "local.host", "local.environment", "connector.clients.graph", "connector.clients.exchange",
    "connector.clients.vault", "connector.clients.identity", "connector.clients.imap", "connector.clients.store",
)  # fmt: skip
"""What each process would import for seconds: the server from which they are forked does it once."""
_STARTS = 60.0


class AppProcess:
    """The app, its host and its clients; ``url`` and the keys are known once it has been started.

    What Durable remembers dies with the process, as after the loss of a storage account: only the store's documents
    are left to go on from. ``lose`` is the seed by which its host loses starts; 0 is none.
    """

    def __init__(
        self, endpoints: Mapping[str, Any], store: Path, *, clock: float, redeliver: bool = False, lose: int = 0
    ) -> None:
        self._arguments = (dict(endpoints), store, clock, redeliver, lose)
        self._process: multiprocessing.process.BaseProcess | None = None
        self.url = ""
        self.key = ""
        self.master_key = ""

    async def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            TimeoutError: it does not come up.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOADED))
        here, there = context.Pipe()
        self._process = context.Process(target=_run, args=(*self._arguments, there), daemon=True)
        self._process.start()
        there.close()
        if not await asyncio.to_thread(here.poll, _STARTS):
            raise TimeoutError("the app has not started")
        self.url, self.key, self.master_key = here.recv()

    def resident_mb(self) -> float:
        """Return the resident memory of the process."""
        pid = self._process.pid if self._process is not None else None
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def kill(self) -> None:
        """Kill the process (SIGKILL): nothing is tidied up. One that is dead already is as good."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it."""
        self.kill()


def _run(endpoints: dict[str, Any], store: Path, clock: float, redeliver: bool, lose: int, pipe: Connection) -> None:
    """Serve until somebody kills this process; what it logs goes beside its documents."""
    store.mkdir(exist_ok=True)
    with (store / "app.log").open("ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())

    async def serve() -> None:
        async with serving(settings(endpoints, store), clock=clock, redeliver=redeliver) as host:
            host.durable.fates = drawn(lose) if lose else host.durable.fates
            pipe.send((host.url, host.key, host.master_key))
            await asyncio.Event().wait()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
