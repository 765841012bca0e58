"""How a finding is shown: in words, with the way out, and where it is explained."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from connector.acceptances import Acceptance
from connector.address import both
from connector.dates import TIMES, Time
from connector.diagnosis import DOCUMENT_UNREADABLE, unreadable
from connector.document import Document
from connector.errors import UnreadableError
from connector.finding import Finding, Severity
from connector.messages import Language, text, times
from connector.microsoft import Protocol
from connector.model import Connection
from connector.objects import Ids
from connector.remedy import Context, remedy
from connector.services import Services
from connector.steps import SETTLED, StepName
from connector.visible import visible


class ActionView(Document):
    """The way out of a finding."""

    text: str
    causes: list[str] = Field(default=[], description="What remains possible where the app may not look.")
    link: str | None = Field(default=None, description="The page of the portal where it is done.")
    command: str | None = Field(default=None, description="Lines to run, with this connection's ids filled in.")
    accept: bool = Field(description="Whether the set-up goes on once somebody has accepted the finding.")


class FindingView(Document):
    """What a step or a look has seen, in words."""

    id: str
    code: str
    severity: Severity
    step: StepName
    subject: str
    message: str
    said: str | None = Field(
        default=None, description="What of `message` are a service's own words, as they came: English as a rule."
    )
    action: ActionView
    times: list[Time] = Field(default=[], description=TIMES)
    help: str = Field(description="Where this finding is explained.")
    application_id: str | None = Field(
        default=None, description="Which application it is about: an acceptance counts for this one alone."
    )
    request_id: str | None = None


def finding_view(finding: Finding, lang: Language, context: Context) -> FindingView:
    """Return a finding in words; ``context`` fills its commands with a connection's ids."""
    values = {"subject": both(finding.subject), **finding.values}
    if finding.code == DOCUMENT_UNREADABLE:
        values["why"] = _why(finding, lang)
    way_out = remedy(finding, context)
    message = _told(_words(lang, finding.code, "message", values), _own_words(finding, "reason"), lang)
    said = _own_words(finding, "reason", "answer")
    return FindingView(
        id=finding.id,
        code=finding.code,
        severity=finding.severity,
        step=finding.step,
        subject=visible(finding.subject),
        message=message,
        said=said if said and said in message else None,
        action=ActionView(
            text=_words(lang, finding.code, "action", values),
            causes=[text(lang, "cause", cause) for cause in finding.causes],
            link=way_out.link,
            command=way_out.command,
            accept=finding.awaits_acceptance,
        ),
        times=times(lang, "finding", finding.code, "message", values=values),
        help=explained(finding.code, lang, context.hostname),
        application_id=finding.application_id,
        request_id=finding.request_id,
    )


class AcceptanceView(Document):
    """One finding that somebody has accepted."""

    id: str = Field(description="The finding's: `DELETE …/accept/{id}` withdraws it.")
    code: str
    subject: str
    message: str = Field(description="The finding in words, as it was accepted.")
    application_id: str = Field(description="For this application alone.")
    accepted_on: datetime
    by: str = Field(description="Which function, and the first eight hex digits of the SHA-256 of its key.")


def acceptance_view(acceptance: Acceptance, lang: Language) -> AcceptanceView:
    """Return an acceptance in words."""
    values = {"subject": acceptance.subject, **acceptance.values}
    return AcceptanceView(
        id=acceptance.id,
        code=acceptance.code,
        subject=visible(acceptance.subject),
        message=_words(lang, acceptance.code, "message", values),
        application_id=acceptance.application_id,
        accepted_on=acceptance.accepted_on,
        by=acceptance.by,
    )


async def accepted(clients: Services, name: str) -> tuple[tuple[Acceptance, ...], list[Finding]]:
    """Return what is accepted for a connection; where that cannot be read nothing is, and a finding says so."""
    try:
        return await clients.acceptances.load(name), []
    except UnreadableError as error:
        return (), [unreadable(error)]


def explained(code: str, lang: Language, hostname: str | None) -> str:
    """Return the address of the page about a finding, which the app serves; relative where it knows no own name."""
    return f"{f'https://{hostname}' if hostname else ''}/findings/{code}.{lang}"


def context_of(clients: Services, connection: Connection | None = None, ids: Ids | None = None) -> Context:
    """Return what commands are filled with: of a connection, or of the deployment alone."""
    wanted = connection.wanted if connection is not None else None
    return Context(
        name=connection.name if connection is not None else "",
        display_name=visible(wanted.display_name) if wanted is not None else "",
        ids=connection.ids if connection is not None else ids or Ids(),
        mailboxes=tuple(wanted.mailboxes) if wanted is not None else (),
        portal=clients.cloud.portal,
        principal=connection is not None and connection.step(StepName.EXCHANGE).state in SETTLED,
        leaving=tuple(one for chunk in connection.chunks for one in chunk.leaving) if connection is not None else (),
        protocols=tuple(connection.by_consent) if connection is not None else (Protocol.IMAP,),
        app=clients.settings.site_name,
        hostname=clients.settings.hostname,
        resource_group=clients.settings.resource_group,
    )


def _own_words(finding: Finding, *parts: str) -> str:
    """Return a service's own words; empty where it has said none, or a code alone."""
    words = (visible(str(finding.values.get(part) or "")).strip() for part in parts)
    return next((one for one in words if " " in one), "")


def _told(message: str, said: str, lang: Language) -> str:
    """Return the message with the service's own words, where it does not hold them: they may say more than we know."""
    return message if said in message else f"{message} {text(lang, 'label', 'said', values={'reason': said})}"


def _words(lang: Language, code: str, part: str, values: dict[str, str | int]) -> str:
    """Return a finding's text; its code where another version of this app has stored one that we do not know."""
    try:
        return text(lang, "finding", code, part, values=values)
    except KeyError:
        return code


def _why(finding: Finding, lang: Language) -> str:
    """Return why a document cannot be read, in words where we have some for it."""
    why = str(finding.values.get("why", ""))
    try:
        return text(lang, "unreadable", why)
    except KeyError:
        return why
