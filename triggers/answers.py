"""How every route answers: JSON that no cache keeps, and errors as problem documents (RFC 9457) in two languages."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func

from connector import clock
from connector.body import Sent
from connector.dates import Time
from connector.document import Document
from connector.errors import (
    BodyError,
    ConditionError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    GrantMissingError,
    RequestError,
    RoleError,
    ServiceError,
    SettingsError,
    SignInError,
    StaleWriteError,
    UnknownConnectionError,
    UnreadableError,
    WaitError,
)
from connector.log import log, unforeseen, unreadable
from connector.messages import Language, preferred, text, times
from connector.microsoft import VAULT_FIREWALL, Protocol
from connector.visible import visible
from connector.waiting import LONGEST_ASKED

Handler = Callable[..., Awaitable[func.HttpResponse]]
NO_STORE = {"Cache-Control": "no-store"}
_BODY_STATUS = {"length-required": 411, "body-too-large": 413, "media-type": 415}
SERVICES: dict[str, str] = {
    "graph": "Microsoft Graph",
    "exchange": "Exchange Online",
    "vault": "Key Vault",
    "token": "Microsoft Entra",
    "identity": "Managed identity",
    "store": "Storage",
    **{protocol: protocol.upper() for protocol in Protocol},
}


class Problem(Document):
    """What is wrong, in words (RFC 9457), with a stable ``code`` and the way out."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    field: str | None = None
    times: list[Time] | None = None
    step: str | None = None
    request_id: str | None = None


def answered(handler: Handler) -> Handler:
    """Turn our errors into problem documents; what is not ours is the host's to report, without its text."""

    @functools.wraps(handler)
    async def answer(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        try:
            return await handler(req, **bindings)
        except ConnectorError as error:
            return problem(error, language(req))
        except Exception as error:  # noqa: BLE001 - whatever it is, the host would log its text
            raise unforeseen(error, function=handler.__name__) from None

    return answer


def language(req: func.HttpRequest) -> Language:
    """Return the language in which the caller wants texts."""
    return preferred(req.headers.get("Accept-Language"))


def json_answer(body: Document, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """Return a JSON response that no cache keeps."""
    document = body.model_dump_json(by_alias=True)
    return func.HttpResponse(
        document, status_code=status, headers={**NO_STORE, **(headers or {})}, mimetype="application/json"
    )


def problem(error: ConnectorError, lang: Language) -> func.HttpResponse:
    """Return the problem document of an error of ours."""
    _tell(error)
    status, code, values = meaning(error)
    retry_after = getattr(error, "retry_after", None) if isinstance(error, ConflictError) else _wait(error)
    if "why" in values:
        group = "token" if isinstance(error, SignInError) else "unreadable"
        values = {**values, "why": text(lang, group, str(values["why"]))}
    if "expected" in values:
        values = {**values, "expected": text(lang, "type", str(values["expected"]))}
    body = Problem(
        type=f"urn:utm-mail-connect:problem:{code}",
        title=text(lang, "problem", code, "title"),
        status=status,
        detail=text(lang, "problem", code, "detail", values=values),
        code=code,
        hint=text(lang, "problem", code, "hint", values=values),
        field=visible(str(values["field"])) if "field" in values else None,
        times=times(lang, "problem", code, "detail", values=values) or None,
        step=str(values["step"]) if "step" in values else None,
        request_id=error.request_id if isinstance(error, ServiceError) else None,
    )
    headers = {**NO_STORE, "Content-Language": lang}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if isinstance(error, SignInError):
        headers["WWW-Authenticate"] = error.challenge
    document = body.model_dump_json(exclude_none=True, by_alias=True)
    return func.HttpResponse(document, status_code=status, headers=headers, mimetype="application/problem+json")


def _tell(error: ConnectorError) -> None:
    """Log what is not the caller's fault."""
    if isinstance(error, SettingsError):
        log("settings-invalid", code=", ".join(sorted(error.problems)))
    if isinstance(error, UnreadableError):
        unreadable(error)
    elif isinstance(error, ServiceError) and not isinstance(error, StaleWriteError):
        log("service-failed", code=error.code, requestId=error.request_id, outcome=error.service)


def meaning(error: ConnectorError) -> tuple[int, str, dict[str, Any]]:
    """Return status, code and the values that fill the texts."""
    if isinstance(error, RequestError):
        return _request_status(error), error.code, dict(error.values)
    if isinstance(error, SettingsError):
        return 503, "settings-invalid", {"problems": "; ".join(f"{key}: {why}" for key, why in error.problems.items())}
    if isinstance(error, GrantMissingError):
        return 503, "grant-missing", {"example": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    if isinstance(error, UnreadableError):
        values = {"name": error.name, "document": error.document, "why": error.reason}
        return 409, error.code, values
    if isinstance(error, StaleWriteError):
        return 409, "changed-meanwhile", {"name": "-"}
    if isinstance(error, ServiceError):
        return 502, _of_service(error), {"service": SERVICES[error.service], "code": error.code, "reason": error.reason}
    raise error


def _of_service(error: ServiceError) -> str:
    if error.service == "vault" and error.code in VAULT_FIREWALL:
        return "vault-firewall"
    return "right-missing" if isinstance(error, ForbiddenError) else "service-failed"


def _request_status(error: RequestError) -> int:
    if isinstance(error, SignInError | RoleError):
        return 401 if isinstance(error, SignInError) else 403
    if isinstance(error, BodyError):
        return _BODY_STATUS.get(error.code, 400)
    if isinstance(error, UnknownConnectionError):
        return 404
    if isinstance(error, ConditionError):
        return 400 if error.code == "if-match-invalid" else 412
    return 409 if isinstance(error, ConflictError) else 422


def _wait(error: ConnectorError) -> int | None:
    """Return for how long a caller should wait; an hour at most, whatever a service asks of us."""
    return round(min(error.seconds, LONGEST_ASKED)) if isinstance(error, WaitError) and error.seconds else None


def body_of(req: func.HttpRequest) -> Sent:
    """Return the body of a request.

    Raises:
        BodyError: it was sent in chunks. The host drops such a body and leaves the header there; a length that was
            sent as well is then called ``x-content-length``.
    """
    body = req.get_body()
    if not body and ("transfer-encoding" in req.headers or "x-content-length" in req.headers):
        raise BodyError("length-required")
    return Sent(body, req.headers.get("Content-Type", ""))
