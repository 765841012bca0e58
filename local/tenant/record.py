"""The record of every request: for assertions, for budgets, and for showing that a second run changes nothing."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

VIOLATIONS = frozenset({"DATA", "BDAT", "RETR", "TOP", "DELE", "FETCH", "STORE", "SELECT"})
"""Commands of mail protocols that send, fetch, delete, or mark as read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. For mail protocols each command is one, and the status is the server's word for it."""

    service: str
    method: str
    path: str
    names: tuple[str, ...]
    """The cmdlets of an Exchange request, in order; several for a batch."""
    is_write: bool
    """Whether it asks for a change. A request that is only challenged (401) asks for nothing yet."""
    status: int | str
    """0 when the connection was dropped instead of an answer."""
    about: str = ""
    """What it is about, as text that holds the names in it."""
    part: bool = False
    """Whether it came in a batch, which is recorded after its parts and counted for all of them."""

    @property
    def succeeded(self) -> bool:
        """Return whether the answer was a success."""
        return self.status == "OK" if isinstance(self.status, str) else 200 <= self.status < 300  # noqa: PLR2004


class Record:
    """All requests so far; written by the tenant's thread, read by others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(request)

    @property
    def requests(self) -> list[Request]:
        """Return the requests, oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def calls(self) -> Counter[str]:
        """Return the number of requests by service; a batch is one."""
        return Counter(request.service for request in self.requests if not request.part)

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._requests.clear()
