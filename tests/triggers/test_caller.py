"""Who asks: a digest of the key, and an address that nobody can make up."""

from __future__ import annotations

import hashlib

import azure.functions as func
import pytest

from triggers.caller import caller

KEY = "n0t-a-real-key_-=="
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()[:8]


def request(url: str = "https://app.example/api/x", **headers: str) -> func.HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest("GET", url, headers=named, body=b"")


@pytest.mark.parametrize(
    ("asked", "digest"),
    [
        (request(x_functions_key=KEY), DIGEST),
        (request(X_Functions_Key=KEY), DIGEST),
        (request("https://app.example/api/x?code=n0t-a-real-key_-%3D%3D"), DIGEST),
        (request("https://app.example/api/x?dryRun&CODE=n0t-a-real-key_-=="), DIGEST),
        (func.HttpRequest("GET", "http://[", params={"code": KEY}, body=b""), DIGEST),
        (request("https://app.example/api/x?code=another", x_functions_key=KEY), DIGEST),
        (request("https://app.example/api/x?code="), None),
        (request(), None),
    ],
)
def test_the_key_is_known_by_eight_digits_wherever_it_was_sent(asked: func.HttpRequest, digest: str | None) -> None:
    found = caller(asked, "read_x")
    assert (found.kind, found.function, found.key) == ("key", "read_x", digest)
    assert KEY not in repr(found) + found.model_dump_json()


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9:50123", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1,203.0.113.9:1", "203.0.113.9"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("", None),
        ("203.0.113.9, ", None),
        ("203.0.113.999", None),
        ("fe80::1%<script>", None),
        ("[fe80::1%eth0]:1", None),
        ("somebody\n{}", None),
        ("203.0.113.9:x", None),
        ("٢٠٣.٠.١١٣.٩", None),
    ],
)
def test_only_an_ip_address_is_shown_and_only_the_last(forwarded: str, address: str | None) -> None:
    assert caller(request(X_Forwarded_For=forwarded), "read_x").address == address
