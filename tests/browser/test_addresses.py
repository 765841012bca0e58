"""Addresses pasted in any shape; what the page takes for one is what the API takes for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from connector.address import canonical
from local.browser import browsing, context
from tests.triggers.served import running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASTED: list[tuple[str, list[str], int, list[str], list[str]]] = [
    ("", [], 0, [], []),
    ("a@b.de", ["a@b.de"], 0, [], []),
    ("a@b.de\r\nc@d.de\n\n", ["a@b.de", "c@d.de"], 0, [], []),
    ("a@b.de, c@d.de;e@f.de\tg@h.de i@j.de", ["a@b.de", "c@d.de", "e@f.de", "g@h.de", "i@j.de"], 0, [], []),
    ("Müller, Eva <eva@b.de>; Team Ä <team@b.de>", ["eva@b.de", "team@b.de"], 0, [], []),
    ("Müller, Eva <eva@b.de>, Otto <otto@b.de>", ["eva@b.de", "otto@b.de"], 0, [], []),
    ("Eva <eva@b.de>, otto@b.de", ["eva@b.de", "otto@b.de"], 0, [], []),
    ("otto@b.de, Eva <eva@b.de>", ["otto@b.de", "eva@b.de"], 0, [], []),
    ("otto@b, Eva <eva@b.de>, und noch", ["eva@b.de"], 0, [], ["otto@b", "und", "noch"]),
    ('"eva@b.de" <eva@b.de>, otto@b.de <Otto@b.de>', ["eva@b.de", "otto@b.de"], 0, [], []),
    ("Eva <eva at b.de>", [], 0, [], ["eva at b.de"]),
    ("<mailto:eva@b.de>", ["eva@b.de"], 0, [], []),
    ("mailto:eva@b.de.", ["eva@b.de"], 0, [], []),
    ("\"eva@b.de\", 'otto@b.de'", ["eva@b.de", "otto@b.de"], 0, [], []),
    ("„eva@b.de“, »otto@b.de«", ["eva@b.de", "otto@b.de"], 0, [], []),
    ("eva@b.de EVA@B.DE; Eva <eva@b.de>", ["eva@b.de"], 2, [], []),
    ("eva@b.de, kein-postfach", ["eva@b.de"], 0, [], ["kein-postfach"]),
    ("eva@b.de\nkein-postfach", ["eva@b.de"], 0, [], ["kein-postfach"]),
    ("eva@b, @b.de, ä@b.de", [], 0, [], ["eva@b", "@b.de", "ä@b.de"]),
    ("o'brien@b.de", ["o'brien@b.de"], 0, [], []),
    ("eva@b.de\u200b, \ufeffotto@b.de", ["eva@b.de", "otto@b.de"], 0, [], []),
    ("Eva Müller eva@b.de, otto@b.de", ["eva@b.de", "otto@b.de"], 0, ["Eva", "Müller"], []),
    ("Müller, Eva\teva@b.de\tUserMailbox", ["eva@b.de"], 0, ["Müller", "Eva", "UserMailbox"], []),
    ('"Müller, Eva","eva@b.de","UserMailbox"', ["eva@b.de"], 0, ["Müller", "Eva", "UserMailbox"], []),
    ('"Eva" <eva@b.de>, kein-postfach', ["eva@b.de"], 0, [], ["kein-postfach"]),
    ("Eva\teva@b\tUserMailbox", [], 0, [], ["Eva", "eva@b", "UserMailbox"]),
    ("Name\tAdresse\nEva\teva@b.de", ["eva@b.de"], 0, ["Eva"], ["Name", "Adresse"]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    async with running(tmp_path_factory.mktemp("store")) as one, browsing() as browser, context(browser) as window:
        opened = await window.new_page()
        await opened.goto(one.host.url)
        yield opened


async def read(page: Page, text: str) -> Any:
    return await page.evaluate("async text => (await import('/assets/addresses.js')).addresses(text)", text)


@pytest.mark.parametrize(("text", "found", "twice", "passed", "unknown"), PASTED)
async def test_what_is_pasted_is_read(
    page: Page, text: str, found: list[str], twice: int, passed: list[str], unknown: list[str]
) -> None:
    seen = {"list": found, "twice": twice, "passed": passed, "unknown": unknown, "converted": []}
    assert await read(page, text) == seen


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
