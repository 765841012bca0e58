"""A key stands in ``req.headers``, ``req.params`` and ``req.url``: none of them gets into a log line or an error."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from connector.documents import Documents, Versioned
from connector.services import services
from tests.local.host.wire import ask
from tests.triggers.served import NAME, Served, app_routes, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
BROKEN = "broken"
WAYS = ("", "?zzz=1&", "?code=wrong&", "?dryRun&", "?secret=%FF&")
BODY = b'{"name": "broken", "mailboxes": ["a@contoso.example"]}'


class Slipping(Documents):
    """The documents, with a mistake of ours in the reading of one."""

    async def load(self, name: str) -> Versioned | None:
        if name == BROKEN:
            raise KeyError(name)
        return await super().load(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app with one finished connection, and one on which the app itself slips."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=1) as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        services().__dict__["documents"] = Slipping(services().store)
        yield one


async def test_no_line_and_no_answer_holds_a_key_or_an_address(hq: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keys = {"host": hq.host.key, "master": hq.host.master_key, **hq.host.function_keys}
    statuses, answers = set(), []
    for route in app_routes():
        for own in {keys[route.function], keys["host"]}:
            for way in WAYS:
                for name in (NAME, BROKEN, "unknown"):
                    query = f"{way or '?'}code={own}"
                    length = b"Content-Length: %d" % len(BODY)
                    lines = [length, b"Content-Type: application/json", f"X-Functions-Key: {own}".encode()]
                    for sent in (lines, lines[:-1]):
                        answer = await ask(hq.host, f"{route.at(name)}{query}", *sent, method=route.method, body=BODY)
                        statuses.add(answer.status)
                        answers.append(answer.body.decode() + str(answer.headers))
    assert statuses >= {200, 202, 401, 404, 422, 500}
    texts = [caplog.text, *(str(record.exc_info) for record in caplog.records), *answers, hq.host.dump()]
    texts += [content.decode() for content in hq.documents().values()]
    assert "unforeseen" in caplog.text
    for hidden in (*keys.values(), "code=", "app.example"):
        assert not [text for text in texts if hidden in text], hidden
