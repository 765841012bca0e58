"""The line of an error that nobody foresaw names the app's own calls, and nothing else of them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from connector.clients.graph_objects import policy
from connector.log import unforeseen
from connector.orders import Order, parsed
from connector.together import together
from connector.wanted import Wanted


def where(caplog: pytest.LogCaptureFixture, error: Exception) -> list[list[str]]:
    """Return the places of the line: file, line and function."""
    caplog.set_level(logging.ERROR)
    unforeseen(error)
    line = json.loads(caplog.records[-1].getMessage())
    return [place.split(":") for place in str(line["where"]).split(" > ")]


async def test_our_own_calls_stand_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    async def read() -> Any:
        return policy(SimpleNamespace(is_enabled=True, application_restrictions="hunter2"), datetime.now(UTC))

    with pytest.raises(AttributeError) as caught:
        await together(read(), read())
    places = where(caplog, caught.value)
    assert [(file, function) for file, _, function in places] == [
        ("connector/together.py", "together"),
        ("connector/clients/graph_objects.py", "policy"),
    ]
    assert all(line.isdigit() for _, line, _ in places)
    assert "hunter2" not in caplog.text


def test_a_library_that_raised_stands_last_by_its_file_alone(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="valid datetime") as caught:
        parsed(Order, {"name": "hq", "revision": 1, "now": "never"})
    assert [(file, function) for file, _, function in where(caplog, caught.value)] == [
        ("connector/orders.py", "parsed"),
        ("type_adapter.py", "validate_python"),
    ]
    with pytest.raises(ValueError, match="Invalid JSON") as read:
        Wanted.model_validate_json("{")
    assert [(file, function) for file, _, function in where(caplog, read.value)] == [("main.py", "model_validate_json")]


def test_of_a_deep_fall_only_the_last_calls_are_named(caplog: pytest.LogCaptureFixture) -> None:
    text = "raise KeyError('deep')\n"
    for number in range(30):
        text = f"def f{number}():\n    " + text.replace("\n", "\n    ").rstrip(" ") + f"f{number}()\n"
    with pytest.raises(KeyError) as caught:
        exec(compile(text, unforeseen.__code__.co_filename, "exec"), {})  # noqa: S102 - a tower of calls of ours
    assert [function for _, _, function in where(caplog, caught.value)] == [f"f{number}" for number in range(7, -1, -1)]


def test_an_error_that_was_never_raised_has_no_place(caplog: pytest.LogCaptureFixture) -> None:
    assert where(caplog, KeyError("x")) == [[""]]
