"""The API keeps to its own description, whatever it is sent: schemathesis against the running app."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
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
from schemathesis.config import SchemathesisConfig

from triggers.openapi import description

ROOT = Path(__file__).parents[2]
NAME = "hq"
EXAMPLES = int(os.environ.get("EXAMPLES", "10"))
"""Requests to each operation, good ones and bad ones; ``make soak`` sends more."""
BY_THE_HOST = ("unsupported_method", "ignored_auth")
"""What the host answers without asking the app: a wrong method, a missing key."""
STATES = ["2xx", "3xx", 401, 403, 404, 409, 412, 429, "5xx"]
"""What a good request may come to: 409 and 412 depend on how the connection is."""


@dataclass(frozen=True)
class Served:
    """Where the app is, and its host key."""

    url: str
    key: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serve the app in a process of its own."""
    command = [sys.executable, "-m", "local", "serve", "--json", "--port", "0", "--mailboxes", "2", "--preset", "calm"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        one = Served(ready["url"], ready["key"])
        _set_up(one)
        yield one
        process.terminate()
    assert process.returncode == 0


def _set_up(one: Served) -> None:
    """Make the connection that the generated requests know, so that they meet more than 404."""
    with httpx.Client(base_url=one.url, headers={"x-functions-key": one.key}, timeout=60) as client:
        client.post("/api/connections", json={"name": NAME, "mailboxes": ["nobody@contoso.example"]}).raise_for_status()
        while client.get(f"/api/connections/{NAME}").json()["secret"] is None:
            time.sleep(0.05)


@pytest.fixture(scope="module")
def apis(served: Served) -> dict[GenerationMode, Any]:
    """Return the description without the key, which every request gets: what the host makes of it is not meant.

    In what is sent as good a name is one that exists, or one that does not.
    """
    described = httpx.get(f"{served.url}/api/openapi.json").json()
    described["security"] = []
    for operation in (one for methods in described["paths"].values() for one in methods.values()):
        operation.pop("security")
    any_name = copy.deepcopy(described)
    for path, methods in described["paths"].items():
        for operation in methods.values() if "{name}" in path else ():
            (name,) = [parameter for parameter in operation["parameters"] if parameter["name"] == "name"]
            name["schema"] = {"type": "string", "enum": [NAME, "nobody-knows"]}
    config = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": STATES}}})
    return {
        GenerationMode.POSITIVE: schemathesis.openapi.from_dict(described, config=config),
        GenerationMode.NEGATIVE: schemathesis.openapi.from_dict(any_name),
    }


NO_SCHEMA_TELLS = {
    "/api/connections/{name}/certificate": ["positive_data_acceptance"],
    "/api/connections/{name}/rotate": ["positive_data_acceptance"],
}
"""Where what is of the right form may still be refused: no schema tells a certificate from another text, nor what the
connection signs in with when the next of its kind is asked for."""
OPERATIONS = [(path, method) for path, methods in description()["paths"].items() for method in methods]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_described(
    apis: dict[GenerationMode, Any], served: Served, path: str, method: str, mode: GenerationMode
) -> None:
    described = description()["paths"][path][method]["responses"]
    left_out = [CHECKS.get_one(name) for name in (*BY_THE_HOST, *NO_SCHEMA_TELLS.get(path, ()))]

    @hypothesis_settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=apis[mode][path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        headers = {"x-functions-key": served.key}
        answer = case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=left_out)
        if answer.status_code >= 400:
            assert answer.json()["code"] in described[str(answer.status_code)]["x-codes"]

    try:
        check()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong where nothing is asked for
