"""The list of mailboxes in the form: what is said of it, and a file that is dropped on it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import FilePayload, Page, expect

from tests.browser.visitor import visiting
from tests.flow.app import running

DROP = """async ([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  const field = document.getElementById('mailboxes');
  const over = new DragEvent('dragover', { dataTransfer: data, cancelable: true, bubbles: true });
  field.dispatchEvent(over);
  field.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true }));
  return over.defaultPrevented;
}"""
TABLE = "Name;Adresse\r\nMüller, Eva;eva@b.de\r\n"


async def drop(page: Page, name: str, content: bytes) -> None:
    assert await page.evaluate(DROP, [name, list(content)])


async def test_a_list_says_what_is_wrong_with_it_and_takes_files(tmp_path: Path) -> None:
    async with running(tmp_path, mailboxes=1) as app, visiting(app) as visitor:
        await visitor.enter()
        await visitor.go("new")
        page, read = visitor.page, visitor.page.locator("#mailboxes-read")
        await visitor.fill(mailboxes="Eva;eva@b.de\nrechnung@firma.onmic…")
        await expect(read).to_contain_text("1 Postfach erkannt. Übergangen, da keine Adresse: Eva.")
        await expect(read).to_contain_text("Abgekürzt, die ganze Adresse fehlt: rechnung@firma.onmic….")
        await page.locator("#show-plan").click()
        await expect(page.locator("#mailboxes-wrong")).to_contain_text("Bitte berichtigen")
        assert visitor.asked("POST", "/connections") == []
        await page.locator("#mailboxes").fill("info+x@b.de müller@b.de")
        await expect(read).to_contain_text("info+x@b.de → info@b.de")
        await expect(read).to_contain_text("meist mit ae, oe, ue, ss")

        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
            await page.locator("#mailboxes").fill("")
            await drop(page, "liste.csv", TABLE.encode(encoding))
            await expect(read).to_have_text(
                "1 Postfach erkannt. Übergangen, da keine Adresse: Name, Adresse, Müller, Eva."
            )
        await drop(page, "noch.txt", b"otto@b.de")
        await expect(read).to_contain_text("2 Postfächer erkannt.")
        await drop(page, "liste.xlsx", b"PK\x03\x04\x14\x00")
        await expect(page.locator("#notices")).to_contain_text("ist eine Excel-Arbeitsmappe")
        await expect(read).to_contain_text("2 Postfächer erkannt.")
        chosen = FilePayload(name="l.csv", mimeType="text/csv", buffer=b"ida@b.de")
        await page.locator("#mailboxes-file").set_input_files(chosen)
        await expect(read).to_contain_text("3 Postfächer erkannt.")
