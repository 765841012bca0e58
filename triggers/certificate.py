"""``POST /api/connections/{name}/certificate``: the certificate with which the UTM signs in from now on."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.case import Kind
from connector.credential import CertificateRecord
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.model import Connection
from connector.request_of_credential import CertificateRequest, parse_certificate
from connector.services import services
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.answers import body_of
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, TAKEN_BACK, Role, Route

_REFUSALS = ("rotation-open", "operation-running", "operation-cancelling")


@Route(
    "POST",
    "/api/connections/{name}/certificate",
    Role.OPERATOR,
    "Give the certificate with which the UTM signs in",
    {202: Accepted},
    body=CertificateRequest,
    tagged=True,
    also=(Role.SECRET_READER,),
    problems=(*READ, CHANGED, GrantMissingError(), *TAKEN_BACK, *map(ConflictError, _REFUSALS)),
)
async def give_certificate(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Begin a rotation to this certificate; ``202``. The same one again is answered as it is.

    Whoever gives a certificate can read the mail with it: the key of this function opens what reading the secret and
    changing the connection open together. Only the public part is taken. A connection that has no credential yet, since
    the tenant forbids secrets or the app has lost its store, is set up with it.
    """
    name = req.route_params["name"]
    async with asking(req, "give_certificate", Asked.CERTIFICATE, name) as asked:
        query(req)
        services().require_grant()
        found = await operations.load(name)
        connection = found.connection
        asked.entry.revision = connection.wanted.revision
        longest = connection.rights.longest_certificate_days
        given = parse_certificate(body_of(req), services().now(), longest, _present(connection))
        asked.entry.version = given.sha256
        done = await perform(client, asked.request(Kind.CERTIFICATE, certificate=given), asked.entry.caller, found)
        return accepted_answer(done.connection)


def _present(connection: Connection) -> set[str]:
    """Return the thumbprint of the certificate in use: nobody waits for a rotation to what is there."""
    secret = connection.secret
    return {secret.sha256} if isinstance(secret, CertificateRecord) else set()
