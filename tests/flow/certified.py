"""A UTM that signs in with a certificate: its key never leaves it."""

from __future__ import annotations

import ssl
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.flow.app import NAME, App

PATH = f"/api/connections/{NAME}"


@dataclass
class Utm:
    """One certificate in its store."""

    days: float = 365

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """Return the key."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def certificate(self) -> x509.Certificate:
        """Return the certificate."""
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "utm")]), datetime.now(UTC)
        return (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=self.days))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        """Return what a person exports: the public part."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def private(self) -> str:
        """Return what nobody should ever send."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    @property
    def sha256(self) -> str:
        """Return the thumbprint by which it is recognised."""
        return self.certificate.fingerprint(hashes.SHA256()).hex().upper()

    @property
    def sha1(self) -> str:
        """Return the thumbprint that Entra shows."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - as Entra shows it

    async def signs_in(self, app: App) -> bool:
        """Say whether the token endpoint takes what the key has signed, with the parameters that are handed out."""
        handed = await app.parameters()
        url, client = handed["oauth2"]["tokenUrl"], handed["applicationId"]
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": client, "sub": client, "aud": url, "nbf": now - 60, "exp": now + 600, "jti": str(uuid.uuid4())}
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, self.key, algorithm="PS256"),
            "scope": handed["oauth2"]["scope"],
        }
        trusting = ssl.create_default_context(cafile=app.tenant.endpoints["caBundle"])
        async with httpx.AsyncClient(verify=trusting) as http:
            return (await http.post(url, data=form)).status_code == 200

    async def give(self, app: App) -> tuple[int, str]:
        """Give the certificate; return the status, and the problem's code or the connection's state."""
        return await given(app, self.pem)

    async def offered(self, app: App) -> dict[str, Any]:
        """Give the certificate and wait until it is offered."""
        assert (await self.give(app))[0] == 202
        await app.until(lambda seen: (seen["rotation"] or {}).get("state") == "offered")
        return await app.settled()


async def given(app: App, text: str) -> tuple[int, str]:
    """Send a certificate; return the status, and the problem's code or the connection's state."""
    answer = await app.client.post(f"{PATH}/certificate", json={"certificate": text})
    app.answers.append(answer.text)
    return answer.status_code, answer.json().get("code") or answer.json()["state"]
