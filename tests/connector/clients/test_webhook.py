"""Sending a webhook: what each answer is taken for, and that nothing is ever sent to an address inside."""

from __future__ import annotations

import socket
import ssl

import pytest

from connector.clients.webhook import OCTETS, Tried, Webhooks
from connector.target import Address, address
from tests.connector.test_public_address import any_addresses, is_inside
from tests.receiver import PUBLIC, Behaviour, Receiver, Way, a_slow_body, hang_up, nothing, slowly, status, without_end

TO = address("https://hooks.example.com/in?key=1")
HEADERS = {"Content-Type": "application/json"}


async def _public(host: str, port: int) -> list[str]:
    assert (host, port) == ("other.example.com", 443)
    return [PUBLIC]


async def send(receiver: Receiver, to: Address = TO, seconds: float = 10) -> Tried:
    return await receiver.webhooks(seconds=seconds).post(to, HEADERS, b"{}")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (status(200), (200, None, True)),
        (status(202, body=b"x" * 100), (202, None, True)),
        (status(204), (204, None, True)),
        (status(301, "Location: https://127.0.0.1/"), (301, None, False)),
        (status(400), (400, None, False)),
        (status(410), (410, None, False)),
        (status(429, "Retry-After: 120"), (429, None, False)),
        (status(500), (500, None, False)),
        (hang_up, (None, "hung-up", False)),
        (status(200, body=b"x" * 10_000_000), (200, None, True)),
    ],
)
async def test_an_answer_is_taken_for_what_it_is(
    behaviour: Behaviour, expected: tuple[int | None, str | None, bool]
) -> None:
    async with Receiver([behaviour]) as receiver:
        answer = await send(receiver)
        assert (answer.status, answer.code, answer.taken) == expected
        assert answer.retry_after == (120 if answer.status == 429 else None)
        assert [(one.path, one.body, one.headers["host"]) for one in receiver.got] == [
            ("/in?key=1", b"{}", "hooks.example.com")
        ]
        assert receiver.way.asked == [PUBLIC]


@pytest.mark.parametrize("behaviour", [nothing, slowly, a_slow_body])
async def test_who_does_not_come_to_an_end_is_left_in_time(behaviour: Behaviour) -> None:
    async with Receiver([behaviour]) as receiver:
        answer = await send(receiver, seconds=0.5)
        assert (answer.status, answer.code) == (None, "too-slow")  # after a minute it would have hung up


async def test_of_an_answer_no_more_is_read_than_makes_sense() -> None:
    async with Receiver([without_end]) as receiver:
        assert (await send(receiver)).taken  # else the ten seconds would have ended it, which is no answer
    assert OCTETS == 65_536


async def test_a_certificate_of_another_name_or_of_nobody_is_refused() -> None:
    async with Receiver(name="other.example.com") as receiver:
        sender = receiver.webhooks({"hooks.example.com": [PUBLIC]})
        assert (await sender.post(TO, HEADERS, b"{}")).code == "tls-failed"
        nobodys = Webhooks(ssl.create_default_context(), _public, receiver.way)
        assert (await nobodys.post(address("https://other.example.com/"), HEADERS, b"{}")).code == "tls-failed"
        assert receiver.got == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.4"],
        ["169.254.169.254"],
        ["168.63.129.16"],
        ["100.100.100.200"],
        ["::1"],
        ["fd00:ec2::254"],
        ["fe80::1%eth0"],
        ["fec0::1"],
        ["::ffff:127.0.0.1"],
        ["::127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["64:ff9b:1::7f00:1"],
        ["2002:7f00:1::"],
        ["2001:0:53aa:64c:0:0:80ff:fffe"],
        ["2600::5efe:127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        ["0.0.0.0"],  # noqa: S104 - nobody binds to it
        ["255.255.255.255"],
        ["224.0.0.1"],
        ["not an address"],
        [],
    ],
)
async def test_a_name_that_leads_inside_is_sent_nothing(addresses: list[str]) -> None:
    async with Receiver() as receiver:
        sender = receiver.webhooks({"hooks.example.com": addresses})
        answer = await sender.post(TO, HEADERS, b"{}")
        assert (answer.status, answer.code) == (None, "address-refused")
        assert (receiver.way.asked, receiver.got) == ([], [])


async def test_a_name_that_leads_outside_first_and_inside_then_is_refused_then() -> None:
    """The name is asked for each time anew, and what is connected to is what was looked at."""
    answers = [[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]]

    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.example.com", 443)
        return answers.pop(0)

    async with Receiver() as receiver:
        receiver.webhooks()
        trust = ssl.create_default_context()
        receiver.authority.configure_trust(trust)
        sender = Webhooks(trust, resolve, receiver.way)
        assert [(await sender.post(TO, HEADERS, b"")).code for _ in range(3)] == [
            None,
            "address-refused",
            "address-refused",
        ]
        assert receiver.way.asked == [PUBLIC]


async def test_a_name_that_leads_nowhere_or_to_a_closed_port_is_told_apart() -> None:
    async with Receiver() as receiver:
        sender = receiver.webhooks()

    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(host, port)

    assert (await sender.post(TO, HEADERS, b"{}")).code == "not-connected"
    assert (await Webhooks(ssl.create_default_context(), unknown).post(TO, HEADERS, b"{}")).code == "name-unknown"


async def test_of_many_addresses_none_inside_is_ever_connected_to() -> None:
    """Through the sender; the judgement alone is tried with many more (``tests/connector/test_public_address.py``)."""
    way, addresses, allowed = Way(), any_addresses(seed=7), 0

    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.example.com", 443)
        return [next(addresses), next(addresses)]

    sender = Webhooks(ssl.create_default_context(), resolve, way)
    for _ in range(1_500):
        way.asked.clear()
        allowed += (await sender.post(TO, {}, b"")).code == "not-connected"
        assert not any(map(is_inside, way.asked)), way.asked
    assert allowed > 50
