"""What the blob store's refusals mean: which are a document's, and which the store's."""

from __future__ import annotations

from http import HTTPStatus

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from connector.clients.bounded_azure import TooLargeError
from connector.clients.bounds import unanswered
from connector.errors import ForbiddenError, ServiceError, UnavailableError
from connector.kept import Why

_OF_ONE = {
    "BlobArchived": Why.ARCHIVED,
    "BlobBeingRehydrated": Why.ARCHIVED,
    "BlobUsesCustomerSpecifiedEncryption": Why.CUSTOMER_KEY,
}
"""What is the matter with one blob, not with the store (learn.microsoft.com/rest/api/storageservices/
blob-service-error-codes)."""
_MISSING = "BlobNotFound"
"""learn.microsoft.com/rest/api/storageservices/blob-service-error-codes."""


def _code(error: Exception) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code))


def why_not(error: Exception) -> Why | None:
    """Return why one document cannot be had; None where it is the store's matter."""
    if isinstance(error, TooLargeError) or isinstance(error.__cause__ or error.__context__, TooLargeError):
        return Why.TOO_LARGE
    return _OF_ONE.get(_code(error))


def says_missing(error: Exception) -> bool:
    """Return whether the service says that there is no such blob.

    A missing container is a fault of the deployment, and a gateway's page says nothing about documents.
    """
    return isinstance(error, ResourceNotFoundError) and _code(error) == _MISSING


def store_error(error: Exception) -> ServiceError:
    """Return our error for whatever the SDK has raised: ``ValueError`` over an answer whose headers it cannot read."""
    code = str(getattr(error, "error_code", None) or type(error).__name__)
    request_id = None
    if isinstance(error, HttpResponseError) and error.response is not None:
        request_id = getattr(error.response, "headers", {}).get("x-ms-request-id")
        if error.status_code == HTTPStatus.FORBIDDEN:
            return ForbiddenError("store", code, "the identity may not use the container", request_id)
    if code == "ContainerNotFound":
        return ServiceError("store", code, "the container does not exist", request_id)
    if not isinstance(error, HttpResponseError):
        return unanswered("store", error)
    return UnavailableError("store", code, "the container did not answer as expected", request_id)
