"""Who has read a list before somebody else's change does not undo it: ``ETag`` and ``If-Match`` over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.triggers.served import NAME, PATH, Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
STALE = '"1-0123456789abcdef01234567"'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app with one finished connection of the first of three mailboxes."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=3) as one:
        await one.set_up(body(one, 1))
        yield one


def body(app: Served, most: int, **more: Any) -> dict[str, Any]:
    """Return a request for the first mailboxes."""
    return {"name": NAME, "mailboxes": app.tenant.addresses[:most], **more}


def rests(connection: dict[str, Any]) -> bool:
    """Return whether the run has ended."""
    return bool(connection["state"] == "ready")


async def ask(app: Served, document: dict[str, Any], if_match: str, query: str = "") -> httpx.Response:
    """Send a set-up with a condition."""
    return await app.client.post(f"/api/connections{query}", json=document, headers={"If-Match": if_match})


async def tag(app: Served, query: str = "") -> str:
    """Return the ETag that the connection shows."""
    return str((await app.client.get(f"{PATH}{query}")).headers["etag"])


async def test_two_who_have_read_the_same_list_do_not_undo_each_other(app: Served) -> None:
    read = await tag(app)
    first = await ask(app, body(app, 2), read)
    assert first.status_code == 202
    assert first.headers["etag"] == await tag(app) != read
    await app.until(rests)
    assert await tag(app) == first.headers["etag"]
    for query in ("", "?allowRemoval=5", "?dryRun=true"):
        async with app.nothing_happens():
            said = problem(await ask(app, body(app, 1, displayName="UTM"), read, query), 412, "if-match-failed")
            assert f"GET {PATH}" in said["hint"]
    shown = (await app.client.get(PATH)).json()
    assert (shown["revision"], shown["mailboxes"]["total"]) == (2, 2)


@pytest.mark.parametrize("if_match", [STALE, f"W/{STALE}", f"{STALE}, {STALE}"])
@pytest.mark.parametrize("call", ["verify", "cancel"])
async def test_other_changes_take_a_condition_too(app: Served, call: str, if_match: str) -> None:
    async with app.nothing_happens():
        answer = await app.client.post(f"{PATH}/{call}", headers={"If-Match": if_match, "Accept-Language": "de"})
        assert "geändert" in problem(answer, 412, "if-match-failed")["title"]
    answer = await app.client.post(f"{PATH}/cancel", headers={"If-Match": f"{STALE}, {await tag(app)}"})
    assert (answer.status_code, answer.headers["etag"]) == (202, await tag(app))


async def test_a_confirmation_takes_a_condition_too(app: Served) -> None:
    sent = {"keyId": (await app.client.get(PATH)).json()["secret"]["keyId"]}
    async with app.nothing_happens():
        refused = await app.client.post(f"{PATH}/confirm", json=sent, headers={"If-Match": STALE})
        problem(refused, 412, "if-match-failed")
    answer = await app.client.post(f"{PATH}/confirm", json=sent, headers={"If-Match": await tag(app)})
    assert (answer.status_code, answer.headers["etag"]) == (200, await tag(app))


@pytest.mark.parametrize("if_match", ["*", "* ,", STALE])
async def test_no_connection_is_made_where_one_has_to_be_there(app: Served, if_match: str) -> None:
    async with app.nothing_happens():
        problem(await ask(app, {**body(app, 1), "name": "new"}, if_match), 412, "if-match-failed")
        problem(await ask(app, {**body(app, 1), "name": "new"}, if_match, "?dryRun"), 412, "if-match-failed")


@pytest.mark.parametrize("if_match", ["abc", '"', f"{STALE} {STALE}", f"*, {STALE}", "3"])
async def test_a_condition_that_is_none_is_refused(app: Served, if_match: str) -> None:
    async with app.nothing_happens():
        said = problem(await ask(app, body(app, 1), if_match), 400, "if-match-invalid")
        assert "ETag" in said["hint"]


async def test_the_tag_is_the_same_on_every_page_and_before_any_step(app: Served) -> None:
    assert await tag(app) == await tag(app, "?top=1") == await tag(app, "?state=open")
    answer = await ask(app, body(app, 3), await tag(app))
    assert answer.headers["etag"] == await tag(app)
    again = await ask(app, body(app, 3), answer.headers["etag"])
    assert (again.status_code, again.headers["etag"]) == (202, answer.headers["etag"])
    await app.until(rests)
    assert await tag(app) == answer.headers["etag"]


async def test_a_refused_condition_stands_in_the_history(app: Served) -> None:
    await ask(app, body(app, 1), STALE)
    entry = (await app.client.get(f"{PATH}/history")).json()["items"][0]
    assert (entry["outcome"], entry["code"]) == ("refused", "if-match-failed")
