"""How long to wait: pure, with the clock passed in. Seconds throughout."""

from __future__ import annotations

from datetime import datetime, timedelta

STEP_DEADLINE = timedelta(minutes=30)
"""How long one step may wait for replication; time spent throttled is not counted."""
TIMER_SLACK = timedelta(seconds=1)
"""Durable timers fire up to a second early, so a deadline is never tested to the point."""
PERSON_DEADLINE = timedelta(hours=24)
"""How long a run that waits only for a person goes on looking."""
LONGEST_ASKED = 3_600.0
"""What a service asks for beyond this is not taken literally: it is asked again once an hour."""
ROUND_LONGEST = 300.0
"""A step that is to wait for longer than this leaves it to the rounds: the other steps go on meanwhile."""
LATER_LONGEST = 180.0
"""So old may a round after the first be when a part of step 7 is tried again: the mailboxes are to be proven too."""
LOOK_LONGEST = 45.0
"""For so long each part of a dry run is repeated; what is not readable then is said to be that."""
_STEP_FIRST, _STEP_LONGEST = 3.0, 60.0
_ROUND_FIRST = 30.0
_REFUSED_LONGEST = 1_800.0
_GROWTH = 1.5


def step_wait(attempt: int, asked: float | None) -> float:
    """Return the wait before a step is tried again: growing, and not shorter than what the service asked for.

    An hour at most: a slip in a header must not stop a run for a day.
    """
    return max(min(asked or 0.0, LONGEST_ASKED), _grown(_STEP_FIRST, attempt, _STEP_LONGEST))


def round_wait(number: int) -> float:
    """Return the wait between two rounds of verification: from 30 seconds, growing to 5 minutes."""
    return _grown(_ROUND_FIRST, number, ROUND_LONGEST)


def refused_wait(tries: int) -> float:
    """Return the wait before a service that has refused is asked for the same again: from 5 minutes to half an hour."""
    return min(ROUND_LONGEST * 2.0 ** min(max(tries, 1) - 1, 10), _REFUSED_LONGEST)


def step_overdue(began: datetime, now: datetime, throttled: float) -> bool:
    """Return whether a step has waited for replication as long as it may; ``throttled`` seconds do not count."""
    return now - began - timedelta(seconds=throttled) + TIMER_SLACK >= STEP_DEADLINE


def _grown(first: float, times: int, longest: float) -> float:
    """Return ``first`` grown ``times`` times; a run that looks for days must not overflow."""
    return min(first * _GROWTH ** min(times, 20), longest)
