"""What a step is: observe, plan, apply, observe again. Without ``apply`` it is a look; errors become outcomes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Generic, TypeVar

from activities.check import missing, note_look
from activities.planning import PLANNED, note
from activities.results import ENDING, Ending, Result, not_now, record, translate
from activities.run import Run
from connector.background import background
from connector.errors import ForbiddenError
from connector.finding import Finding
from connector.log import log
from connector.model import Connection
from connector.orders import WAIT, Order, Outcome
from connector.plans.plan import Change, Goal, Plan
from connector.steps import StepName, StepState

T = TypeVar("T")


class Stage(Generic[T]):
    """One step. Where it works on many things an order names a part of them, and ``look`` sees that batch by batch.

    A dry run, and a verification of what was settled, do all of it but ``apply``.
    """

    def __init__(self, step: StepName, plan: Callable[[T, Goal], Plan]) -> None:
        self.step = step
        self.plan = plan
        """What is to be done, from what was observed and what is wanted: pure."""

    async def deliver(self, order: Order) -> Outcome:
        """Run the step as far as it goes now, store what came of it, and return the outcome."""
        run = await Run.open(order)
        if (instead := not_now(run, self.step)) is not None:
            return instead
        with background(really=run.looks_daily):
            result = await self.settled(run)
        if run.draft is not None:
            noted = note_look if run.looks_daily else note
            return await noted(run, run.draft, self.step, result)
        return await record(run, self.step, result)

    async def settled(self, run: Run) -> Result:
        """Do the step, as an operation of this kind has it."""
        return await settle(self, run)

    async def batches(self, run: Run) -> AsyncGenerator[T, None]:
        """Yield what there is to be seen, as much of it at a time as is planned and changed together."""
        yield await self.observe(run)

    async def observe(self, run: Run) -> T:
        """Read the world into a small value."""
        raise NotImplementedError

    async def apply(self, run: Run, observed: T, changes: Sequence[Change]) -> None:
        """Make the changes, in their order; what is taken back is kept before."""
        await run.keep(self.step, changes)
        for change in changes:
            run.tried = change
            await self.make(run, observed, change)
            run.changes += 1
            log("change", connection=run.order.name, step=self.step, action=change.action, reason=change.reason)
        run.tried = None

    async def make(self, run: Run, observed: T, change: Change) -> None:
        """Make one change."""
        raise NotImplementedError

    async def confirm(self, run: Run, observed: T) -> T:  # noqa: ARG002 - for those that read back less than all
        """Read back what was changed."""
        return await self.observe(run)

    def record(self, observed: T, connection: Connection) -> None:
        """Note in the document what was observed; here nothing, where it is looked up each time."""

    def looks(self, run: Run, observed: T) -> bool:  # noqa: ARG002 - for those of which only a part is looked at
        """Return whether nothing is to be changed."""
        return run.looks(self.step)

    async def told(self, run: Run, observed: T, plan: Plan) -> Result:
        """Return what one look came to, with what is still to be changed afterwards."""
        if plan.blocked:
            return Result(Outcome(StepState.ACTION_REQUIRED), plan.findings)
        if run.dry:
            state = PLANNED if plan.wait is None else WAIT
            return Result(Outcome(state, plan.wait), plan.findings, plan.changes)
        if plan.changes and (self.looks(run, observed) or _had_its_time(run, self.step)):
            return _lacking(self.step, plan)
        if plan.changes:
            return Result(Outcome(WAIT, "replication"))
        if plan.wait is not None:
            return Result(Outcome(WAIT, plan.wait), plan.findings)
        done = run.changes or run.connection.record(self.step).changes
        return Result(Outcome(StepState.DONE if done else StepState.UNCHANGED), plan.findings)

    async def failed(self, run: Run, error: Ending) -> Result:
        """Return what an error means that has ended the delivery.

        What may not be looked at in Exchange counts as taken back where somebody says that he has done it.
        """
        if run.takes_back and run.connection.operation.by_hand and is_by_hand(error):
            done = Finding(code="taken-back-by-hand", severity="info", step=self.step)
            return Result(Outcome(StepState.UNCHANGED), (done,))
        if run.takes_back and run.tried is None and is_by_hand(error):
            return Result(Outcome(StepState.ACTION_REQUIRED), (self.by_hand(run),))
        return translate(self.step, error, run.tried)

    def by_hand(self, run: Run) -> Finding:
        """Return what a person has to take back where nobody may look."""
        return Finding(
            code="principal-left", step=self.step, subject=run.connection.ids.enterprise_application_id or ""
        )


async def settle(stage: Stage[T], run: Run) -> Result:
    """Look, plan and apply, batch by batch; return what the last one came to, or the error that came between."""
    result = Result(Outcome(StepState.UNCHANGED))
    try:
        async with aclosing(stage.batches(run)) as batches:
            async for observed in batches:
                result = await _settle(stage, run, observed)
    except ENDING as error:
        return await stage.failed(run, error)
    return result


async def _settle(stage: Stage[T], run: Run, observed: T) -> Result:
    wanted = run.connection.goal
    run.recorders.append(partial(stage.record, observed))
    plan = stage.plan(observed, wanted)
    if plan.changes and not plan.blocked and not stage.looks(run, observed):
        await stage.apply(run, observed, plan.changes)
        observed = await stage.confirm(run, observed)
        run.recorders.append(partial(stage.record, observed))
        plan = stage.plan(observed, wanted)
    return await stage.told(run, observed, plan)


def _lacking(step: StepName, plan: Plan) -> Result:
    """Return what is told of changes that are not made, or show nothing: each is a finding, with its remedy."""
    findings = (*plan.findings, *missing(step, plan.changes))
    errors = any(finding.severity == "error" for finding in findings)
    return Result(Outcome(StepState.ACTION_REQUIRED if errors else StepState.UNCHANGED), findings)


def is_by_hand(error: Ending) -> bool:
    """Return whether it says that Exchange's part is a person's: nobody will see what has come of it."""
    return isinstance(error, ForbiddenError) and error.service == "exchange"


def _had_its_time(run: Run, step: StepName) -> bool:
    """Return whether a write that shows nothing is for a person: its half hour is over, in this round or before."""
    entry = run.connection.record(step)
    return run.order.part.last or (entry.state is StepState.ACTION_REQUIRED and entry.changes > 0)
