"""The two doors of a route: who comes with a key has been let in by the host, who comes with a token is asked here.

Both are asked before anything else of a request is read. What else is in it says nothing of who asks: the host hands
``X-MS-CLIENT-PRINCIPAL*`` on as sent (observed on host 4.1037).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from connector.caller import Caller
from connector.errors import RoleError, ServiceError, SettingsError, SignInError
from connector.log import log
from connector.services import services
from triggers.caller import address

if TYPE_CHECKING:
    from connector.bearer import Bearer
    from connector.clients.entra_login import EntraLogin


def require_keys() -> None:
    """Let in who has come with a key.

    Raises:
        RoleError: keys open nothing in this deployment any more.
        SettingsError: nobody can say whether they do. Another setting that is wrong is the handler's to tell of.
    """
    try:
        open_to_keys = services().settings.keys == "on"
    except SettingsError:
        from connector.settings import access  # noqa: PLC0415 - read and imported on first use

        open_to_keys = access().keys == "on"
    if not open_to_keys:
        raise RoleError("keys-off")


async def signed_in(req: func.HttpRequest, function: str) -> tuple[Caller, frozenset[str]]:
    """Return who has come with a token, and the roles that it names.

    Raises:
        SignInError: nobody, as far as this request shows.
        SettingsError: the settings are wrong; which ones is said in the log, and to nobody who is not known yet.
        ServiceError: nothing is known yet by which a token could be read.
    """
    login = _login()
    if login is None:
        raise SignInError("sign-in-off")
    try:
        found = await login.read(_token(req))
    except SignInError as error:
        error.challenge = await _challenge(login, error)
        raise
    return _caller(found, function, req), found.roles


def _login() -> EntraLogin | None:
    try:
        return services().sign_in
    except SettingsError as error:
        log("settings-invalid", code=", ".join(sorted(error.problems)))
        raise SettingsError({}) from None


def _token(req: func.HttpRequest) -> str:
    sent: str = req.headers.get("Authorization", "").strip()
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignInError("token-missing")
    return token.strip()


async def _challenge(login: EntraLogin, error: SignInError) -> str:
    """Return ``WWW-Authenticate`` (RFC 6750, section 3): where to sign in, and whether a token was wrong."""
    try:
        registration = await login.registration()
    except ServiceError:
        return error.challenge  # nobody is let in for that
    where = f"{registration.authority}/{registration.tenant_id}/oauth2/v2.0/authorize"
    said = f'Bearer authorization_uri="{where}", client_id="{registration.client_id}"'
    return said if error.code == "token-missing" else f'{said}, error="invalid_token"'


def _caller(found: Bearer, function: str, req: func.HttpRequest) -> Caller:
    return Caller(kind=found.kind, function=function, id=found.id, name=found.name, address=address(req))
