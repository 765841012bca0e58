"""What the host makes of a request takes no restraint away: a dry run stays dry, by reference stays by reference."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.triggers.served import GOOD, NAME, PATH, Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLAN = {"name": NAME, "mailboxes": ["somebody@contoso.example"]}
"""Carried out, it would take the access of every mailbox away."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app with one finished connection."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=2) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        yield one


def secrets_of(hq: Served) -> list[str]:
    """Return every secret that the tenant has issued."""
    return [one.value for application in hq.tenant.world.applications.values() for one in application.credentials]


async def asked(hq: Served, method: str, target: str, **request: Any) -> httpx.Response:
    """Ask with exactly this target; httpx alone would tidy it up."""
    return await hq.client.request(method, "/", extensions={"target": target.encode()}, **request)


@pytest.mark.parametrize(
    "sent",
    [
        "dryRun", "dryRun=", "?dryRun", "&dryRun&", "%64ryRun", "%64ryRun=%74rue", "dryRun=TRUE", "dryrun",
        "dryRun=true,false", "dryRun=true&dryRun=false", "dryRun=false&dryRun=true", "dryRun&dryrun=false", "dryRun;",
        "dryRun=true;", "dryRun=true#", "#dryRun", "dryRun%00", "dryRun=%FF", "dryRun%FF", "dryRun=true%FF", "dry+Run",
        "DryRun=true", "+dryRun=true", "dryRun=+true", "dryRun[]=true", "dryRun=1", "%2564ryRun=true", "dryRun%3Dtrue",
        "dryRun=true%26", "a=1&dryRun", "=dryRun", "dryRun==", "dryRun&allowRemoval",
        "allowRemoval=9&dryRun", "allowRemoval=9;dryRun",
    ],
)  # fmt: skip
async def test_what_is_asked_as_a_dry_run_is_never_carried_out(hq: Served, sent: str) -> None:
    before = hq.documents()
    answer = await asked(hq, "POST", f"/api/connections?{sent}", json=PLAN)
    assert answer.status_code in {202, 422}
    if answer.status_code == 202:
        assert answer.headers["location"] == f"{PATH}/plan"
        while (await hq.client.get(f"{PATH}/plan")).status_code == 202:  # noqa: ASYNC110 - another process would do the same
            await asyncio.sleep(0.01)
    after = {path: content for path, content in hq.documents().items() if "/plans/" not in path}
    assert after == {path: content for path, content in before.items() if "/plans/" not in path}


@pytest.mark.parametrize(
    "sent",
    [
        "secret", "secret=", "secret=&secret=", "secret=reference&secret=", "secret=&secret=value", "Secret=reference",
        "SECRET", "%73ecret=", "secret=reference&secret=value", "secret=value&secret=reference",
        "secret=reference,value", "secret=reference;", "secret;=reference", "secret%00=reference",
        "secret=reference%00", "secret=%FF", "secret#", "a&secret=value",
        "#secret=reference", "secret=Reference", "secret=none", "secret=false", "secrets=reference",
        "secret=value&secret", "secret+=reference", "secret=+", "secret%3Dreference", "secret[]=reference",
        "%2573ecret=",
    ],
)  # fmt: skip
async def test_only_a_plain_request_gets_the_value(hq: Served, sent: str) -> None:
    for accept in ("application/json", "text/plain"):
        async with hq.nothing_happens():
            answer = await asked(hq, "GET", f"{PATH}/parameters?{sent}", headers={"Accept": accept})
        assert problem(answer, 422, answer.json()["code"])
        assert not [secret for secret in secrets_of(hq) if secret in answer.text]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("extra", [{}, {"Content-Length": "7"}], ids=["chunked", "chunked and length"])
@pytest.mark.parametrize("path", ["/api/connections", "/api/connections?dryRun=true"])
async def test_a_body_in_chunks_is_refused_with_the_way_out(
    hq: Served, path: str, extra: dict[str, str], language: str
) -> None:
    headers = {"x-functions-key": hq.host.key, "Content-Type": "application/json", "Accept-Language": language}

    async def chunks() -> AsyncIterator[bytes]:
        yield json.dumps(GOOD).encode()

    async with hq.nothing_happens():
        sent = {**headers, **extra, "Transfer-Encoding": "chunked"}
        answer = await hq.client.post(path, content=chunks(), headers=sent)
        said: dict[str, Any] = problem(answer, 411, "length-required")
    assert "Content-Length" in said["hint"]


async def test_at_the_end_everything_is_as_it_was(hq: Served) -> None:
    shown = (await hq.client.get(PATH)).json()
    assert (shown["revision"], shown["state"]) == (1, "ready")
    assert [item["requested"] for item in shown["mailboxes"]["items"]] == hq.tenant.addresses
    assert shown["mailboxes"]["counts"] == {"open": 2}
    assert [item["name"] for item in (await hq.client.get("/api/connections")).json()["items"]] == [NAME]
