"""The IMAP login against servers that misbehave on purpose: each ends in time, and the server is named."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from connector import diagnosis
from connector.clients.imap import examine
from connector.clouds import Cloud
from tests.connector.clients.misbehaving import Authority, Peer, Talk, bounded, serving, talk_bounds

BOUNDS = talk_bounds("")
MAILBOX = "post@contoso.example"
TOKEN = SecretStr("eyJ0.token-of-the-test.c2ln" * 20)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def hear(peer: Peer) -> str:
    return (await peer.reader.readline()).decode().partition(" ")[0].strip()


async def greet(peer: Peer) -> None:
    await peer.say("* OK ready\r\n")
    await peer.say(f"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n{await hear(peer)} OK done\r\n")


async def challenge(peer: Peer) -> str:
    await greet(peer)
    tag = await hear(peer)
    await peer.say("+ \r\n")
    await hear(peer)
    return tag


async def log_in(peer: Peer) -> str:
    """Return the tag of ``EXAMINE``."""
    await peer.say(f"{await challenge(peer)} OK done\r\n")
    return await hear(peer)


def says(said: bytes | str) -> Talk:
    async def talk(peer: Peer) -> None:
        await peer.say(said)
        await asyncio.sleep(60)

    return talk


def drips(said: bytes) -> Talk:
    return lambda peer: peer.drip(said)


def floods(said: bytes) -> Talk:
    return lambda peer: peer.flood(said)


def after_login(talk: Talk) -> Talk:
    async def whole(peer: Peer) -> None:
        await log_in(peer)
        await talk(peer)

    return whole


def after_greeting(talk: Talk) -> Talk:
    async def whole(peer: Peer) -> None:
        await greet(peer)
        await talk(peer)

    return whole


def to_examine(said: str) -> Talk:
    async def whole(peer: Peer) -> None:
        await peer.say(said.replace("TAG", await log_in(peer)))
        await asyncio.sleep(60)

    return whole


def to_authenticate(said: str) -> Talk:
    async def whole(peer: Peer) -> None:
        await peer.say(said.replace("TAG", await challenge(peer)))
        await asyncio.sleep(60)

    return whole


async def hangs_up(_: Peer) -> None: ...


async def literal_without_end(peer: Peer) -> None:
    await log_in(peer)
    await peer.say("* LIST {400000000}\r\n")
    await peer.flood(b"a")


SERVER, THROTTLED = "imap-server-error", "imap-throttled"
KINDS: dict[str, tuple[Talk, str]] = {
    "silent": (says(""), SERVER),
    "hangs up": (hangs_up, SERVER),
    "greeting by drops": (drips(b"* OK " + b"a" * 4000), SERVER),
    "greeting without end": (floods(b"a"), SERVER),
    "greetings without end": (floods(b"* OK ready\r\n"), SERVER),
    "too busy to greet": (says("* BYE Server busy\r\n"), SERVER),
    "speaks HTTP": (says("HTTP/1.1 400 Bad Request\r\n\r\n"), SERVER),
    "speaks no ASCII": (says(b"\xff\xfe* OK\r\n"), SERVER),
    "a literal in its greeting": (says("* OK {400000000}\r\n"), SERVER),
    "a literal of impossible size": (says("* OK {" + "9" * 5000 + "}\r\n"), SERVER),
    "capabilities by drops": (after_greeting(drips(b"* CAPABILITY IMAP4rev1\r\n")), SERVER),
    "challenges without end": (after_greeting(floods(b"+ \r\n")), SERVER),
    "silent after BYE instead of an answer": (to_authenticate("* BYE Server busy\r\n"), SERVER),
    "unavailable at the login": (to_authenticate("TAG NO Server Unavailable. 15\r\n"), SERVER),
    "unavailable by its code": (to_authenticate("TAG NO [UNAVAILABLE] later\r\n"), SERVER),
    "unavailable at the inbox": (to_examine("TAG NO Server Unavailable. 15\r\n"), SERVER),
    "BYE at the inbox": (to_examine("* BYE Connection closed. 14\r\n"), SERVER),
    "silent after the login": (after_login(says("")), SERVER),
    "lines without end": (after_login(floods(b"* 1 EXISTS\r\n")), SERVER),
    "a line by drops": (after_login(drips(b"* FLAGS (" + b"a" * 4000)), SERVER),
    "a literal without end": (literal_without_end, SERVER),
    "another tag": (to_examine("ZZZZ9 OK\r\n"), SERVER),
    "a word without end": (to_examine("TAG BAD " + "a" * 60_000 + "\r\n"), "not-propagated"),
    "throttles": (to_examine("TAG BAD Request is throttled. Suggested Backoff Time: 86400000\r\n"), THROTTLED),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_misbehaves_is_named_in_time(authority: Authority, kind: str) -> None:
    talk, code = KINDS[kind]
    async with serving(authority, talk) as place:
        with bounded(place):
            cloud = Cloud("custom", "", "", "", "localhost", place.port, ca_bundle=place.ca)
            answer = await examine(cloud, MAILBOX, TOKEN, talk_bounds(kind))
    evidence = diagnosis.Evidence(
        answer, MAILBOX, (), (), consent=True, principal=True, access=True, resolved=True, minutes=3, overdue=False
    )
    assert diagnosis.login(evidence).code == code
    assert len(answer.text) <= 200


@pytest.mark.parametrize("tls", [True, False])
async def test_what_never_comes_to_speak_tls_is_unreachable(authority: Authority, tls: bool) -> None:
    async with serving(authority, drips(b"* OK ready\r\n"), tls=tls) as place:
        ca = place.ca if not tls else None  # whose authority is not trusted
        answer = await examine(
            Cloud("custom", "", "", "", "localhost", place.port, ca_bundle=ca), MAILBOX, TOKEN, BOUNDS
        )
    assert answer.stage == "connect"
