"""Entra's sign-in for people: the authorize endpoint with a page to choose a person, and what a code is worth.

Sources: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow (parameters, PKCE, answers), reply-url
(a registered loopback address holds for every port), reference-error-codes, and for a *spa* client the errors 9002325
(no PKCE), 9002327 (not from a browser's other origin), 90009 (a token for itself, asked for by another name than the
id).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from local.tenant.calls import Answer, Call
from local.tenant.people import People, Person
from local.tenant.simulation import Simulation

_CODE_LIVES = 600
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?/")
_CORS = {"Access-Control-Allow-Methods": "GET, POST, OPTIONS", "Access-Control-Allow-Headers": "*"}


_WORDS = {
    "AADSTS700016": ("unauthorized_client", "Application was not found in the directory."),
    "AADSTS9002327": (
        "invalid_request",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
    ),
    "AADSTS70008": ("invalid_grant", "The provided authorization code or refresh token has expired."),
    "AADSTS50011": ("invalid_request", "The redirect URI does not match those configured for the application."),
    "AADSTS501481": ("invalid_grant", "The Code_Verifier does not match the code_challenge."),
    "AADSTS700084": (
        "invalid_grant",
        "The refresh token was issued to a single page app (SPA), has a fixed lifetime of 1.00:00:00, and is expired.",
    ),
    "AADSTS50105": (
        "invalid_grant",
        "Your administrator has configured the application to block users unless they are specifically granted access.",
    ),
    "AADSTS9002325": (
        "invalid_request",
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    ),
    "AADSTS90009": (
        "invalid_request",
        "Application is requesting a token for itself; the resource has to be specified by the GUID based identifier.",
    ),
}
"""Errors by code: OAuth's word, and Entra's."""


@dataclass(frozen=True, slots=True)
class _Code:
    """What was agreed upon when a code was given."""

    person: Person
    redirect: str
    challenge: str
    nonce: str | None
    scope: str
    until: float


@dataclass(frozen=True, slots=True)
class _Renewal:
    person: Person
    began: float


class RefusedError(Exception):
    """The login refuses; by Entra's code."""

    def __init__(self, code: str) -> None:
        self.error, words = _WORDS[code]
        self.words = f"{code}: {words}"
        super().__init__(self.words)


class Authorize:
    """``/{tenant}/oauth2/v2.0/authorize`` and ``logout``, and the grants of a person at the token endpoint."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._codes: dict[str, _Code] = {}
        self._renewals: dict[str, _Renewal] = {}

    @property
    def people(self) -> People:
        """Return who may sign in."""
        return self._simulation.people

    def keys(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler's arguments
        """Return the keys by which tokens are signed."""
        return Answer(200, self.people.published(), {"Cache-Control": "max-age=86400, private"})

    def page(self, call: Call, match: re.Match[str]) -> Answer:
        """Return the page to choose a person, or go back to the app with the code of the one who was chosen."""
        asked = call.query
        chosen = self.people.persons.get(asked.get("person", ""))
        try:
            self._check(asked)
            if chosen is not None and not chosen.assigned:
                raise RefusedError("AADSTS50105")  # noqa: TRY301 - as whatever else is refused
        except RefusedError as refused:
            return _html(400, f"<p>Sorry, but we’re having trouble signing you in.</p><p>{escape(refused.words)}</p>")
        if chosen is None and asked.get("prompt") == "none":
            return self._back(asked, error="login_required", error_description="AADSTS50058: no session.")
        if chosen is None:
            return self._choice(call, match)
        code = f"1.{secrets.token_urlsafe(40)}"
        self._codes[code] = _Code(
            chosen, asked["redirect_uri"], asked["code_challenge"], asked.get("nonce"), asked["scope"],
            time.time() + _CODE_LIVES)  # fmt: skip
        self._simulation.tokens.issued.add(code)
        return self._back(asked, code=code)

    def logout(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler's arguments
        """End the session, and go back to the app where its address is registered."""
        back = call.query.get("post_logout_redirect_uri", "")
        return Answer(302, None, {"Location": back}) if _LOOPBACK.fullmatch(back) else _html(200, "<p>Signed out.</p>")

    def grant(self, call: Call, form: dict[str, str]) -> dict[str, Any]:
        """Return the tokens for a code, or for a refresh token.

        Raises:
            RefusedError: with Entra's error.
        """
        if form.get("client_id") != self.people.client_id:
            raise RefusedError("AADSTS700016")
        if "origin" not in call.headers:
            raise RefusedError("AADSTS9002327")
        if form.get("grant_type") == "refresh_token":
            return self._renewed(call, form)
        found = self._codes.pop(form.get("code", ""), None)
        if found is None or found.until < time.time():
            raise RefusedError("AADSTS70008")
        if found.redirect != form.get("redirect_uri"):
            raise RefusedError("AADSTS50011")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != found.challenge:
            raise RefusedError("AADSTS501481")
        return self._tokens(call, found.person, found.nonce, time.time())

    def _renewed(self, call: Call, form: dict[str, str]) -> dict[str, Any]:
        found = self._renewals.get(form.get("refresh_token", ""))
        if found is None or self._ended(found.began):
            raise RefusedError("AADSTS700084")
        self._check_scope(form.get("scope", ""))
        if not found.person.assigned:
            raise RefusedError("AADSTS50105")
        return self._tokens(call, found.person, None, found.began)

    def _ended(self, began: float) -> bool:
        return began + self.people.renewal < time.time() or began < self.people.sessions_end

    def _tokens(self, call: Call, person: Person, nonce: str | None, began: float) -> dict[str, Any]:
        people = self.people
        issuer = f"{call.base}/{people.tenant_id}/v2.0"
        renewal = f"1.{secrets.token_urlsafe(60)}"
        self._renewals[renewal] = _Renewal(person, began)
        given = {
            "access_token": people.signed(people.claims(person, issuer)),
            "id_token": people.signed(people.id_claims(person, issuer, nonce)),
            "refresh_token": renewal,
        }
        self._simulation.tokens.issued.update(given.values())
        scope = f"{people.client_id}/access"
        return {"token_type": "Bearer", "scope": scope, "expires_in": people.lifetime, **given}

    def _check(self, asked: Any) -> None:
        if asked.get("client_id") != self.people.client_id:
            raise RefusedError("AADSTS700016")
        if not _LOOPBACK.fullmatch(asked.get("redirect_uri", "")):
            raise RefusedError("AADSTS50011")
        proof = (asked.get("response_type"), asked.get("code_challenge_method"))
        if proof != ("code", "S256") or not asked.get("code_challenge"):
            raise RefusedError("AADSTS9002325")
        self._check_scope(asked.get("scope", ""))

    def _check_scope(self, scope: str) -> None:
        wanted = set(scope.split()) - {"openid", "profile", "offline_access"}
        if wanted != {f"{self.people.client_id}/access"}:
            raise RefusedError("AADSTS90009")

    def _choice(self, call: Call, match: re.Match[str]) -> Answer:
        path = f"/{match['tenant']}/oauth2/v2.0/authorize"
        rows = "".join(
            f'<li><a href="{path}?{escape(urlencode({**call.query, "person": one.id}))}">{escape(one.name)}</a> '
            f"{escape(', '.join(one.roles) or ('no role' if one.assigned else 'not assigned'))}</li>"
            for one in self.people.persons.values()
        )
        return _html(200, f"<p>A simulated login. Who are you?</p><ul>{rows}</ul>")

    def _back(self, asked: Any, **answer: str) -> Answer:
        mark = "#" if asked.get("response_mode") == "fragment" else "?"
        said = urlencode({**answer, **({"state": asked["state"]} if "state" in asked else {})})
        return Answer(302, None, {"Location": f"{asked['redirect_uri']}{mark}{said}", "Cache-Control": "no-store"})


def shared(call: Call, answer: Answer) -> Answer:
    """Let the page of another origin read an answer: the token endpoint does so for *spa* clients."""
    origin = call.headers.get("origin")
    if origin is not None and urlsplit(origin).scheme in {"http", "https"}:
        answer.headers.update({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
    return answer


def allowed(call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG001 - a handler's arguments
    """Answer a browser that asks first."""
    return shared(call, Answer(204, None, dict(_CORS)))


def form_of(call: Call) -> dict[str, str]:
    """Return the fields of a form."""
    return {name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()}


def _html(status: int, inner: str) -> Answer:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>'
    page = f"{head}<main><h1>Sign in</h1>{inner}</main></html>"
    return Answer(status, None, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
