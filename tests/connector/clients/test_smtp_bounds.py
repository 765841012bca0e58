"""The SMTP login against servers that misbehave on purpose: each ends in time, and without TLS none sees a token."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
import trustme
from pydantic import SecretStr

from connector.clients.login import Login
from connector.clients.smtp import submit
from connector.clouds import Cloud
from tests.connector.clients.misbehaving import Authority, Peer, Place, Talk, bounded, serving, talk_bounds

BOUNDS = talk_bounds("")
MAILBOX, OTHER = "post@contoso.example", "info@contoso.example"
TOKEN = SecretStr("eyJ0.token-of-the-test.c2ln" * 20)
SASL = Login(MAILBOX, TOKEN).encoded
PLAIN = b"250-host Hello\r\n250-SIZE 157286400\r\n250 STARTTLS\r\n"
WITHIN = b"250-host Hello\r\n250-SIZE 157286400\r\n250 AUTH LOGIN XOAUTH2\r\n"
Then = Callable[[Peer], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def hear(peer: Peer) -> str:
    """Return what the client says; the lines are kept for ``HEARD``."""
    said = await peer.reader.readline()
    line = said.decode().rstrip("\r\n")
    if said:  # else the client has hung up
        HEARD.append(line)
    return line


HEARD: list[str] = []


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    HEARD.clear()


async def greet(peer: Peer, offered: bytes = PLAIN) -> None:
    await peer.say("220 host ready\r\n")
    await hear(peer)
    await peer.say(offered)


def secured(authority: Authority, then: Then, *, offered: bytes = WITHIN) -> Talk:
    """Return a server that is well until TLS stands."""

    async def talk(peer: Peer) -> None:
        await greet(peer)
        await hear(peer)
        await peer.say("220 2.0.0 ready\r\n")
        await peer.writer.start_tls(authority.context)
        await hear(peer)
        await peer.say(offered)
        await then(peer)

    return talk


def answering(*answers: str) -> Then:
    """Return what answers line by line, and then is silent."""

    async def then(peer: Peer) -> None:
        for answer in answers:
            await hear(peer)
            await peer.say(answer + "\r\n")
        with contextlib.suppress(OSError):
            await hear(peer)

    return then


def logged_in(*answers: str) -> Then:
    return answering("334 ", "235 2.7.0 Authentication successful", *answers)


def says(said: bytes | str) -> Then:
    async def then(peer: Peer) -> None:
        await peer.say(said)
        await asyncio.sleep(60)

    return then


def before_tls(offered: bytes, *answers: bytes) -> Talk:
    async def talk(peer: Peer) -> None:
        await greet(peer, offered)
        for answer in answers:
            await hear(peer)
            await peer.say(answer)
        await hear(peer)
        await asyncio.sleep(60)

    return talk


async def hangs_up(_: Peer) -> None: ...


def cloud(place: Place, ca: str | None = None) -> Cloud:
    return Cloud("custom", "", "", "", "", smtp_host="localhost", smtp_port=place.port, ca_bundle=ca or place.ca)


BEFORE_TLS: dict[str, tuple[Talk, str]] = {
    "silent": (says(""), "greeting"),
    "hangs up": (hangs_up, "greeting"),
    "greeting by drops": (lambda peer: peer.drip(b"220 " + b"a" * 4000), "greeting"),
    "greeting without end": (lambda peer: peer.flood(b"a"), "greeting"),
    "a banner without end": (lambda peer: peer.flood(b"220-host\r\n"), "greeting"),
    "too busy to greet": (says("421 4.3.2 Service not available\r\n"), "greeting"),
    "speaks HTTP": (says("HTTP/1.1 400 Bad Request\r\n\r\n"), "greeting"),
    "speaks no ASCII": (says(b"\xff\xfe220\r\n"), "greeting"),
    "TLS from the first byte": (says(b"\x15\x03\x01\x00\x02\x02\x0a"), "greeting"),
    "STARTTLS stripped": (before_tls(b"250-host\r\n250 AUTH XOAUTH2 PLAIN\r\n"), "secure"),
    "STARTTLS in the greeting alone": (before_tls(b"250-host STARTTLS\r\n250 SIZE\r\n"), "secure"),
    "STARTTLS refused": (before_tls(PLAIN, b"454 4.7.0 TLS not available\r\n"), "secure"),
    "STARTTLS accepted without TLS": (before_tls(PLAIN, b"220 ready\r\n", WITHIN), "secure"),
    "an answer ready before TLS": (before_tls(PLAIN, b"220 ready\r\n" + WITHIN + b"235 ok\r\n"), "secure"),
    "silent within its extensions": (before_tls(b"", PLAIN[:-2]), "greeting"),
}


@pytest.mark.parametrize("kind", BEFORE_TLS)
async def test_a_server_that_misbehaves_before_tls_never_sees_a_token(authority: Authority, kind: str) -> None:
    talk, stage = BEFORE_TLS[kind]
    async with serving(authority, talk, tls=False) as place:
        with bounded(place):
            answer = await submit(cloud(place), MAILBOX, TOKEN, talk_bounds(kind))
        await asyncio.sleep(0.02)
    assert answer.stage == stage, answer
    assert answer.text
    assert len(answer.text) <= 200
    assert not [line for line in HEARD if "AUTH" in line or SASL in line or TOKEN.get_secret_value() in line]


async def test_a_server_with_another_certificate_never_sees_a_token(authority: Authority, tmp_path: object) -> None:
    other = Authority.make(tmp_path)  # type: ignore[arg-type]
    async with serving(authority, secured(authority, hangs_up), tls=False) as place:
        answer = await submit(cloud(place, other.ca), MAILBOX, TOKEN, BOUNDS)
    assert (answer.stage, "certificate" in answer.text.lower()) == ("secure", True), answer
    assert [line.split(" ")[0] for line in HEARD] == ["EHLO", "STARTTLS"]


async def test_a_server_with_a_certificate_of_another_name_never_sees_a_token(tmp_path: object) -> None:
    folder = str(tmp_path)
    vouching, made = trustme.CA(), Authority.make(tmp_path)  # type: ignore[arg-type]
    vouching.issue_cert("elsewhere.example").configure_cert(made.context)
    vouching.cert_pem.write_to_path(f"{folder}/ca.pem")
    async with serving(made, secured(made, hangs_up), tls=False) as place:
        answer = await submit(cloud(place), MAILBOX, TOKEN, BOUNDS)
    assert (answer.stage, "hostname" in answer.text.lower()) == ("secure", True), answer
    assert len(HEARD) == 2


WITHIN_TLS: dict[str, tuple[Then, bytes, str, str]] = {
    "AUTH is not offered": (says(""), b"250-host\r\n250 SIZE 1\r\n", "offer", "does not offer AUTH XOAUTH2"),
    "another AUTH is offered": (says(""), b"250-host\r\n250 AUTH LOGIN PLAIN\r\n", "offer", "does not offer"),
    "silent at the login": (says(""), WITHIN, "authenticate", "timed out"),
    "challenges without end": (answering("334 ", "334 ", "334 "), WITHIN, "authenticate", "334"),
    "refuses": (answering("334 ", "535 5.7.3 No [X]"), WITHIN, "authenticate", "535 5.7.3 No [X]"),
    "refuses after a challenge": (
        answering("334 ", "334 eyJ9", "535 5.7.3 No"),
        WITHIN,
        "authenticate",
        "535 5.7.3 No",
    ),
    "echoes": (
        answering("334 ", f"535 no {SASL} {TOKEN.get_secret_value()}"),
        WITHIN,
        "authenticate",
        "535 no [removed]",
    ),
    "no sender": (logged_in("550 5.1.8 bad outbound sender"), WITHIN, "mailbox", "550 5.1.8 bad outbound sender"),
    "no recipient": (logged_in("250 ok", "432 4.3.2 later"), WITHIN, "mailbox", "432 4.3.2 later"),
    "no reset": (logged_in("250 ok", "250 ok", "503 5.5.1 no"), WITHIN, "mailbox", "503 5.5.1 no"),
    "hangs up after the login": (logged_in(), WITHIN, "mailbox", ""),
    "lines without end": (lambda peer: peer.flood(b"334-a\r\n"), WITHIN, "authenticate", "more than any"),
    "opens": (logged_in("250 ok", "251 ok", "250 ok", "221 bye"), WITHIN, "open", ""),
}


@pytest.mark.parametrize("kind", WITHIN_TLS)
async def test_what_is_said_within_tls_is_named_by_its_stage(authority: Authority, kind: str) -> None:
    then, offered, stage, text = WITHIN_TLS[kind]
    async with serving(authority, secured(authority, then, offered=offered), tls=False) as place:
        with bounded(place):
            answer = await submit(cloud(place), MAILBOX, TOKEN, talk_bounds(kind))
    assert (answer.stage, text in answer.text) == (stage, True), answer
    assert SASL not in answer.text
    assert TOKEN.get_secret_value() not in answer.text
    assert "DATA" not in HEARD


async def test_each_sender_is_tried_and_no_message_is_begun(authority: Authority) -> None:
    then = logged_in("250 ok", "250 ok", "250 ok", "550 5.7.60 no", "250 ok", "250 ok", "250 ok", "221 bye")
    async with serving(authority, secured(authority, then), tls=False) as place:
        answer = await submit(cloud(place), MAILBOX, TOKEN, BOUNDS, ("a@b.example", OTHER))
    assert (answer.stage, answer.refused) == ("open", (("a@b.example", "550 5.7.60 no"),))
    assert [line for line in HEARD if line != SASL] == [
        "EHLO [127.0.0.1]",
        "STARTTLS",
        "EHLO [127.0.0.1]",
        "AUTH XOAUTH2",
        f"MAIL FROM:<{MAILBOX}>",
        f"RCPT TO:<{MAILBOX}>",
        "RSET",
        "MAIL FROM:<a@b.example>",
        "RSET",
        f"MAIL FROM:<{OTHER}>",
        "RSET",
        "QUIT",
    ]


UNSOUND = (
    "a@b.example>\r\nDATA",
    "a@b.example\r\nRCPT TO:<victim@b.example>",
    "a@b.example> SIZE=1",
    "a@b.example SIZE=99999999",
    "a b@c.example",
    "a@b.example\n",
    "a@b.example\x01auth=Bearer x",
    "\u00fc@b.example",
    "a@m\u00fcller.example",
    "\ufeffa@b.example",
    "<a@b.example",
    "",
    "a@b.example\0",
    "@relay.example:a@b.example",
)


@pytest.mark.parametrize("address", UNSOUND)
async def test_an_address_that_could_be_a_command_is_refused_before_a_byte_is_sent(
    authority: Authority, address: str
) -> None:
    async with serving(authority, secured(authority, hangs_up), tls=False) as place:
        answers = (
            await submit(cloud(place), address, TOKEN, BOUNDS),
            await submit(cloud(place), MAILBOX, TOKEN, BOUNDS, (OTHER, address)),
        )
        assert (place.peers, HEARD) == ([], [])
    assert {answer.stage for answer in answers} == {"address"}


async def test_where_no_server_is_known_or_listens_it_is_out_of_reach(authority: Authority) -> None:
    async with serving(authority, hangs_up, tls=False) as place:
        pass
    nowhere = Cloud("custom", "", "", "", "")
    assert (await submit(nowhere, MAILBOX, TOKEN, BOUNDS)).stage == "connect"
    assert (await submit(cloud(place), MAILBOX, TOKEN, BOUNDS)).stage == "connect"
