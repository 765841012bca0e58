"""Addresses and keys of targets: what is taken, and what is refused before anything is sent."""

from __future__ import annotations

import random
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.body import Sent
from connector.event import EventType
from connector.request_of_target import parse_target
from connector.target import Format, Lock, Target, address, is_key, is_name, new_key
from tests.connector.test_public_address import any_addresses

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.example.com", ("hooks.example.com", 443, "/")),
        ("HTTPS://Hooks.Example.COM/A?b=C", ("hooks.example.com", 443, "/A?b=C")),
        ("https://hooks.example.com?a=b", ("hooks.example.com", 443, "/?a=b")),
        ("https://hooks.example.com:8443/x", ("hooks.example.com", 8443, "/x")),
        (
            "https://prod-1.westeurope.logic.azure.com:443/w?sig=a%2Fb",
            ("prod-1.westeurope.logic.azure.com", 443, "/w?sig=a%2Fb"),
        ),
        ("https://münchen.example/x", ("xn--mnchen-3ya.example", 443, "/x")),
    ],
)
def test_an_address_is_taken_apart(url: str, expected: tuple[str, int, str]) -> None:
    found = address(url)
    assert (found.host, found.port, found.path) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com",
        "https:hooks.example.com",
        "https:///hooks.example.com",
        "https:\\\\hooks.example.com",
        "ftp://hooks.example.com",
        "https://user@hooks.example.com",
        "https://user:pass@hooks.example.com",
        "https://hooks.example.com@127.0.0.1",
        "https://hooks.example.com\\@127.0.0.1",
        "https://hooks.example.com#@127.0.0.1",
        "https://hooks.example.com/#x",
        "https://localhost",
        "https://localhost.",
        "https://printer.local",
        "https://metadata.google.internal",
        "https://intranet",
        "https://hooks.example.com.",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.0.0.0x1",
        "https://1.2.3.4.5.6",
        "https://１２７.０.０.１",
        "https://127。0。0。1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[fe80::1%25eth0]",
        "https://93.184.215.14",
        "https://hooks.example.com:",
        "https://hooks.example.com:0",
        "https://hooks.example.com:22",
        "https://hooks.example.com:80",
        "https://hooks.example.com:65536",
        "https://hooks.example.com:+443",
        "https://hooks.example.com:４４３",
        "https://hooks..example.com",
        "https://-hooks.example.com",
        "https://hooks.example.com /x",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nHost:%20x",
        "https://hooks.example.com/ü",
        "https://hooks\t.example.com",
        "https://" + "a" * 64 + ".com",
        "https://" + "a." * 130 + "com",
        "https://hooks.example.com/" + "a" * 2_048,
    ],
)
def test_what_nothing_is_sent_to_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever: the one who asks says it in words
        address(url)


def test_an_ip_address_is_refused_in_every_spelling() -> None:
    addresses, chance = any_addresses(seed=5), random.Random(5)  # noqa: S311 - a test's
    for _ in range(20_000):
        text = next(addresses)
        spelled = f"[{text}]" if ":" in text else chance.choice((text, *_spellings(text)))
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            address(f"https://{spelled}{chance.choice(('', ':443', '/x', '.'))}")


def _spellings(text: str) -> list[str]:
    one, two, three, four = map(int, text.split("."))
    whole = one << 24 | two << 16 | three << 8 | four
    return [
        str(whole),
        hex(whole),
        f"0{whole:o}",
        f"{one}.{two << 16 | three << 8 | four}",
        f"{one:#x}.{two:#o}.{three}.{four}".replace("0o", "0"),
    ]


def test_whatever_is_taken_has_a_public_name_and_a_path_that_is_sent_as_it_is() -> None:
    chance = random.Random(11)  # noqa: S311 - a test's
    letters = string.ascii_letters + string.digits + "....---//:@?#[]%\\ \t\n_~é。"
    taken = 0
    for _ in range(100_000):
        url = "https://" + "".join(chance.choices(letters, k=chance.randrange(1, 24)))
        try:
            found = address(url)
        except ValueError:
            continue
        taken += 1
        assert found.host.isascii()
        assert "." in found.host
        assert not found.host.rsplit(".", 1)[1].isdigit()
        assert not {*found.host} & {*"@:/\\[]%# \t\n"}
        assert found.path.startswith("/")
        assert found.path.isascii()
        assert found.path.isprintable()
        assert " " not in found.path
    assert taken > 100


@pytest.mark.parametrize("page", ["docs/how-to/targets.md", "docs/how-to/targets.de.md"])
def test_the_body_that_the_how_to_shows_is_taken(page: str) -> None:
    (shown,) = re.findall(r"-d '(.*)'", Path(page).read_text("utf-8"))
    request = parse_target(Sent(shown.replace("https://…", "https://hooks.example.com/x").encode()))
    assert request.format is Format.TEAMS
    assert request.events


@pytest.mark.parametrize("name", ["a", "ops-teams", "x" * 24])
def test_a_name_is_short_and_plain(name: str) -> None:
    assert is_name(name)
    assert not any(map(is_name, (name + "-", name.upper(), "", "../x", "x" * 25, "a/b", "a\n")))


def test_a_key_is_one_of_standard_webhooks() -> None:
    assert is_key(new_key())
    assert new_key() != new_key()
    assert not any(
        map(is_key, ("", "whsec_", "whsec_YQ==", "secret", "whsec_!!!", new_key()[6:], "whsec_" + "A" * 100))
    )


def test_while_a_key_changes_both_sign() -> None:
    lock = Lock(url="-", key="new", former="old", former_until=NOW)
    assert lock.keys(NOW - timedelta(seconds=1)) == ("new", "old")
    assert lock.keys(NOW) == ("new",)
    assert Lock(url="-", key="new").keys(NOW) == ("new",)


def test_a_target_gets_what_it_wants_and_a_test_only_by_name() -> None:
    all_ = Target(name="a", format=Format.SLACK, host="h", version="v", created=NOW, changed=NOW)
    some = all_.model_copy(update={"events": [EventType.OFFERED]})
    assert all_.wants(EventType.READY)
    assert not all_.wants(EventType.TEST)
    assert [some.wants(one) for one in (EventType.OFFERED, EventType.READY)] == [True, False]
    assert not all_.model_copy(update={"enabled": False}).wants(EventType.READY)


def test_a_target_that_takes_nothing_for_a_day_needs_somebody() -> None:
    one = Target(name="a", format=Format.SLACK, host="h", version="v", created=NOW, changed=NOW)
    failing = one.model_copy(update={"failing_since": NOW})
    assert not one.fails(NOW)
    assert not failing.fails(NOW + timedelta(hours=23))
    assert failing.fails(NOW + timedelta(hours=24))
    assert one.model_copy(update={"gone_on": NOW}).fails(NOW)
