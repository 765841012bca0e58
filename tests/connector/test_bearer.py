"""A token lets in whom Entra has signed it for, for this application, now; and nobody else whatever it looks like."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.bearer import Bearer, bearer, key_id
from connector.errors import SignInError
from tests.connector.signed import (
    CLIENT,
    KID,
    PERSON,
    PROGRAM,
    REGISTRATION,
    claims,
    private_key,
    program_claims,
    token,
)

PUBLIC = private_key().public_key()
NOW = int(time.time())


def read(text: str) -> Bearer:
    """Read a token as the app does: the key is looked up by what the token names."""
    if key_id(text) != KID:
        raise SignInError("token-refused", why="key")
    return bearer(text, PUBLIC, REGISTRATION)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_by_the_public_key(algorithm: str = "HS256") -> str:
    """Sign with what everybody knows: a reader that believes the header takes the public key for the secret."""
    pem = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': algorithm, 'kid': KID, 'typ': 'JWT'})}.{part(claims())}"
    signature = base64.urlsafe_b64encode(hmac.digest(pem, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{text}.{signature}"


def resigned(**header: Any) -> str:
    return jwt.encode(claims(), private_key(), algorithm="RS256", headers={"kid": KID, **header})


def spoilt(text: str) -> str:
    head, body, signature = text.split(".")
    return f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def other_body(text: str, **changes: Any) -> str:
    head, _, signature = text.split(".")
    return f"{head}.{part(claims(**changes))}.{signature}"


def test_a_person_is_known_by_object_id_name_and_roles() -> None:
    assert read(token(claims(roles=["Reader", "Operator"]))) == Bearer(
        "person", PERSON, "Ada Lovelace", frozenset({"Reader", "Operator"})
    )


def test_a_program_is_known_by_its_application() -> None:
    assert read(token(program_claims())) == Bearer("program", PROGRAM, None, frozenset({"Reader"}))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Ada\n  Lovelace", "Ada Lovelace"), ("ada@contoso.example", None), ("", None), ("x" * 300, "x" * 100),
     ("Ada\u202eecalevol", "Ada<U+202E>ecalevol")],
)  # fmt: skip
def test_a_name_is_shown_as_it_is_seen_and_never_an_address(name: str, shown: str | None) -> None:
    assert read(token(claims(name=name))).name == shown


@pytest.mark.parametrize("seconds", [-40, 0, 3600])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert read(token(claims(exp=int(time.time()) + seconds))).id == PERSON
    assert read(token(claims(nbf=int(time.time()) + 40))).id == PERSON


REFUSED = {
    "empty": ("", "malformed"),
    "two parts": ("a.b", "malformed"),
    "not ASCII": (token() + "ä", "malformed"),
    "endless": ("e" * 40_000, "malformed"),
    "alg none": (f"{part({'alg': 'none', 'kid': KID})}.{part(claims())}.", "algorithm"),
    "alg None": (f"{part({'alg': 'None', 'kid': KID})}.{part(claims())}.", "algorithm"),
    "alg is a list": (f"{part({'alg': ['RS256'], 'kid': KID})}.{part(claims())}.AA", "algorithm"),
    "no alg": (f"{part({'kid': KID})}.{part(claims())}.AA", "algorithm"),
    "HS256 with the public key": (signed_by_the_public_key(), "algorithm"),
    "RS256 said, HS256 done": (signed_by_the_public_key("RS256"), "signature"),
    "RS512": (jwt.encode(claims(), private_key(), algorithm="RS512", headers={"kid": KID}), "algorithm"),
    "PS256": (jwt.encode(claims(), private_key(), algorithm="PS256", headers={"kid": KID}), "algorithm"),
    "ES256": (
        jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": KID}),
        "algorithm",
    ),
    "no kid": (jwt.encode(claims(), private_key(), algorithm="RS256"), "key"),
    "kid with path": (resigned(kid="../../keys/kid-1"), "key"),
    "kid is an address": (resigned(kid="https://evil.example/keys"), "key"),
    "another key, the same kid": (token(key=2), "signature"),
    "a key that it brings itself": (token(key=2, jwk={"kty": "RSA"}, jku="https://evil.example"), "signature"),
    "critical header": (resigned(crit=["exp"], exp=1), "malformed"),
    "detached": (resigned(b64=False, crit=["b64"]), "malformed"),
    "signature spoilt": (spoilt(token()), "signature"),
    "no signature": (token().rpartition(".")[0] + ".", "signature"),
    "body exchanged": (other_body(token(), roles=["Operator"]), "signature"),
    "other audience": (token(claims(aud="00000003-0000-0000-c000-000000000000")), "audience"),
    "audience in a list": (token(claims(aud=[CLIENT, "x"])), "audience"),
    "audience as an address": (token(claims(aud=f"api://{CLIENT}")), "audience"),
    "no audience": (token(claims(aud=None)), "malformed"),
    "other issuer": (token(claims(iss="https://evil.example/v2.0")), "issuer"),
    "version 1": (token(claims(iss=f"https://sts.windows.net/{REGISTRATION.tenant_id}/", ver="1.0")), "issuer"),
    "version 1 within": (token(claims(ver="1.0")), "kind"),
    "issuer and more": (token(claims(iss=f"{REGISTRATION.issuer}/")), "issuer"),
    "other tenant within": (token(claims(tid="aaaaaaaa-0000-4ccc-8ddd-eeeeeeeeeeee")), "tenant"),
    "no tenant": (token(claims(tid=None)), "kind"),
    "expired": (token(claims(exp=NOW - 90)), "expired"),
    "expired for long": (token(claims(exp=1)), "expired"),
    "never expires": (token(claims(exp=None)), "malformed"),
    "expires beyond all measure": (token(claims(exp=1e400)), "malformed"),
    "expires in words": (token(claims(exp="tomorrow")), "malformed"),
    "not yet": (token(claims(nbf=NOW + 3600)), "early"),
    "issued later": (token(claims(iat=NOW + 3600)), "early"),
    "no scope, as an id token": (token(claims(scp=None, idtyp=None)), "kind"),
    "id token": (token(claims(scp=None, idtyp=None, azp=None, nonce="n")), "kind"),
    "a person without scope": (token(claims(scp=None)), "kind"),
    "other scope": (token(claims(scp="accessible User.Read")), "scope"),
    "scope is a list": (token(claims(scp=["access"])), "kind"),
    "a program with scope": (token(claims(idtyp="app")), "scope"),
    "a program that does not say so": (token(program_claims(idtyp=None)), "kind"),
    "roles in a word": (token(claims(roles="Operator")), "kind"),
    "no object": (token(claims(oid=None)), "kind"),
    "object is no id": (token(claims(oid="' or 1=1")), "kind"),
    "claims are a list": (
        jwt.api_jws.encode(b"[]", private_key(), algorithm="RS256", headers={"kid": KID}),
        "malformed",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nobody_comes_in_by(case: str) -> None:
    text, why = REFUSED[case]
    with pytest.raises(SignInError) as refused:
        read(text)
    code, values = ("token-expired", {}) if why == "expired" else ("token-refused", {"why": why})
    assert (refused.value.code, refused.value.values) == (code, values)
