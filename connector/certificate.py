"""The public part of a certificate, as a person gives it: pasted or as a file, one or a chain. Pure.

The key stays in the UTM. What holds a private key is refused before it is parsed, and nothing of it is kept: no error
here has any part of what came in. Entra takes RSA signatures only (microsoft-identity-web #1809, msal-python #534),
although its portal accepts an upload with another key.

``cryptography`` is imported on first use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.certificate_forms import CertificateError, Flaw, holds_private_key, is_text, parsed, parts_of, plain_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509 import Certificate

MOST = 64 * 1024
"""Bytes. A chain of ten certificates with large keys has some 20 KB."""
LEAST_BITS = 2048
_MOST_BITS = 16_384
_WEAK = frozenset({"md5", "sha1", "md2", "md4"})


@dataclass(frozen=True, slots=True)
class Given:
    """A certificate that has been given, its public part alone."""

    der: bytes
    starts: datetime
    ends: datetime
    sha1: str
    """In upper-case hex, as Entra shows it."""
    sha256: str


def read(content: bytes) -> Given:
    """Return the certificate in PEM, DER or base64 of DER; of a chain the one that has signed no other.

    Raises:
        CertificateError: it holds a private key, or none or several certificates that could be meant.
    """
    if len(content) > MOST:
        raise CertificateError(Flaw.TOO_LARGE)
    return _read(content, unpacked=False)


def _read(content: bytes, *, unpacked: bool) -> Given:
    plain = plain_of(content)
    if holds_private_key(plain):
        raise CertificateError(Flaw.PRIVATE_KEY)
    if not plain.strip():
        raise CertificateError(Flaw.EMPTY)
    parts = parts_of(plain)
    if not unpacked and parts[0] != plain and is_text(parts[0]):
        return _read(parts[0], unpacked=True)  # a PEM file that somebody has put into base64 as it is
    return _given(_leaf([parsed(part) for part in parts]))


def usable(
    content: bytes,
    now: datetime,
    *,
    longest: timedelta | None = None,
    present: Collection[str] = (),
) -> Given:
    """Return the certificate, if the UTM's key can sign in with it.

    Args:
        content: what came in.
        now: the time.
        longest: how long the tenant's policy lets a certificate live; None without one.
        present: SHA-256 thumbprints of those that the connection has.

    Raises:
        CertificateError: it cannot.
    """
    given = read(content)
    if given.starts > now:
        raise CertificateError(Flaw.NOT_YET)
    if given.ends <= now:
        raise CertificateError(Flaw.EXPIRED)
    if longest is not None and given.ends - given.starts > longest:
        raise CertificateError(Flaw.TOO_LONG)
    if given.sha256 in present:
        raise CertificateError(Flaw.PRESENT)
    return given


def _leaf(chain: list[Certificate]) -> Certificate:
    """Return the certificate that has signed no other of the chain.

    Raises:
        CertificateError: there are several, or one whose names cannot be read.
    """
    different = {one.fingerprint(_sha256()): one for one in chain}.values()
    try:
        signers = {one.issuer for one in different if one.issuer != one.subject}
        leaves = [one for one in different if one.subject not in signers]
    except (ValueError, TypeError, OverflowError):  # names are parsed when they are asked for
        raise CertificateError(Flaw.NO_CERTIFICATE) from None
    if len(leaves) != 1:
        raise CertificateError(Flaw.SEVERAL)
    return leaves[0]


def _sha256() -> hashes.SHA256:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above

    return hashes.SHA256()


def _given(found: Certificate) -> Given:
    """Return what is kept of it.

    Raises:
        CertificateError: Entra would not take what is signed with its key, or should not.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    try:
        flaw = _flaw(found)
        der = found.public_bytes(serialization.Encoding.DER)
        starts, ends = found.not_valid_before_utc, found.not_valid_after_utc
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        raise CertificateError(Flaw.NO_CERTIFICATE) from None
    if flaw is not None:
        raise CertificateError(flaw)
    sha1 = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
    return Given(der, starts, ends, sha1, hashlib.sha256(der).hexdigest().upper())


def _flaw(found: Certificate) -> Flaw | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - as above

    key, signed = found.public_key(), found.signature_hash_algorithm
    if not isinstance(key, RSAPublicKey):
        return Flaw.NO_RSA
    if not LEAST_BITS <= key.key_size <= _MOST_BITS:
        return Flaw.SHORT_KEY
    if signed is None or signed.name in _WEAK:
        return Flaw.WEAK_SIGNATURE
    return Flaw.AUTHORITY if _is_authority(found) else None


def _is_authority(found: Certificate) -> bool:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
