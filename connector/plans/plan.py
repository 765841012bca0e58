"""What every decision answers with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.finding import Finding
from connector.microsoft import Protocol
from connector.wanted import Absent, Wanted


class Action(StrEnum):
    """The writes that this product can make; there are no others."""

    CREATE_APPLICATION = "create-application"
    UPDATE_APPLICATION = "update-application"
    CREATE_ENTERPRISE_APPLICATION = "create-enterprise-application"
    ASSIGN_ROLE = "assign-role"
    REMOVE_ORPHAN = "remove-orphan"
    RECOVER_SECRET = "recover-secret"  # noqa: S105 - the name of an action
    ADD_SECRET = "add-secret"  # noqa: S105 - the name of an action
    REMOVE_SECRET = "remove-secret"  # noqa: S105 - the name of an action
    ADD_CERTIFICATE = "add-certificate"
    ADD_FEDERATED = "add-federated"
    REMOVE_FEDERATED = "remove-federated"
    CREATE_PRINCIPAL = "create-principal"
    REPLACE_PRINCIPAL = "replace-principal"
    ENABLE_IMAP = "enable-imap"
    ENABLE_POP = "enable-pop"
    ENABLE_SMTP = "enable-smtp"
    GRANT_ACCESS = "grant-access"
    GRANT_SEND_AS = "grant-send-as"
    REVOKE_SEND_AS = "revoke-send-as"
    REVOKE_ACCESS = "revoke-access"
    DISABLE_POP = "disable-pop"
    DISABLE_SMTP = "disable-smtp"
    REMOVE_CREDENTIAL = "remove-credential"
    DISABLE_VERSION = "disable-version"
    DELETE_SECRET = "delete-secret"  # noqa: S105 - the name of an action
    REMOVE_PRINCIPAL = "remove-principal"
    WITHDRAW_ROLE = "withdraw-role"
    DELETE_APPLICATION = "delete-application"


ENABLE = {protocol: Action(f"enable-{protocol}") for protocol in Protocol}
"""The write that switches a protocol on for a mailbox."""
DISABLE = {protocol: Action(f"disable-{protocol}") for protocol in Protocol if f"disable-{protocol}" in {*Action}}
"""The write that switches it back as it was; IMAP stays on."""
TAKES_BACK = frozenset(
    {
        Action.REVOKE_SEND_AS,
        Action.REVOKE_ACCESS,
        Action.DISABLE_POP,
        Action.DISABLE_SMTP,
        Action.REMOVE_CREDENTIAL,
        Action.DISABLE_VERSION,
        Action.DELETE_SECRET,
        Action.REMOVE_PRINCIPAL,
        Action.WITHDRAW_ROLE,
        Action.DELETE_APPLICATION,
    }
)
"""Those of a removal. Where one may not be made, its reason is the finding, with the lines for a person."""
KNOWN_AFTER_APPLY = "known-after-apply"
"""The subject of a change whose id exists only after an earlier change."""


Goal = Wanted | Absent
"""What a plan is to bring about."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write: what, on which subject, and why (a key of ``connector/messages``)."""

    action: Action
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. Nothing is done while there is a finding of severity ``error``."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    wait: str | None = None
    """Why the world has to catch up first (a key of ``connector/messages``); no change is lacking."""

    @property
    def blocked(self) -> bool:
        """Return whether a finding forbids to go on."""
        return any(finding.severity == "error" for finding in self.findings)
