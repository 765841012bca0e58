"""One request and one answer, without a network: what every simulated service takes and gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a service sees it. Header names are in lower case; the path is decoded."""

    service: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    """The address under which the service was reached, without a trailing slash."""

    def json(self) -> dict[str, Any]:
        """Return the body as an object; anything else is an empty one."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def token(self) -> str | None:
        """Return the bearer token, if there is one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None


@dataclass(slots=True)
class Answer:
    """A response: ``value`` becomes JSON, unless there are raw bytes."""

    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.content is not None:
            return self.content
        return b"" if self.value is None else json.dumps(self.value, ensure_ascii=False).encode()


class Refusal(Exception):  # noqa: N818 - it ends a call with an answer; nothing is wrong with the program
    """Ends a call at once with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: for the record, and for chance to be repeatable by."""

    key: str
    names: tuple[str, ...]
    is_write: bool


class Service(Protocol):
    """A simulated service."""

    def subject(self, call: Call) -> Subject:
        """Return what the call is about."""

    def answer(self, call: Call) -> Answer:
        """Carry the call out.

        Raises:
            Refusal: with the answer to give.
        """

    def throttled(self, seconds: int) -> Answer:
        """Return this service's 429."""

    def unavailable(self) -> Answer:
        """Return this service's 503."""


Handler = Callable[[Call, re.Match[str]], Answer]


class Routes:
    """Handlers by method and pattern, in the order in which they were added."""

    def __init__(self, *routes: tuple[str, str, Handler]) -> None:
        self._routes = [(method, re.compile(pattern), handler) for method, pattern, handler in routes]

    def find(self, method: str, path: str) -> tuple[Handler, re.Match[str]] | None:
        """Return the handler of a request, with what its pattern matched."""
        for known, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if known == method and match:
                return handler, match
        return None

    def knows(self, path: str) -> bool:
        """Return whether the path exists under any method."""
        return any(pattern.fullmatch(path) for _, pattern, _ in self._routes)
