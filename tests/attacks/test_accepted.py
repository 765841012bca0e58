"""What the key of accepting opens at worst, as the threat model says it: an app of its own for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.attacks.test_acceptance import ACCEPT, acceptable, logs_in, plant, stopped
from tests.triggers.served import NAME, running


async def test_who_may_accept_opens_at_worst_what_the_threat_model_says(tmp_path: Path) -> None:
    """The other side: the login that is refused above works once everything has been accepted and set up."""
    async with running(tmp_path) as one:
        application = plant(one)
        credential = one.tenant.administrator.add_credential(application)
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses})
        shown = await stopped(one)
        while shown["state"] != "ready":
            assert not await logs_in(one, application, credential)
            for each in acceptable(shown):
                body = {"id": each["id"], "applicationId": each["applicationId"]}
                assert (await one.client.post(ACCEPT, json=body)).status_code == 200
            shown = await one.until(ready_or_stopped_by_something_else)
        assert await logs_in(one, application, credential)


def ready_or_stopped_by_something_else(seen: dict[str, Any]) -> bool:
    """Return whether the set-up has ended, or shows what nobody has accepted yet."""
    accepted = {each["id"] for each in seen["acceptances"]}
    return seen["state"] == "ready" or any(each["id"] not in accepted for each in acceptable(seen))
