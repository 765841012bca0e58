"""Ask Entra's record when each credential of a connection was last used. What it cannot tell is not known."""

from __future__ import annotations

from connector.errors import ServiceError
from connector.evidence import LastUses, Unknown, not_known
from connector.microsoft import READ_SIGN_INS
from connector.model import Connection
from connector.services import Services


async def last_uses(services: Services, connection: Connection) -> LastUses:
    """Return when each credential of the connection's application was last used, or why that is not known.

    Without the right nothing is asked: it is off by default, and the token says so.
    """
    application = connection.ids.application_id
    if not services.cloud.records_sign_ins:
        return LastUses(unknown=Unknown.NOT_OFFERED)
    if application is None or services.settings.granted is None:
        return LastUses(unknown=Unknown.NOT_GRANTED)
    try:
        claims = await services.identity.claims(services.cloud.graph_scope)
        if READ_SIGN_INS not in claims.roles:
            return LastUses(unknown=Unknown.NOT_GRANTED)
        return LastUses(await services.graph.last_uses(application))
    except ServiceError as error:
        return not_known(error)
