"""Who is told: an address outside, its format, and which events it wants. Pure.

The address itself, which may be a secret, and the signing key lie in Key Vault alone.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

import idna
from pydantic import AwareDatetime, Field, SecretStr

from connector.document import Document
from connector.event import EventType

MOST = 20
"""Targets of one deployment: each event is delivered to each of them."""
MAX_NAME = 24
"""Shorter than an application's id: the vault's names of targets and of connections' secrets never meet."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FAILING = timedelta(days=1)
"""A target that has taken nothing for so long is a finding."""
_LONGEST = 2_048
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label by which a resolver takes a name for an IPv4 address, also octal, hexadecimal or short
(url.spec.whatwg.org/#ends-in-a-number-checker)."""
_INSIDE = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"})
"""Last labels that no public name has (RFC 6761, RFC 6762, RFC 8375; ICANN's decision on .internal)."""
_HTTPS, _UNPRIVILEGED, _PORTS = 443, 1_024, 65_535
_KEY = "whsec_"
_LEAST_KEY, _MOST_KEY = 24, 64
"""Bytes (Standard Webhooks 1.0, "Signature scheme")."""


class Format(StrEnum):
    """What is sent to a target: chosen by a person, never guessed from the address."""

    CLOUDEVENTS = "cloudevents"
    TEAMS = "teams"
    SLACK = "slack"


class Target(Document):
    """A target without its secrets, as the store keeps it."""

    name: str
    format: Format
    language: Literal["de", "en"] = "en"
    """Of the texts in Teams and Slack."""
    host: str
    """Of the address: all that is shown of it."""
    events: list[EventType] = Field(default=[])
    """Those that it wants; none named are all."""
    version: str
    """Of the vault's secret that holds the address and the signing key."""
    enabled: bool = True
    gone_on: AwareDatetime | None = None
    """When it has answered 410 and was switched off by that."""
    failing_since: AwareDatetime | None = None
    """Since when it has taken nothing that was sent."""
    failing: str | None = None
    """What it last answered then: a status, or our code of why there was no answer."""
    created: AwareDatetime
    changed: AwareDatetime

    def wants(self, kind: EventType) -> bool:
        """Return whether it gets events of a type; a test goes to the one that it was asked for."""
        return self.enabled and kind is not EventType.TEST and (not self.events or kind in self.events)

    def fails(self, now: datetime) -> bool:
        """Return whether somebody has to look after it."""
        return self.gone_on is not None or (self.failing_since is not None and now - self.failing_since >= FAILING)


class Lock(Document):
    """What the vault holds of a target: its address and its keys."""

    url: str
    key: str
    former: str | None = None
    """The key before, with which is signed as well until ``former_until``."""
    former_until: AwareDatetime | None = None

    def keys(self, now: datetime) -> tuple[str, ...]:
        """Return the keys with which is signed now."""
        both = self.former is not None and self.former_until is not None and now < self.former_until
        return (self.key, self.former) if both and self.former is not None else (self.key,)


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart, once: what is checked is what is connected to."""

    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """Return the ``Host`` header."""
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"


def is_name(value: str) -> bool:
    """Return whether a text could be the name of a target."""
    return len(value) <= MAX_NAME and NAME.fullmatch(value) is not None


def address(url: str) -> Address:
    """Take an address apart: ``https`` to a public name, without a user or a fragment.

    An IP address is refused in every spelling: no certificate that matters is made out to one.

    Raises:
        ValueError: it is none that anything is sent to.
    """
    if len(url) > _LONGEST or not url.isprintable() or any(one in url for one in " \\#"):
        raise ValueError("url")
    scheme, rest = url[:8].lower(), url[8:]
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    if scheme != "https://" or "@" in authority or not url[8 + len(authority) :].isascii():
        raise ValueError("url")
    name, _, port = authority.partition(":")
    parts = urlsplit(f"https://x{rest[len(authority) :]}")
    return Address(_host(name), _port(port, given=":" in authority), _path(parts.path, parts.query))


def _path(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _host(name: str) -> str:
    """Return a name as DNS has it.

    Raises:
        ValueError: it is none, or none that is public.
    """
    host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()  # its error is a ValueError
    labels = host.split(".")
    last = labels[-1]
    public = len(labels) > 1 and last not in _INSIDE and _NUMBER.fullmatch(last) is None
    if not public or len(host) > 253 or not all(_LABEL.fullmatch(one) for one in labels):  # noqa: PLR2004 - RFC 1035
        raise ValueError("host")
    return host


def _port(text: str, *, given: bool) -> int:
    """Return the port: 443, or one of those that are no well-known service's."""
    if not given:
        return _HTTPS
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_PORTS))):
        raise ValueError("port")
    port = int(text)
    if port != _HTTPS and not _UNPRIVILEGED <= port <= _PORTS:
        raise ValueError("port")
    return port


def lock_in(value: SecretStr | None) -> Lock | None:
    """Return what a secret of the vault says of a target; None where it says nothing that anything can be sent by."""
    try:
        lock = Lock.model_validate_json(value.get_secret_value()) if value is not None else None
        if lock is None or not is_key(lock.key):
            return None
        address(lock.url)
    except ValueError:  # pydantic's is one
        return None
    return lock


def new_key() -> str:
    """Return a signing key of 256 bits."""
    return _KEY + base64.b64encode(secrets.token_bytes(32)).decode()


def is_key(text: str) -> bool:
    """Return whether a text is a signing key as Standard Webhooks say: ``whsec_`` and base64 of 24 to 64 bytes."""
    try:
        decoded = base64.b64decode(text.removeprefix(_KEY), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(_KEY) and _LEAST_KEY <= len(decoded) <= _MOST_KEY
