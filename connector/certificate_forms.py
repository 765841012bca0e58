"""In which forms a certificate comes, and what else people send instead of one. Pure.

``cryptography`` is imported on first use.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import warnings
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MOST_PARTS = 20
_PRIVATE = re.compile(
    rb"PRIVATE[^A-Z0-9]{1,6}KEY|privateExponent|BEGIN SSH2 ENCRYPTED|PuTTY-User-Key-File|openssh-key-v1", re.IGNORECASE
)
_PRIVATE_PARTS = ((rb'"kty"', rb'"d"\s*:'), (rb"<RSAKeyValue>", rb"<D>"))
"""What a JSON web key, and a key in XML, have only where they are private ones."""
_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 #]{1,40})-----")
_PART = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END (?:X509 |TRUSTED )?CERTIFICATE-----", re.DOTALL
)
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
"""What may be the first line of a key, in base64 or hex, wherever it stands and whatever is written above it."""
_KEY = re.compile(
    rb"\x30(?:[\0-\x7f]|\x80|\x81.|\x82..|\x83...)"
    rb"(?:\x02\x01[\0\x01][\x02\x04\x30]|\x30(?:[\0-\x7f]|\x81.)\x06[\x09-\x0b]\x2a\x86\x48\x86\xf7\x0d\x01[\x05\x0c])",
    re.DOTALL,
)
"""The beginning of a key's DER: RFC 5208 (alone and encrypted), RFC 8017, RFC 5915."""
_NO_LETTER = re.compile(rb"[^A-Za-z0-9+/_-]+")
_BEGUN = re.compile(rb"(?=(M[A-I][A-Za-z0-9+/_-]{38}))")
"""In base64, what begins with the 0x30 of a sequence and a length."""
_HEX = re.compile(rb"30(?:[0-7].|80|81..|82.{4}|83.{6})02010[01](?:02|04|30)", re.IGNORECASE)
_ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9A-Fa-f])|([nrtbf/\\\"]))")
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b" ", b"f": b" "}
"""RFC 8259, 7."""
_PACKED = re.compile(rb"\x30(?:\x80|\x82..|\x83...)\x02\x01\x03\x30", re.DOTALL)
"""Of a .pfx (RFC 7292), which alone has a refusal of its own."""
_SSH = re.compile(
    rb"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S{1,60}|sk-\S{1,60}@openssh\.com) AAAA|---- BEGIN SSH2 PUBLIC KEY ----"
)
_REQUEST = (b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d0107")
"""The beginning of PKCS#7's object identifiers: a .p7b is signed data, and a .pfx has them inside."""


class Flaw(StrEnum):
    """Why a certificate is not taken; the value is the code of the problem that says so."""

    PRIVATE_KEY = "private-key"
    PKCS12 = "certificate-pkcs12"
    PKCS7 = "certificate-pkcs7"
    SSH_KEY = "certificate-ssh-key"
    REQUEST = "certificate-request"
    PUBLIC_KEY = "certificate-public-key"
    EMPTY = "certificate-empty"
    TOO_LARGE = "certificate-too-large"
    NO_CERTIFICATE = "certificate-invalid"
    SEVERAL = "certificate-several"
    NO_RSA = "certificate-not-rsa"
    SHORT_KEY = "certificate-short-key"
    WEAK_SIGNATURE = "certificate-weak-signature"
    EXPIRED = "certificate-expired"
    NOT_YET = "certificate-not-yet-valid"
    AUTHORITY = "certificate-authority"
    TOO_LONG = "certificate-too-long"
    PRESENT = "certificate-present"


class CertificateError(Exception):
    """A certificate is not taken.

    Attributes:
        flaw: why.
    """

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def holds_private_key(content: bytes) -> bool:
    """Return whether a private key can be seen in what came in, whatever else it is."""
    plain = plain_of(content)
    parted = any(all(re.search(part, plain) for part in parts) for parts in _PRIVATE_PARTS)
    if parted or _PRIVATE.search(plain) is not None:
        return True
    # Of so many that never end each would be searched to the last byte.
    rest = plain if plain.count(b"-----BEGIN") > _MOST_PARTS else _PART.sub(b"", plain)
    starts = [start for run in _RUN.findall(rest) for start in _starts(run)]
    if any(_KEY.match(start) for start in starts):
        return True
    if any(_PACKED.match(start) for start in starts):
        return _LABEL.search(plain) is not None
    # In lines of any length, quoted, or as hex with colons: a key's first bytes are no accident, wherever they begin.
    bare = _NO_LETTER.sub(b"", rest)
    return _HEX.search(bare) is not None or any(_KEY.match(_base64(one)) for one in _BEGUN.findall(bare))


def _starts(run: bytes) -> Iterator[bytes]:
    """Yield the first bytes that a run of letters and digits may stand for."""
    begun = run.lstrip(b"-")[:40]
    yield base64.b64decode(begun[: len(begun) // 4 * 4], altchars=b"-_" if b"-" in begun or b"_" in begun else None)
    with contextlib.suppress(ValueError):
        yield bytes.fromhex(begun[:36].decode("ascii"))


def _base64(begun: bytes) -> bytes:
    return base64.b64decode(begun, altchars=b"-_" if b"-" in begun or b"_" in begun else None)


def unescaped(body: bytes) -> bytes:
    """Return a JSON text with the letters that its escapes stand for, wherever in it: field names may have some too."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else _SHORT.get(found[2], found[2]), body)


def plain_of(content: bytes) -> bytes:
    """Return what an editor has saved with two bytes for a letter, or a mark at its beginning, without these."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return content[2:].decode(encoding, errors="replace").encode(errors="replace")
    return content.removeprefix(b"\xef\xbb\xbf")


def is_text(content: bytes) -> bool:
    """Return whether it is a PEM file of any kind."""
    return _LABEL.search(plain_of(content)) is not None


def parts_of(plain: bytes) -> list[bytes]:
    """Return the DER of each certificate.

    Raises:
        CertificateError: there is none.
    """
    begun = _LABEL.findall(plain)
    if len(begun) > _MOST_PARTS:
        raise CertificateError(Flaw.TOO_LARGE)
    labels, parts = {label.strip() for label in begun}, _PART.findall(plain)
    if parts:
        return [_decoded(part) for part in parts]
    for flaw, found in (
        (Flaw.REQUEST, labels & {*_REQUEST}),
        (Flaw.PKCS7, labels & {b"PKCS7", b"CMS", b"PKCS #7 SIGNED DATA"}),
        (Flaw.PUBLIC_KEY, labels & {b"PUBLIC KEY", b"RSA PUBLIC KEY"}),
        (Flaw.SSH_KEY, _SSH.search(plain)),
    ):
        if found:
            raise CertificateError(flaw)
    if labels:
        raise CertificateError(Flaw.NO_CERTIFICATE)
    return [plain if plain.startswith(b"\x30") and not plain[1:2].isalnum() else _decoded(plain)]


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        # A DER whose length happens to be a letter.
        if text.startswith(b"\x30"):
            return text
        raise CertificateError(Flaw.NO_CERTIFICATE) from None


def parsed(der: bytes) -> Certificate:
    """Return a certificate from its DER.

    Raises:
        CertificateError: it is none; what it is instead.
    """
    from cryptography import x509  # noqa: PLC0415 - imported on first use
    from cryptography.utils import CryptographyDeprecationWarning  # noqa: PLC0415 - as above

    try:
        with warnings.catch_warnings():
            # What RFC 5280 disallows is only warned of for now: a serial number that is not positive.
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError, OverflowError, CryptographyDeprecationWarning):
        raise CertificateError(_other(der)) from None


def _other(der: bytes) -> Flaw:
    """Return what it is instead of a certificate. Whatever may hold a private key is called so."""
    head = der[:40]
    if holds_private_key(der) or _KEY.match(der) is not None or _KEY.match(_behind(der)) is not None:
        return Flaw.PRIVATE_KEY
    if b"\x02\x01\x03\x30" in head and _SIGNED_DATA in der[:60]:
        return Flaw.PKCS12
    if _SIGNED_DATA in head:
        return Flaw.PKCS7
    return _loaded(der)


def _behind(der: bytes) -> bytes:
    """Return what follows the first thing in it, which is longer than 255 bytes."""
    return der[4 + int.from_bytes(der[2:4], "big") :] if der[:2] == b"\x30\x82" else b""


def _loaded(der: bytes) -> Flaw:
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    def private(content: bytes) -> None:
        try:
            serialization.load_der_private_key(content, None)
        except TypeError:
            return  # one under a password

    for load, flaw in (
        (private, Flaw.PRIVATE_KEY),
        (x509.load_der_x509_csr, Flaw.REQUEST),
        (serialization.load_der_public_key, Flaw.PUBLIC_KEY),
    ):
        try:
            load(der)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return flaw
    return Flaw.NO_CERTIFICATE
