"""Mailbox addresses: what is one, the one form in which they are kept, and the other in which people write them. Pure.

Exchange Online knows international domains by their ASCII form alone, so that is what is kept, asked for, and typed
into the UTM (IDNA 2008: RFC 5890 to 5893; capitals and composed letters as UTS 46 maps them, where ``ß`` stays itself).
"""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from connector.visible import hidden

MAX_ADDRESS = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5321 without quoted local parts and address literals: Exchange has no mailbox of that kind. ASCII only, so that
# no look-alike quotation mark ever gets into a PowerShell line that we show.
PATTERN = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+"
_ADDRESS = re.compile(rf"(?!.{{{MAX_ADDRESS + 1}}}){PATTERN}")
_MARK = "\ufeff"
"""A byte order mark, which stands in front of the first address of a file that was saved with one."""
_INTERNATIONAL = re.compile(r"(?:^|\.)xn--", re.IGNORECASE)


def canonical(text: str) -> str | None:
    """Return the one form of an address, in small letters with its domain in ASCII; None where it is no address."""
    local, at, domain = text.removeprefix(_MARK).rpartition("@")
    ascii_domain = domain if domain.isascii() else _to_ascii(domain)
    address = f"{local}{at}{ascii_domain}"
    return address.lower() if _ADDRESS.fullmatch(address) else None


def folded(name: str) -> str:
    """Return by what two names of a mailbox are compared: capitals and the form of a domain do not tell them apart."""
    return canonical(name) or name.lower()


def international(address: str) -> str | None:
    """Return an address as people write it, ``info@müller.de``; None where that is how it stands already."""
    local, at, domain = address.rpartition("@")
    if not at or not _INTERNATIONAL.search(domain):
        return None
    shown = _to_unicode(domain.lower())
    return None if shown is None or hidden(shown) is not None else f"{local}@{shown}"


def both(address: str) -> str:
    """Return an address for a person: in both forms where it has two. Anything else is returned as it is."""
    other = international(address)
    return address if other is None else f"{address} ({other})"


def is_plus(address: str) -> bool:
    """Return whether an address has a part after a plus, which Exchange does not look up as a mailbox's name.

    It cuts the part off only when mail is delivered (learn.microsoft.com/exchange/recipients-in-exchange-online/
    plus-addressing-in-exchange-online).
    """
    return "+" in address.rpartition("@")[0]


@lru_cache(maxsize=256)
def _to_ascii(domain: str) -> str:
    if len(domain) > MAX_ADDRESS or hidden(domain) is not None:
        return ""
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError:
        return ""


@lru_cache(maxsize=256)
def _to_unicode(domain: str) -> str | None:
    try:
        return idna.decode(domain) if len(domain) <= MAX_ADDRESS else None
    except UnicodeError:
        return None
