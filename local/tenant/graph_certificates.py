"""Certificates of an application by ``PATCH {"keyCredentials": […]}``, which replaces the whole collection.

learn.microsoft.com/graph/api/resources/keycredential: old entries are sent back with their ``keyId`` and without key
material, as CIPP does in production; one that is left out is gone; one that is there cannot be changed, its name
included (azure-powershell #6784, #6855: "Update to existing credential with KeyId … is not allowed"). There is no
ETag. An EC certificate is accepted, and refused when somebody signs in with it (microsoft-identity-web #1809,
msal-python #534). Policies: learn.microsoft.com/graph/api/resources/keycredentialconfiguration. What Entra says of a
certificate that is of no trusted authority is not documented; here it says it as of a kind that is not allowed.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from local.tenant.calls import Refusal
from local.tenant.graph_answers import bad_request, error, moment
from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential


def replace(simulation: Simulation, found: Application, wanted: object) -> None:
    """Make the application's certificates those of the request.

    Raises:
        Refusal: an entry is not valid, or the tenant's policy forbids it; nothing is changed.
    """
    if not isinstance(wanted, list) or not all(isinstance(entry, dict) for entry in wanted):
        raise bad_request("Property keyCredentials is invalid.")
    known = {entry.key_id: entry for entry in found.credentials if entry.kind == "certificate"}
    kept = [_entry(simulation, found, known, entry) for entry in wanted]
    prints = [one.certificate for one in kept if one.certificate]
    if len(prints) != len(set(prints)):
        raise bad_request("A key credential with the same certificate already exists.")
    found.credentials = [*(entry for entry in found.credentials if entry.kind != "certificate"), *kept]


def _entry(
    simulation: Simulation, found: Application, known: dict[str, Credential], wanted: dict[str, Any]
) -> Credential:
    key_id = wanted.get("keyId")
    there = known.get(str(key_id))
    if there is not None:
        changed = wanted.get("displayName", there.display_name) != there.display_name
        if changed or wanted.get("key") not in (None, there.certificate):
            raise bad_request(f"Update to existing credential with KeyId '{key_id}' is not allowed.")
        return there
    certificate = _read(wanted)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    start = moment(wanted["startDateTime"]) if wanted.get("startDateTime") else start
    end = moment(wanted["endDateTime"]) if wanted.get("endDateTime") else end
    if end > certificate.not_valid_after_utc or end <= simulation.clock.date():
        raise bad_request("Key credential end date is invalid.", "KeyCredentialsInvalidEndDate")
    if start < certificate.not_valid_before_utc:
        raise bad_request("Key credential start date is invalid.", "KeyCredentialsInvalidStartDate")
    _check_policy(simulation, certificate, start, end)
    nth = str(simulation.chance.nth("certificate", found.id))
    return Credential(
        key_id=str(key_id or simulation.chance.guid("certificate", found.id, nth)),
        kind="certificate",
        display_name=wanted.get("displayName") or certificate.subject.rfc4514_string(),
        start=start,
        end=end,
        value=certificate.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        effective=simulation.known_to_tokens("certificate", found.id),
        certificate=base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode(),
    )


def _read(wanted: dict[str, Any]) -> x509.Certificate:
    if (wanted.get("type"), wanted.get("usage")) != ("AsymmetricX509Cert", "Verify"):
        raise bad_request("Key credential type or usage is invalid.", "KeyCredentialsInvalidType")
    try:
        if wanted.get("keyId") is not None:
            uuid.UUID(wanted["keyId"])
        return x509.load_der_x509_certificate(base64.b64decode(wanted["key"], validate=True))
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        raise bad_request("Key credential is invalid.", "KeyCredentialsInvalid") from None


def _check_policy(simulation: Simulation, certificate: x509.Certificate, start: datetime, end: datetime) -> None:
    policy = simulation.world.credential_policy
    if not policy.enabled:
        return
    if policy.trusted_authorities_only and certificate.issuer == certificate.subject:
        message = "Credential type not allowed as per assigned policy"
        raise Refusal(error(400, "CredentialTypeNotAllowedAsPerAppPolicy", message))
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(\d+)H)?", policy.longest_certificate or "")
    if found and end - start > timedelta(days=int(found[1] or 0), hours=int(found[2] or 0)):
        message = "Credential lifetime exceeds the max value allowed as per assigned policy"
        details = [{"code": "InvalidKeyEndDate", "target": "EndDate", "message": "The end date is too late."}]
        raise Refusal(error(400, "CredentialInvalidLifetimeAsPerAppPolicy", message, details))
