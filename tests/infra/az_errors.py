"""What az says when it refuses."""

from __future__ import annotations

from typing import Any


class AzError(Exception):
    """A call that az answers with an error: its text on standard error, and the exit code."""

    code = 1


class UnknownCallError(Exception):
    """A call that the stand-in does not know: the test must fail."""


def denied(message: str = "Insufficient privileges to complete the operation.") -> AzError:
    """Return Graph's refusal, as ``az rest`` prints it."""
    body = f'{{"error":{{"code":"Authorization_RequestDenied","message":"{message}"}}}}'
    return AzError(f"Forbidden({body})")


def not_found(what: str) -> AzError:
    """Return Graph's answer about an object that is not there, or not there yet."""
    message = f"Resource '{what}' does not exist or one of its queried reference-property objects are not present."
    return AzError(f'Not Found({{"error":{{"code":"Request_ResourceNotFound","message":"{message}"}}}})')


def bad_request(message: str) -> AzError:
    """Return Graph's answer to a request that it does not carry out."""
    return AzError(f'Bad Request({{"error":{{"code":"Request_BadRequest","message":"{message}"}}}})')


def unauthorized(action: str, scope: str) -> AzError:
    """Return Azure Resource Manager's refusal."""
    reason = f"does not have authorization to perform action '{action}' over scope '{scope}'"
    return AzError(f"(AuthorizationFailed) The client {reason}.")


def need(world: dict[str, Any], error: AzError, *roles: str) -> None:
    """Refuse a caller who has none of the roles."""
    if not {*roles} & {*world["account"]["roles"]}:
        raise error
