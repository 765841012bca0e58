"""Acceptances are kept apart from whatever a set-up writes, and count for one application."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.acceptances import Acceptance, Acceptances, accepted_for, is_guid
from connector.clients.store import FolderStore

APP = "0a1b2c3d-0000-4000-8000-00000000000a"
OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def acceptances(tmp_path: Path) -> Acceptances:
    return Acceptances(FolderStore(tmp_path))


def acceptance(subject: str, application_id: str = APP, by: str = "accept_finding") -> Acceptance:
    return Acceptance(
        id=f"foreign-owner:{subject}",
        application_id=application_id,
        code="foreign-owner",
        subject=subject,
        accepted_on=NOW,
        by=by,
    )


async def test_nobody_has_accepted_anything_at_first(acceptances: Acceptances) -> None:
    assert await acceptances.load("hq") == ()
    assert not await acceptances.known("hq")


async def test_accepting_twice_keeps_the_first_time(acceptances: Acceptances) -> None:
    await acceptances.add("hq", acceptance("eve"))
    kept = await acceptances.add("hq", acceptance("eve", APP.upper(), by="somebody else"))
    assert [one.by for one in kept] == ["accept_finding"]
    assert await acceptances.load("hq") == kept
    assert await acceptances.load("branch") == ()


async def test_simultaneous_acceptances_are_all_kept(acceptances: Acceptances) -> None:
    await asyncio.gather(*(acceptances.add("hq", acceptance(str(number))) for number in range(5)))
    assert {one.subject for one in await acceptances.load("hq")} == {"0", "1", "2", "3", "4"}


async def test_withdrawing_takes_it_back_for_every_application(acceptances: Acceptances) -> None:
    for application_id in (APP, OTHER):
        await acceptances.add("hq", acceptance("eve", application_id))
    await acceptances.add("hq", acceptance("adam"))
    left = await acceptances.withdraw("hq", "FOREIGN-OWNER:Eve")
    assert [one.subject for one in left] == ["adam"]
    assert await acceptances.withdraw("hq", "foreign-owner:eve") == left == await acceptances.load("hq")
    await acceptances.withdraw("hq", "foreign-owner:adam")
    assert await acceptances.known("hq")


def test_an_acceptance_counts_for_its_own_application_alone() -> None:
    kept = (acceptance("eve"), acceptance("adam", OTHER))
    assert accepted_for(kept, APP.upper()) == {"foreign-owner:eve"}
    assert accepted_for(kept, OTHER) == {"foreign-owner:adam"}
    for none in (None, "", "app", APP[:-1], "{" + APP + "}"):
        assert accepted_for(kept, none) == frozenset()
    assert accepted_for((acceptance("eve", ""),), "") == frozenset()


@pytest.mark.parametrize("text", ["", "app", APP + "\n", APP.replace("-", ""), "{" + APP + "}", " " + APP, APP + APP])
def test_only_a_guid_is_one(text: str) -> None:
    assert is_guid(APP)
    assert is_guid(APP.upper())
    assert not is_guid(text)
