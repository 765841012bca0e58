"""The objects that Exchange's cmdlets print: pure, each compared with what was asked for.

"A value that does not exist returns all objects" is documented for some of the ``Get-`` cmdlets and seen for the others
(learn.microsoft.com/powershell/module/exchange/get-serviceprincipal), so an answer is not taken for the one that was
asked for until it names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from connector.address import folded
from connector.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from connector.microsoft import PROTOCOLS, Needs, Protocol, Switch
from connector.observed import ExchangePrincipal, Mailbox, Recipient

Entry: TypeAlias = Mapping[str, object]
"""One object that a cmdlet prints."""
ANOTHER_OBJECT = "another-object"
"""The code of an answer that is about something else than what was asked for."""
NO_OBJECT = "no-object"
"""The code of an answer without any; of what is not there Exchange says so in words."""
_NAMES = (
    "UserPrincipalName",
    "PrimarySmtpAddress",
    "WindowsEmailAddress",
    "WindowsLiveID",
    "MicrosoftOnlineServicesID",
    "Guid",
    "ExchangeGuid",
    "ExternalDirectoryObjectId",
    "Identity",
    "Id",
    "Name",
    "Alias",
    "DistinguishedName",
)
"""The properties of a recipient of which no other has the same."""


def read_mailbox(found: Sequence[Entry], asked: str) -> Mailbox:
    """Return the mailbox that ``asked``, an address or an id, stands for.

    Raises:
        NotFoundError: there is none, whatever else was answered.
        RefusedError: ``ambiguous``, there are several.
        UnexpectedAnswerError: it has no ``Guid``: by its address it would be another one than before, and than later.
    """
    entry = _one(found, asked)
    name, guid = required(entry, "UserPrincipalName"), required(entry, "Guid")
    return Mailbox(
        name,
        str(entry.get("PrimarySmtpAddress") or name),
        str(entry.get("RecipientTypeDetails") or ""),
        guid=guid,
        exchange_guid=_text(entry, "ExchangeGuid"),
        directory_id=_text(entry, "ExternalDirectoryObjectId"),
        names=frozenset(_names(entry)),
    )


def read_recipient(found: Sequence[Entry], asked: str) -> Recipient:
    """Return the recipient of an address.

    Raises:
        NotFoundError, RefusedError: as for ``read_mailbox``.
    """
    entry = _one(found, asked)
    return Recipient(
        str(entry.get("PrimarySmtpAddress") or ""),
        required(entry, "RecipientTypeDetails"),
        guid=_text(entry, "Guid"),
        names=frozenset(_names(entry)),
    )


def read_switches(
    found: Sequence[Entry], mailbox: Mailbox, protocols: Collection[Protocol]
) -> dict[Protocol, bool | None]:
    """Return which protocols are switched on for a mailbox; None where the tenant's own setting decides.

    Raises:
        UnexpectedAnswerError: the answer is about another mailbox, or does not say it.
    """
    about = [entry for entry in found if _is_about(entry, mailbox)]
    if found and not about:
        raise UnexpectedAnswerError("exchange", ANOTHER_OBJECT, "Exchange answered about another mailbox")
    entry = single(about)
    return {protocol: _switched(entry, PROTOCOLS[protocol].switch) for protocol in protocols}


def read_tenant_switch(found: Sequence[Entry], switch: Switch) -> bool | None:
    """Return whether the tenant's setting is on; None where it does not say."""
    value = single(found).get(switch.tenant or "")
    return None if value is None else true(value) is switch.on


def _switched(entry: Entry, switch: Switch) -> bool | None:
    value = entry.get(switch.name)
    if value is None and switch.tenant is None:
        raise UnexpectedAnswerError("exchange", "property-missing", f"the object has no {switch.name}")
    return None if value is None else true(value) is switch.on


def holds_access(found: Sequence[Entry], principal: ExchangePrincipal, mailbox: Mailbox) -> bool:
    """Return whether one of the entries is the principal's ``FullAccess``; Exchange may name it in several ways.

    Exchange was asked for the entries of this user only; where the names are not known that has to do.

    Raises:
        UnexpectedAnswerError: the principal's access that is shown is to another mailbox; or an entry names no right.
    """
    if not all(listed(entry.get("AccessRights")) for entry in found):
        raise UnexpectedAnswerError("exchange", "property-missing", "an entry has no AccessRights")
    names = {name.lower() for name in (principal.object_id, principal.display_name, *principal.aliases) if name}
    held = [
        entry
        for entry in found
        if "FullAccess" in listed(entry.get("AccessRights"))
        and not true(entry.get("Deny"))
        and (principal.assumed or str(entry.get("User", "")).lower() in names)
    ]
    if held and not any(_is_about(entry, mailbox) for entry in held):
        raise UnexpectedAnswerError("exchange", ANOTHER_OBJECT, "Exchange answered about another mailbox")
    return bool(held)


def holds_send_as(found: Sequence[Entry], mailbox: Mailbox, names: frozenset[str]) -> bool:
    """Return whether one of the entries lets this mailbox send; only one that names it counts, and nothing else does.

    ``names`` are those of the recipient that was asked for; none where nobody knows them.

    Raises:
        UnexpectedAnswerError: the right that is shown is to another recipient, or somebody else's: then nobody knows
            whether this mailbox has it. Or an entry names no right.
    """
    if not all(listed(entry.get("AccessRights")) and entry.get("Trustee") for entry in found):
        raise UnexpectedAnswerError("exchange", "property-missing", "an entry has no AccessRights, or no Trustee")
    known = mailbox.names | {folded(mailbox.user_principal_name)}
    about = [entry for entry in found if folded(_text(entry, "Trustee")).rpartition("\\")[2] in known]
    if names:
        about = [entry for entry in about if folded(_text(entry, "Identity")).rpartition("/")[2] in names]
    if found and not about:
        raise UnexpectedAnswerError("exchange", ANOTHER_OBJECT, "Exchange answered about another right")
    return any(
        "SendAs" in listed(entry.get("AccessRights")) and str(entry.get("AccessControlType") or "Allow") == "Allow"
        for entry in about
    )


def role_assigned(found: Sequence[Entry], needs: Needs) -> bool:
    """Return whether one of the roles that an application was assigned in Exchange permits what a protocol needs.

    Raises:
        UnexpectedAnswerError: an entry names neither a role nor what it grants.
    """
    return bool(_granting(found, needs))


def is_boundless(found: Sequence[Entry], needs: Needs) -> bool:
    """Return whether one of these roles was assigned without a scope: it reaches every mailbox of the tenant.

    ``ScopeType`` is ``Organization`` then (the third line of the cmdlet's first example).
    """
    return any(_text(entry, "ScopeType").lower() == "organization" for entry in _granting(found, needs))


def role_reaches(found: Sequence[Entry], needs: Needs) -> bool:
    """Return whether the mailbox that was asked about lies within the scope of such a role; of several one is enough.

    The columns: learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization.

    Raises:
        UnexpectedAnswerError: that is not said: without a mailbox ``InScope`` is ``Not Run``.
    """
    said = [str(entry.get("InScope")).lower() for entry in _granting(found, needs)]
    if "true" in said or {*said} <= {"false"}:
        return "true" in said
    raise UnexpectedAnswerError("exchange", "property-missing", "an entry does not say whether it is in scope")


def _granting(found: Sequence[Entry], needs: Needs) -> list[Entry]:
    """Return the entries that permit it: a role of one's own has another name, and grants the same."""
    names = [(_text(entry, "RoleName"), listed(entry.get("GrantedPermissions"))) for entry in found]
    if not all(role or granted for role, granted in names):
        raise UnexpectedAnswerError("exchange", "property-missing", "an entry has no RoleName")
    return [
        entry
        for entry, (role, granted) in zip(found, names, strict=True)
        if role.lower() == needs.exchange_role.lower() or needs.role in granted
    ]


def read_principal(entry: Entry) -> ExchangePrincipal:
    """Return Exchange's record of a service principal."""
    names = (entry.get(key) for key in ("Identity", "Sid", "Name", "Id", "DistinguishedName"))
    return ExchangePrincipal(
        application_id=str(entry.get("AppId", "")).lower(),
        object_id=str(entry.get("ObjectId", "")).lower(),
        display_name=str(entry.get("DisplayName", "")),
        aliases=frozenset(str(name) for name in names if name),
    )


def single(found: Sequence[Entry]) -> Entry:
    """Return the only object. None at all is "not found", several are "ambiguous"."""
    if not found:
        raise NotFoundError("exchange", NO_OBJECT, "Exchange answered with no object")
    if len(found) > 1:
        raise RefusedError("exchange", "ambiguous", f"Exchange answered with {len(found)} objects")
    return found[0]


def required(entry: Entry, name: str) -> str:
    """Return a property without which an object is of no use."""
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise UnexpectedAnswerError("exchange", "property-missing", f"the object has no {name}")
    return value


def true(value: object) -> bool:
    """Return whether a property is true; PowerShell's values also come as text."""
    return value is True or str(value).lower() == "true"


def listed(value: object) -> list[str]:
    """Return the names in a list of names or of objects, or in a text with commas between them."""
    entries = value.strip("{}").split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    named = (entry.get("Name") or entry.get("name") if isinstance(entry, dict) else entry for entry in entries)
    return [name.strip() for name in named if isinstance(name, str) and name.strip()]


def _one(found: Sequence[Entry], asked: str) -> Entry:
    """Return the object that has the name which was asked for; one that hides its addresses is believed alone."""
    named = [entry for entry in found if folded(asked) in _names(entry)]
    if not named and len(found) == 1 and "EmailAddresses" not in found[0]:
        return found[0]
    if found and not any(map(_names, found)):
        raise UnexpectedAnswerError("exchange", "property-missing", "no object has a name")
    if found and not named:
        raise NotFoundError("exchange", ANOTHER_OBJECT, "Exchange answered about others")
    return single(named)


def _names(entry: Entry) -> set[str]:
    """Return every name of a recipient in lower case: addresses without their kind, ids, names."""
    addresses = (address.partition(":") for address in listed(entry.get("EmailAddresses")))
    smtp = (address if kind.lower() == "smtp" else "" for kind, _, address in addresses)
    return set(_lower((*smtp, *(_text(entry, name) for name in _NAMES))))


def _is_about(entry: Entry, mailbox: Mailbox) -> bool:
    """Return whether an object belongs to a mailbox; one that says nothing of it is the answer to the question.

    What cmdlets print as ``Identity`` is a name, an id, or a path that ends with the name.
    """
    said = {*_lower(_text(entry, name) for name in ("Guid", "Identity", "PrimarySmtpAddress"))}
    said |= {name.rpartition("/")[2] for name in said}
    return not said or not mailbox.names or bool(said & mailbox.names)


def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _lower(names: Iterable[str]) -> Iterable[str]:
    return (folded(name) for name in names if name)
