"""Addresses pasted in any shape; what the page takes for one is what the API takes for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from connector.address import canonical
from tests.browser.pasted import ALL, Pasted
from tests.browser.visitor import window
from tests.triggers.served import running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    async with running(tmp_path_factory.mktemp("store")) as one, window() as opened:
        page = await opened.new_page()
        await page.goto(one.host.url)
        yield page


async def read(page: Page, text: str) -> Any:
    return await page.evaluate("async text => (await import('/assets/addresses.js')).addresses(text)", text)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def readings(page: Page) -> list[Any]:
    script = (
        "async texts => { const { addresses } = await import('/assets/addresses.js'); return texts.map(addresses); }"
    )
    seen: list[Any] = await page.evaluate(script, [pasted.text for pasted in ALL])
    return seen


@pytest.mark.parametrize(("place", "pasted"), [*enumerate(ALL)], ids=[repr(pasted.text[:30]) for pasted in ALL])
async def test_what_is_pasted_is_read(readings: list[Any], place: int, pasted: Pasted) -> None:
    seen = readings[place]
    assert seen.pop("converted") == []
    seen["plus"] = [one["plain"] for one in seen["plus"]]
    told = asdict(pasted)
    del told["text"]
    told["list"] = told.pop("found")
    assert seen == told


async def test_both_forms_of_a_domain_are_one_mailbox_and_both_are_shown(page: Page) -> None:
    read_of = await read(page, "Info@M\u00fcller.de; info@xn--mller-kva.de, Eva <eva@mu\u0308ller.de>")
    assert read_of["list"] == ["Info@xn--mller-kva.de", "eva@xn--mller-kva.de"]
    assert (read_of["twice"], read_of["unknown"]) == (1, [])
    assert read_of["converted"] == [
        {"address": "Info@xn--mller-kva.de", "typed": "Info@M\u00fcller.de"},
        {"address": "eva@xn--mller-kva.de", "typed": "eva@mu\u0308ller.de"},
    ]


@pytest.mark.parametrize(
    "address",
    ["a@b.de", "a.b+c@d-e.f.de", "a_b@x.co", "a@-b.de", "a@b-.de", "a@b..de", "a@b", "a@b.d", "x" * 65 + "@b.de",
     "x" * 64 + "@b.de", "a@" + "b" * 63 + ".de", "a@" + "b" * 64 + ".de", "#!$%&'*+/=?^_`{|}~@b.de", "a@b.de-",
     "a@" + ".".join(["b" * 60] * 4) + ".de",
     "a@m\u00fcller.de", "a@stra\u00dfe.de", "a@\u4f8b\u5b50.\u4e2d\u56fd",
     "\u00e4@m\u00fc.de",
     "a@m\u00fc/x.de", "a@m\u00fc:1.de", "a@m\u00fc?x.de", "a@m\u00fc#.de", "a@m\u00fc%41.de", "a@m\u00fc",
     "a@m\u00fc..de", "a@-m\u00fc.de"],
)  # fmt: skip
async def test_it_is_an_address_for_the_page_if_it_is_one_for_the_api(page: Page, address: str) -> None:
    taken = (await read(page, f"<{address}>"))["list"]
    assert [one.lower() for one in taken] == [one for one in [canonical(address)] if one is not None]
