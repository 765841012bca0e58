"""Documents as blobs of one container: the store in Azure."""

from __future__ import annotations

import asyncio
from typing import TypedDict, TypeVar

from azure.core import MatchConditions
from azure.core.async_paging import AsyncItemPaged
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContentSettings
from azure.storage.blob.aio import ContainerClient

from connector.clients.blob_errors import says_missing, store_error, why_not
from connector.clients.bounded_azure import BoundedTransport, TooLargeError
from connector.clients.bounds import STORE, Bounds, collect
from connector.clients.unreadable import translated
from connector.errors import StaleWriteError
from connector.kept import Why, Withheld

T = TypeVar("T")
_MOST_LOOKED_AT = 50
"""Versions of one blob, where somebody has written many that nobody can read."""


def container(url: str, credential: AsyncTokenCredential, transport: BoundedTransport) -> ContainerClient:
    """Return the client of a container.

    It repeats a request twice, within ten seconds: whatever takes longer becomes a durable wait.
    """
    return ContainerClient.from_container_url(
        url,
        credential=credential,
        transport=transport,
        retry_total=2,
        retry_connect=2,
        retry_read=2,
        initial_backoff=1,
        increment_base=2,
    )


_told = translated("store", store_error, AzureError, TimeoutError, ValueError)


class BlobStore:
    """See ``Store``, which says what each method does."""

    def __init__(self, container: ContainerClient, bounds: Bounds = STORE) -> None:
        self._container, self._bounds = container, bounds

    @_told
    async def get(self, path: str) -> tuple[bytes, str] | None:
        """See ``Store``."""
        try:
            return await self._download(path)
        except Exception as error:
            if says_missing(error):
                return None
            found = await self._withheld(path, error)
            if found is None:
                raise
            return found

    async def _download(self, path: str, version: str | None = None) -> tuple[bytes, str]:
        async with asyncio.timeout(self._bounds.seconds * 2):
            download = await self._container.download_blob(path, version_id=version)
            if download.size > self._bounds.octets:  # the SDK would fetch it part by part, each within its bounds
                raise TooLargeError("the document is too large")
            return await download.readall(), download.properties.etag

    async def _withheld(self, path: str, error: Exception) -> tuple[Withheld, str] | None:
        """Return what stands for a blob that cannot be had, with its ETag; None where the error is the store's.

        A list tells the ETag of any blob: its own properties, too, are withheld without the key that it was written
        with (learn.microsoft.com/azure/storage/blobs/encryption-customer-provided-keys). And a list says how large it
        really is: of what breaks off an answer in between nothing follows for the document.
        """
        why = why_not(error)
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
        return Withheld.because(why), _etag(blob)

    @_told
    async def put(self, path: str, document: bytes, etag: str | None) -> str:
        """See ``Store``."""
        settings = ContentSettings(content_type="application/json")
        try:
            answer = await self._container.get_blob_client(path).upload_blob(
                document,
                content_settings=settings,
                overwrite=etag is not None,
                **_unchanged(etag),
            )
            return str(answer["etag"])
        except (ResourceExistsError, ResourceModifiedError) as error:
            if etag is not None and why_not(error) in {Why.ARCHIVED, Why.CUSTOMER_KEY}:
                # Such a blob cannot be changed, but removed; versioning keeps it.
                await self.delete(path, etag)
                return await self.put(path, document, None)
            return await self._own(path, document)

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

    @_told
    async def delete(self, path: str, etag: str | None = None) -> None:
        """See ``Store``."""
        try:
            await self._container.delete_blob(path, **_unchanged(etag))
        except ResourceModifiedError:
            if await self.get(path) is not None:  # of one that is gone the condition does not hold either
                raise StaleWriteError("store", "etag", "the document was changed meanwhile") from None
        except ResourceNotFoundError as error:
            if not says_missing(error):
                raise

    async def paths(self, prefix: str) -> list[str]:
        """See ``Store``."""
        return sorted(await self._listed(self._container.list_blob_names(name_starts_with=prefix)))

    async def tags(self, folder: str) -> dict[str, str]:
        """See ``Store``."""
        found = await self._listed(self._container.walk_blobs(name_starts_with=folder, delimiter="/"))
        return {one.name: _etag(one) for one in found if isinstance(one, BlobProperties)}  # the others are folders

    async def versions(self, path: str) -> list[str]:
        """See ``Store``.

        Others' names may begin with the path (learn.microsoft.com/rest/api/storageservices/list-blobs).
        """
        found = await self._listed(self._container.list_blobs(name_starts_with=path, include=["versions"]))
        kept = (str(blob.version_id) for blob in found if blob.name == path and blob.version_id)
        return sorted(kept, reverse=True)[:_MOST_LOOKED_AT]

    @_told
    async def _listed(self, blobs: AsyncItemPaged[T]) -> list[T]:
        return await collect(blobs, "store", self._bounds)

    @_told
    async def version(self, path: str, version: str) -> bytes | None:
        """See ``Store``."""
        try:
            return (await self._download(path, version))[0]
        except Exception as error:
            if says_missing(error):
                return None
            why = why_not(error)
            if why is None:
                raise
            return Withheld.because(why)

    async def close(self) -> None:
        """See ``Store``."""
        await self._container.close()


class _Condition(TypedDict, total=False):
    etag: str
    match_condition: MatchConditions


def _unchanged(etag: str | None) -> _Condition:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag is not None else {}


def _etag(blob: BlobProperties) -> str:
    """Return an ETag as a download tells it: a list leaves the quotation marks out."""
    return '"' + str(blob.etag).strip('"') + '"'
