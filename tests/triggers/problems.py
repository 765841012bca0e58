"""What every problem document of the API has."""

from __future__ import annotations

from typing import Any

import httpx


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the document of an answer after checking what all of them have."""
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"]
    assert document["hint"]
    return document
