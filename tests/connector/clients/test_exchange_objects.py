"""The objects that Exchange's cmdlets print, and whether they are what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from connector.clients.exchange_objects import (
    holds_access,
    holds_send_as,
    listed,
    read_mailbox,
    read_recipient,
    read_switches,
)
from connector.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from connector.microsoft import Protocol
from connector.observed import ExchangePrincipal, Mailbox

IMAP = (Protocol.IMAP,)
APPLICATION = "11111111-2222-3333-4444-555555555555"
OBJECT = "99999999-8888-7777-6666-555555555555"
ANNA = Mailbox(
    "anna@b.example", "anna@b.example", "UserMailbox", guid="g1", names=frozenset({"anna@b.example", "g1", "anna 1"})
)
OTHER = {"Identity": "berta 2", "Guid": "g2", "PrimarySmtpAddress": "berta@b.example", "EmailAddresses": []}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A-B,C-D", ["A-B", "C-D"]),
        ("{FullAccess, ReadPermission}", ["FullAccess", "ReadPermission"]),
        (["A-B", {"Name": "C-D"}, {"name": "E-F"}, {}, None, 3], ["A-B", "C-D", "E-F"]),
        (None, []),
        ("", []),
    ],
)
def test_names_are_listed_in_several_ways(value: Any, expected: list[str]) -> None:
    assert listed(value) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"User": "utm"}, True),
        ({"User": "S-1-5-21"}, True),
        ({"User": "S-1-5-22"}, False),
        ({"User": ""}, False),
        ({"Deny": True}, False),
        ({"Deny": "True"}, False),
        ({"Deny": "False"}, True),
        ({"AccessRights": "ReadPermission, FullAccess"}, True),
        ({"AccessRights": ["ReadPermission"]}, False),
    ],
)
def test_what_counts_as_access(change: dict[str, Any], expected: bool) -> None:
    principal = ExchangePrincipal(APPLICATION, OBJECT, "UTM", frozenset({"S-1-5-21", ""}))
    entry = {"User": OBJECT.upper(), "AccessRights": ["FullAccess"], "Deny": False, **change}
    assert holds_access([entry], principal, ANNA) is expected


@pytest.mark.parametrize("rights", [None, 7, [], [7], {}])
def test_an_entry_that_names_no_right_says_nothing_of_access(rights: Any) -> None:
    principal = ExchangePrincipal(APPLICATION, OBJECT, "UTM")
    with pytest.raises(UnexpectedAnswerError, match="property-missing"):
        holds_access([{"User": OBJECT, "AccessRights": rights}], principal, ANNA)


@pytest.mark.parametrize("value", [None, 7, ""])
def test_objects_that_name_nobody_are_not_all_objects_but_one(value: Any) -> None:
    nameless = {"UserPrincipalName": value, "EmailAddresses": value, "Guid": value}
    for read in (read_recipient, read_mailbox):
        with pytest.raises(UnexpectedAnswerError, match="property-missing"):
            read([nameless, nameless], "a@b.example")


def test_several_objects_are_ambiguous_and_half_an_object_is_unexpected() -> None:
    entry = {"UserPrincipalName": "a@b.example", "RecipientTypeDetails": "SharedMailbox", "Guid": "g1"}
    assert read_mailbox([entry], "a@b.example") == Mailbox(
        "a@b.example", "a@b.example", "SharedMailbox", guid="g1", names=frozenset({"a@b.example", "g1"})
    )
    for guid in (None, "", 7):
        with pytest.raises(UnexpectedAnswerError, match="property-missing"):
            read_mailbox([{**entry, "Guid": guid}], "a@b.example")
    with pytest.raises(RefusedError, match="ambiguous"):
        read_mailbox([entry, entry], "a@b.example")
    with pytest.raises(NotFoundError):
        read_recipient([], "a@b.example")
    for read in (read_recipient, read_mailbox):
        with pytest.raises(UnexpectedAnswerError, match="property-missing"):
            read([{}], "a@b.example")
    with pytest.raises(UnexpectedAnswerError, match="property-missing"):
        read_switches([{}], ANNA, IMAP)


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ({"EmailAddresses": ["SMTP:a@b.example", "smtp:Info@b.example"]}, "info@b.example"),
        ({"EmailAddresses": [], "Guid": "G1"}, "g1"),
        ({"EmailAddresses": "SMTP:a@b.example,smtp:info@b.example"}, "info@b.example"),
        ({}, "info@b.example"),
    ],
)
def test_of_all_objects_the_one_that_was_asked_for_is_taken(entry: dict[str, Any], asked: str) -> None:
    anna = {"UserPrincipalName": "a@b.example", "Guid": "g0", **entry}
    assert read_mailbox([anna], asked).user_principal_name == "a@b.example"
    if entry:
        assert read_mailbox([OTHER, anna, OTHER], asked).user_principal_name == "a@b.example"
    with pytest.raises(NotFoundError):
        read_mailbox([OTHER], asked)


@pytest.mark.parametrize("identity", ["Anna 1", "g1", "eur.prod.example/Hosted/b.example/Anna 1", None])
def test_an_answer_is_compared_by_whatever_it_calls_the_mailbox(identity: str | None) -> None:
    principal = ExchangePrincipal(APPLICATION, OBJECT, "UTM")
    said = {} if identity is None else {"Identity": identity}
    access = {**said, "User": OBJECT, "AccessRights": ["FullAccess"]}
    foreign = {**access, "Identity": "Berta 2"}
    assert holds_access([foreign, access], principal, ANNA)
    off = {"ImapEnabled": False}
    assert read_switches([{**OTHER, "ImapEnabled": True}, {**said, **off}], ANNA, IMAP) == {Protocol.IMAP: False}
    assert not holds_access([{**foreign, "User": "somebody"}], principal, ANNA)
    with pytest.raises(UnexpectedAnswerError, match="another-object"):
        holds_access([foreign], principal, ANNA)
    with pytest.raises(UnexpectedAnswerError, match="another-object"):
        read_switches([{**OTHER, "ImapEnabled": True}], ANNA, IMAP)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"Trustee": "CONTOSO\\Anna@B.example"}, True),
        ({"Identity": "b.example/Users/info 1"}, True),
        ({"AccessControlType": "Deny"}, False),
        ({"AccessRights": ["ReadPermission"]}, False),
        ({"Trustee": "berta@b.example"}, None),
        ({"Trustee": "S-1-5-21-7"}, None),
        ({"Trustee": None}, None),
        ({"Identity": "another"}, None),
        ({"AccessRights": None}, None),
    ],
)
def test_only_what_names_the_mailbox_and_the_address_is_its_right_to_send(change: Any, expected: bool | None) -> None:
    entry = {"Identity": "Info 1", "Trustee": "anna@b.example", "AccessRights": ["SendAs"], **change}
    if expected is None:  # neither there nor gone
        with pytest.raises(UnexpectedAnswerError):
            holds_send_as([entry], ANNA, frozenset({"info 1", "info@b.example"}))
    else:
        assert holds_send_as([entry], ANNA, frozenset({"info 1", "info@b.example"})) is expected
    assert not holds_send_as([], ANNA, frozenset())
