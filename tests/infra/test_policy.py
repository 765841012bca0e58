"""A static policy check of the template: what checkov finds is exactly what is accepted, each with a reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.policy import ACCEPTED, CHECKOV, TEMPLATE, accepted, findings
from tests.infra.template.breaks import first
from tests.infra.template.files import template


@pytest.fixture(scope="module", autouse=True)
def _checkov() -> None:
    if not CHECKOV.exists():
        missing = "checkov is missing: run `make policy` once"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


def test_checkov_finds_what_is_accepted_and_nothing_else() -> None:
    found, reasons = findings(), accepted()
    assert {key: found[key] for key in found.keys() - reasons.keys()} == {}, "mend it, or accept it with a reason"
    assert reasons.keys() - found.keys() == set(), f"no longer found: take it out of {ACCEPTED.name}"


def test_every_accepted_finding_has_a_reason() -> None:
    assert all(len(reason) > len("Not a .NET") for reason in accepted().values())


def _open_storage(properties: dict[str, Any]) -> None:
    properties["supportsHttpsTrafficOnly"] = False
    properties["allowBlobPublicAccess"] = True


def _plain_http(properties: dict[str, Any]) -> None:
    properties["httpsOnly"] = False


BROKEN: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "storage": ("Microsoft.Storage/storageAccounts", _open_storage, "CKV_AZURE_3"),
    "app": ("Microsoft.Web/sites", _plain_http, "CKV_AZURE_14"),
}


def test_a_weaker_template_is_noticed(tmp_path: Path) -> None:
    """All in one copy: the checker's own start takes longest."""
    weaker = template()
    for kind, weaken, _ in BROKEN.values():
        weaken(first(weaker, kind)["properties"])
    copy = tmp_path / TEMPLATE.name
    copy.write_text(json.dumps(weaker), "utf-8")
    found = findings(copy).keys() - accepted().keys()
    assert {(kind, check) for kind, _, check in BROKEN.values()} <= found
