"""What the identity endpoint calls a token and is none is not kept for the day that it claims to be good for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from connector.clients.bounds import Bounds
from connector.clients.identity import Identity
from connector.clients.sound_tokens import _sound
from connector.clouds import PUBLIC
from connector.errors import UnavailableError
from tests.connector.clients.misbehaving import Authority, Peer, serving

GOOD: dict[str, Any] = {"access_token": "a.b.c", "expires_in": 86_000, "resource": "scope", "token_type": "Bearer"}
BAD: dict[str, dict[str, Any]] = {
    "empty": {"access_token": ""},
    "a word": {"access_token": "fine"},
    "line breaks": {"access_token": "a.b.c\r\nX-Evil: 1"},
    "too long": {"access_token": "a." + "b" * 100_000 + ".c"},
    "good for ever": {"expires_in": 10**400},
    "good for a year": {"expires_in": 31_536_000},
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_token_that_is_none_is_asked_for_again(
    bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [{**GOOD, **BAD[bad]}, {**GOOD, **BAD[bad]}, GOOD]
    asked = 0

    async def talk(peer: Peer) -> None:
        nonlocal asked
        while True:
            await peer.request()
            body = json.dumps(said[min(asked, 2)]).encode()
            asked += 1
            await peer.say(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
            await peer.say(body)

    async with serving(Authority.make(tmp_path), talk, tls=False) as place:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://localhost:{place.port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        identity = Identity(PUBLIC, None, Bounds(5, 1024 * 1024, repeats=0))
        with pytest.raises(UnavailableError) as caught:
            await identity.claims("scope/.default")
        assert caught.value.service == "identity"
        for _ in range(2):
            assert (await identity.credential.get_token("scope/.default")).token == GOOD["access_token"]
        await identity.close()
    assert asked == 3  # the good one is kept


@pytest.mark.parametrize("expires_on", [-(10**400), -1, 0, 10**400])
def test_no_date_of_a_token_is_a_slip_of_ours(expires_on: int) -> None:
    assert _sound(AccessToken("a.b.c", expires_on)) is (expires_on <= 0)
