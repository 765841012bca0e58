"""The bodies that the API takes: what is read of them, and what is said of everything else."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, PydanticCustomError

from connector.acceptances import GUID, MAX_FINDING_ID, is_guid
from connector.address import MAX_ADDRESS, PATTERN, canonical
from connector.checks import MAX_REASON
from connector.document import Document
from connector.errors import BodyError, ConflictError, FieldError
from connector.microsoft import MAX_LIFETIME_DAYS, PROTOCOLS, Protocol
from connector.visible import PATTERN as SEEN
from connector.visible import hidden, visible
from connector.wanted import MAX_MAILBOXES, MAX_NAME, MAX_SENDERS, MAX_SENDING, ConnectionName, Wanted, sends

MAX_ID = 600
"""Characters of a finding's id that may name a mailbox."""
LONGEST_SNOOZE = timedelta(days=366)
MAX_BODY = 1_000_000
"""Bytes. 5,000 addresses of 100 characters are half of it."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TYPES = {
    "string_type": "text",
    "int_type": "number",
    "bool_type": "boolean",
    "list_type": "list",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "int_from_float": "number",
    "int_parsing_size": "number",
}
_MAX_SHOWN = 100
"""Characters of a field's path that an answer repeats: it is the sender's, and may be as long as the body."""
_RANGES = {"greater_than_equal": "ge", "less_than_equal": "le"}


def _whole(value: object) -> object:
    """Read ``180.0`` as 180: JSON knows only numbers, and some senders write them so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _seen(value: object) -> object:
    """Refuse what nobody sees: by it one name looks like another."""
    if isinstance(value, str) and (found := hidden(value)) is not None:
        character, place = found
        raise PydanticCustomError("hidden-character", "{character}", {"character": character, "position": place})
    return value


def _spoken(value: object) -> object:
    """Read a protocol's name; JSON knows only texts."""
    return next((protocol for protocol in Protocol if protocol == value), value)


Spoken = Annotated[Protocol, BeforeValidator(_spoken)]
DisplayName = Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(_seen)]


def as_display_name(text: str) -> str:
    """Return a text from elsewhere where a set-up could name it as ``displayName``, and else none."""
    try:
        return TypeAdapter(DisplayName).validate_python(text)
    except ValidationError:
        return ""


class Body(Document):
    """A body or a part of one. ``refusals`` are the codes of what is said of it besides what no body may be."""

    model_config = ConfigDict(strict=True, extra="forbid", validate_by_name=False, validate_by_alias=True)
    refusals: ClassVar[tuple[str, ...]] = ()


class SecretWish(Body):
    """What the client secret should be like."""

    lifetime_days: Annotated[int, Field(ge=1, le=MAX_LIFETIME_DAYS), BeforeValidator(_whole)] | None = Field(
        default=None, description="Days until the secret ends; the tenant's policy may shorten it."
    )


_SENDING: JsonDict = {
    "required": ["protocols"],
    "properties": {
        "protocols": {"contains": {"enum": [protocol for protocol, needs in PROTOCOLS.items() if needs.sends]}},
        "mailboxes": {"maxItems": MAX_SENDING},
    },
}
"""What else has to be there, and may, where mail is sent as others."""


class SetUpRequest(Body):
    """The wanted state of one connection: always the whole of it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"properties": {"sendAs": {"maxItems": 0}}}, _SENDING]})

    refusals = (
        "field-missing", "protocol-unknown", "unknown-field", "unknown-field-near", "field-type", "field-range",
        "field-text", "list-length", "hidden-character", "name-invalid", "not-an-address", "duplicate-mailbox",
        "accept-apart", "senders-apart",
    )  # fmt: skip

    name: Annotated[ConnectionName, BeforeValidator(_seen)] = Field(
        description="The identity of the connection: lower-case letters, digits and hyphens."
    )
    mailboxes: Annotated[list[str], Field(min_length=1, max_length=MAX_MAILBOXES)] = Field(
        description="The addresses of all mailboxes that the UTM fetches from; the whole list each time, none twice. "
        "An international domain may be written as it is spoken, too: it is kept in ASCII (IDNA 2008).",
        json_schema_extra={
            "items": {"type": "string", "maxLength": MAX_ADDRESS, "pattern": f"^{PATTERN}$"},
            "uniqueItems": True,
        },
    )
    display_name: DisplayName = Field(
        default="",
        validate_default=False,
        description="The application's name in the tenant.",
        json_schema_extra={"pattern": SEEN},
    )
    secret: SecretWish = Field(default_factory=SecretWish)
    protocols: Annotated[list[Spoken], Field(min_length=1, max_length=len(Protocol))] = Field(
        default=[Protocol.IMAP],
        description="By what the UTM uses the mailboxes: it fetches by `imap` or `pop`, and sends by `smtp`. One "
        "connection for one purpose is best: whoever holds a relay's secret can send as its mailboxes.",
    )
    enable_imap: bool = Field(default=False, description="Switch IMAP on where it is off.")
    enable_pop: bool = Field(default=False, description="Switch POP on where it is off.")
    enable_smtp: bool = Field(
        default=False, description="Switch SMTP (authenticated submission) on where it is off, for each mailbox."
    )
    role_based_sending: bool = Field(
        default=False,
        description="An administrator permits the sending by a role in Exchange (role-based access for applications), "
        "for the mailboxes that he names: this app then neither gives nor asks for a consent or full access for it.",
    )
    send_as: Annotated[list[str], Field(max_length=MAX_SENDERS)] = Field(
        default=[],
        description="As which addresses each of the mailboxes sends besides its own: other mailboxes, shared ones, "
        "groups; with `smtp` only. Whoever holds the connection's secret can then send as them to everybody. With it a "
        f"connection has {MAX_SENDING} mailboxes at most.",
        json_schema_extra={
            "items": {"type": "string", "maxLength": MAX_ADDRESS, "pattern": f"^{PATTERN}$"},
            "uniqueItems": True,
        },
    )

    @model_validator(mode="after")
    def _senders(self) -> SetUpRequest:
        """Take senders only where mail is sent, and no more than can be kept."""
        if self.send_as and not sends(self.protocols):
            raise PydanticCustomError("senders-apart", "sendAs")
        if self.send_as and len(self.mailboxes) > MAX_SENDING:
            raise PydanticCustomError("senders-many", "mailboxes")
        return self

    @field_validator("mailboxes", "send_as")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        seen: dict[str, str] = {}
        for text in value:
            address = canonical(text)
            if address is None:
                raise PydanticCustomError("not-an-address", "{value}", {"value": _shown(text, MAX_ADDRESS)})
            if address in seen:
                twice = f"{_shown(seen[address], MAX_ADDRESS)}, {_shown(text, MAX_ADDRESS)}"
                raise PydanticCustomError("duplicate-mailbox", "{value}", {"value": twice})
            seen[address] = text
        return [*seen]

    @field_validator("protocols")
    @classmethod
    def _protocols(cls, value: list[Protocol]) -> list[Protocol]:
        """Put them in one order, so that two requests that mean the same are equal."""
        return [protocol for protocol in Protocol if protocol in value]

    def wanted(self, revision: int) -> Wanted:
        """Return the wanted state, normalised, so that two requests that mean the same are equal."""
        return Wanted(
            revision=revision,
            display_name=self.display_name or f"UTM Mail-Connector {self.name}",
            mailboxes=self.mailboxes,
            lifetime_days=self.secret.lifetime_days,
            protocols=self.protocols,
            enable_imap=self.enable_imap,
            enable_pop=self.enable_pop,
            enable_smtp=self.enable_smtp,
            role_based_sending=self.role_based_sending,
            send_as=self.send_as,
        )


class AcceptRequest(Body):
    """Which finding is accepted, and of which application: nobody accepts another one than he has seen."""

    refusals = ("acceptance-invalid",)

    id: Annotated[str, Field(min_length=1, max_length=MAX_FINDING_ID)] = Field(
        description="The finding's `id`, as a connection or the plan of its last dry run shows it now."
    )
    application_id: str = Field(
        description="The finding's `applicationId`.",
        json_schema_extra={"pattern": f"^{GUID.pattern}$"},
    )


class ConfirmRequest(Body):
    """Which secret the UTM has: nobody confirms another one than he has entered."""

    refusals = ("confirmation-invalid",)

    key_id: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="`secret.keyId`, as the connection and its parameters show it."
    )


class SnoozeRequest(Body):
    """Which finding nobody is told of, why, and until when."""

    refusals = ("snooze-invalid",)

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)] = Field(
        description="The finding's `id`, as the connection's `health` shows it now."
    )
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON), BeforeValidator(_seen)] = Field(
        description="Why it is known: whoever reads it later was not there.",
        json_schema_extra={"pattern": SEEN},
    )
    until: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        description="Until when, with its time zone (ISO 8601); a year ahead at most.",
        json_schema_extra={"format": "date-time"},
    )

    @property
    def ends(self) -> datetime:
        """Return when it ends, in UTC.

        Raises:
            ValueError: it is no time with a zone.
        """
        moment = datetime.fromisoformat(self.until)
        if moment.tzinfo is None:
            raise ValueError(self.until)
        return moment.astimezone(UTC)


B = TypeVar("B", bound=Body)


def parse(body: bytes, content_type: str) -> SetUpRequest:
    """Read the body of a set-up.

    Raises:
        BodyError: the body is too long, of another media type, not UTF-8 or not JSON.
        FieldError: a field is missing, unknown, doubled, or wrong; the first one is named.
    """
    document = _document(body, content_type)
    try:
        return SetUpRequest.model_validate(document)
    except ValidationError as error:
        raise _field_error(error.errors(include_url=False)[0]) from None


def parse_acceptance(body: bytes, content_type: str) -> AcceptRequest:
    """Read the body of an acceptance.

    Raises:
        BodyError: as ``parse``.
        FieldError: a field is missing, unknown, or wrong; the first one is named.
    """
    request = few(body, content_type, AcceptRequest, "acceptance-invalid")
    if not is_guid(request.application_id):
        raise FieldError("acceptance-invalid", field="applicationId")
    return request


def parse_confirmation(body: bytes, content_type: str) -> ConfirmRequest:
    """Read the body of a confirmation.

    Raises:
        BodyError: as ``parse``.
        FieldError: the key id is missing or no text, or something else is there.
    """
    return few(body, content_type, ConfirmRequest, "confirmation-invalid")


def parse_snooze(body: bytes, content_type: str, now: datetime) -> SnoozeRequest:
    """Read the body of a snooze.

    Raises:
        BodyError: as ``parse``.
        FieldError: a field is missing, unknown, or wrong.
        ConflictError: the end is past, or more than a year ahead.
    """
    request = few(body, content_type, SnoozeRequest, "snooze-invalid")
    try:
        ends = request.ends
    except (ValueError, OverflowError):
        raise FieldError("snooze-invalid", field="until") from None
    if not now < ends <= now + LONGEST_SNOOZE:
        raise ConflictError("snooze-end", until=f"{ends:%Y-%m-%d %H:%M}")
    return request


def few(body: bytes, content_type: str, model: type[B], code: str) -> B:
    """Read a body of few fields, in which whatever is wrong comes under one code.

    Raises:
        BodyError: as ``parse``.
        FieldError: under ``code``, naming the field.
    """
    document = _document(body, content_type)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        path = error.errors(include_url=False)[0]["loc"]
        raise FieldError(code, field=_shown(".".join(map(str, path)) or "body", _MAX_SHOWN)) from None


def _document(body: bytes, content_type: str) -> object:
    if len(body) > MAX_BODY:
        raise BodyError("body-too-large", limit=MAX_BODY)
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise BodyError("media-type", value=content_type[:100] or "-")
    if body.startswith(_WIDE_MARKS) or b"\0" in body[:4]:
        raise BodyError("body-utf16")
    text = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_reject_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise BodyError("not-utf8", position=error.start + len(body) - len(text)) from None
    except (ValueError, RecursionError) as error:  # ValueError itself: a number of more digits than Python reads
        line, column = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        raise BodyError("not-json", line=line, column=column) from None


def _once(fields: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a field that is there twice: Python takes the last one, other readers the first (RFC 8259, 4)."""
    document = dict(fields)
    if len(document) < len(fields):
        ((field, _),) = Counter(name for name, _ in fields).most_common(1)
        raise FieldError("field-doubled", field=_shown(field, _MAX_SHOWN))
    return document


def _reject_constant(name: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python reads but JSON does not have."""
    raise json.JSONDecodeError(name, name, 0)


def _field_error(detail: ErrorDetails) -> FieldError:
    """Return the error in our words; ``detail`` is pydantic's description of the first problem."""
    field = _shown(".".join(str(part) for part in detail["loc"]) or "body", _MAX_SHOWN)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in {"not-an-address", "duplicate-mailbox"}:
        return FieldError(kind, field=field, value=str(context["value"]))
    if kind == "hidden-character":
        return FieldError(kind, field=field, character=context["character"], position=context["position"])
    if kind == "senders-apart":
        return FieldError(kind, field="sendAs")
    if kind == "senders-many":
        return FieldError("list-length", field="mailboxes", least=1, most=MAX_SENDING)
    if kind == "extra_forbidden":
        return _unknown_field(field, *detail["loc"])
    if kind == "missing":
        return FieldError("field-missing", field=field)
    return _of_value(field, kind, context)


def _of_value(field: str, kind: str, context: dict[str, object]) -> FieldError:
    """Return what is wrong with a value by the rules of its type."""
    if kind in _TYPES:
        return FieldError("field-type", field=field, expected=_TYPES[kind])
    if kind in {"enum", "is_instance_of"}:
        return FieldError("protocol-unknown", field=field, known=", ".join(Protocol))
    if kind in _RANGES:
        return FieldError("field-range", field=field, least=1, most=MAX_LIFETIME_DAYS)
    if kind in {"too_short", "too_long"}:
        return FieldError(
            "list-length", field=field, least=int(field in {"mailboxes", "protocols"}), most=_most(context)
        )
    if field == "name":
        return FieldError("name-invalid", field=field, most=MAX_NAME)
    return FieldError("field-text", field=field)


def _most(context: dict[str, object]) -> int:
    most = context.get("max_length")
    return most if isinstance(most, int) else MAX_MAILBOXES


def _shown(value: str, most: int) -> str:
    """Return the beginning of a sender's text, with what is not seen in it written out."""
    return visible(value[:most])


def _unknown_field(field: str, *path: int | str) -> FieldError:
    if field.lower() == "accept":  # what 0.1.0 took here: who may set up does not accept
        return FieldError("accept-apart", field=field)
    model = SecretWish if path[:-1] == ("secret",) else SetUpRequest
    known = [info.alias or name for name, info in model.model_fields.items()]
    small = {name.lower(): name for name in known}
    near = difflib.get_close_matches(str(path[-1])[:_MAX_SHOWN].lower(), small, n=1, cutoff=0.5)
    if near:
        return FieldError("unknown-field-near", field=field, near=small[near[0]], known=", ".join(known))
    return FieldError("unknown-field", field=field, known=", ".join(known))
