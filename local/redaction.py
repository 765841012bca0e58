"""What a report may show of a tenant: shapes and codes, never whose they are. Pure."""

from __future__ import annotations

import re
from typing import Any

_BLOB = re.compile(r"[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}|[A-Za-z0-9+/_=~-]{40,}")
_GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
# What may be a quotation mark or a bracket around an address is allowed in it too: it counts if nothing else is there.
_ADDRESS = re.compile(r"(?:[^\s\"'<>@,;:()\[\]{}|=]+|['{}|=]+)@[A-Za-z0-9.-]+")
_HOST = re.compile(
    r"\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:onmicrosoft\.[a-z.]+|mail\.protection\.outlook\.com|vault\.azure\.(?:net|cn)"
    r"|prod\.outlook\.com)",
    re.IGNORECASE,
)
_SID = re.compile(r"\bS-1-\d+(?:-\d+)+\b")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_NAMES = (
    ("guid", _GUID), ("sid", _SID), ("address", _ADDRESS), ("host", _HOST), ("ip", _IP), ("blob", _BLOB),
)  # fmt: skip


class Redaction:
    """Replaces what could name a tenant or a person; the same value always by the same placeholder."""

    def __init__(self, *known: str) -> None:
        self._known = sorted((value for value in known if value), key=len, reverse=True)
        """Values that no pattern finds, such as the organisation's name."""
        self._placeholders: dict[str, str] = {}

    def text(self, value: str) -> str:
        """Return a text with placeholders."""
        for known in self._known:
            value = re.sub(
                re.escape(known), lambda found: self._placeholder("name", found[0]), value, flags=re.IGNORECASE
            )
        for kind, pattern in _NAMES:
            value = pattern.sub(lambda found, kind=kind: self._placeholder(kind, found[0]), value)  # type: ignore[misc]
        return value

    def value(self, value: Any) -> Any:
        """Return a JSON value with placeholders in every text, names of fields included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(entry) for entry in value]
        return value

    def _placeholder(self, kind: str, value: str) -> str:
        key = f"{kind} {value.lower()}"
        if key not in self._placeholders:
            number = sum(known.startswith(f"{kind} ") for known in self._placeholders) + 1
            self._placeholders[key] = f"<{kind}-{number}>"
        return self._placeholders[key]
