"""Requests exactly as they are written: a client library would tidy them up, and log them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from local.host import FunctionsHost


@dataclass(frozen=True)
class Answer:
    """What came back on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def handed(self) -> dict[str, Any]:
        """Return what the function was handed."""
        assert self.status == 200, self
        document: dict[str, Any] = json.loads(self.body)
        return document


async def ask(host: FunctionsHost, target: str, *headers: bytes, method: str = "GET", body: bytes = b"") -> Answer:
    """Send a request exactly as it is given, and return the answer."""
    port = int(host.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} {target} HTTP/1.1".encode(), *headers, b"Connection: close"]
    if not any(line.lower().startswith(b"host:") for line in headers):
        lines.append(b"Host: app.example")
    writer.write(b"\r\n".join([*lines, b"", b""]) + body)
    head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *fields = head.decode("latin-1").split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    if named.get("transfer-encoding") == "chunked":
        rest = b"".join(rest.split(b"\r\n")[1::2])
    return Answer(int(status.split(" ")[1]), named, rest)
