"""Assertions that an application presents instead of a secret: signed by its certificate, or a token of ours.

learn.microsoft.com/entra/identity-platform/certificate-credentials and learn.microsoft.com/entra/workload-id/workload-
identity-federation-config-app-trust-managed-identity. Errors, also while a credential has not arrived yet:
learn.microsoft.com/entra/identity-platform/reference-error-codes (700024, 700027, 70021, 700211 to 700213). Only RSA
signatures are taken (msal-python #534).
"""

from __future__ import annotations

import jwt

from local.tenant.catalogue import EXCHANGE_AUDIENCE_APP_ID
from local.tenant.simulation import Simulation
from local.tenant.tokens import TokenRefusedError
from local.tenant.world import Application, Credential

_ALGORITHMS = ["RS256", "PS256"]


class AssertionRefusedError(Exception):
    """The assertion proves nothing; the text is Entra's."""


def asserted(simulation: Simulation, application: Application, known: list[Credential], assertion: str) -> Credential:
    """Return the credential that an assertion proves.

    Raises:
        AssertionRefusedError: it proves none that is known by now.
    """
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise AssertionRefusedError("AADSTS50027: JWT token is invalid or malformed.") from None
    if claims.get("iss") == application.app_id:
        return _by_certificate(application, known, assertion)
    return _by_federation(simulation, known, assertion, claims)


def _by_certificate(application: Application, known: list[Credential], assertion: str) -> Credential:
    for entry in known:
        if entry.kind != "certificate":
            continue
        try:
            claims = jwt.decode(assertion, entry.value, algorithms=_ALGORITHMS, options={"verify_aud": False})
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            raise AssertionRefusedError("AADSTS700024: Client assertion is not within its valid time range.") from None
        except jwt.PyJWTError:
            continue
        if claims.get("sub") == application.app_id:
            return entry
    raise AssertionRefusedError(
        "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on "
        "application. [Reason - The key was not found.]"
    )


def _by_federation(
    simulation: Simulation, known: list[Credential], assertion: str, claims: dict[str, object]
) -> Credential:
    trusted = [entry for entry in known if entry.kind == "federated"]
    if not trusted:
        raise AssertionRefusedError("AADSTS70021: No matching federated identity record found for presented assertion.")
    issued = [entry for entry in trusted if entry.issuer == claims.get("iss")]
    if not issued:
        raise _unmatched("AADSTS700211", f"issuer '{claims.get('iss')}'")
    # The subject is compared letter by letter.
    named = [entry for entry in issued if entry.value == claims.get("sub")]
    if not named:
        raise _unmatched("AADSTS700213", f"subject '{claims.get('sub')}'")
    # A token for api://AzureADTokenExchange names its audience by the id of that application.
    try:
        simulation.tokens.read(assertion, EXCHANGE_AUDIENCE_APP_ID)
    except TokenRefusedError as refused:
        raise AssertionRefusedError(f"AADSTS50013: Assertion failed signature validation. [{refused}]") from None
    meant = [entry for entry in named if entry.audiences == ["api://AzureADTokenExchange"]]
    if not meant:
        raise _unmatched("AADSTS700212", "audience")
    return meant[0]


def _unmatched(code: str, what: str) -> AssertionRefusedError:
    return AssertionRefusedError(f"{code}: No matching federated identity record found for presented assertion {what}.")
