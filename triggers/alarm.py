"""``POST /api/test-alarm``: write the line that an alert waits for, to see whether anybody is told."""

from __future__ import annotations

import logging

import azure.functions as func
from pydantic import Field

from connector.caller import asker
from connector.document import Document
from connector.history import Asked
from connector.log import log
from connector.messages import text
from connector.services import services
from triggers.answers import json_answer, language
from triggers.asking import asking
from triggers.query import query
from triggers.route import STORE, Role, Route


class AlarmView(Document):
    """What happens next."""

    message: str = Field(description="When and where the alarm has to arrive, in words.")


@Route(
    "POST",
    "/api/test-alarm",
    Role.OPERATOR,
    "Write the log line that an alert waits for, to see whether it arrives",
    {200: AlarmView},
    problems=STORE,
)
async def test_alarm(req: func.HttpRequest) -> func.HttpResponse:
    """Write the line; ``200``. Azure reads it within a quarter of an hour and tells whoever is to be told."""
    async with asking(req, "test_alarm", Asked.TEST_ALARM) as asked:
        query(req)
        label, who = services().settings.label or None, asker(asked.entry.caller.by)
        log("test-alarm", level=logging.WARNING, connection="TEST", label=label, **who)
    lang = language(req)
    return json_answer(AlarmView(message=text(lang, "label", "testAlarm")), headers={"Content-Language": lang})
