"""The orchestration, driven by hand: what it calls, how long it waits, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.orders import Conclusion, Order, Outcome, parsed
from connector.steps import StepName
from connector.waiting import LATER_LONGEST
from orchestrations.steps import Bell, blueprint, carry_out, insist

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORDER = {"name": "hq", "revision": 1, "attempt": 1, "round": 0}
AN_ORDER = parsed(Order, {**ORDER, "now": NOW})
Answer = Callable[[str, dict[str, Any]], Any]


class Timer:
    """A durable timer."""

    def __init__(self, fire_at: datetime) -> None:
        self.fire_at = fire_at
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Context:
    """The part of Durable's context that the orchestration uses; its clock moves only by timers."""

    def __init__(self, value: dict[str, Any] | None = None) -> None:
        self.current_utc_datetime = NOW
        self.value = value
        self.activities: list[tuple[str, dict[str, Any]]] = []
        self.waits: list[float] = []
        self.timers: list[Timer] = []
        self.status: list[dict[str, Any]] = []
        self.continued: dict[str, Any] | None = None
        self.woken = False
        self.events = 0

    def get_input(self) -> Any:
        return self.value

    def call_activity_with_retry(self, name: str, retry: Any, value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        assert retry.max_number_of_attempts == 3
        self.activities.append((name, value))
        return name, value

    def create_timer(self, fire_at: datetime) -> Timer:
        self.timers.append(Timer(fire_at))
        return self.timers[-1]

    def wait_for_external_event(self, name: str) -> str:
        self.events += 1
        return name

    def task_any(self, tasks: list[Any]) -> list[Any]:
        return tasks

    def set_custom_status(self, status: dict[str, Any]) -> None:
        self.status.append(status)

    def continue_as_new(self, value: dict[str, Any]) -> None:
        self.continued = value

    def play(self, generator: Any, answer: Answer) -> Any:
        """Run a generator to its end: activities answer, timers fire at once, an event comes when ``woken``."""
        result: Any = None
        error: Exception | None = None
        while True:
            try:
                task = generator.throw(error) if error is not None else generator.send(result)
            except StopIteration as stop:
                return stop.value
            result, error = None, None
            if isinstance(task, Timer):
                self._fire(task)
            elif isinstance(task, list):
                result = task[0] if self.woken else task[1]
                if not self.woken:
                    self._fire(task[1])
            else:
                try:
                    result = answer(*task)
                except RuntimeError as failure:
                    error = failure

    def _fire(self, timer: Timer) -> None:
        self.waits.append((timer.fire_at - self.current_utc_datetime).total_seconds())
        self.current_utc_datetime = timer.fire_at


def run(context: Context, answer: Answer) -> Any:
    """Play the whole orchestration."""
    every = {one._function._name: one._function._func for one in blueprint._function_builders}
    orchestrator: Any = every["connection"]  # the library offers no other way
    return context.play(orchestrator.orchestrator_function(context), answer)


def begun(**more: Any) -> dict[str, Any]:
    return {
        "state": "running",
        "operation": "one",
        "revision": 1,
        "steps": list(StepName),
        "chunks": [0],
        "prove": [0],
        "open": 0,
        "orphans": 0,
        "thorough": False,
        **more,
    }


def answers(**special: Any) -> Answer:
    """Answer every activity with done, but for those named."""

    def answer(name: str, value: dict[str, Any]) -> Any:
        found = special.get(name, {"state": "done", "seconds": None, "open": 1})
        return found(value) if callable(found) else found

    return answer


READY = {"state": "ready", "seconds": None, "revision": 1}


def test_the_steps_run_in_the_order_of_the_article() -> None:
    context = Context(ORDER)
    assert run(context, answers(begin=begun(), conclude=READY)) == {"state": "ready", "revision": 1, "seconds": None}
    assert [name for name, _ in context.activities] == [
        "begin", "prerequisites", "application", "enterprise_application", "consent", "secret", "exchange",
        "mailboxes", "mailboxes", "verification", "conclude",
    ]  # fmt: skip
    assert context.continued is None


def test_every_activity_gets_names_numbers_and_the_clock_only() -> None:
    context = Context(ORDER)
    run(context, answers(begin=begun(), conclude=READY))
    for _, value in context.activities:
        assert set(value) <= {
            "name",
            "revision",
            "operation",
            "attempt",
            "round",
            "now",
            "chunk",
            "probe",
            "step",
            "code",
            "last",
            "taking_back",
            "sending",
            "plan",
            "check",
        }
        assert value["now"] == NOW.isoformat()


def test_a_failed_step_ends_the_round() -> None:
    context = Context(ORDER)
    failed = {"state": "failed", "seconds": None, "revision": 1}
    result = run(context, answers(begin=begun(), consent={"state": "failed"}, conclude=failed))
    assert result["state"] == "failed"
    assert [name for name, _ in context.activities][-2:] == ["consent", "conclude"]


def test_a_few_mailboxes_are_tried_until_one_opens_then_all() -> None:
    context = Context(ORDER)
    begin = begun(steps=["verification"], prove=[0, 1, 2])
    tried = iter([{"state": "running", "open": 1}] + [{"state": "running", "open": 2}] * 3)
    run(context, answers(begin=begin, verification=lambda _: next(tried), conclude=READY))
    tries = [value for name, value in context.activities if name == "verification"]
    assert [(value.get("probe"), value.get("chunk")) for value in tries] == [(3, 0), (0, 0), (0, 1), (0, 2)]


def test_all_are_tried_where_waiting_alone_does_not_help() -> None:
    context = Context(ORDER)
    begin = begun(steps=["verification"], prove=[0, 1], thorough=True)
    run(context, answers(begin=begin, verification={"state": "running", "open": 0}, conclude=READY))
    tries = [value for name, value in context.activities if name == "verification"]
    assert [(value.get("probe"), value.get("chunk")) for value in tries] == [(0, 0), (0, 1)]


def test_chunks_that_may_not_run_yet_are_not_asked_one_by_one() -> None:
    context = Context(ORDER)
    begin = begun(steps=["mailboxes"], chunks=[0, 1, 2])
    run(context, answers(begin=begin, mailboxes={"state": "pending"}, conclude=READY))
    assert [name for name, _ in context.activities] == ["begin", "mailboxes", "conclude"]


def test_access_is_given_over_all_chunks_before_any_is_taken_back() -> None:
    context = Context(ORDER)
    run(context, answers(begin=begun(steps=["mailboxes"], chunks=[0, 2]), conclude=READY))
    asked = [value for name, value in context.activities if name == "mailboxes"]
    assert [(value.get("chunk"), value.get("taking_back")) for value in asked] == [(0, False), (2, False), (0, True)]


def test_a_mailbox_that_is_waited_for_does_not_fail_the_step_in_the_first_round() -> None:
    context = Context(ORDER)
    wait = {"state": "wait", "reason": "unavailable", "seconds": 240.0, "throttled": False}
    told = answers(
        begin=begun(steps=["mailboxes"]),
        conclude=READY,
        mailboxes=lambda one: {"state": "running"} if one["last"] else wait,
    )
    run(context, told)
    assert [name for name, _ in context.activities if name == "fail"] == []


def test_where_none_opens_the_round_waits_and_continues_as_new() -> None:
    context = Context({**ORDER, "round": 4})
    verdict = {"state": "waiting", "seconds": 68.0, "revision": 1}
    begin = begun(steps=["verification"])
    assert run(context, answers(begin=begin, verification={"state": "running", "open": 0}, conclude=verdict)) is None
    assert context.waits == [68.0]
    assert context.continued == {"name": "hq", "revision": 1, "attempt": 1, "round": 5}


def test_an_attempt_that_comes_too_late_asks_for_nothing() -> None:
    context = Context(ORDER)
    assert run(context, answers(begin={"state": "superseded", "revision": 2}))["state"] == "superseded"
    assert ([name for name, _ in context.activities], context.continued) == (["begin"], None)


def test_what_a_version_before_has_started_goes_on_under_its_own_id() -> None:
    context = Context({"name": "hq", "revision": 1})
    old = {key: value for key, value in begun(steps=["consent"]).items() if key != "operation"}
    assert run(context, answers(begin=old, conclude=READY))["state"] == "ready"
    asked = [(value["attempt"], value.get("operation", "")) for _, value in context.activities]
    assert asked == [(0, "")] * len(asked)


def test_what_is_wanted_anew_is_waited_for_whichever_round_takes_it_up() -> None:
    context = Context({**ORDER, "round": 7})
    verdict = {"state": "waiting", "seconds": 30.0, "revision": 2}
    run(context, answers(begin=begun(revision=2, steps=["mailboxes"]), conclude=verdict))
    asked = [value for name, value in context.activities if name != "begin"]
    assert {(value["revision"], value["round"], value.get("last", False)) for value in asked} == {(2, 0, False)}
    assert context.continued is not None
    assert (context.continued["revision"], context.continued["round"]) == (2, 1)


def test_a_newer_revision_is_taken_up_at_once() -> None:
    context = Context(ORDER)
    run(context, answers(begin=begun(steps=[]), conclude={"state": "superseded", "seconds": 0.0, "revision": 2}))
    assert context.waits == []
    assert context.continued == {"name": "hq", "revision": 2, "attempt": 1, "round": 0}


def test_orphans_are_looked_for_once_more_after_the_verification() -> None:
    context = Context(ORDER)
    run(context, answers(begin=begun(steps=["verification"], orphans=1), conclude=READY))
    assert [name for name, _ in context.activities] == ["begin", "verification", "secret", "conclude"]


def test_a_step_waits_longer_each_time_and_shows_why() -> None:
    context = Context()
    outcomes = iter([{"state": "wait", "reason": "replication", "seconds": None, "throttled": False}] * 3)
    generator = carry_out(context, Bell(context), StepName("consent"), AN_ORDER)  # type: ignore[arg-type] # a fake
    done = context.play(generator, answers(consent=lambda _: next(outcomes, {"state": "done"})))
    assert done == Outcome("done")
    assert context.waits == [3.0, 4.5, 6.75]
    assert {"state": "waiting", "reason": "replication", "seconds": 3.0}.items() <= context.status[1].items()


@pytest.mark.parametrize(("throttled", "failed"), [(False, True), (True, False)])
def test_replication_has_half_an_hour_and_throttling_does_not_count(*, throttled: bool, failed: bool) -> None:
    context = Context()
    wait = {"state": "wait", "reason": "x", "seconds": 240.0, "throttled": throttled}
    outcomes = iter([wait] * 10)
    generator = carry_out(context, Bell(context), StepName("exchange"), AN_ORDER)  # type: ignore[arg-type] # a fake
    result = context.play(
        generator, answers(exchange=lambda _: next(outcomes, {"state": "done"}), fail={"state": "failed"})
    )
    assert result == Outcome("failed" if failed else "done")
    last = context.activities[-1]
    assert (last[0], last[1].get("code")) == (("fail", "step-overdue") if failed else ("exchange", None))


def test_what_does_not_fit_into_one_activity_goes_on_at_once_and_counts_for_nothing() -> None:
    context = Context()
    outcomes = iter([{"state": "wait", "reason": "more", "seconds": 0.0, "throttled": False}] * 100)
    generator = carry_out(context, Bell(context), StepName("mailboxes"), AN_ORDER)  # type: ignore[arg-type] # a fake
    done = context.play(generator, answers(mailboxes=lambda _: next(outcomes, {"state": "done"})))
    assert (done, context.waits) == (Outcome("done"), [])


def test_before_a_step_fails_for_its_time_it_may_say_what_it_waits_for() -> None:
    context = Context()
    wait = {"state": "wait", "reason": "unavailable", "seconds": 240.0, "throttled": False}
    generator = carry_out(context, Bell(context), StepName("mailboxes"), AN_ORDER)  # type: ignore[arg-type] # a fake
    told = answers(mailboxes=lambda value: {"state": "running"} if value["last"] else wait)
    assert context.play(generator, told) == Outcome("running")


def test_in_later_rounds_nobody_waits_for_a_single_mailbox() -> None:
    context = Context({**ORDER, "round": 3})
    run(context, answers(begin=begun(steps=["mailboxes"], chunks=[0]), conclude=READY))
    assert [value["last"] for name, value in context.activities if name == "mailboxes"] == [True, True]


def test_a_later_round_asks_again_while_it_is_young_and_then_looks_at_every_part_once() -> None:
    away = {"state": "wait", "reason": "unavailable", "seconds": 20.0, "throttled": False, "patient": True}
    served = iter([away, away])
    context = Context({**ORDER, "round": 3})
    answer = answers(
        begin=begun(steps=["mailboxes"], chunks=[0, 1]),
        mailboxes=lambda _: next(served, {"state": "done"}),
        conclude=READY,
    )
    run(context, answer)
    assert [value["chunk"] for name, value in context.activities if name == "mailboxes"] == [0, 0, 0, 1, 0]

    context = Context({**ORDER, "round": 3})
    run(
        context,
        answers(begin=begun(steps=["mailboxes", "verification"], chunks=[0, 1]), mailboxes=away, conclude=READY),
    )
    asked = [value["chunk"] for name, value in context.activities if name == "mailboxes"]
    assert (asked[:8], asked[-2:], len(asked)) == ([0] * 8, [1, 0], 11)
    assert 150 < sum(context.waits) <= LATER_LONGEST
    assert [name for name, _ in context.activities][-2:] == ["verification", "conclude"]


def test_an_error_that_nobody_foresaw_fails_the_step() -> None:
    def broken(_: dict[str, Any]) -> None:
        raise RuntimeError

    context = Context()
    generator = carry_out(context, Bell(context), StepName("secret"), AN_ORDER)  # type: ignore[arg-type] # a fake
    assert context.play(generator, answers(secret=broken, fail={"state": "failed"})) == Outcome("failed")
    assert (context.activities[-1][1]["step"], context.activities[-1][1]["code"]) == ("secret", "unexpected")


@pytest.mark.parametrize("reason", ["throttled", "unavailable"])
def test_a_service_that_gives_no_answer_fails_no_step(reason: str) -> None:
    context = Context()
    wait = {"state": "wait", "reason": reason, "seconds": 60.0, "throttled": reason == "throttled", "patient": True}
    generator = carry_out(context, Bell(context), StepName("exchange"), AN_ORDER)  # type: ignore[arg-type] # a fake
    assert context.play(generator, answers(exchange=wait)) == parsed(Outcome, wait)
    assert [name for name, _ in context.activities if name == "fail"] == []
    assert sum(context.waits) >= 30 * 60


def test_time_without_an_answer_is_none_that_replication_has_had() -> None:
    context = Context()
    away = {"state": "wait", "reason": "unavailable", "seconds": 240.0, "throttled": False, "patient": True}
    late = {**away, "reason": "replication", "patient": False}
    outcomes = iter([*[away] * 7, *[late] * 7])
    generator = carry_out(context, Bell(context), StepName("consent"), AN_ORDER)  # type: ignore[arg-type] # a fake
    assert context.play(generator, answers(consent=lambda _: next(outcomes, {"state": "done"}))) == Outcome("done")
    assert not any(value["last"] for _, value in context.activities)


@pytest.mark.parametrize("seconds", [301.0, 3_600.0])
def test_a_long_wait_is_left_to_the_rounds(seconds: float) -> None:
    context = Context()
    wait = {"state": "wait", "reason": "throttled", "seconds": seconds, "throttled": True, "patient": True}
    generator = carry_out(context, Bell(context), StepName("exchange"), AN_ORDER)  # type: ignore[arg-type] # a fake
    assert (context.play(generator, answers(exchange=wait)), context.waits) == (parsed(Outcome, wait), [])


def test_who_cancels_or_asks_for_something_else_does_not_wait_for_what_a_service_has_asked_for() -> None:
    context = Context()
    context.woken = True
    outcomes = iter([{"state": "wait", "reason": "throttled", "seconds": 240.0, "throttled": True, "patient": True}])
    generator = carry_out(context, Bell(context), StepName("exchange"), AN_ORDER)  # type: ignore[arg-type] # a fake
    done = context.play(generator, answers(exchange=lambda _: next(outcomes, {"state": "superseded"})))
    assert (done, context.waits) == (Outcome("superseded"), [])


@pytest.mark.parametrize("woken", [True, False])
def test_a_wait_may_be_cut_short(*, woken: bool) -> None:
    context = Context()
    context.woken = woken
    bell = Bell(context)  # type: ignore[arg-type] # a fake
    context.play(bell.wait(300.0), answers())
    (timer,) = context.timers
    assert timer.fire_at == NOW + timedelta(seconds=300)
    assert timer.cancelled is woken


def test_there_is_one_task_for_the_event_until_it_has_come() -> None:
    """Which of two open tasks an event completes is not the same in every version of the library."""
    context = Context()
    bell = Bell(context)  # type: ignore[arg-type] # a fake
    for woken in (False, False, True, False):
        context.woken = woken
        context.play(bell.wait(30.0), answers())
    assert context.events == 2


def test_who_is_throttled_for_hours_goes_on_in_the_next_round() -> None:
    context = Context()
    wait = {"state": "wait", "reason": "throttled", "seconds": 60.0, "throttled": True}
    generator = carry_out(context, Bell(context), StepName("mailboxes"), AN_ORDER)  # type: ignore[arg-type] # a fake
    assert context.play(generator, answers(mailboxes=wait)) == parsed(Outcome, wait)
    assert len(context.activities) < 70


def test_the_frame_insists_while_the_store_does_not_answer() -> None:
    context = Context()
    outcomes = iter([{"state": "wait", "reason": "unavailable", "seconds": None, "throttled": False}] * 3)
    generator = insist(context, "conclude", AN_ORDER, Conclusion)  # type: ignore[arg-type] # a fake
    assert context.play(generator, answers(conclude=lambda _: next(outcomes, READY))) == parsed(Conclusion, READY)
    assert context.waits == [3.0, 4.5, 6.75]


@pytest.mark.parametrize("silent", ["begin", "consent", "conclude"])
def test_a_store_that_does_not_answer_for_hours_fills_no_history(silent: str) -> None:
    context = Context(ORDER)
    away = {"state": "wait", "reason": "x", "seconds": None, "throttled": False, "patient": True, "service": "store"}
    begin = begun(steps=["consent"])
    run(context, answers(**{"begin": begin, "conclude": READY, silent: away}))
    assert context.continued == ORDER
    assert len(context.activities) + len(context.waits) < 130


def test_the_status_says_which_service_does_not_answer_until_it_does() -> None:
    context = Context()
    away = {"state": "wait", "reason": "unavailable", "seconds": 60.0, "throttled": False, "service": "graph"}
    outcomes = iter([{**away, "patient": True}])
    generator = carry_out(context, Bell(context), StepName("consent"), AN_ORDER)  # type: ignore[arg-type] # a fake
    context.play(generator, answers(consent=lambda _: next(outcomes, {"state": "done"})))
    assert [status.get("service") for status in context.status] == [None, "graph", "graph"]


def test_the_custom_status_is_small_whatever_happens() -> None:
    context = Context(ORDER)
    begin = begun(chunks=list(range(100)), prove=list(range(100)))
    run(context, answers(begin=begin, conclude=READY))
    assert max(len(str(status)) for status in context.status) < 300
