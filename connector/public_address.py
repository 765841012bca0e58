"""Which IP addresses something may be sent to that somebody outside has named: public ones. Pure.

Asked for every address that a name resolves to, right before the connection, and the connection goes to what was
asked for. By then no spelling is left: octal, hexadecimal and short forms have become an address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out for public use (iana.org/assignments/ipv6-address-space)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""Stands for an IPv4 address (RFC 6052)."""
_NOT_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks and other protocols' (RFC 2928)
            "2001:db8::/32",  # for documents (RFC 3849)
            "2002::/16",  # 6to4, which leads to any IPv4 address (RFC 3056)
            "3fff::/20",  # for documents (RFC 9637)
        ),
    )
)
_NOT_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' (RFC 6598)
            "127.0.0.0/8",
            # Azure's own in every virtual network (learn.microsoft.com, what-is-ip-address-168-63-129-16).
            "168.63.129.16/32",
            "169.254.0.0/16",  # link-local, and the metadata of every cloud
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
"""iana.org/assignments/iana-ipv4-special-registry, written out: ``is_global`` differs between versions of Python."""
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The middle of an IPv6 address whose end is an IPv4 address (RFC 5214)."""


def is_public(text: str) -> bool:
    """Return whether an IP address is one of the public internet; what is none is not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _public_v4(address) if isinstance(address, IPv4Address) else _public_v6(address)


def _public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_V4)


def _public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return address in _UNICAST and not tunnel and not any(address in network for network in _NOT_V6)
