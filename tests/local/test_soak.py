"""Disturbed runs end like a calm one; ``make soak`` runs more of them."""

from __future__ import annotations

from dataclasses import replace

from local.end_state import differences
from local.soak import Disturbance, ends, every_stop, run

MAILBOXES = 2
LOSING = (15, 19)
"""Seeds with which a start stays pending, is dropped, and vanishes (``local.host.losses.drawn``)."""


async def test_whatever_happens_the_end_is_that_of_a_calm_run() -> None:
    """A hostile seed, all delivered twice, a member who intrudes, lost starts, and a kill at each third write."""
    calm = await run(Disturbance(mailboxes=MAILBOXES))
    assert calm.state == "ready"
    stops = await every_stop(MAILBOXES, ("after",))
    assert len(stops) == calm.writes > 5
    disturbances = [
        *(Disturbance("hostile", seed, MAILBOXES) for seed in (1,)),
        Disturbance(mailboxes=MAILBOXES, redeliver=True),
        *(Disturbance(mailboxes=MAILBOXES, intruder=seed) for seed in (1, 2)),
        *(Disturbance(mailboxes=MAILBOXES, lose=seed) for seed in LOSING),
        *stops[::3],
    ]
    found = await ends(disturbances, 4)
    assert {str(one): end.faults(calm) for one, end in zip(disturbances, found, strict=True) if end.faults(calm)} == {}


async def test_whatever_happens_to_a_removal_nothing_of_ours_is_left() -> None:
    """All delivered twice, a kill after some of the writes and after a document; ``make soak`` has hostile seeds."""
    back = Disturbance(mailboxes=1, removal=True)
    calm = await run(back)
    world = calm.world
    assert (calm.state, world["applications"], world["Exchange principals"]) == ("removed", [], [])
    assert (world["deleted and enabled"], world["secrets of deleted applications"]) == (0, 0)
    assert list(world["access"].values()) == [[("another", "FullAccess")]]
    assert world["foreign as before"]
    stops = await every_stop(1, ("after",), removal=True)
    assert len(stops) == calm.writes > 5
    disturbances = [
        replace(back, redeliver=True),
        *stops[1::6],
        replace(back, document=7),
    ]
    found = await ends(disturbances, 4)
    assert {str(one): end.faults(calm) for one, end in zip(disturbances, found, strict=True) if end.faults(calm)} == {}


async def test_a_calm_run_leaves_one_of_each_and_nothing_else() -> None:
    end = await run(Disturbance(mailboxes=1))
    world = end.world
    assert world["foreign as before"]
    assert world["secrets in the store or the log"] == 0
    assert (world["live secrets"], world["orphans"], world["the vault's newest is live"]) == (1, 0, True)
    assert (world["roles"], world["Exchange principals"]) == (["IMAP.AccessAsApp"], [True])
    assert list(world["access"].values()) == [[("another", "FullAccess"), ("ours", "FullAccess")]]


def test_a_difference_is_named() -> None:
    assert differences({"roles": [], "IMAP": {}}, {"roles": ["x"], "IMAP": {}}) == ["roles: [] and not ['x']"]
