"""A certificate for the UTM: given as a file or pasted, chosen, confirmed, and a private key that never leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from playwright.async_api import expect

from connector.messages import Language, catalogue
from tests.browser.test_appearance import axe, overflow
from tests.browser.test_renewal import pressed
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running
from tests.flow.certified import Utm


@pytest.mark.parametrize(("language", "by"), [("de", "file"), ("en", "paste")])
async def test_a_certificate_is_given_by_keyboard_and_the_way_back_is_shown(
    tmp_path: Path, language: Language, by: str
) -> None:
    page_words: Any = catalogue(language)["page"]
    words, utm = page_words["certificate"], Utm()
    async with running(tmp_path, mailboxes=1) as app:
        await app.set_up()
        async with visiting(app, language, statuses=frozenset({422})) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}/renewal")
            await expect(page.locator("#certificate")).to_contain_text(words["instead"])
            assert (await axe(visitor), await overflow(visitor)) == ([], [])

            await page.locator("#certificate-text").fill(utm.private)
            await pressed(page, "#give-certificate")
            await expect(page.locator("#notices")).to_contain_text(words["private"])
            await expect(page.locator("#certificate-text")).to_have_value("")
            assert utm.private.splitlines()[3] not in await visitor.shown()
            await page.locator("#certificate-text").fill("nothing of the kind")
            await pressed(page, "#give-certificate")
            problem: Any = catalogue(language)["problem"]
            await expect(page.locator("#notices")).to_contain_text(problem["certificate-invalid"]["title"])
            assert [one for one in visitor.requests if "PRIVATE" in (one.post_data or "")] == []

            if by == "file":
                content = utm.certificate.public_bytes(serialization.Encoding.DER)
                file: Any = {"name": "utm.cer", "mimeType": "application/pkix-cert", "buffer": content}
                await page.locator("#certificate-file").set_input_files(file)
            else:
                await page.locator("#certificate-text").fill(utm.pem)
            await pressed(page, "#give-certificate")
            await expect(page.locator("#renewal-now")).to_contain_text(words["offered"]["title"])
            await expect(page.locator("output#certificate")).to_have_text(utm.sha1)
            assert (await axe(visitor), await overflow(visitor)) == ([], [])
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#rotation")).to_contain_text(words["offered"]["title"])
            await pressed(page, "#to-rotation")
            await pressed(page, "#confirm")
            await expect(page.locator("#renewal-now")).to_contain_text(words["retiring"]["title"])
            await visitor.go(f"c/{NAME}/hand-over")
            await expect(page.locator("#main")).to_contain_text("Microsoft 365 (Certificate)")
            await expect(page.locator("#main")).to_contain_text(utm.sha256)
            await expect(page.locator("#clientSecret")).to_have_count(0)
            assert (await axe(visitor), await overflow(visitor)) == ([], [])
            await visitor.go(f"c/{NAME}/sheet")
            await expect(page.locator(".paper")).to_contain_text(words["renewWhat"])
            await expect(page.locator(".paper")).to_contain_text(utm.sha1)


async def test_where_secrets_are_forbidden_the_finding_leads_to_the_certificate(tmp_path: Path) -> None:
    utm = Utm()
    async with running(tmp_path, mailboxes=1) as app:
        app.tenant.administrator.limit_secrets(forbidden=True)
        await app.client.post("/api/connections", json={"name": NAME, "mailboxes": app.tenant.addresses})
        await app.until(lambda seen: seen["state"] == "action-required")
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await page.locator(f"a.button[href='#/c/{NAME}/renewal']").first.click()
            await page.locator("#certificate-text").fill(utm.pem)
            await page.locator("#give-certificate").click()
            await visitor.go(f"c/{NAME}")
            await visitor.sees("ready")
