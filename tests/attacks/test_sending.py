"""A relay's secret sends and reads nothing; what could be a command is no address."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.clients.identity import prove_secret
from connector.clients.proofs import prove
from connector.microsoft import Protocol
from connector.services import services
from tests.flow.app import App, running

UNSOUND = ("a@b.example>\r\nDATA", "a@b.example> SIZE=1", "a@b.example\r\nRCPT TO:<c@d.example>", "ü@b.example")


async def logins(app: App, mailbox: str) -> dict[str, str]:
    """Log in by each protocol with the connection's own secret; return how far each has come."""
    values, cloud = await app.parameters(), services().cloud
    secret = SecretStr(values["clientSecret"])
    token = (await prove_secret(cloud, values["tenantId"], values["applicationId"], secret)).token
    return {protocol.value: (await prove(cloud, protocol, mailbox, token)).stage for protocol in Protocol}


async def test_with_a_relays_secret_nobody_reads_and_nobody_sends_as_another(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        own, other = app.tenant.addresses
        await app.set_up(protocols=["smtp"], mailboxes=[own])
        assert await logins(app, own) == {"imap": "authenticate", "pop": "authenticate", "smtp": "open"}
        assert {*(await logins(app, other)).values()} == {"authenticate"}
        assert app.tenant.violations() == []
        for address in UNSOUND:
            body = {"name": "hq", "mailboxes": [address], "protocols": ["smtp"]}
            answer = await app.client.post("/api/connections", json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "not-an-address")


@pytest.mark.parametrize("protocols", [["telnet"], [], ["smtp", 1], "smtp", [None], ["SMTP"]])
async def test_a_list_of_protocols_that_is_none_is_refused(tmp_path: Path, protocols: object) -> None:
    async with running(tmp_path) as app:
        body = {"name": "hq", "mailboxes": app.tenant.addresses, "protocols": protocols}
        answer = await app.client.post("/api/connections", json=body)
        assert (answer.status_code, answer.json()["field"].split(".")[0]) == (422, "protocols")
