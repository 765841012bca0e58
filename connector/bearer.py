"""Whether a bearer token lets somebody in, and who that is. Keys are handed in, nothing is asked for.

Sources: learn.microsoft.com/entra/identity-platform/access-tokens (what to validate), access-token-claims-reference and
claims-validation; RFC 8725 (algorithms are the reader's choice, never the token's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import BaseModel, ConfigDict, ValidationError

from connector.caller import person_name
from connector.errors import SignInError

_SCOPE = "access"
"""The one scope of the registration: what the page asks for on behalf of a person."""
_ALGORITHM = "RS256"
_LEEWAY = 60
"""Seconds by which two clocks may differ."""
_MOST = 24 * 1024
"""Characters. The host takes headers of 32 KB in all."""
_NEEDED = ["exp", "nbf", "iat", "iss", "aud"]
_WHY: Mapping[type[Exception], str] = {
    jwt.ImmatureSignatureError: "early",
    jwt.InvalidIssuedAtError: "early",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidSignatureError: "signature",
}


@dataclass(frozen=True, slots=True)
class Registration:
    """For which application, in which tenant, tokens are taken; all of it known beforehand and none of it a token's."""

    client_id: str
    tenant_id: str
    authority: str

    @property
    def issuer(self) -> str:
        """Return who issues tokens of version 2.0 there."""
        return f"{self.authority}/{self.tenant_id}/v2.0"

    @property
    def scope(self) -> str:
        """Return what the page asks for: a token for this application, and one by which it is renewed.

        By its id alone: application and client are one, and ``api://`` ends in AADSTS90009 at the renewal.
        """
        return f"openid profile offline_access {self.client_id}/{_SCOPE}"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who has come with a token: a person by the object id, a program by the id of its application."""

    kind: Literal["person", "program"]
    id: str
    name: str | None
    roles: frozenset[str]


class _Claims(BaseModel):
    """What is read of a token whose signature holds."""

    model_config = ConfigDict(extra="ignore", strict=True)

    tid: str
    oid: str
    ver: str
    azp: str
    idtyp: str | None = None
    scp: str | None = None
    name: str | None = None
    roles: list[str] = []


def key_id(token: str) -> str:
    """Return by which key a token says that it is signed; nothing of it is believed yet.

    Raises:
        SignInError: it is no token of the one kind that is taken.
    """
    if len(token) > _MOST or not token.isascii():
        raise SignInError("token-refused", why="malformed")
    try:
        header = jwt.get_unverified_header(token)
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes do to the parser, it is no token
        raise SignInError("token-refused", why="malformed") from None
    if header.get("alg") != _ALGORITHM:
        raise SignInError("token-refused", why="algorithm")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise SignInError("token-refused", why="key")
    return kid


def bearer(token: str, key: RSAPublicKey, registration: Registration) -> Bearer:
    """Return whose token it is, once all of it has been checked against the key of Entra's that it names.

    Raises:
        SignInError: it is not one for this application, from this tenant, at this time; ``why`` says what is wrong.
    """
    try:
        payload = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=registration.client_id,
            issuer=registration.issuer,
            leeway=_LEEWAY,
            options={"require": _NEEDED, "strict_aud": True},
        )
        claims = _Claims.model_validate(payload)
    except jwt.ExpiredSignatureError:
        raise SignInError("token-expired") from None
    except ValidationError:
        raise SignInError("token-refused", why="kind") from None
    except Exception as error:  # noqa: BLE001 - as above: numbers beyond all measure, depths without end
        raise SignInError("token-refused", why=_WHY.get(type(error), "malformed")) from None
    if claims.tid != registration.tenant_id or claims.ver != "2.0":
        raise SignInError("token-refused", why="tenant" if claims.ver == "2.0" else "kind")
    return _program(claims) if claims.scp is None else _person(claims)


def _person(claims: _Claims) -> Bearer:
    if claims.idtyp not in {None, "user"} or _SCOPE not in (claims.scp or "").split():
        raise SignInError("token-refused", why="scope")
    return Bearer("person", _guid(claims.oid), person_name(claims.name), frozenset(claims.roles))


def _program(claims: _Claims) -> Bearer:
    """Return the program that comes for itself.

    An id token has the same issuer, audience and roles, and no scope either: only ``idtyp``, which the registration
    asks for, tells a program's access token from it (optional-claims-reference).
    """
    if claims.idtyp != "app":
        raise SignInError("token-refused", why="kind")
    return Bearer("program", _guid(claims.azp), None, frozenset(claims.roles))


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise SignInError("token-refused", why="kind") from None
