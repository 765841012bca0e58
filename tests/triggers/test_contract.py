"""The API keeps to its own description, whatever it is sent: schemathesis against the running app."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from triggers.openapi import description

ROOT = Path(__file__).parents[2]
BY_THE_HOST = ("unsupported_method", "ignored_auth")
"""What the host answers without asking the app: a wrong method, a missing key."""


@dataclass(frozen=True)
class Served:
    """Where the app is, and its host key."""

    url: str
    key: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serve the app in a process of its own."""
    command = [sys.executable, "-m", "local", "serve", "--json", "--port", "0", "--mailboxes", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Served(ready["url"], ready["key"])
        process.terminate()
    assert process.returncode == 0


@pytest.fixture(scope="module")
def api(served: Served) -> Any:
    """Return the description without the key, which every request gets: what the host makes of it is not meant."""
    described = httpx.get(f"{served.url}/api/openapi.json").json()
    described["security"] = []
    return schemathesis.openapi.from_dict(described)


OPERATIONS = [(path, method) for path, methods in description()["paths"].items() for method in methods]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_described(api: Any, served: Served, path: str, method: str, mode: GenerationMode) -> None:
    left_out = [CHECKS.get_one(name) for name in BY_THE_HOST]

    @hypothesis_settings(
        max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(base_url=served.url, headers={"x-functions-key": served.key}, excluded_checks=left_out)

    try:
        check()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong where nothing is asked for
