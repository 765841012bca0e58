"""The store: small JSON documents with an ETag. In Azure a blob container (``blobs.py``), elsewhere a folder.

Both answer alike: an ETag is opaque, ``put`` succeeds only against the ETag that was read, and a listing is sorted.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeAlias, TypeVar

from connector.clients.bounds import STORE, Bounds
from connector.clock import now
from connector.errors import StaleWriteError, UnavailableError
from connector.kept import Why, Withheld

T = TypeVar("T")
_Found: TypeAlias = tuple[bytes, str] | None
_Asked: TypeAlias = tuple[str, "asyncio.Future[_Found]"]
_VERSIONS = ".versions"
_MOST_VERSIONS = 5
"""Of one document, in a folder."""


class Store(Protocol):
    """Documents by path."""

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """Return the document and its ETag, or None where there is none.

        One that is too large, or that the service does not hand out, is ``Withheld``: it stands in no other's way.
        """

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """Write and return the new ETag. ``etag`` None means that the document must not exist yet.

        Raises:
            StaleWriteError: the document is not the one that was read, nor the one that is to be written.
        """

    async def delete(self, path: str, etag: str | None = None) -> None:
        """Remove the document, or only the one that was read where ``etag`` is given; without effect where none is.

        Raises:
            StaleWriteError: the document is not the one that was read.
        """

    async def paths(self, prefix: str) -> list[str]:
        """Return the paths that begin with ``prefix``, sorted."""

    async def tags(self, folder: str) -> dict[str, str]:
        """Return the ETags of the documents right in a folder, by path; none where it takes to read them to know."""

    async def versions(self, path: str) -> list[str]:
        """Return which versions of a document are kept, newest first, the present one among them.

        Empty where the store keeps none. What is returned sorts by time, and is shown as it is.
        """

    async def version(self, path: str, version: str) -> bytes | None:
        """Return one of these versions, ``Withheld`` as in ``get``; None where it is gone meanwhile."""

    async def close(self) -> None:
        """Let go of connections."""


class FolderStore:
    """Documents as files. For one process at a time: what makes the product run on a bare machine.

    Of each document the last few versions are kept beside, as a container with versioning keeps them.
    """

    def __init__(self, folder: Path, bounds: Bounds = STORE) -> None:
        self._folder, self._bounds = folder, bounds
        self._lock = Lock()
        self._asked: dict[asyncio.AbstractEventLoop, list[_Asked]] = {}

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """See ``Store``.

        What is asked for at one moment is read on one way to a thread: of many small documents the ways take longest.
        """
        loop = asyncio.get_running_loop()
        asked = self._asked.setdefault(loop, [])
        answer: asyncio.Future[_Found] = loop.create_future()
        asked.append((path, answer))
        if len(asked) == 1:
            loop.call_soon(self._go, loop)
        return await _away(answer)

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_in_executor(None, self._answer, loop, self._asked.pop(loop))

    def _answer(self, loop: asyncio.AbstractEventLoop, asked: list[_Asked]) -> None:
        came = [(answer, self._read_or_error(path)) for path, answer in asked]
        with suppress(RuntimeError):  # the loop has been closed meanwhile, and nobody waits
            loop.call_soon_threadsafe(_hand_out, came)

    def _read_or_error(self, path: str) -> _Found | Exception:
        try:
            return self._read(path)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever has asked for this one
            return error

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._write, path, document, etag))

    async def delete(self, path: str, etag: str | None = None) -> None:
        """See ``Store``."""
        await _away(asyncio.to_thread(self._remove, path, etag))

    async def paths(self, prefix: str) -> list[str]:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._list, prefix))

    async def tags(self, folder: str) -> dict[str, str]:  # noqa: ARG002 - of none in any
        """See ``Store``; none are known."""
        return {}

    async def versions(self, path: str) -> list[str]:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._versions, path))

    async def version(self, path: str, version: str) -> bytes | None:
        """See ``Store``."""
        if version not in await self.versions(path):
            return None
        found = await _away(asyncio.to_thread(self._file, self._kept(path) / version))
        return found[0] if found is not None else None

    async def close(self) -> None:
        """See ``Store``; a folder holds nothing open."""

    def _read(self, path: str) -> tuple[bytes, str] | None:
        return self._file(self._folder / path)

    def _file(self, file: Path) -> tuple[bytes, str] | None:
        try:
            status = file.stat()
            if status.st_size > self._bounds.octets:
                return Withheld.because(Why.TOO_LARGE), f"{status.st_size}-{status.st_mtime_ns}"
            document = file.read_bytes()
        except FileNotFoundError:
            return None
        return document, hashlib.sha256(document).hexdigest()

    def _write(self, path: str, document: bytes, etag: str | None) -> str:
        target = self._folder / path
        with self._lock:
            present = self._read(path)
            if (present[1] if present else None) != etag:
                raise StaleWriteError("store", "etag", "the document was changed meanwhile")
            target.parent.mkdir(parents=True, exist_ok=True)
            # Written beside and renamed: a process that is killed leaves the old document or the new one, never half.
            beside = target.with_name(f".{target.name}.new")
            beside.write_bytes(document)
            beside.replace(target)
            self._keep(path, document)
        return hashlib.sha256(document).hexdigest()

    def _remove(self, path: str, etag: str | None) -> None:
        """Remove a document with its versions: nothing else would ever clear them away here."""
        with self._lock:
            present = self._read(path) if etag is not None else None
            if present is not None and present[1] != etag:
                raise StaleWriteError("store", "etag", "the document was changed meanwhile")
            (self._folder / path).unlink(missing_ok=True)
            shutil.rmtree(self._kept(path), ignore_errors=True)

    def _kept(self, path: str) -> Path:
        return self._folder / _VERSIONS / f"{path}.d"

    def _keep(self, path: str, document: bytes) -> None:
        """Keep a copy of what has just been written, as blob versioning does; the oldest ones go."""
        folder = self._kept(path)
        folder.mkdir(parents=True, exist_ok=True)
        before = self._versions(path)
        stamp = max(f"{now():%Y-%m-%dT%H%M%S.%fZ}", before[0] + "+" if before else "")
        (folder / stamp).write_bytes(document)
        for old in before[_MOST_VERSIONS - 1 :]:
            (folder / old).unlink(missing_ok=True)

    def _versions(self, path: str) -> list[str]:
        folder = self._kept(path)
        return sorted((one.name for one in folder.iterdir()), reverse=True) if folder.is_dir() else []

    def _list(self, prefix: str) -> list[str]:
        within = self._folder / prefix.rpartition("/")[0]
        found = (path.relative_to(self._folder).as_posix() for path in within.rglob("*.json"))
        return sorted(path for path in found if path.startswith(prefix) and not path.startswith(_VERSIONS))


def _hand_out(came: list[tuple[asyncio.Future[_Found], _Found | Exception]]) -> None:
    for answer, found in came:
        if answer.done():  # whoever has asked was stopped
            continue
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


async def _away(work: Awaitable[T]) -> T:
    """Wait for the file system, which may be full, be read-only or have gone, as a container may."""
    try:
        return await work
    except OSError as error:
        raise UnavailableError("store", type(error).__name__, "the folder cannot be used") from None
