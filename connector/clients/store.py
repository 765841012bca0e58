"""The store: small JSON documents with an ETag, in a blob container or, where there is no Azure, in a folder.

Both answer alike: an ETag is opaque, ``put`` succeeds only against the ETag that was read, and a listing is sorted.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, Protocol, TypeVar

from azure.core import MatchConditions
from azure.core.async_paging import AsyncItemPaged
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient

from connector.clients.bounded_azure import TooLargeError
from connector.clients.bounds import STORE, Bounds, collect, unanswered
from connector.clients.unreadable import unreadable
from connector.clock import now
from connector.errors import ForbiddenError, ServiceError, StaleWriteError, UnavailableError
from connector.kept import Why, Withheld

T = TypeVar("T")
RETRIES: Mapping[str, Any] = {
    "retry_total": 2,
    "retry_connect": 2,
    "retry_read": 2,
    "initial_backoff": 1,
    "increment_base": 2,
}
"""At most two repeats and less than ten seconds: whatever takes longer becomes a durable wait."""
_BROKEN = (AzureError, TimeoutError, ValueError)
"""What the SDK raises; ``ValueError`` over an answer whose headers it cannot read."""
_OF_ONE = {
    "BlobArchived": Why.ARCHIVED,
    "BlobBeingRehydrated": Why.ARCHIVED,
    "BlobUsesCustomerSpecifiedEncryption": Why.CUSTOMER_KEY,
}
"""What is the matter with one blob, not with the store (learn.microsoft.com/rest/api/storageservices/
blob-service-error-codes)."""
_MISSING = "BlobNotFound"
"""learn.microsoft.com/rest/api/storageservices/blob-service-error-codes."""
_VERSIONS = ".versions"
_MOST_VERSIONS = 5
"""Of one document, in a folder."""
_MOST_LOOKED_AT = 50
"""Versions of one blob, where somebody has written many that nobody can read."""


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

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._read, path))

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._write, path, document, etag))

    async def delete(self, path: str, etag: str | None = None) -> None:
        """See ``Store``."""
        await _away(asyncio.to_thread(self._remove, path, etag))

    async def paths(self, prefix: str) -> list[str]:
        """See ``Store``."""
        return await _away(asyncio.to_thread(self._list, prefix))

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


async def _away(work: Awaitable[T]) -> T:
    """Wait for the file system, which may be full, be read-only or have gone, as a container may."""
    try:
        return await work
    except OSError as error:
        raise UnavailableError("store", type(error).__name__, "the folder cannot be used") from None


class BlobStore:
    """Documents as blobs of one container."""

    def __init__(self, container: ContainerClient, bounds: Bounds = STORE) -> None:
        self._container, self._bounds = container, bounds

    async def get(self, path: str) -> tuple[bytes, str] | None:
        """See ``Store``."""
        try:
            return await self._download(path)
        except ResourceNotFoundError as error:
            _require_said(error)
            return None
        except _BROKEN as error:
            found = await self._withheld(path, error)
            return found if found is not None else _raise_ours(error)
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("store", error) from None

    async def _download(self, path: str, **which: Any) -> tuple[bytes, str]:
        async with asyncio.timeout(self._bounds.seconds * 2):
            download = await self._container.download_blob(path, **which)
            if download.size > self._bounds.octets:  # the SDK would fetch it part by part, each within its bounds
                raise TooLargeError("the document is too large")
            return await download.readall(), download.properties.etag

    async def _withheld(self, path: str, error: Exception) -> tuple[Withheld, str] | None:
        """Return what stands for a blob that cannot be had, with its ETag; None where the error is the store's.

        A list tells the ETag of any blob: its own properties, too, are withheld without the key that it was written
        with (learn.microsoft.com/azure/storage/blobs/encryption-customer-provided-keys). And a list says how large it
        really is: of what breaks off an answer in between nothing follows for the document.
        """
        why = _why(error)
        if why is None:
            return None
        try:
            blobs = self._container.list_blobs(name_starts_with=path, results_per_page=1)
            async with asyncio.timeout(self._bounds.seconds):
                blob = await anext(aiter(blobs), None)
        except Exception:  # noqa: BLE001 - the first error counts
            return None
        if blob is None or blob.name != path or (why is Why.TOO_LARGE and blob.size <= self._bounds.octets):
            return None
        return Withheld.because(why), '"' + blob.etag.strip('"') + '"'

    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """See ``Store``."""
        condition = {"overwrite": False} if etag is None else _unchanged(etag)
        settings = ContentSettings(content_type="application/json")
        try:
            answer = await self._container.get_blob_client(path).upload_blob(
                document, content_settings=settings, **condition
            )
            return str(answer["etag"])
        except (ResourceExistsError, ResourceModifiedError) as error:
            if etag is not None and _code(error) in _OF_ONE:
                # Such a blob cannot be changed, but removed; versioning keeps it.
                await self.delete(path, etag)
                return await self.put(path, document, None)
            return await self._own(path, document)
        except _BROKEN as error:
            _raise_ours(error)
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("store", error) from None

    async def _own(self, path: str, document: bytes) -> str:
        """Return the ETag of a write that was refused because it stands there already.

        The SDK repeats a write whose answer was lost, and the second meets the first.

        Raises:
            StaleWriteError: what stands there is somebody else's.
        """
        found = await self.get(path)
        if found is None or isinstance(found[0], Withheld) or found[0] != document:
            raise StaleWriteError("store", "etag", "the document was changed meanwhile") from None
        return found[1]

    async def delete(self, path: str, etag: str | None = None) -> None:
        """See ``Store``."""
        condition: dict[str, Any] = (
            {} if etag is None else {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        )
        try:
            await self._container.delete_blob(path, **condition)
        except ResourceNotFoundError as error:
            _require_said(error)
        except ResourceModifiedError:
            if await self.get(path) is not None:  # of one that is gone the condition does not hold either
                raise StaleWriteError("store", "etag", "the document was changed meanwhile") from None
        except _BROKEN as error:
            _raise_ours(error)
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("store", error) from None

    async def paths(self, prefix: str) -> list[str]:
        """See ``Store``."""
        return sorted(await self._listed(self._container.list_blob_names(name_starts_with=prefix)))

    async def versions(self, path: str) -> list[str]:
        """See ``Store``.

        Others' names may begin with the path (learn.microsoft.com/rest/api/storageservices/list-blobs).
        """
        found = await self._listed(self._container.list_blobs(name_starts_with=path, include=["versions"]))
        kept = (str(blob.version_id) for blob in found if blob.name == path and blob.version_id)
        return sorted(kept, reverse=True)[:_MOST_LOOKED_AT]

    async def _listed(self, blobs: AsyncItemPaged[T]) -> list[T]:
        try:
            return await collect(blobs, "store", self._bounds)
        except _BROKEN as error:
            _raise_ours(error)
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("store", error) from None

    async def version(self, path: str, version: str) -> bytes | None:
        """See ``Store``."""
        try:
            return (await self._download(path, version_id=version))[0]
        except ResourceNotFoundError as error:
            _require_said(error)
            return None
        except _BROKEN as error:
            why = _why(error)
            return Withheld.because(why) if why is not None else _raise_ours(error)
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("store", error) from None

    async def close(self) -> None:
        """See ``Store``."""
        await self._container.close()


def _unchanged(etag: str) -> dict[str, object]:
    return {"overwrite": True, "etag": etag, "match_condition": MatchConditions.IfNotModified}


def _code(error: Exception) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code))


def _why(error: Exception) -> Why | None:
    """Return why one document cannot be had; None where it is the store's matter."""
    if isinstance(error, TooLargeError) or isinstance(error.__cause__ or error.__context__, TooLargeError):
        return Why.TOO_LARGE
    return _OF_ONE.get(_code(error))


def _require_said(error: ResourceNotFoundError) -> None:
    """Raise a 404 by which the service does not say that there is no such blob.

    A missing container is a fault of the deployment, and a gateway's page says nothing about documents.
    """
    if getattr(error, "error_code", None) != _MISSING:
        _raise_ours(error)


def _raise_ours(error: AzureError | TimeoutError | ValueError) -> NoReturn:
    code = str(getattr(error, "error_code", None) or type(error).__name__)
    request_id = None
    if isinstance(error, HttpResponseError) and error.response is not None:
        request_id = getattr(error.response, "headers", {}).get("x-ms-request-id")
        if error.status_code == HTTPStatus.FORBIDDEN:
            raise ForbiddenError("store", code, "the identity may not use the container", request_id) from None
    if code == "ContainerNotFound":
        raise ServiceError("store", code, "the container does not exist", request_id) from None
    if not isinstance(error, HttpResponseError):
        raise unanswered("store", error) from None
    raise UnavailableError("store", code, "the container did not answer as expected", request_id) from None
