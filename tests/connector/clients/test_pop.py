"""The POP login against servers that say odd things: each ends in time and is named, and nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from connector.clients.imap import examine
from connector.clients.login import Login
from connector.clients.pop import look
from connector.clouds import Cloud
from tests.connector.clients.misbehaving import Authority, Peer, Place, Talk, bounded, serving, talk_bounds
from tests.connector.clients.test_smtp_bounds import UNSOUND

BOUNDS = talk_bounds("")
MAILBOX = "post@contoso.example"
TOKEN = SecretStr("eyJ0.token-of-the-test.c2ln" * 20)
SASL = Login(MAILBOX, TOKEN).encoded


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


def answering(*answers: str) -> Callable[[list[str]], Talk]:
    """Return a server that greets, then answers line by line, and then is silent."""

    def with_ears(heard: list[str]) -> Talk:
        async def talk(peer: Peer) -> None:
            await peer.say("+OK ready\r\n")
            for answer in answers:
                heard.append((await peer.reader.readline()).decode().rstrip("\r\n"))
                await peer.say(answer + "\r\n")
            heard.append((await peer.reader.readline()).decode().rstrip("\r\n"))

        return talk

    return with_ears


def plainly(talk: Talk) -> Callable[[list[str]], Talk]:
    return lambda _: talk


def says(said: bytes | str) -> Callable[[list[str]], Talk]:
    async def talk(peer: Peer) -> None:
        await peer.say(said)
        await asyncio.sleep(60)

    return plainly(talk)


async def hangs_up(_: Peer) -> None: ...


def cloud(place: Place, ca: str | None = None) -> Cloud:
    return Cloud("custom", "", "", "", "", pop_host="localhost", pop_port=place.port, ca_bundle=ca or place.ca)


KINDS: dict[str, tuple[Callable[[list[str]], Talk], str, str]] = {
    "opens": (answering("+ ", "+OK in", "+OK 3 6144", "+OK bye"), "open", ""),
    "opens without a challenge": (answering("+OK in", "+OK 3 6144", "+OK bye"), "open", ""),
    "refuses": (answering("+ ", "-ERR Authentication failure."), "authenticate", "Authentication failure."),
    "refuses after a challenge": (answering("+ ", "+ eyJ9", "-ERR no"), "authenticate", "no"),
    "echoes": (answering("+ ", f"-ERR {SASL}"), "authenticate", "[removed]"),
    "wants all on one line": (answering("-ERR Protocol error. 10"), "authenticate", "Protocol error. 10"),
    "opens nothing": (answering("+ ", "+OK in", "-ERR not connected"), "mailbox", "not connected"),
    "challenges instead of the count": (answering("+ ", "+OK in", "+ "), "mailbox", "+"),
    "silent": (says(""), "greeting", "timed out"),
    "hangs up": (plainly(hangs_up), "greeting", "hung up"),
    "greeting by drops": (plainly(lambda peer: peer.drip(b"+OK " + b"a" * 4000)), "greeting", ""),
    "greeting without end": (plainly(lambda peer: peer.flood(b"a")), "greeting", "more than any"),
    "too busy to greet": (says("-ERR [SYS/TEMP] busy\r\n"), "greeting", "busy"),
    "speaks HTTP": (says("HTTP/1.1 400 Bad Request\r\n\r\n"), "greeting", "HTTP"),
    "speaks no ASCII": (says(b"\xff\xfe+OK\r\n"), "greeting", ""),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_login_is_named_by_the_stage_that_it_has_reached(authority: Authority, kind: str) -> None:
    talk, stage, text = KINDS[kind]
    heard: list[str] = []
    async with serving(authority, talk(heard)) as place:
        with bounded(place):
            answer = await look(cloud(place), MAILBOX, TOKEN, talk_bounds(kind))
    assert (answer.stage, text in answer.text) == (stage, True), answer
    assert SASL not in answer.text
    assert {line.split(" ")[0] for line in heard} <= {"AUTH", SASL, "", "STAT", "QUIT"}


async def test_the_token_goes_on_a_line_of_its_own(authority: Authority) -> None:
    heard: list[str] = []
    async with serving(authority, answering("+ ", "+OK in", "+OK 3 6144", "+OK bye")(heard)) as place:
        await look(cloud(place), MAILBOX, TOKEN, BOUNDS)
        await asyncio.sleep(0.02)
    assert heard[:4] == ["AUTH XOAUTH2", SASL, "STAT", "QUIT"]


async def test_a_server_with_another_certificate_never_hears_a_word(authority: Authority, tmp_path: object) -> None:
    other, heard = Authority.make(tmp_path), list[str]()  # type: ignore[arg-type]
    async with serving(authority, answering("+ ")(heard)) as place:
        answer = await look(cloud(place, other.ca), MAILBOX, TOKEN, BOUNDS)
    assert (answer.stage, answer.lost, heard) == ("connect", True, [])


async def test_a_server_with_a_certificate_of_another_name_never_hears_a_word(tmp_path: Path) -> None:
    vouching, made, heard = trustme.CA(), Authority.make(tmp_path), list[str]()
    vouching.issue_cert("elsewhere.example").configure_cert(made.context)
    vouching.cert_pem.write_to_path(f"{tmp_path}/ca.pem")
    async with serving(made, answering("+ ")(heard)) as place:
        answer = await look(cloud(place), MAILBOX, TOKEN, BOUNDS)
    assert (answer.stage, "hostname" in answer.text.lower(), heard) == ("connect", True, [])


@pytest.mark.parametrize("address", UNSOUND)
async def test_an_address_that_could_be_a_command_is_refused_before_a_byte_is_sent(
    authority: Authority, address: str
) -> None:
    async with serving(authority, answering()([])) as place:
        where = replace(cloud(place), imap_host="localhost", imap_port=place.port)
        answers = [await one(where, address, TOKEN, BOUNDS) for one in (look, examine)]
        assert ([answer.stage for answer in answers], place.peers) == (["address", "address"], [])
