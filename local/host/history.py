"""The events of an orchestration's history, field by field as the Durable extension hands them to Python.

Shapes and order were recorded from the extension 3.18 on the Azure Storage backend; a test compares them.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

Event = dict[str, Any]

EXECUTION_STARTED = 0
TASK_SCHEDULED, TASK_COMPLETED, TASK_FAILED = 4, 5, 6
SUB_CREATED, SUB_COMPLETED, SUB_FAILED = 7, 8, 9
TIMER_CREATED, TIMER_FIRED = 10, 11
ORCHESTRATOR_STARTED, ORCHESTRATOR_COMPLETED = 12, 13
EVENT_RAISED = 15


def stamp(moment: datetime) -> str:
    """Return a time as .NET writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _event(kind: int, now: datetime, *, event_id: int = -1, **fields: Any) -> Event:
    return {"EventType": kind, **fields, "EventId": event_id, "IsPlayed": False, "Timestamp": stamp(now)}


def orchestrator_started(now: datetime) -> Event:
    """An episode begins."""
    return _event(ORCHESTRATOR_STARTED, now)


def orchestrator_completed(now: datetime) -> Event:
    """An episode has ended."""
    return _event(ORCHESTRATOR_COMPLETED, now)


def execution_started(
    now: datetime,
    name: str,
    instance_id: str,
    execution_id: str,
    value: str | None,
    parent: dict[str, Any] | None,
    generation: int | None,
) -> Event:
    """A generation begins; the input is JSON within JSON."""
    return _event(
        EXECUTION_STARTED,
        now,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Name=name,
        Version=None,
        Input=None if value is None else json.dumps(value),
        Tags=None,
        Correlation=None,
        ParentTraceContext=None,
        ScheduledStartTime=None,
        Generation=generation,
        GenerateNewTrace=False,
    )


def task_scheduled(now: datetime, event_id: int, name: str) -> Event:
    """An activity is called; its input is not repeated here."""
    return _event(
        TASK_SCHEDULED, now, event_id=event_id, Name=name, Version="", Input=None, ParentTraceContext=None, Tags=None
    )


def sub_created(now: datetime, event_id: int, name: str, instance_id: str) -> Event:
    """A sub-orchestration is called."""
    return _event(
        SUB_CREATED,
        now,
        event_id=event_id,
        Name=name,
        Version=None,
        InstanceId=instance_id,
        Input=None,
        ClientSpanId=None,
        Tags=None,
    )


def completed(kind: int, now: datetime, task_id: int, result: str | None) -> Event:
    """An activity or a sub-orchestration has returned; the result is JSON."""
    return _event(kind, now, TaskScheduledId=task_id, Result=result)


def failed(kind: int, now: datetime, task_id: int, reason: str, details: str) -> Event:
    """An activity or a sub-orchestration has raised: text and stack are kept."""
    return _event(kind, now, TaskScheduledId=task_id, Reason=reason, Details=details, FailureDetails=None)


def timer_created(now: datetime, event_id: int, fire_at: str) -> Event:
    """A timer is set."""
    return _event(TIMER_CREATED, now, event_id=event_id, FireAt=fire_at)


def timer_fired(created: datetime, timer_id: int, fire_at: str) -> Event:
    """A timer has fired; the event bears the time at which it was set."""
    return _event(TIMER_FIRED, created, TimerId=timer_id, FireAt=fire_at)


def event_raised(now: datetime, name: str, value: str) -> Event:
    """Somebody has raised an event; its value arrives as a JSON text within JSON."""
    return _event(EVENT_RAISED, now, Name=name, Input=json.dumps(value), ParentTraceContext=None)
