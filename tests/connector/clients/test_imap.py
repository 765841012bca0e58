"""A real login by IMAP: against the simulated tenant, and against servers that say odd things."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from connector.clients.identity import prove_secret
from connector.clients.imap import examine
from connector.clients.wire import TalkBounds
from connector.clouds import Cloud
from connector.observed import LoginAnswer
from local.tenant import Tenant

MAILBOX = "post@contoso.example"
TOKEN = SecretStr("eyJ0.token-of-the-test.c2ln" * 20)
SASL = base64.b64encode(f"user={MAILBOX}\x01auth=Bearer {TOKEN.get_secret_value()}\x01\x01".encode()).decode()
Talk = Callable[["Client"], Awaitable[None]]


class Client:
    """The client as a server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.lines: list[str] = []

    async def say(self, text: str) -> None:
        self._writer.write(text.encode("utf-8", "surrogateescape") + b"\r\n")
        await self._writer.drain()

    async def hear(self) -> tuple[str, str]:
        line = (await self._reader.readline()).decode().rstrip("\r\n")
        self.lines.append(line)
        tag, _, rest = line.partition(" ")
        return tag, rest

    async def greet(self) -> None:
        await self.say("* OK The Microsoft Exchange IMAP4 service is ready.")
        tag, _ = await self.hear()
        await self.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR")
        await self.say(f"{tag} OK CAPABILITY completed.")

    async def challenge(self) -> str:
        """Return the tag of ``AUTHENTICATE`` after its first challenge was answered."""
        tag, _ = await self.hear()
        await self.say("+ ")
        await self.hear()
        return tag

    async def log_in(self) -> None:
        await self.greet()
        await self.say(f"{await self.challenge()} OK AUTHENTICATE completed.")

    async def part(self) -> None:
        tag, _ = await self.hear()
        await self.say("* BYE signing off.")
        await self.say(f"{tag} OK LOGOUT completed.")


@asynccontextmanager
async def serving(talk: Talk, folder: Path) -> AsyncIterator[tuple[Cloud, list[str]]]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(reader, writer)
        client.lines = heard
        await talk(client)
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    yield Cloud("custom", "", "", "", "localhost", port, ca_bundle=str(folder / "ca.pem")), heard
    server.close()
    await server.wait_closed()


async def opens(client: Client) -> None:
    await client.log_in()
    tag, _ = await client.hear()
    await client.say("* 3 EXISTS")
    await client.say(f"{tag} OK [READ-ONLY] EXAMINE completed.")
    await client.part()


async def refuses(client: Client) -> None:
    await client.greet()
    await client.say(f"{await client.challenge()} NO AUTHENTICATE failed.")
    await client.part()


async def refuses_with_challenge(client: Client) -> None:
    await client.greet()
    tag = await client.challenge()
    await client.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
    assert await client.hear() == ("", "")
    await client.say(f"{tag} NO AUTHENTICATE failed.")
    await client.part()


async def echoes(client: Client) -> None:
    await client.greet()
    await client.say(f"{await client.challenge()} NO {client.lines[-1]} {TOKEN.get_secret_value()} refused")
    await client.part()


async def echoes_a_part(client: Client) -> None:
    await client.greet()
    await client.say(f"{await client.challenge()} NO line too long: {client.lines[-1][:300]}")
    await client.part()


async def challenges_for_ever(client: Client) -> None:
    await client.greet()
    await client.challenge()
    for _ in range(200):
        await client.say("+ ")
        await asyncio.sleep(0.02)


async def babbles(client: Client) -> None:
    await client.greet()
    await client.say(f"{await client.challenge()} NO \x07\x1b[31m" + "no " * 500)
    await client.part()


async def sends_no_base64(client: Client) -> None:
    await client.greet()
    await client.challenge()
    await client.say("+ a")
    await client.hear()


async def hangs_up(client: Client) -> None:
    await client.greet()
    await client.challenge()
    await client.say("* BYE Connection is closed. 13")


async def does_not_connect(client: Client) -> None:
    await client.log_in()
    tag, _ = await client.hear()
    await client.say(f"{tag} BAD User is authenticated but not connected.")
    await client.say("* BYE Connection closed. 14")


async def has_no_inbox(client: Client) -> None:
    await client.log_in()
    tag, _ = await client.hear()
    await client.say(f"{tag} NO INBOX doesn't exist.")
    await client.part()


async def is_not_ready(client: Client) -> None:
    await client.say("* BYE Server is unavailable.")


async def is_undecodable(client: Client) -> None:
    await client.say("* OK ready.")
    tag, _ = await client.hear()
    await client.say("* CAPABILITY IMAP4rev1 \udcff")
    await client.say(f"{tag} OK")


async def says_nothing_more(client: Client) -> None:
    await client.greet()
    await client.challenge()
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("talk", "stage", "text"),
    [
        (opens, "open", ""),
        (refuses, "authenticate", "AUTHENTICATE failed."),
        (refuses_with_challenge, "authenticate", "AUTHENTICATE failed."),
        (echoes, "authenticate", "[removed] [removed] refused"),
        (echoes_a_part, "authenticate", "line too long: [removed]"),
        (babbles, "authenticate", "[31m" + "no " * 64),
        (sends_no_base64, "authenticate", None),
        (hangs_up, "authenticate", "Connection is closed. 13"),
        (does_not_connect, "mailbox", "BAD User is authenticated but not connected."),
        (has_no_inbox, "mailbox", "INBOX doesn't exist."),
        (is_not_ready, "greeting", None),
        (is_undecodable, "greeting", None),
    ],
)
async def test_how_far_a_login_gets(talk: Talk, stage: str, text: str | None, tmp_path: Path) -> None:
    async with serving(talk, tmp_path) as (cloud, heard):
        answer = await examine(cloud, MAILBOX, TOKEN)
    assert answer.stage == stage
    assert text is None or text in answer.text
    assert len(answer.text) <= 200
    assert answer.text == "" or answer.text.isprintable()
    commands = [line.split(" ")[1] for line in heard if " " in line]
    assert set(commands) <= {"CAPABILITY", "AUTHENTICATE", "EXAMINE", "LOGOUT"}
    assert stage in ("connect", "open") or answer.text


async def test_what_is_sent_is_the_sasl_string(tmp_path: Path) -> None:
    async with serving(opens, tmp_path) as (cloud, heard):
        await examine(cloud, MAILBOX, TOKEN)
    assert SASL in heard
    assert heard[-1].endswith("LOGOUT")


@pytest.mark.parametrize(
    ("talk", "stage"),
    [(says_nothing_more, "authenticate"), (challenges_for_ever, "authenticate")],
)
async def test_a_server_that_never_decides_is_left(talk: Talk, stage: str, tmp_path: Path) -> None:
    bounds = TalkBounds(talk_seconds=1.0, logout_seconds=0.3)
    async with serving(talk, tmp_path) as (cloud, _):
        began = time.monotonic()
        answer = await examine(cloud, MAILBOX, TOKEN, bounds)
        assert time.monotonic() - began < 20
    assert answer.stage == stage
    assert "timed out" in answer.text


async def test_a_server_of_another_authority_is_not_spoken_to(tmp_path: Path) -> None:
    async with serving(opens, tmp_path) as (cloud, heard):
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        answer = await examine(cloud, MAILBOX, TOKEN)
    assert answer.stage == "connect"
    assert heard == []


async def test_the_simulated_tenant_opens_what_is_granted() -> None:
    async with Tenant(preset="calm") as tenant:
        person, mailbox = tenant.administrator, tenant.addresses[0]
        application = person.register_application("utm")
        enterprise = person.create_enterprise_application(application)
        person.consent(application.app_id)
        secret = SecretStr(person.add_credential(application).value)
        found = tenant.endpoints
        host, _, port = found["imap"].partition(":")
        cloud = Cloud(
            "custom",
            found["authority"],
            found["graph"],
            found["exchange"],
            host,
            int(port),
            ca_bundle=found["caBundle"],
        )
        token = (await prove_secret(cloud, found["tenantId"], application.app_id, secret)).token
        before = await examine(cloud, mailbox, token)
        person.new_service_principal(application.app_id, enterprise.id)
        registered = await examine(cloud, mailbox, token)
        person.add_mailbox_permission(mailbox, application.app_id)
        granted = await examine(cloud, mailbox, token)
        assert tenant.writes() == []
    assert before == LoginAnswer("authenticate", "AUTHENTICATE failed.")
    assert registered == LoginAnswer("mailbox", "BAD User is authenticated but not connected.")
    assert granted == LoginAnswer("open")


async def test_nobody_listens(tmp_path: Path) -> None:
    async with serving(opens, tmp_path) as (cloud, _):
        pass
    assert (await examine(cloud, MAILBOX, TOKEN)).stage == "connect"
