"""A certificate that is given, confirmed, given up, and left for a secret, killed before and after each write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.case import Kind
from connector.credential import CertificateRecord, RotationState
from connector.steps import ConnectionState
from tests.flow.app import running
from tests.rotation.life import Life, another

EVERY = int(os.environ.get("EVERY_WRITE", "24"))
"""Which writes are tried: each twenty-fourth, and in a soak all."""


async def offered(life: Life, given: CertificateRecord) -> str:
    """Return the key that is offered; what nobody had begun yet when it was killed is asked for again."""
    found = await life.connection()
    assert found is not None
    if found.rotation is None or found.rotation.state is RotationState.PREPARING:
        await life.ask(Kind.CERTIFICATE, certificate=given)
        found = await life.connection()
    assert found is not None
    assert found.rotation is not None
    assert found.secret is not None
    assert (found.rotation.state, found.state) == (RotationState.OFFERED, ConnectionState.READY)
    assert found.rotation.next is not None
    key = found.rotation.next.key_id
    assert kinds(life)["federated"] == 1
    assert {found.secret.key_id, key} <= life.live() | there(life)
    return key


def there(life: Life) -> set[str]:
    return {one.key_id for one in life.application.credentials} if life.application is not None else set()


def kinds(life: Life) -> dict[str, int]:
    every = [one.kind for one in life.application.credentials] if life.application is not None else []
    return {kind: every.count(kind) for kind in ("secret", "certificate", "federated")}


async def only(life: Life, key: str, kind: str) -> None:
    """Check that one credential is left, in the document and in Entra, and the trust where it is a certificate."""
    found = await life.connection()
    assert found is not None
    assert (found.rotation, found.secret and found.secret.key_id, found.state) == (None, key, ConnectionState.READY)
    trusts = int(kind == "certificate")
    assert kinds(life) == {"secret": 1 - trusts, "certificate": trusts, "federated": trusts}
    assert key in there(life)


@pytest.mark.parametrize("before", [True, False])
async def test_killed_at_a_write_it_ends_as_if_it_had_not_been(tmp_path: Path, *, before: bool) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        life = Life(app.tenant, twice=before)
        await life.ask(Kind.SET_UP)
        at, more = 1, True
        while more:
            given, other = another(), another()
            more = await life.killed(Kind.CERTIFICATE, at, before=before, certificate=given)
            key = await offered(life, given)
            assert await life.ask(Kind.CONFIRM, key) == "done"
            life.pass_days(1.01)
            more = await life.killed(Kind.RETIRE, at, before=before) or more
            await life.timer()
            await only(life, key, "certificate")
            await life.ask(Kind.CERTIFICATE, certificate=other)
            more = await life.killed(Kind.ABANDON, at, before=before, key=await offered(life, other)) or more
            found = await life.connection()
            if found is not None and found.rotation is not None:
                await life.ask(Kind.ABANDON, await offered(life, other))
            await only(life, key, "certificate")
            more = await life.killed(Kind.ROTATE, at, before=before, credential="secret") or more
            await life.ask(Kind.ROTATE, credential="secret")
            found = await life.connection()
            assert found is not None
            assert found.rotation is not None
            assert found.rotation.next is not None
            secret = found.rotation.next.key_id
            assert await life.ask(Kind.CONFIRM, secret) == "done"
            life.pass_days(1.01)
            more = await life.killed(Kind.RETIRE, at, before=before) or more
            await life.timer()
            await only(life, secret, "secret")
            at += EVERY
        assert at > EVERY
