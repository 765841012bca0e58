"""What step 5 writes of credentials that have no value in the vault, and how any one of them is taken away."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from activities.run import Run
from connector.credential import CertificateRecord
from connector.model import Connection
from connector.observed import Credential
from connector.plans.certificates import FEDERATED, Trust, certificate_name, wished


async def trust_of(run: Run) -> Trust:
    """Return whom the application is to trust: our identity, by the claims of its own token."""
    claims = await run.services.identity.claims(run.services.cloud.graph_scope)
    wanted = run.services.cloud.trusts(claims.tenant_id, claims.object_id)
    return Trust(wanted=wanted, since=run.connection.federated_on)


async def give(run: Run, credentials: Sequence[Credential]) -> None:
    """Add the certificate that somebody has given; what was there stays there."""
    from connector.clients.graph_keys import NewCertificate  # noqa: PLC0415 - SDKs are imported on first use

    connection = run.connection
    record = wished(connection.secret, connection.rotation)
    if record is None:  # given up meanwhile
        return
    rotation = connection.rotation.id if connection.rotation is not None else run.operation
    new = NewCertificate(record.key_id, certificate_name(rotation), base64.b64decode(record.der))
    await run.services.graph.add_certificate(connection.ids.known("object_id"), new, _certificates(credentials))
    await run.update(lambda present: _made(present, record.sha256, run))


async def federate(run: Run, trust: Trust) -> None:
    """Let the application trust our identity; when is kept before, since the token endpoint learns of it late."""
    await run.update(lambda connection: setattr(connection, "federated_on", run.now))
    await run.services.graph.federate(run.connection.ids.known("object_id"), name=FEDERATED, trusts=trust.wanted)


async def remove(run: Run, credentials: Sequence[Credential], key_id: str) -> None:
    """Take a credential away, whatever it is; one that is not there is none."""
    graph, object_id = run.services.graph, run.connection.ids.known("object_id")
    for one in (one for one in credentials if one.key_id == key_id):
        if one.kind == "secret":
            await graph.remove_password(object_id, key_id)
        elif one.kind == "certificate":
            await graph.remove_certificate(object_id, key_id, _certificates(credentials))
        else:
            await graph.remove_federated(object_id, key_id)


def taken(connection: Connection, thumbprint: str) -> None:
    """Note that the application has a certificate no more that was to come."""
    rotation = connection.rotation
    if rotation is not None and isinstance(rotation.next, CertificateRecord) and rotation.next.sha256 == thumbprint:
        rotation.next = rotation.next.model_copy(update={"made_on": None})


def _made(connection: Connection, thumbprint: str, run: Run) -> None:
    rotation = connection.rotation
    for holder, field in ((connection, "secret"), (rotation, "next")):
        record = getattr(holder, field) if holder is not None else None
        if isinstance(record, CertificateRecord) and record.sha256 == thumbprint:
            setattr(holder, field, record.model_copy(update={"made_on": run.now}))


def _certificates(credentials: Sequence[Credential]) -> list[str]:
    return [one.key_id for one in credentials if one.kind == "certificate"]
