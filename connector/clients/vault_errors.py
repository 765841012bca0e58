"""What Key Vault's refusals mean: the one place where its codes and texts are told apart."""

from __future__ import annotations

from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from connector.clients.bounds import unanswered
from connector.clients.identity import identity_error, status_and_headers
from connector.clients.retry_after import passes, retry_after
from connector.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from connector.microsoft import SECRET_DISABLED, SECRET_MISSING

_REASON = 1_000
_FIREWALL = ("client address is not authorized", "public network access is disabled", "not a trusted service")


def require_said(error: Exception) -> None:
    """Raise a 404 that is not the vault's own: it would be taken for a secret that is missing, and another be made."""
    if isinstance(error, ResourceNotFoundError) and _words(error)[0] != SECRET_MISSING:
        raise error


def vault_error(error: AzureError) -> ServiceError:
    """Return our error for an error of the vault, or of the identity on the way to it."""
    status, headers = status_and_headers(error)
    request_id = headers.get("x-ms-request-id")
    if request_id is None and isinstance(error, ClientAuthenticationError):
        return identity_error(error)
    if status is None or status < HTTPStatus.MULTIPLE_CHOICES:  # an answer that says yes, and cannot be read
        return unanswered("vault", error)
    _, _, reason = words = _words(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError("vault", "throttled", reason, request_id, retry_after(headers.get("Retry-After")))
    if passes(status) or (status == HTTPStatus.NOT_FOUND and words[0] != SECRET_MISSING):
        return UnavailableError("vault", "unavailable", reason, request_id)
    return _refusal(status, words, request_id)


def _refusal(status: int, words: tuple[str, str, str], request_id: str | None) -> ServiceError:
    """Return our error for an answer that asking again does not change."""
    code, inner, reason = words
    if status == HTTPStatus.FORBIDDEN and (inner == SECRET_DISABLED or "disabled secret" in reason):
        return RefusedError("vault", "secret-disabled", reason, request_id)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ForbiddenError("vault", inner or code, reason, request_id)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError("vault", code, reason, request_id)
    if status == HTTPStatus.CONFLICT:
        return ReplicationError("vault", "replication", reason, request_id)
    return UnexpectedAnswerError("vault", code, reason, request_id)


def _words(error: AzureError) -> tuple[str, str, str]:
    """Return the vault's code, its inner code and the first line of its text, with the caller's address."""
    found = error.error if isinstance(error, HttpResponseError) else None
    code = str((found and found.code) or type(error).__name__)
    inner = (found and found.innererror) or {}
    lines = str((found and found.message) or "").splitlines() or [""]
    # A firewall names where the caller came from, and that is what it has to let in.
    address = next((line.strip() for line in lines[1:] if line.startswith("Client address")), "")
    return code, str(inner.get("code") or _closed(lines[0])), f"{lines[0].strip()} {address}".strip()[:_REASON]


def _closed(text: str) -> str:
    """Return the inner code that a firewall's words stand for; some answers lack it."""
    return "ForbiddenByFirewall" if any(words in text.lower() for words in _FIREWALL) else ""
