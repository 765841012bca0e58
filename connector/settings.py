"""The settings of a deployment: environment variables, read on first use, each problem named by its variable."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connector.clouds import CHINA, PUBLIC, Cloud
from connector.errors import SettingsError
from connector.microsoft import MAX_LIFETIME_DAYS
from connector.rotation import WEEKDAYS, Mode
from connector.visible import hidden


def _utc(value: object) -> object:
    """Read a time without a zone as UTC, and nothing as "not granted"."""
    if value == "" or value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _weekdays(value: object) -> object:
    """Read names of weekdays, as ``Mon,Tue``; nothing is every day."""
    if not isinstance(value, str):
        return value
    days = [day.strip().lower() for day in value.split(",") if day.strip()]
    if not WEEKDAYS.keys() >= {*days}:
        msg = f"has to be some of {','.join(WEEKDAYS)}, with commas between"
        raise ValueError(msg)
    return frozenset(WEEKDAYS[day] for day in days) or frozenset(WEEKDAYS.values())


def _application(value: object) -> object:
    """Read the id of an application, and nothing as None."""
    if value is None or str(value).strip() == "":
        return None
    try:
        return str(UUID(str(value).strip()))
    except ValueError:
        msg = "has to be the application (client) id of the registration, as 00000000-0000-0000-0000-000000000000"
        raise ValueError(msg) from None


def _word(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _no_slash(value: object) -> object:
    return value.rstrip("/") if isinstance(value, str) else value


def _seen(value: str) -> str:
    """Refuse what nobody sees: the label stands wherever a person could take one customer for another."""
    if (found := hidden(value)) is not None:
        msg = f"the character {found[0]} at place {found[1]} is not seen, or moves others about"
        raise ValueError(msg)
    return value


def _place(value: str) -> str:
    """Refuse what is neither a container nor a folder: a slip would keep the connections on a disk that is thrown away.

    A query would be a shared access signature, so a secret among the settings; the app signs in by its identity.
    """
    is_folder = value.startswith(_FOLDER) and value.removeprefix(_FOLDER).strip()
    if not is_folder and _CONTAINER.fullmatch(value) is None:
        msg = (
            "has to be the address of a blob container, https://<account>.blob.core.windows.net/<container> without a "
            "query, or, on a machine of your own only, folder:<path>"
        )
        raise ValueError(msg)
    return value


_FOLDER = "folder:"
_CONTAINER = re.compile(r"https://[^\s/?#@\\]+(?:/[^\s/?#@\\]+){1,2}")
"""Two parts of a path where an emulator has the account's name in it."""

Address = Annotated[str, BeforeValidator(_no_slash), StringConstraints(pattern=r"^https://[^\s/]+$")]
Portal = Annotated[
    str, BeforeValidator(_no_slash), StringConstraints(pattern=r"^(https://|http://127\.0\.0\.1:)[^\s#?]+$")
]
"""An address with a path, to which the portal's own fragments are put; without TLS only of this machine."""
Place = Annotated[str, StringConstraints(pattern=r"^[^\s:]+:\d{1,5}$")]
VaultAddress = Annotated[str, BeforeValidator(_no_slash), StringConstraints(pattern=r"^https://[^\s/]+$")]


Read = TypeVar("Read", bound="Access")


class Access(BaseSettings):
    """Who may call. It is read apart as well: a slip in another setting must not open what this one has closed."""

    model_config = SettingsConfigDict(env_prefix="CONNECTOR_", extra="ignore", frozen=True, env_ignore_empty=False)

    sign_in: Annotated[str | None, BeforeValidator(_application)] = None
    """The id of the registration by which people sign in; None: nobody does."""
    keys: Annotated[Literal["on", "off"], BeforeValidator(_word)] = "on"

    @model_validator(mode="after")
    def _opened(self) -> Self:
        """Refuse what would lock everybody out."""
        if self.keys == "off" and self.sign_in is None:
            msg = "KEYS: 'off' is refused without CONNECTOR_SIGN_IN: nobody could call"
            raise ValueError(msg)
        return self


class Settings(Access):
    """Every setting, with its default and its range; ``docs/reference/settings.md`` explains them."""

    model_config = SettingsConfigDict(env_prefix="CONNECTOR_", extra="ignore", frozen=True, env_ignore_empty=False)

    key_vault_uri: VaultAddress
    store: Annotated[str, BeforeValidator(_no_slash), AfterValidator(_place)]
    granted: Annotated[datetime | None, BeforeValidator(_utc)] = None
    cloud: Literal["public", "china", "custom", "usgov"] = "public"
    authority: Address | None = None
    graph: Address | None = None
    exchange: Address | None = None
    imap: Place | None = None
    pop: Place | None = None
    smtp: Place | None = None
    portal: Portal | None = None
    ca_bundle: str | None = None
    secret_lifetime_days: Annotated[int, Field(ge=1, le=MAX_LIFETIME_DAYS)] = 180
    verify_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    mailbox_chunk: Annotated[int, Field(ge=1, le=50)] = 50
    """At most 50: one activity works on one chunk, and none may run longer than 4 minutes."""
    rotation: Mode = Mode.AUTOMATIC
    rotation_weekdays: Annotated[frozenset[int], NoDecode, BeforeValidator(_weekdays)] = frozenset(range(7))
    """On which days a rotation is begun by itself, Monday being 0: a person has to type the value."""
    history_days: Annotated[int, Field(ge=1, le=365)] = 30
    label: Annotated[str, StringConstraints(max_length=100), AfterValidator(_seen)] = ""
    site_name: Annotated[str | None, Field(validation_alias="WEBSITE_SITE_NAME")] = None
    resource_group: Annotated[str | None, Field(validation_alias="WEBSITE_RESOURCE_GROUP")] = None
    """Both set by App Service: by them the grant script finds this deployment."""
    hostname: Annotated[str | None, Field(validation_alias="WEBSITE_HOSTNAME")] = None
    """Set by App Service: where the page is, for the links in events."""
    client_id: Annotated[str | None, Field(validation_alias="AZURE_CLIENT_ID")] = None

    @property
    def folder(self) -> Path | None:
        """Return the folder in which the connections are kept; None where it is a blob container."""
        return Path(self.store.removeprefix(_FOLDER)) if self.store.startswith(_FOLDER) else None

    @model_validator(mode="after")
    def _kept(self) -> Settings:
        """Refuse a folder in Azure: each instance has a disk of its own there, and the next update empties it."""
        if self.folder is not None and self.site_name:
            msg = (
                "STORE: a folder is refused in Azure, where each instance has a disk of its own; give the address of a "
                "blob container, https://<account>.blob.core.windows.net/<container>"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.cloud == "usgov":
            msg = (
                "CLOUD: 'usgov' is refused: app-only access to Exchange Online is limited to Security & Compliance "
                "PowerShell there, so mailbox access cannot be set up"
            )
            raise ValueError(msg)
        if self.cloud == "custom":
            missing = [name for name in ("authority", "graph", "exchange", "imap") if getattr(self, name) is None]
            if missing:
                msg = f"{missing[0].upper()}: is needed where CONNECTOR_CLOUD is 'custom'"
                raise ValueError(msg)
        return self

    def endpoints(self) -> Cloud:
        """Return the endpoints of the chosen cloud."""
        if self.cloud == "custom":
            (imap, imap_port), (pop, pop_port), (smtp, smtp_port) = map(_host, (self.imap, self.pop, self.smtp))
            return Cloud(
                name="custom",
                authority=self.authority or "",
                graph=self.graph or "",
                exchange=self.exchange or "",
                imap_host=imap,
                imap_port=imap_port,
                pop_host=pop,
                pop_port=pop_port,
                smtp_host=smtp,
                smtp_port=smtp_port,
                portal=self.portal,
                ca_bundle=self.ca_bundle,
            )
        return CHINA if self.cloud == "china" else PUBLIC


def _host(place: str | None) -> tuple[str, int]:
    host, _, port = (place or ":0").partition(":")
    return host, int(port)


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: naming each variable that is missing or wrong, never with its value.
    """
    return _read(Settings)


def access() -> Access:
    """Read who may call, and nothing else.

    Raises:
        SettingsError: as ``load``.
    """
    return _read(Access)


def _read(kind: type[Read]) -> Read:
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(dict(_problem(detail) for detail in error.errors(include_input=False))) from None


def _problem(detail: ErrorDetails) -> tuple[str, str]:
    message = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        name, _, message = message.partition(": ")
        return f"CONNECTOR_{name}", message
    name = str(detail["loc"][0]).upper()
    return (name if name == "AZURE_CLIENT_ID" else f"CONNECTOR_{name}"), message
