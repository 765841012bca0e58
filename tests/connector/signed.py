"""Tokens as Entra signs them, with keys of our own: for who tests what is made of them."""

from __future__ import annotations

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from connector.bearer import Registration

CLIENT = "11111111-2222-4333-8444-555555555555"
TENANT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
PERSON = "01234567-89ab-4cde-8f01-23456789abcd"
PROGRAM = "fedcba98-7654-4321-8fed-cba987654321"
KID = "kid-1"
REGISTRATION = Registration(CLIENT, TENANT, "https://login.microsoftonline.com")


_KEYS: dict[int, RSAPrivateKey] = {}


def private_key(number: int = 1) -> RSAPrivateKey:
    """Return one of some keys; ``number`` tells them apart."""
    return _KEYS.setdefault(number, _KEYS.get(number) or generate_private_key(65537, 2048))


def jwk(number: int = 1, kid: str = KID) -> dict[str, Any]:
    """Return a key as the document of Entra's keys lists it."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(number).public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": public["n"], "e": public["e"]}


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a person's access token; a change to None leaves one out."""
    now = int(time.time())
    usual = {
        "aud": CLIENT,
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 3600,
        "azp": CLIENT,
        "azpacr": "0",
        "idtyp": "user",
        "name": "Ada Lovelace",
        "oid": PERSON,
        "roles": ["Reader"],
        "scp": "access",
        "sub": "subject",
        "tid": TENANT,
        "ver": "2.0",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def program_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a program's access token."""
    return claims(**({"scp": None, "idtyp": "app", "azp": PROGRAM, "azpacr": "1", "name": None} | changes))


def token(content: dict[str, Any] | None = None, key: int = 1, **headers: Any) -> str:
    """Return a signed token."""
    return jwt.encode(content or claims(), private_key(key), algorithm="RS256", headers={"kid": KID, **headers})
