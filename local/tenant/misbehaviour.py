"""How the tenant misbehaves: three presets, and the decision what befalls a request.

A decision depends on the seed, on what is asked and on how often it was asked before. The rates are chosen so that a
set-up of three mailboxes meets most of what people report of the real services, and still comes to its end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from local.tenant.chance import Chance
from local.tenant.clock import Clock

PresetName = Literal["calm", "normal", "hostile"]
Range = tuple[float, float]
_DAY = 24 * 3600.0


class Fault(StrEnum):
    """What can befall a request that is in order."""

    THROTTLED = "throttled"
    """429 with Retry-After, on which the service then insists."""
    CONCURRENT = "concurrent"
    """A write collides with another of the tenant: Graph's 409, Exchange's text about concurrent requests."""
    UNAVAILABLE = "unavailable"
    """503; IMAP says BYE."""
    DROPPED = "dropped"
    """The connection breaks before the request has an effect."""
    LOST = "lost"
    """The request has its effect, and the connection breaks before the answer."""
    NUL_BODY = "nul-body"
    """Exchange's 403 without a reason, its body of NUL bytes labelled gzip."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Delays in tenant seconds, from and to; rates from 0 to 1."""

    directory_lag: Range = (0, 0)
    """Until all replicas of the directory show a write; till then reads flap."""
    token_lag: Range = (0, 0)
    """Until the token endpoint knows an application, a secret or a role."""
    exchange_lag: Range = (0, 0)
    """Until all of Exchange shows a write; till then reads flap."""
    imap_lag: Range = (0, 0)
    """Until IMAP honours an Exchange principal or a permission."""
    role_lag: Range = (0, 0)
    """Until the mail servers go by a role that was assigned to an application: 30 minutes to 2 hours, past which
    ``Test-ServicePrincipalAuthorization`` looks (learn.microsoft.com/exchange/permissions-exo/application-rbac)."""
    vault_lag: Range = (0, 0)
    """Until a deletion or recovery in the vault is through."""
    report_lag: Range = (0, 0)
    """Until a sign-in stands in the report on credentials."""
    retry_after: tuple[int, int] = (1, 1)
    faults: Mapping[str, Mapping[Fault, float]] = field(default_factory=dict)
    in_a_row: int = 0
    """So often, at most, the same request meets a fault without having been served in between."""
    empty_answers: float = 0.0
    """Share of Exchange's writes that answer with an empty ``value``."""
    odd_answers: float = 0.0
    """Share of Exchange's answers with warnings twice, other error shapes and other statuses."""
    silent_writes: float = 0.0
    """Share of Exchange's writes that answer with success, or only warn, and change nothing."""
    all_objects: float = 0.0
    """Share of the questions for an unknown identity that Exchange answers with all objects there are."""


PRESETS: Mapping[PresetName, Preset] = {
    "calm": Preset(),
    "normal": Preset(
        directory_lag=(2, 10),
        token_lag=(2, 20),
        exchange_lag=(5, 25),
        imap_lag=(90, 420),
        role_lag=(300, 3_600),
        vault_lag=(1, 4),
        report_lag=(_DAY, 1.2 * _DAY),
        retry_after=(1, 6),
        faults={
            "graph": {Fault.THROTTLED: 0.06, Fault.CONCURRENT: 0.12},
            "exchange": {Fault.THROTTLED: 0.06, Fault.CONCURRENT: 0.02},
            "vault": {Fault.THROTTLED: 0.03},
            "imap": {Fault.DROPPED: 0.03},
            "pop": {Fault.DROPPED: 0.03},
            "smtp": {Fault.DROPPED: 0.03},
        },
        in_a_row=1,
        empty_answers=0.3,
        silent_writes=0.03,
        all_objects=0.1,
    ),
    "hostile": Preset(
        directory_lag=(5, 60),
        token_lag=(10, 120),
        exchange_lag=(15, 120),
        imap_lag=(300, 1500),
        role_lag=(1_800, 7_200),
        vault_lag=(2, 20),
        report_lag=(_DAY, 2 * _DAY),
        retry_after=(3, 40),
        faults={
            "graph": {
                Fault.THROTTLED: 0.07,
                Fault.CONCURRENT: 0.13,
                Fault.UNAVAILABLE: 0.04,
                Fault.DROPPED: 0.02,
                Fault.LOST: 0.04,
            },
            "exchange": {
                Fault.THROTTLED: 0.07,
                Fault.CONCURRENT: 0.04,
                Fault.UNAVAILABLE: 0.03,
                Fault.NUL_BODY: 0.05,
                Fault.DROPPED: 0.02,
                Fault.LOST: 0.04,
            },
            "vault": {Fault.THROTTLED: 0.04, Fault.UNAVAILABLE: 0.02, Fault.DROPPED: 0.02, Fault.LOST: 0.03},
            "token": {Fault.THROTTLED: 0.03, Fault.UNAVAILABLE: 0.03, Fault.DROPPED: 0.02},
            "identity": {Fault.UNAVAILABLE: 0.05},
            "imap": {Fault.DROPPED: 0.05, Fault.UNAVAILABLE: 0.04},
            "pop": {Fault.DROPPED: 0.05, Fault.UNAVAILABLE: 0.04},
            "smtp": {Fault.DROPPED: 0.05, Fault.UNAVAILABLE: 0.02, Fault.THROTTLED: 0.02},
        },
        in_a_row=2,
        empty_answers=0.6,
        odd_answers=0.4,
        silent_writes=0.15,
        all_objects=0.5,
    ),
}


class Misbehaviour:
    """Decides what befalls each request."""

    def __init__(self, preset: Preset, chance: Chance, clock: Clock) -> None:
        self.preset = preset
        self.chance = chance
        self._clock = clock
        self._in_a_row: Counter[tuple[str, str]] = Counter()
        self._refused_until: dict[tuple[str, str], float] = {}

    def fault(self, service: str, key: str, *, is_write: bool) -> Fault | None:
        """Return what befalls this request, or None when it is served."""
        if self._in_a_row[service, key] < self.preset.in_a_row:
            fault = self._drawn(service, key)
            if fault is not None and (is_write or fault is not Fault.CONCURRENT):
                self._in_a_row[service, key] += 1
                return fault
        self._in_a_row[service, key] = 0
        return None

    def silent(self, key: str) -> bool:
        """Return whether this write is answered with success and not made; never for ever, as with other faults."""
        nth = str(self.chance.nth("silent", key))
        lies = self.chance.draw("silent", key, nth) < self.preset.silent_writes
        lies = lies and self._in_a_row["silent", key] < self.preset.in_a_row
        self._in_a_row["silent", key] = self._in_a_row["silent", key] + 1 if lies else 0
        return lies

    def lists_all(self, key: str) -> bool:
        """Return whether a question for what does not exist is answered with all that does."""
        return self.chance.draw("all", key, str(self.chance.nth("all", key))) < self.preset.all_objects

    def retry_after(self, service: str, key: str) -> int:
        """Return the seconds to ask for, and insist on them from now."""
        low, high = self.preset.retry_after
        seconds = round(self.chance.between((low, high), "retry", service, key, str(self._in_a_row[service, key])))
        self._refused_until[service, key] = self._clock.now() + seconds
        return seconds

    def insists(self, service: str, key: str) -> int | None:
        """Return the whole seconds for which this request is still refused, or None."""
        left = self._refused_until.get((service, key), 0.0) - self._clock.now()
        return math.ceil(left) if left > 0 else None

    def later(self, lag: Range, *what: str) -> float:
        """Return the tenant second at which something written now has arrived."""
        nth = self.chance.nth("lag", *what)
        return self._clock.now() + self.chance.between(lag, "lag", *what, str(nth))

    def _drawn(self, service: str, key: str) -> Fault | None:
        rates = self.preset.faults.get(service, {})
        drawn = self.chance.draw("fault", service, key, str(self.chance.nth("fault", service, key)))
        for fault, rate in rates.items():
            if drawn < rate:
                return fault
            drawn -= rate
        return None
