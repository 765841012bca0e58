"""Which addresses are public: against a list that is written out otherwise, over many addresses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from connector.public_address import is_public

_INSIDE = [
    ip_network(one)
    for one in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
        "192.0.2.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "::/8",
        "64:ff9b:1::/48",
        "100::/64",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "2001::/32",
        "2001:db8::/32",
        "2002::/16",
    ]
]
_V4, _V6 = 2**32, 2**128


def is_inside(text: str) -> bool:
    """Return what the product must never connect to; what stands for an IPv4 address is judged as that."""
    one = ip_address(text)
    if one.version == 6:
        high = int(one) >> 32
        if high in {0xFFFF, 0x64FF9B << 64}:
            one = ip_address(int(one) & 0xFFFFFFFF)
    return any(one in net for net in _INSIDE if net.version == one.version)


def any_addresses(seed: int) -> Iterator[str]:
    """Yield addresses for ever: the edges of all that is inside, and random ones, in each form that they have."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    edges = [int(edge) for net in _INSIDE for edge in (net[0], net[-1])]
    while True:
        number = chance.choice((chance.choice(edges) + chance.choice((-1, 0, 1)), chance.getrandbits(32)))
        if chance.random() < 0.3:
            number = chance.choice((0x20, 0x26, 0x2A, 0xFD, 0xFE)) << 120 | chance.getrandbits(120)
        forms = [number]
        if 0 <= number < _V4:
            forms += [
                0xFFFF << 32 | number,
                0x64FF9B << 96 | number,
                0x2002 << 112 | number << 80,
                number << 64,
                number,
            ]
        yield str(ip_address(chance.choice(forms) % _V6))


def test_of_a_hundred_thousand_addresses_none_inside_is_taken_for_a_public_one() -> None:
    addresses, public = any_addresses(seed=3), 0
    for _ in range(100_000):
        one = next(addresses)
        taken = is_public(one)
        public += taken
        assert not (taken and is_inside(one)), one
    assert public > 10_000, "a judge that refuses everything would pass as well"


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "9.255.255.255"],
)
def test_what_is_public_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "1.1.1.1.", "[::1]", "1.1.1.1/32"]
)
def test_what_is_no_address_is_not(text: str) -> None:
    """A resolver makes an address of most of these; they come to the judge as that."""
    assert not is_public(text)
