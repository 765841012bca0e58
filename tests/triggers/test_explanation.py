"""The explanation of a finding, as the app itself serves it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from connector.explanations import as_html, sections
from connector.messages import LANGUAGES, catalogue
from tests.triggers.served import running
from triggers.findings import explained


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_one_without_a_rest_of_markdown(lang: str) -> None:
    found = sections("de" if lang == "de" else "en")
    assert set(catalogue("en", "finding")) - set(found) == set()
    for code, section in found.items():
        shown = as_html(section, "de" if lang == "de" else "en")
        plain = re.sub(r"<(code|pre)>.*?</\1>", "", shown, flags=re.DOTALL)
        assert not re.search(r"\*\*|\]\(|```|^\s*-\s", html.unescape(re.sub(r"<[^>]+>", "", plain)), re.MULTILINE), code
        for to in re.findall(r'href="([^":]+)"', shown):
            assert to.partition(".")[0] in found


def test_what_a_document_says_is_never_markup() -> None:
    shown = as_html('<b> `<i>` [<u>](https://x/?a="<s>) **<q>**\n\n- a\n- <li>', "en")
    assert not re.search(r"<(b|i|u|s|q)>", shown)
    assert shown.count("<li>") == 2


async def test_it_is_open_to_everybody_in_the_language_that_is_named_or_preferred(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        client = app.client
        for path, language, word in (
            ("consent-missing.de", "en", "Danach:"), ("consent-missing.en", "de", "Then:"),
            ("consent-missing", "de", "Danach:"), ("consent-missing", "en", "Then:"),
        ):  # fmt: skip
            answer = await client.get(f"/findings/{path}", headers={"Accept-Language": language, "x-functions-key": ""})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert word in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]
        for path in ("nothing", "consent-missing/de", "%2e%2e%2fLICENSE", "<b>"):
            assert (await client.get(f"/findings/{path}")).status_code == 404


def test_the_help_of_a_finding_leads_there() -> None:
    assert explained("role-missing", "de", "utmmail-x.azurewebsites.net") == (
        "https://utmmail-x.azurewebsites.net/findings/role-missing.de"
    )
    assert explained("role-missing", "en", None) == "/findings/role-missing.en"
