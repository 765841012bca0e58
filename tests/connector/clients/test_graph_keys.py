"""Certificates and federated credentials of an application: what is there stays there, whoever has added it."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest

from connector.clients.graph import GraphClient
from connector.clients.graph_keys import NewCertificate
from connector.errors import RefusedError, ReplicationError
from connector.observed import Credential
from local.tenant import Tenant
from tests.connector.clients.test_graph import NAME, ensured, graph, pytestmark  # noqa: F401 - a fixture
from tests.local.tenant.test_certificates import certificate


def new(days: int = 365) -> NewCertificate:
    return NewCertificate(str(uuid4()), "utm-mail-connect next", base64.b64decode(certificate(days=days)))


async def shown(graph: GraphClient) -> list[Credential]:  # noqa: F811 - the same fixture
    found = await graph.application(NAME)
    assert found is not None
    return [one for one in found.credentials if one.kind == "certificate"]


async def test_a_certificate_comes_and_goes_and_those_of_others_stay(
    tenant: Tenant,
    graph: GraphClient,  # noqa: F811 - the same fixture
) -> None:
    id_ = (await ensured(graph)).object_id
    made = tenant.world.applications[id_]
    others, first, second = new(), new(), new()
    for one in (others, first, second, first):
        await graph.add_certificate(id_, one, [entry.key_id for entry in made.credentials])
    before = {one.key_id: one for one in await shown(graph)}
    assert set(before) == {others.key_id, first.key_id, second.key_id}
    assert len({one.thumbprint for one in before.values()}) == 3
    for _ in range(2):
        await graph.remove_certificate(id_, first.key_id)
    assert {one.key_id: one for one in await shown(graph)} == {
        key: one for key, one in before.items() if key != first.key_id
    }
    again = NewCertificate(str(uuid4()), "another id", second.der)
    await graph.add_certificate(id_, again)
    assert {one.key_id for one in await shown(graph)} == {others.key_id, second.key_id}


async def test_a_replica_that_does_not_show_what_was_seen_is_not_written_from(
    tenant: Tenant,
    graph: GraphClient,  # noqa: F811 - the same fixture
) -> None:
    id_ = (await ensured(graph)).object_id
    await graph.add_certificate(id_, new())
    for write in (graph.add_certificate(id_, new(), [str(uuid4())]), graph.remove_certificate(id_, "x", ["y"])):
        with pytest.raises(ReplicationError):
            await write
    assert len(tenant.world.applications[id_].credentials) == 1


async def test_what_the_policy_says_of_certificates_is_read_and_refused(
    tenant: Tenant,
    graph: GraphClient,  # noqa: F811 - the same fixture
) -> None:
    id_ = (await ensured(graph)).object_id
    tenant.administrator.limit_certificates(90)
    policy = await graph.credential_policy()
    assert (policy.longest_certificate_days, policy.longest_days, policy.secrets_allowed) == (90, None, True)
    with pytest.raises(RefusedError) as raised:
        await graph.add_certificate(id_, new())
    assert raised.value.code == "CredentialInvalidLifetimeAsPerAppPolicy"
    tenant.administrator.limit_certificates(trusted_only=True)
    with pytest.raises(RefusedError) as raised:
        await graph.add_certificate(id_, new(30))
    assert raised.value.code == "CredentialTypeNotAllowedAsPerAppPolicy"


async def test_who_is_trusted_by_a_federated_credential_is_read_back(
    graph: GraphClient,  # noqa: F811 - the same fixture
) -> None:
    id_ = (await ensured(graph)).object_id
    trusts = ("https://login.example/v2.0", "somebody", "api://AzureADTokenExchange")
    await graph.federate(id_, name="utm-mail-connect", trusts=trusts)
    found = await graph.application(NAME)
    assert found is not None
    (one,) = found.credentials
    assert (one.kind, one.display_name, one.trusts) == ("federated", "utm-mail-connect", trusts)
    await graph.federate(id_, name="under-another-name", trusts=trusts)
    with pytest.raises(ReplicationError):
        await graph.federate(id_, name="utm-mail-connect", trusts=(trusts[0], "another", trusts[2]))
    await graph.remove_federated(id_, one.key_id)
    found = await graph.application(NAME)
    assert found is not None
    assert found.credentials == ()
    with pytest.raises(ReplicationError):
        await graph.remove_federated(id_, one.key_id)
