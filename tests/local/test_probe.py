"""The probe: it asks, it changes nothing, and its report names nobody."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.end_state import end_state
from local.probe import probe
from local.questions import READING, WRITING
from local.redaction import Redaction
from tests.flow.app import NAME, App, running

GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-")


async def report(app: App, folder: Path, capsys: pytest.CaptureFixture[str], **more: Any) -> tuple[int, str]:
    """Run the probe against the tenant of a running app; return its status and what it printed."""
    file = folder / "endpoints"
    file.write_text(json.dumps(app.tenant.endpoints))
    options = {"endpoints": file, "store": app.store, "connection": None, "write": None, "json": False, **more}
    capsys.readouterr()
    status = await probe(argparse.Namespace(**options))
    return status, capsys.readouterr().out


async def test_reading_changes_nothing_and_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path / "store") as app:
        await app.set_up()
        app.tenant.forget_requests()
        status, text = await report(app, tmp_path, capsys, connection=NAME)
        assert status == 0
        assert app.tenant.writes() == []
        check_anonymous(app, text)
        assert all(f"## {question.__name__}" in text for question in READING)
        assert not any(question.__name__ in text for question in WRITING)
        assert "Could not be asked" not in text


async def test_the_two_writes_repeat_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path / "store") as app:
        await app.set_up()
        before = end_state(app.tenant.world, NAME)
        app.tenant.forget_requests()
        status, text = await report(app, tmp_path, capsys, write=NAME, json=True)
        assert status == 0
        assert [request.names for request in app.tenant.writes()] == [
            ("New-ServicePrincipal",), ("Add-MailboxPermission",),
        ]  # fmt: skip
        assert end_state(app.tenant.world, NAME) == before
        check_anonymous(app, text)
        facts = {answer["name"]: answer["facts"] for answer in json.loads(text)["answers"]}
        assert "already exist" in json.dumps(facts["duplicate_principal"])
        assert "already present" in json.dumps(facts["duplicate_access"])
        assert facts["permission_user"]["shownAs"] != [["?"]]
        assert facts["supported_version"]["status"] == 405


async def test_a_question_that_is_refused_is_told_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path / "store") as app:
        app.tenant.administrator.revoke("Application.ReadWrite.OwnedBy", "Application.Read.All")
        status, text = await report(app, tmp_path, capsys)
        assert status == 1
        assert text.count("Could not be asked") == 1
        assert "## mail_server" in text


async def test_a_connection_that_does_not_exist_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path / "store") as app:
        with pytest.raises(SystemExit, match="no connection 'other'"):
            await report(app, tmp_path, capsys, connection="other")


def check_anonymous(app: App, text: str) -> None:
    """Assert that a report may be published."""
    assert not GUID.search(text)
    assert not any(secret in text for secret in app.tenant.issued)
    for address in app.tenant.addresses:
        assert address not in text
    assert NAME not in text
    assert app.tenant.world.initial_domain not in text


@given(
    before=st.text(max_size=30),
    value=st.one_of(
        st.uuids().map(str),
        st.emails(domains=st.just("contoso.example")),
        st.from_regex(r"eyJ[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{20,60}", fullmatch=True),
        st.from_regex(r"S-1-5-21(-[0-9]{5,10}){4}", fullmatch=True),
    ),
)
def test_no_id_address_or_token_survives(before: str, value: str) -> None:
    redaction = Redaction()
    once = redaction.text(f"{before} {value} ")
    assert value not in once
    assert redaction.text(value) == redaction.text(value)
    if value not in before:
        assert before == once[: len(before)] or redaction.text(before) != before


def test_the_same_value_has_the_same_placeholder() -> None:
    text = Redaction().text("a@b.de and A@B.de, not c@b.de")
    assert text == "<address-1> and <address-1>, not <address-2>"
