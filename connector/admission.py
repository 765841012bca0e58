"""What a request means now: pure, with the clock passed in. Whoever starts, wakes or refuses an operation asks here.

A kind of request is a row of the table, how the connection stands is a column; ``connector/ruling.py`` has the cells,
and the three beside it those of removals, rotations and certificates. ``triggers/performing.py`` carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector import ruling_of_certificate as certificate
from connector import ruling_of_removal as removal
from connector import ruling_of_rotation as rotation
from connector.caller import RENEWS, Caller
from connector.case import Case, Kind, Refuse, Replace, Request, Ruling, Start
from connector.errors import ConditionError
from connector.etag import require_match
from connector.lost import Live, lost
from connector.model import Connection
from connector.ruling import (
    arrange,
    busy,
    create,
    end,
    end_soon,
    go_on,
    join_or_busy,
    join_or_set_up,
    nothing,
    plan,
    plan_new,
    restore,
    ring,
    set_up,
    unknown,
    verify,
    verify_or_busy,
    verify_or_ring,
)
from connector.steps import ConnectionState, StepName
from connector.wanted import Absent


class Situation(StrEnum):
    """How a connection stands for somebody who asks for something: the columns of the table."""

    RESTS = "rests"
    """Its operation has ended."""
    LOST = "lost"
    """The document says that a run works, and nobody does."""
    CANCELLING = "cancelling"
    """The run ends after its present activity."""
    WORKS = "works"
    """Steps 1 to 7 work, or are about to be started."""
    WAITS = "waits"
    """The run proves, or waits for Microsoft: what is wanted may be replaced."""
    STUCK = "stuck"
    """The run waits for a person."""
    REMOVING = "removing"
    """It is being taken back, whether somebody works on that or the run was lost: nothing takes its place."""
    UNFINISHED = "unfinished"
    """A removal has ended before all was taken back."""
    REMOVED = "removed"


_First = Callable[[Request, datetime], Ruling]
_Rule = Callable[[Case], Ruling]


@dataclass(frozen=True, slots=True)
class _Row:
    function: str | None
    """Through which function it is asked for, so whose key opens it; None for our own timer."""
    new: _First
    rules: Mapping[Situation, _Rule]
    again: bool
    """Whether who is overtaken by another request asks once more; who began something of his own is told instead."""
    live: bool
    """Whether it matters what Durable says; otherwise it need not be asked."""


def admit(request: Request, caller: Caller | None, connection: Connection | None, live: Live, now: datetime) -> Ruling:
    """Return what a request means for a connection as it is stored, with what Durable says of its run.

    ``caller`` is None for our own timer.

    Raises:
        ValueError: a function asks for what it is not for. A key opens one function: whoever may only set up must not
            come to accept, so such a slip of ours stops here.
    """
    row = _ROWS[request.kind]
    if (caller.function if caller is not None else None) != row.function:
        raise ValueError(request.kind)
    try:
        require_match(request.if_match, request.name, connection)
    except ConditionError as error:
        return Refuse(error)
    by = caller.by if caller is not None else RENEWS  # another timer only goes on with what others have begun
    if connection is None:
        ruled = row.new(request, now)
        if isinstance(ruled, Start):
            ruled.connection.operation.by = by
    else:
        ruled = row.rules[situation(connection, live, now)](Case(request, connection, live, now, by))
    if request.kind is Kind.SET_UP and isinstance(ruled, Start | Replace):
        ruled.connection.wanted_by = by
    return ruled


def situation(connection: Connection, live: Live, now: datetime) -> Situation:
    """Return how a connection stands for whoever asks for something."""
    absent = isinstance(connection.goal, Absent)
    if connection.operation.ended is not None:
        return _ended(connection, absent=absent)
    if absent:
        return Situation.REMOVING
    if lost(connection, live, now) is not None:
        return Situation.LOST
    return _under_way(connection, live)


def _ended(connection: Connection, *, absent: bool) -> Situation:
    if not absent:
        return Situation.RESTS
    return Situation.REMOVED if connection.state is ConnectionState.REMOVED else Situation.UNFINISHED


def _under_way(connection: Connection, live: Live) -> Situation:
    if connection.operation.cancelled:
        return Situation.CANCELLING
    if connection.state is ConnectionState.ACTION_REQUIRED and not connection.operation.apart:
        return Situation.STUCK
    at_end = live.step is StepName.VERIFICATION
    waits = connection.state is ConnectionState.WAITING and not connection.operation.apart
    if at_end or live.waits or waits:
        return Situation.WAITS
    return Situation.WORKS


def asks_durable(kind: Kind) -> bool:
    """Return whether it matters for a kind what Durable says; otherwise it need not be asked."""
    return _ROWS[kind].live


def asks_again(kind: Kind) -> bool:
    """Return whether who is overtaken by another request asks once more, instead of being told."""
    return _ROWS[kind].again


_GONE = (removal.gone, removal.gone, removal.gone)


def _row(
    function: str | None,
    new: _First,
    *rules: _Rule,
    back: tuple[_Rule, _Rule, _Rule] = _GONE,
    again: bool = False,
    live: bool = True,
) -> _Row:
    """Return a row; ``back`` are the columns of what is being taken back, is half taken back, is removed."""
    return _Row(function, new, dict(zip(Situation, (*rules, *back), strict=True)), again, live)


# fmt: off
_ROWS: Mapping[Kind, _Row] = {
    #     rests        lost         cancelling  works            waits              stuck
    Kind.SET_UP: _row("create_connection", create,
          set_up,      set_up,      busy,       join_or_busy,    join_or_set_up,    set_up,
          back=(removal.gone, set_up, set_up)),
    Kind.DRY_RUN: _row("create_connection", plan_new, *[plan] * 6, back=(plan, plan, plan), live=False),
    Kind.VERIFY: _row("verify_connection", unknown,
          verify,      verify,      busy,       verify_or_busy,  verify_or_ring,    verify,
          back=(removal.ring_removal, removal.gone, removal.gone)),
    Kind.CANCEL: _row("cancel_connection", unknown,
          nothing,     end,         ring,       end_soon,        end_soon,          end_soon,
          back=(removal.end_removal, nothing, nothing), again=True),
    Kind.CONFIRM: _row("confirm_secret", unknown, *[rotation.confirm] * 6, again=True, live=False),
    Kind.ROTATE: _row("rotate_secret", unknown,
          rotation.rotate, rotation.rotate_again, busy, *[rotation.rotate_on] * 3),
    Kind.CERTIFICATE: _row("give_certificate", unknown,
          certificate.give, certificate.give_again, busy, certificate.give_on, *[certificate.give_in_place] * 2),
    Kind.RENEW: _row(None, unknown,
          rotation.rotate, *[nothing] * 5, back=(nothing, nothing, nothing), live=False),
    Kind.ABANDON: _row("abandon_rotation", unknown,
          rotation.abandon, rotation.abandon_or_busy, busy, rotation.abandon_or_busy, rotation.abandon_in_place,
          rotation.abandon_or_busy),
    Kind.RETIRE: _row(None, unknown,
          rotation.retire, *[nothing] * 5, back=(nothing, nothing, nothing), live=False),
    Kind.ACCEPT: _row("accept_finding", unknown,
          nothing,     nothing,     nothing,    ring,            ring,              ring,
          back=(removal.ring_removal, nothing, nothing), again=True),
    Kind.WITHDRAW: _row("withdraw_acceptance", unknown,
          nothing,     nothing,     nothing,    ring,            ring,              ring,
          back=(removal.ring_removal, nothing, nothing), again=True),
    Kind.RECOVER: _row(None, unknown,
          nothing,     go_on,       nothing,    nothing,         nothing,           nothing,
          back=(removal.recover_removal, nothing, nothing), again=True),
    Kind.REMOVE: _row("remove_connection", unknown, *[removal.remove] * 6,
          back=(removal.join_removal, removal.remove, nothing), again=True),
    Kind.PLAN_REMOVAL: _row("remove_connection", unknown, *[removal.plan_removal] * 6,
          back=(removal.plan_removal, removal.plan_removal, removal.gone), live=False),
    Kind.REPAIR: _row("repair_connection", create, *[arrange] * 6,
          back=(removal.remove_repaired, removal.remove_repaired, removal.keep_removed), again=True),
    Kind.RESTORE: _row("repair_connection", unknown, *[restore] * 6,
          back=(removal.remove_restored, removal.remove_restored, removal.keep_removed), live=False),
}
# fmt: on
