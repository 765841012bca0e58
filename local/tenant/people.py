"""Who may sign in to the app itself: its registration, people with and without roles, and the tokens that they get.

Apart from the directory that the app works on: a registration of this kind is made by a person, never by the app.
Claims: learn.microsoft.com/entra/identity-platform/access-token-claims-reference and id-token-claims-reference, version
2.0. An access token and an id token for one application have issuer, audience and roles in common; ``scp`` and ``azp``
stand in the first only, ``nonce`` in the second.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from local.tenant.chance import Chance

ROLES = ("Reader", "Operator", "Approver", "SecretReader")
_BACKDATED = 300
_STRANGER = "Fred Fremd"
_PERSONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Rita Reader", ("Reader",)),
    ("Otto Operator", ("Operator",)),
    ("Anna Approver", ("Approver",)),
    ("Selma SecretReader", ("SecretReader",)),
    ("Dora Doppel", ("Operator", "SecretReader")),
    ("Alma Alles", ROLES),
    ("Nora Namenlos", ()),
    (_STRANGER, ()),
)


@cache
def _key(number: int) -> RSAPrivateKey:  # noqa: ARG001 - tells them apart
    """Return a signing key. All tenants of a process share them, and none is made before it is needed."""
    return generate_private_key(65537, 2048)


@dataclass(slots=True)
class Person:
    """Somebody with an account; ``assigned`` is whether the enterprise application lets this person in at all."""

    id: str
    name: str
    address: str
    roles: list[str] = field(default_factory=list)
    assigned: bool = True


@dataclass(slots=True)
class Program:
    """Another application with roles of type *Application*."""

    app_id: str
    object_id: str
    roles: list[str] = field(default_factory=list)


class People:
    """The registration by which people sign in, and everybody in the tenant who might."""

    def __init__(self, chance: Chance, tenant_id: str, domain: str) -> None:
        self.tenant_id = tenant_id
        self.client_id = chance.guid("sign-in", "client")
        self.lifetime = 4_200
        """Seconds that an access token holds: 60 to 90 minutes (learn.microsoft.com/entra/identity-platform/
        configurable-token-lifetimes)."""
        self.renewal = 86_400
        """Seconds for which a page may renew: refresh tokens for a *spa* end after 24 hours, and are not extended
        (learn.microsoft.com/entra/identity-platform/refresh-tokens)."""
        self.sessions_end = 0.0
        """Real time before which all sign-ins have been ended by an administrator."""
        self.keys = [1]
        """The signing keys that are published, the one that signs first."""
        self.persons: dict[str, Person] = {}
        self.programs: dict[str, Program] = {}
        named = [
            (f"{first} {role}", [role]) for first, role in zip(("Rita", "Otto", "Anna", "Selma"), ROLES, strict=True)
        ]
        for name, roles in (*named, ("Dora Doppel", ["Operator", "SecretReader"]), ("Alma Alles", [*ROLES])):
            self.add(chance, domain, name, roles)
        self.add(chance, domain, "Nora Namenlos", [])
        self.add(chance, domain, "Fred Fremd", [], assigned=False)

    def add(self, chance: Chance, domain: str, name: str, roles: list[str], *, assigned: bool = True) -> Person:
        """Let somebody have an account."""
        address = f"{name.lower().replace(' ', '.')}@{domain}"
        person = Person(chance.guid("person", address), name, address, roles, assigned)
        self.persons[person.id] = person
        return person

    def with_roles(self, *roles: str) -> Person:
        """Return the person who has exactly these roles, and is let in."""
        return next(one for one in self.persons.values() if one.assigned and sorted(one.roles) == sorted(roles))

    def program(self, *roles: str) -> Program:
        """Return a program that has these roles."""
        made = Program(str(uuid.uuid4()), str(uuid.uuid4()), list(roles))
        self.programs[made.app_id] = made
        return made

    def end_sessions(self) -> None:
        """End all sign-ins (``revokeSignInSessions``): none is renewed any more; a token holds to its end."""
        self.sessions_end = time.time()

    def change_keys(self, *, at_once: bool = False) -> None:
        """Sign by a new key; the old one is still published, unless it is withdrawn at once, as after a theft."""
        new = max(self.keys) + 1
        self.keys = [new] if at_once else [new, *self.keys]

    def published(self) -> dict[str, Any]:
        """Return the document of the keys, as ``/discovery/v2.0/keys`` has it."""
        return {"keys": [self._published(number) for number in self.keys]}

    def _published(self, number: int) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(_key(number).public_key(), as_dict=True)
        kid = _kid(number)
        return {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": public["n"], "e": public["e"]}

    def claims(self, who: Person | Program, issuer: str, **changes: Any) -> dict[str, Any]:
        """Return the claims of an access token; ``changes`` are for tests, None leaves a claim out."""
        shared = self._shared(issuer) | {"roles": list(who.roles) or None, "azpacr": "0", "uti": uuid.uuid4().hex}
        if isinstance(who, Program):
            own = {"azp": who.app_id, "azpacr": "1", "idtyp": "app", "oid": who.object_id, "sub": who.object_id}
        else:
            own = {"azp": self.client_id, "idtyp": "user", "oid": who.id, "sub": f"sub-{who.id}", "scp": "access",
                   "name": who.name, "preferred_username": who.address}  # fmt: skip
        return {name: value for name, value in {**shared, **own, **changes}.items() if value is not None}

    def id_claims(self, who: Person, issuer: str, nonce: str | None) -> dict[str, Any]:
        """Return the claims of an id token."""
        own = {"oid": who.id, "sub": f"sub-{who.id}", "name": who.name, "preferred_username": who.address}
        more = {"nonce": nonce, "roles": list(who.roles) or None}
        return {name: value for name, value in {**self._shared(issuer), **own, **more}.items() if value is not None}

    def signed(self, claims: dict[str, Any], **headers: Any) -> str:
        """Return a token with these claims, signed by the present key."""
        key = self.keys[0]
        return jwt.encode(claims, _key(key), algorithm="RS256", headers={"kid": _kid(key), **headers})

    def public_key(self) -> Any:
        """Return the public half of the present key, for who tries to sign with it."""
        return _key(self.keys[0]).public_key()

    def _shared(self, issuer: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "aud": self.client_id,
            "iss": issuer,
            "iat": now - _BACKDATED,
            "nbf": now - _BACKDATED,
            "exp": now + self.lifetime,
            "tid": self.tenant_id,
            "ver": "2.0",
        }


def _kid(number: int) -> str:
    return f"key-{number:04}-of-the-simulated-login"
