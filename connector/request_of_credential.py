"""The bodies of the requests about credentials: which kind the next is, which the UTM has, and its certificate."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated
from uuid import uuid4

from pydantic import Field

from connector.body import MAX_BODY, Body, Sent, few
from connector.certificate import LEAST_BITS, MOST, usable
from connector.certificate_forms import CertificateError, Flaw, holds_private_key, unescaped
from connector.credential import CertificateRecord, CredentialKind
from connector.errors import FieldError


class RotateRequest(Body):
    """Which kind the next credential is to be."""

    refusals = ("rotation-invalid", "certificate-needed")

    credential: CredentialKind | None = Field(
        default=None,
        description="`secret` leads back from a certificate. A certificate is given, and not made; without this the "
        "kind stays.",
    )


class ConfirmRequest(Body):
    """Which secret the UTM has: nobody confirms another one than he has entered."""

    refusals = ("confirmation-invalid",)

    key_id: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="`secret.keyId`, as the connection and its parameters show it."
    )


class CertificateRequest(Body):
    """The public part of the certificate with which the UTM signs in."""

    refusals = ("certificate-body", *(flaw.value for flaw in Flaw))

    certificate: Annotated[str, Field(min_length=1)] = Field(
        description="As PEM, alone or as a chain (of which the leaf is taken), or base64 of DER. Its private key stays "
        "in the UTM: a body that holds one is refused, and nothing of it is kept."
    )


def parse_confirmation(sent: Sent) -> ConfirmRequest:
    """Read the body of a confirmation.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: the key id is missing or no text, or something else is there.
    """
    return few(sent, ConfirmRequest, "confirmation-invalid")


def parse_rotation(sent: Sent) -> RotateRequest:
    """Read the body of a rotation, which may be left out.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: something else is there.
    """
    return few(sent, RotateRequest, "rotation-invalid") if sent.content else RotateRequest()


def parse_certificate(
    sent: Sent, now: datetime, longest_days: int | None, present: Collection[str]
) -> CertificateRecord:
    """Read a certificate that somebody gives, with a key id of ours: it has none before it is on the application.

    Args:
        sent: what came in.
        now: the time.
        longest_days: how long the tenant's policy lets a certificate live; None without one.
        present: thumbprints (SHA-256) of those that are the connection's already.

    Raises:
        BodyError: as ``body.as_json``.
        FieldError: it is none with which the UTM can sign in; or a private key is there, wherever in the body.
    """
    if len(sent.content) <= MAX_BODY and holds_private_key(unescaped(sent.content)):
        raise _refused(Flaw.PRIVATE_KEY, longest_days)
    text = few(sent, CertificateRequest, "certificate-body").certificate
    longest = timedelta(days=longest_days) if longest_days is not None else None
    try:
        given = usable(text.encode(errors="replace"), now, longest=longest, present=present)
    except CertificateError as error:
        raise _refused(error.flaw, longest_days) from None
    return CertificateRecord(
        key_id=str(uuid4()),
        expires_on=given.ends,
        starts_on=given.starts,
        der=base64.b64encode(given.der).decode(),
        sha1=given.sha1,
        sha256=given.sha256,
    )


def _refused(flaw: Flaw, longest_days: int | None) -> FieldError:
    return FieldError(flaw.value, field="certificate", bits=LEAST_BITS, days=longest_days or 0, kilobytes=MOST // 1024)
