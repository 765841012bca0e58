"""A new secret, and the word that the UTM has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import expect

from connector.clients.store import FolderStore
from connector.credential import Rotation, RotationState
from connector.documents import Documents
from connector.model import Connection
from tests.browser.visitor import visiting
from tests.flow.app import NAME, running


async def test_a_new_secret_is_confirmed_by_its_key_and_an_expired_one_is_not_called_proven(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        documents = Documents(FolderStore(app.store))
        key = (await app.set_up())["secret"]["keyId"]

        def replaced(connection: Connection) -> None:
            assert connection.secret is not None
            connection.rotation = Rotation(
                id="r", state=RotationState.OFFERED, begun=connection.since, next=connection.secret, alone=True
            )

        def expired(connection: Connection) -> None:
            assert connection.secret is not None
            connection.secret.expires_on = datetime.now(UTC) - timedelta(days=1)
            connection.secret.used_since = datetime(2026, 5, 4, tzinfo=UTC)

        await documents.update(NAME, replaced)
        async with visiting(app) as visitor:
            page = visitor.page
            await visitor.enter()
            await visitor.go(f"c/{NAME}")
            await expect(page.locator("#confirm")).to_have_text(f"Die UTM hat den Schlüssel {key[:8]}…")
            await page.locator("#confirm").click()
            await expect(page.locator("#confirm")).to_have_count(0)
            await expect(page.locator("#part-top .state")).to_contain_text("fertig")
            await documents.update(NAME, expired)
            await visitor.go(f"c/{NAME}/hand-over")
            await expect(page.locator("#main")).to_contain_text("Der Schlüssel ist abgelaufen")
            await expect(page.locator("#main .hint").first).to_contain_text("hat das am 4. Mai 2026 festgehalten")
            await expect(page.locator("#main .notice.good")).to_have_count(0)
