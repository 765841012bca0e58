"""The body of a set-up: what is read of it, and what is said of everything else."""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, PydanticCustomError

from connector.address import MAX_ADDRESS, PATTERN, canonical
from connector.body import MAX_SHOWN, Body, Sent, as_json, nothing_hidden, shown
from connector.errors import FieldError
from connector.microsoft import MAX_LIFETIME_DAYS, PROTOCOLS, Protocol
from connector.visible import PATTERN as SEEN
from connector.wanted import MAX_MAILBOXES, MAX_NAME, MAX_SENDERS, MAX_SENDING, ConnectionName, Wanted, sends

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
_RANGES = {"greater_than_equal": "ge", "less_than_equal": "le"}


def _whole(value: object) -> object:
    """Read ``180.0`` as 180: JSON knows only numbers, and some senders write them so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _spoken(value: object) -> object:
    """Read a protocol's name; JSON knows only texts."""
    return next((protocol for protocol in Protocol if protocol == value), value)


Spoken = Annotated[Protocol, BeforeValidator(_spoken)]
DisplayName = Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(nothing_hidden)]


def as_display_name(text: str) -> str:
    """Return a text from elsewhere where a set-up could name it as ``displayName``, and else none."""
    try:
        return TypeAdapter(DisplayName).validate_python(text)
    except ValidationError:
        return ""


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

    name: Annotated[ConnectionName, BeforeValidator(nothing_hidden)] = Field(
        description="The identity of the connection: lower-case letters, digits and hyphens."
    )
    mailboxes: Annotated[list[str], Field(min_length=1, max_length=MAX_MAILBOXES)] = Field(
        description="The addresses of all mailboxes that the UTM uses; the whole list each time, none twice. "
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
                raise PydanticCustomError("not-an-address", "{value}", {"value": shown(text, MAX_ADDRESS)})
            if address in seen:
                twice = f"{shown(seen[address], MAX_ADDRESS)}, {shown(text, MAX_ADDRESS)}"
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


def parse(sent: Sent) -> SetUpRequest:
    """Read the body of a set-up.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: a field is missing, unknown, doubled, or wrong; the first one is named.
    """
    document = as_json(sent)
    try:
        return SetUpRequest.model_validate(document)
    except ValidationError as error:
        raise _field_error(error.errors(include_url=False)[0]) from None


def _field_error(detail: ErrorDetails) -> FieldError:
    """Return the error in our words; ``detail`` is pydantic's description of the first problem."""
    field = shown(".".join(str(part) for part in detail["loc"]) or "body")
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


def _unknown_field(field: str, *path: int | str) -> FieldError:
    if field.lower() == "accept":  # what 0.1.0 took here: who may set up does not accept
        return FieldError("accept-apart", field=field)
    model = SecretWish if path[:-1] == ("secret",) else SetUpRequest
    known = [info.alias or name for name, info in model.model_fields.items()]
    small = {name.lower(): name for name in known}
    near = difflib.get_close_matches(str(path[-1])[:MAX_SHOWN].lower(), small, n=1, cutoff=0.5)
    if near:
        return FieldError("unknown-field-near", field=field, near=small[near[0]], known=", ".join(known))
    return FieldError("unknown-field", field=field, known=", ".join(known))
