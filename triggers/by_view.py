"""How the API shows who has asked for something."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.caller import By
from connector.document import Document


class ByView(Document):
    """Who has asked."""

    kind: Literal["key", "person", "program", "timer"] = Field(description="`timer`: the app did by itself.")
    function: str = Field(description="What was called, or the timer; empty where a version before has not kept it.")
    key: str | None = Field(description="The first eight hex digits of the SHA-256 of the key.")
    id: str | None = Field(description="Of a person the object id in Entra, of a program the id of its application.")
    name: str | None = Field(description="How the person is called.")


def by_view(by: By | None) -> ByView | None:
    """Return who has asked; None where it is not known."""
    return ByView(**by.model_dump()) if by is not None else None
