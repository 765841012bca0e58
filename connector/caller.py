"""Who asks, as far as it can be known and may be kept: never the key itself."""

from __future__ import annotations

from typing import Literal, TypedDict

from pydantic import ConfigDict

from connector.document import Document


class CallerFields(TypedDict):
    """What a log line says of the caller."""

    caller: str
    function: str
    address: str | None


class Caller(Document):
    """Who has called a function. The worker is handed the key but not its name, so a digest stands for it."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["key"] = "key"
    function: str
    """The function that was called; its own key opens only this one, a host key all."""
    key: str | None = None
    """The first eight hex digits of the key's SHA-256; None where there was none."""
    address: str | None = None
    """The IP address from which the platform's front end was asked; None where it did not say one."""

    def fields(self) -> CallerFields:
        """Return what a log line says of it: ``caller`` is ``key`` and its digits."""
        return {"caller": f"{self.kind} {self.key or '-'}", "function": self.function, "address": self.address}
