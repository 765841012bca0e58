"""Which certificates are taken, and what is said of everything else that somebody pastes."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import NameOID

from connector.body import Sent
from connector.certificate import MOST, read, usable
from connector.certificate_forms import CertificateError, Flaw, holds_private_key, unescaped
from connector.errors import FieldError
from connector.request_of_credential import parse_certificate

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
CLEAR, PASSWORD = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"secret")


@cache
def key(bits: int = 2048, nth: int = 0) -> rsa.RSAPrivateKey:
    assert nth >= 0
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def made(  # noqa: PLR0913 - each is a way to be wrong
    subject: str = "utm",
    issuer: str | None = None,
    *,
    by: Any = None,
    of: Any = None,
    ca: bool | None = None,
    hash_: Any = None,
    ago: float = 1,
    days: float = 365,
) -> x509.Certificate:
    """Return a certificate; as it stands, one that is taken."""
    own = of or key()
    builder = (
        x509.CertificateBuilder(name(issuer or subject), name(subject), own.public_key(), 4711)
        .not_valid_before(NOW - timedelta(days=ago))
        .not_valid_after(NOW + timedelta(days=days))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    signer = by or own
    edwards = isinstance(signer, ed25519.Ed25519PrivateKey)
    return builder.sign(signer, None if edwards else (hash_ or hashes.SHA256()))


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(PEM) for one in certificates)


def chain() -> tuple[x509.Certificate, x509.Certificate, x509.Certificate]:
    root = made("root", ca=True, of=key(nth=1))
    middle = made("middle", "root", by=key(nth=1), of=key(nth=2), ca=True)
    return made("utm", "middle", by=key(nth=2)), middle, root


def sha1_signed() -> bytes:
    """Return a certificate that says of itself that SHA-1 was used: no library makes one any more."""
    old, new = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    return made().public_bytes(DER).replace(old, new)


GOOD: dict[str, Callable[[], bytes]] = {
    "PEM": lambda: pem(made()),
    "DER": lambda: made().public_bytes(DER),
    "DER as base64": lambda: base64.b64encode(made().public_bytes(DER)),
    "base64 in lines": lambda: base64.encodebytes(made().public_bytes(DER)),
    "Windows line ends": lambda: pem(made()).replace(b"\n", b"\r\n"),
    "a mark at the beginning": lambda: b"\xef\xbb\xbf" + pem(made()),
    "UTF-16": lambda: b"\xff\xfe" + pem(made()).decode().encode("utf-16-le"),
    "UTF-16, the other way round": lambda: b"\xfe\xff" + pem(made()).decode().encode("utf-16-be"),
    "text around it": lambda: b"Bag Attributes\n  friendlyName: utm\n" + pem(made()) + b"\nend\n",
    "spaces before the lines": lambda: b"\n".join(b"   " + line for line in pem(made()).splitlines()),
    "OpenSSL's other label": lambda: pem(made()).replace(b" CERTIFICATE-", b" X509 CERTIFICATE-"),
    "the same twice": lambda: pem(made()) * 2,
    "no CA, as an extension says": lambda: pem(made(ca=False)),
    "a longer key": lambda: pem(made(of=key(3072))),
    "SHA-512": lambda: pem(made(hash_=hashes.SHA512())),
    "a chain": lambda: pem(*chain()),
    "a chain from its root": lambda: pem(*reversed(chain())),
    "a PEM file as base64": lambda: base64.b64encode(pem(made())),
    "a PEM file in UTF-16 as base64": lambda: base64.b64encode(b"\xff\xfe" + pem(made()).decode().encode("utf-16-le")),
    "its public key beside it": lambda: pem(made()) + public(PEM) + public(PEM, serialization.PublicFormat.PKCS1),
    "its request beside it": lambda: pem(made()) + base64.encodebytes(request().public_bytes(DER)),
    "in figures too": lambda: b"  Modulus:\n    00:aa:bb\n  Public-Key: (2048 bit)\n" + pem(made()),
    "leaf and root alone": lambda: pem(chain()[0], chain()[1]),
}


@pytest.mark.parametrize("shape", GOOD)
def test_it_is_taken_in_every_shape(shape: str) -> None:
    found = usable(GOOD[shape](), NOW, longest=timedelta(days=366))
    certificate = x509.load_der_x509_certificate(found.der)
    assert certificate.subject.rfc4514_string() == "CN=utm"
    assert (certificate.issuer == certificate.subject) is ("chain" not in shape and "leaf" not in shape)
    assert found.sha1 == certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - as Entra shows it
    assert found.sha256 == certificate.fingerprint(hashes.SHA256()).hex().upper()


def private(encoding: Any = PEM, form: Any = serialization.PrivateFormat.PKCS8, locked: Any = CLEAR) -> bytes:
    return key().private_bytes(encoding, form, locked)


def bare(**how: Any) -> bytes:
    """Return a private key in base64 with nothing around it."""
    return base64.encodebytes(private(DER, **how))


def lines(text: bytes, width: int, between: bytes = b"\n") -> bytes:
    return between.join(text[place : place + width] for place in range(0, len(text), width))


def public(encoding: Any, form: Any = serialization.PublicFormat.SubjectPublicKeyInfo, of: Any = None) -> bytes:
    return (of or key()).public_key().public_bytes(encoding, form)


def request() -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder(name("utm")).sign(key(), hashes.SHA256())


def pfx(locked: Any = PASSWORD) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"utm", key(), made(), None, locked)


@cache
def there() -> x509.Certificate:
    return made("there")


CURVE, EDWARDS = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
TRADITIONAL, OPENSSH = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.OpenSSH
BAD: dict[str, tuple[Flaw, Callable[[], bytes]]] = {
    "nothing": (Flaw.EMPTY, lambda: b""),
    "blanks": (Flaw.EMPTY, lambda: b" \r\n\t"),
    "garbage": (Flaw.NO_CERTIFICATE, lambda: b"hello"),
    "base64 of garbage": (Flaw.NO_CERTIFICATE, lambda: base64.b64encode(b"hello" * 30)),
    "HTML": (Flaw.NO_CERTIFICATE, lambda: b"<html><body>not found</body></html>"),
    "a part of a PEM": (Flaw.NO_CERTIFICATE, lambda: pem(made())[:300]),
    "a broken PEM": (Flaw.NO_CERTIFICATE, lambda: pem(made()).replace(b"MII", b"M!I")),
    "a part of a DER": (Flaw.NO_CERTIFICATE, lambda: made().public_bytes(DER)[:-20]),
    "a DER with more": (Flaw.NO_CERTIFICATE, lambda: made().public_bytes(DER) + b"more"),
    "a name of no known kind": (
        Flaw.NO_CERTIFICATE,
        lambda: made().public_bytes(DER).replace(b"\x0c\x03utm", b"\x5c\x03utm"),
    ),
    "another label": (Flaw.NO_CERTIFICATE, lambda: b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----"),
    "too much": (Flaw.TOO_LARGE, lambda: b"A" * (MOST + 1)),
    "too many": (Flaw.TOO_LARGE, lambda: pem(made()) * 25),
    "a private key": (Flaw.PRIVATE_KEY, private),
    "a private key in DER": (Flaw.PRIVATE_KEY, lambda: private(DER)),
    "a private key as base64": (Flaw.PRIVATE_KEY, lambda: base64.b64encode(private(DER))),
    "a private key under a password": (Flaw.PRIVATE_KEY, lambda: private(locked=PASSWORD)),
    "that in DER": (Flaw.PRIVATE_KEY, lambda: private(DER, locked=PASSWORD)),
    "an old private key": (Flaw.PRIVATE_KEY, lambda: private(form=TRADITIONAL)),
    "that in DER too": (Flaw.PRIVATE_KEY, lambda: private(DER, TRADITIONAL)),
    "an SSH private key": (Flaw.PRIVATE_KEY, lambda: private(form=OPENSSH)),
    "a key before the certificate": (Flaw.PRIVATE_KEY, lambda: private() + pem(made())),
    "a key after the certificate": (Flaw.PRIVATE_KEY, lambda: pem(made()) + private(form=TRADITIONAL)),
    "a key in UTF-16": (Flaw.PRIVATE_KEY, lambda: b"\xff\xfe" + private().decode().encode("utf-16-le")),
    "a PuTTY key": (Flaw.PRIVATE_KEY, lambda: b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"),
    "a key that calls itself otherwise": (
        Flaw.PRIVATE_KEY,
        lambda: pem(made()) + private().replace(b"PRIVATE KEY", b"SOMETHING"),
    ),
    "a key without a frame after the certificate": (Flaw.PRIVATE_KEY, lambda: pem(made()) + bare()),
    "one before it": (Flaw.PRIVATE_KEY, lambda: bare() + pem(made())),
    "one in a single line": (Flaw.PRIVATE_KEY, lambda: pem(made()) + bare().replace(b"\n", b"")),
    "an old one": (Flaw.PRIVATE_KEY, lambda: pem(made()) + bare(form=TRADITIONAL)),
    "one under a password": (Flaw.PRIVATE_KEY, lambda: pem(made()) + bare(locked=PASSWORD)),
    "one of a curve": (
        Flaw.PRIVATE_KEY,
        lambda: pem(made()) + base64.encodebytes(CURVE.private_bytes(DER, TRADITIONAL, CLEAR)),
    ),
    "one in hex": (Flaw.PRIVATE_KEY, lambda: pem(made()) + private(DER).hex().encode()),
    "one in hex with colons": (Flaw.PRIVATE_KEY, lambda: pem(made()) + private(DER).hex(":").encode()),
    "one in short lines": (Flaw.PRIVATE_KEY, lambda: pem(made()) + lines(base64.b64encode(private(DER)), 20)),
    "that in hex": (Flaw.PRIVATE_KEY, lambda: lines(private(DER, TRADITIONAL).hex().encode(), 16) + pem(made())),
    "that, quoted": (
        Flaw.PRIVATE_KEY,
        lambda: pem(made()) + b"key:\n> " + lines(base64.b64encode(private(DER)), 9, b"\n> "),
    ),
    "short lines of a key alone": (Flaw.PRIVATE_KEY, lambda: lines(base64.b64encode(private(DER)), 20)),
    "one before the certificate in DER": (Flaw.PRIVATE_KEY, lambda: private(DER) + made().public_bytes(DER)),
    "one behind the certificate in DER": (Flaw.PRIVATE_KEY, lambda: made().public_bytes(DER) + private(DER)),
    "one in base64 of addresses": (Flaw.PRIVATE_KEY, lambda: pem(made()) + base64.urlsafe_b64encode(private(DER))),
    "a .pfx as base64 beside it": (Flaw.PRIVATE_KEY, lambda: pem(made()) + base64.encodebytes(pfx())),
    "a frame that nobody closes": (Flaw.PRIVATE_KEY, lambda: pem(made()) + b"-----BEGIN KEY-----\n" + bare()),
    "a frame with another space": (
        Flaw.PRIVATE_KEY,
        lambda: pem(made()) + private().replace(b"PRIVATE KEY", "PRIVATE\u00a0\u200bKEY".encode()),
    ),
    "a key in figures": (
        Flaw.PRIVATE_KEY,
        lambda: pem(made()) + b"Private-Key: (2048 bit)\nprivateExponent:\n    4f:2a\n",
    ),
    "a key in a PEM file as base64": (Flaw.PRIVATE_KEY, lambda: base64.b64encode(pem(made()) + private())),
    "a JSON web key": (Flaw.PRIVATE_KEY, lambda: b'{"kty": "RSA", "n": "AQ", "d": "AQ"}'),
    "a key in XML": (Flaw.PRIVATE_KEY, lambda: b"<RSAKeyValue><Modulus>AQ==</Modulus><D>AQ==</D></RSAKeyValue>"),
    "PKCS#12": (Flaw.PKCS12, pfx),
    "PKCS#12 without a password": (Flaw.PKCS12, lambda: pfx(CLEAR)),
    "PKCS#12 as base64": (Flaw.PKCS12, lambda: base64.b64encode(pfx())),
    "PKCS#7": (Flaw.PKCS7, lambda: pkcs7.serialize_certificates([made()], DER)),
    "PKCS#7 in PEM": (Flaw.PKCS7, lambda: pkcs7.serialize_certificates([made()], PEM)),
    "a CSR": (Flaw.REQUEST, lambda: request().public_bytes(PEM)),
    "a CSR in DER": (Flaw.REQUEST, lambda: request().public_bytes(DER)),
    "a public key": (Flaw.PUBLIC_KEY, lambda: public(PEM)),
    "a public key in DER": (Flaw.PUBLIC_KEY, lambda: public(DER)),
    "an SSH key": (Flaw.SSH_KEY, lambda: public(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)),
    "two leaves": (Flaw.SEVERAL, lambda: pem(made("one"), made("two"))),
    "two of one name": (Flaw.SEVERAL, lambda: pem(made(), made(of=key(nth=1)))),
    "an EC key": (Flaw.NO_RSA, lambda: pem(made(of=CURVE))),
    "an Ed25519 key": (Flaw.NO_RSA, lambda: pem(made(of=EDWARDS))),
    "1024 bits": (Flaw.SHORT_KEY, lambda: pem(made(of=key(1024)))),
    "SHA-1": (Flaw.WEAK_SIGNATURE, sha1_signed),
    "a CA": (Flaw.AUTHORITY, lambda: pem(made(ca=True))),
    "expired": (Flaw.EXPIRED, lambda: pem(made(ago=9, days=-1))),
    "expires now": (Flaw.EXPIRED, lambda: pem(made(days=0))),
    "not yet valid": (Flaw.NOT_YET, lambda: pem(made(ago=-1))),
    "longer than the policy": (Flaw.TOO_LONG, lambda: pem(made(days=366))),
    "there already": (Flaw.PRESENT, lambda: pem(there())),
}


@pytest.mark.parametrize("shape", BAD)
def test_everything_else_is_named(shape: str) -> None:
    flaw, content = BAD[shape]
    present = [there().fingerprint(hashes.SHA256()).hex().upper()]
    with pytest.raises(CertificateError) as error:
        usable(content(), NOW, longest=timedelta(days=366), present=present)
    assert error.value.flaw is flaw
    assert (str(error.value), error.value.__cause__) == (flaw.value, None)


@pytest.mark.parametrize("where", ["its text", "another field", "a field's name", "a name that is there twice"])
@pytest.mark.parametrize("slash", ["/", "\\/"])
def test_wherever_in_a_body_a_key_stands_and_however_escaped_nothing_of_it_is_said(where: str, slash: str) -> None:
    hidden = "".join(f"\\u{ord(letter):04X}" if letter != "/" else slash for letter in private().decode())
    taken = json.dumps(pem(made()).decode())
    body = {
        "its text": f'{{"certificate": "{hidden}"}}',
        "another field": f'{{"certificate": {taken}, "more": ["{hidden}"]}}',
        "a field's name": f'{{"certificate": {taken}, "{hidden}": 1}}',
        "a name that is there twice": f'{{"certificate": {taken}, "{hidden}": 1, "{hidden}": 2}}',
    }[where]
    with pytest.raises(FieldError) as error:
        parse_certificate(Sent(body.encode()), NOW, None, ())
    assert (error.value.code, error.value.values["field"]) == ("private-key", "certificate")


def test_a_megabyte_of_frames_that_never_end_is_looked_through_at_once() -> None:
    began = time.process_time()
    for text in (b"-----BEGIN CERTIFICATE-----", b"MI", b"30", b"MIIE ", b"\\u004d"):
        assert not holds_private_key(unescaped(text * (1_000_000 // len(text))))
    assert time.process_time() - began < 5


def test_every_flaw_has_a_shape() -> None:
    assert {flaw for flaw, _ in BAD.values()} == set(Flaw)


def test_whatever_comes_in_is_taken_or_named() -> None:
    chosen = random.Random(1)  # noqa: S311 - the same ones every time
    seeds = [make() for make in (*GOOD.values(), *(make for _, make in BAD.values()))]
    seeds = [seed for seed in seeds if 0 < len(seed) < 8_000]
    for _ in range(3_000):
        content = bytearray(chosen.choice(seeds))
        for _ in range(chosen.randint(1, 4)):
            place = chosen.randrange(len(content) + 1)
            match chosen.randrange(4):
                case 0:
                    content[place : place + chosen.randint(1, 40)] = b""
                case 1:
                    content[place:place] = chosen.randbytes(chosen.randint(1, 9))
                case 2:
                    content[place : place + 1] = chosen.randbytes(1)
                case _:
                    content[place:place] = chosen.choice(seeds)[: chosen.randint(1, 400)]
            content = content or bytearray(b"x")
        with suppress(CertificateError):
            read(bytes(content))


def test_the_module_imports_no_cryptography() -> None:
    asked = "import sys, connector.certificate; sys.exit(any(name.startswith('cryptography') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0  # noqa: S603 - our own words
