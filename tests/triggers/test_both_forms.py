"""A mailbox in an international domain is shown in both forms wherever a person sees it; what is typed is ASCII."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.triggers.served import NAME, PATH, Served, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEPT, WRITTEN = "info@xn--mller-kva.de", "info@m\u00fcller.de"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app with a connection of one mailbox that opens, and one in such a domain that nobody has."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=1) as one:
        await one.set_up({"name": NAME, "mailboxes": [*one.tenant.addresses, WRITTEN.upper()]})
        yield one


async def test_the_connection_shows_both(app: Served) -> None:
    items = (await app.client.get(PATH)).json()["mailboxes"]["items"]
    shown = {one["requested"]: one["written"] for one in items}
    assert shown == {app.tenant.addresses[0]: None, KEPT: WRITTEN}
    finding = next(one["finding"] for one in items if one["requested"] == KEPT)
    assert finding["code"] == "mailbox-not-found"
    assert f"{KEPT} ({WRITTEN})" in finding["message"]
    assert finding["subject"] == KEPT
    assert WRITTEN not in str(finding["action"]["command"])


async def test_the_parameters_show_both(app: Served) -> None:
    imap = (await app.client.get(f"{PATH}/parameters")).json()["imap"]
    assert (imap["written"], imap["unproven"]) == ({KEPT: WRITTEN}, [KEPT])
    text = (await app.client.get(f"{PATH}/parameters", headers={"Accept": "text/plain"})).text
    assert f"{KEPT} ({WRITTEN})" in text


async def test_the_report_shows_the_beginning_of_both(app: Served) -> None:
    report = (await app.client.get(f"{PATH}/report")).text
    assert "in\u2026@xn\u2026 (in\u2026@m\u00fc\u2026)" in [one["address"] for one in json.loads(report)["examples"]]
    assert "ller" not in report.replace("utm-mail-connect", "")


async def test_either_form_asks_for_the_same(app: Served) -> None:
    before = (await app.client.get(PATH)).headers["etag"]
    body = {"name": NAME, "mailboxes": [*app.tenant.addresses, KEPT]}
    answer = await app.client.post("/api/connections?dryRun=true", json=body)
    assert answer.status_code == 202
    assert (await app.client.get(PATH)).headers["etag"] == before
    stored = b"".join(app.documents().values()).decode()
    assert KEPT in stored
    assert WRITTEN not in stored
