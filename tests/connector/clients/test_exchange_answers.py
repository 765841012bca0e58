"""What Exchange's admin interface answers, one shape after the other, and anything at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.clients.exchange_answers import RawAnswer, Said, batch, cut_short, error, values, words
from connector.errors import (
    ExistsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from local.tenant.exchange_answers import CmdletError, failure

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
EXISTS = "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"
CONCURRENT = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("error", "value", "details", "message", "innererror", "internalexception", "type", "code", "responses")
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def answer(status: int, document: Any, **headers: str) -> RawAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RawAnswer(status, named, document if isinstance(document, bytes) else json.dumps(document).encode())


def outcome(read: Callable[[RawAnswer], list[Any]], sent: RawAnswer) -> list[Any] | ServiceError:
    try:
        return read(sent)
    except ServiceError as found:
        return found


def detailed(message: str) -> dict[str, Any]:
    return {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": [{"message": message}]}}


@pytest.mark.parametrize("shape", ["A", "B", "C"])
@pytest.mark.parametrize("status", [400, 403, 404, 500])
@pytest.mark.parametrize(
    ("type_", "text", "kind", "code"),
    [
        (NOT_FOUND, "object 'x' couldn't be found on 'AM0'.", NotFoundError, "not-found"),
        (EXISTS, "The object 'CN=x' already exists.", ExistsError, "exists"),
        ("T.Warning", "The entry is already present on the object.", ExistsError, "exists"),
        ("T.ADScopeException", "'x' isn't within your current write scopes.", RefusedError, "outside-write-scope"),
        ("T.ManagementObjectAmbiguousException", "'x' matches multiple entries.", RefusedError, "ambiguous"),
        ("T.RecipientException", "The address 'x' isn't unique.", RefusedError, "ambiguous"),
    ],
)
def test_a_cause_reads_the_same_in_every_shape_and_with_every_status(
    shape: str, status: int, type_: str, text: str, kind: type[ServiceError], code: str
) -> None:
    sent = failure(CmdletError(type_, text), shape, status)
    found = error(RawAnswer(status, sent.headers, json.dumps(sent.value).encode()))
    assert type(found) is kind
    assert (found.code, found.reason, found.request_id) == (code, text, sent.headers["request-id"])


@pytest.mark.parametrize(
    ("message", "kind", "code"),
    [
        ('Ex41BAF5|X|The specified mailbox Identity:"x" doesn\'t exist.', NotFoundError, "not-found"),
        ("User or group “x” wasn’t found.", NotFoundError, "not-found"),
        ("|T.AmbiguousParameterSetException|Parameter set cannot be resolved.", UnexpectedAnswerError, None),
        ("|T.ParameterBindingException|The parameter name 'A' is ambiguous.", UnexpectedAnswerError, None),
        ("|T.CmdletAccessDeniedException|The role isn't supported in this scenario.", ForbiddenError, None),
        ("New-ServicePrincipal is not present", ForbiddenError, "status-500"),
        ("|Some.Space.OddException|Something else.", UnexpectedAnswerError, "OddException"),
        ("{not json", UnexpectedAnswerError, "status-500"),
        ('{"Message": null}', UnexpectedAnswerError, "BadRequest"),
    ],
)
def test_texts_decide(message: str, kind: type[ServiceError], code: str | None) -> None:
    found = error(answer(500, detailed(message)))
    assert type(found) is kind
    assert code is None or found.code == code
    assert found.status == (500 if found.code == "status-500" else None)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 410])
@pytest.mark.parametrize("body", [b"", b"\0" * 512, b"<html>", {"message": "no"}, {"error": {"code": "X"}}])
def test_a_refusal_without_words_names_the_diagnostics(status: int, body: Any) -> None:
    found = error(
        answer(
            status,
            body,
            Content_Encoding="gzip",
            X_MS_Diagnostics='2000003;reason="The cmdlet is not available.";error_category="x"',
            Request_Id="r-1",
        )
    )
    assert type(found) is ForbiddenError
    assert (found.reason, found.request_id) == ("The cmdlet is not available.", "r-1")


@pytest.mark.parametrize(
    ("sent", "kind", "seconds"),
    [
        (answer(429, CONCURRENT, Retry_After="7"), ThrottledError, 7.0),
        (answer(429, b""), ThrottledError, None),
        (answer(429, b"", retry_after="soon"), ThrottledError, None),
        (answer(400, CONCURRENT), ThrottledError, None),
        (answer(200, CONCURRENT.decode()), ThrottledError, None),
        (answer(500, detailed(CONCURRENT.decode())), ThrottledError, None),
        (answer(408, b""), UnavailableError, None),
        (answer(503, detailed("The issue may be transient."), retry_after="3"), UnavailableError, 3.0),
        (answer(504, b"<html>"), UnavailableError, None),
        (answer(502, b"<html>"), UnavailableError, None),
    ],
)
def test_what_waiting_helps_against(sent: RawAnswer, kind: type[ServiceError], seconds: float | None) -> None:
    found = error(sent)
    assert isinstance(found, ThrottledError | UnavailableError)
    assert (type(found), found.seconds) == (kind, seconds)
    assert found.code == ("throttled" if kind is ThrottledError else "unavailable")


@pytest.mark.parametrize("body", [b"", b"<html>Server Error</html>", {"message": "moved"}])
def test_a_500_in_which_no_cmdlet_speaks_is_for_a_person(body: Any) -> None:
    assert type(error(answer(500, body))) is ForbiddenError


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_id_tells_what_a_text_in_another_language_does_not(status: int) -> None:
    internal = {"type": "T", "message": "Das angegebene Postfach ist nicht vorhanden."}
    for id_ in ("Ex41BAF5", "Ex6F9304"):
        document = detailed(f"{id_}|T|Vorgang fehlgeschlagen")
        document["error"]["innererror"] = {"internalexception": internal}
        found = error(answer(status, document))
        assert (type(found), found.reason) == (NotFoundError, internal["message"])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"value": [], "@odata.nextLink": "https://x.example"}, True),
        ({"value": []}, False),
        ({"value": [], "@odata.nextLink": None}, False),
        ([], False),
        (b"", False),
    ],
)
def test_a_list_with_another_page_is_cut_short(document: Any, expected: bool) -> None:
    assert cut_short(answer(200, document)) is expected


def test_nul_bytes_are_a_refusal_with_any_status() -> None:
    assert {type(error(RawAnswer(status, {}, b"\0" * 9))) for status in (200, 403, 500)} == {ForbiddenError}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"value": []}, []),
        ({"value": [{"AppId": "a"}]}, [{"AppId": "a"}]),
        ({"value": {"exportedCmdlets": []}}, [{"exportedCmdlets": []}]),
    ],
)
def test_values(document: Any, expected: list[dict[str, Any]]) -> None:
    assert values(answer(200, document)) == expected
    assert values(answer(200, document), written=True) == expected


@pytest.mark.parametrize("status", [200, 204])
def test_a_write_may_be_answered_with_no_body_and_a_read_says_nothing_then(status: int) -> None:
    """What was read of nothing would be taken for gone."""
    assert values(answer(status, b""), written=True) == []
    with pytest.raises(UnavailableError):
        values(answer(status, b""))


@pytest.mark.parametrize("document", [{}, [], "text", None, {"value": None}, {"value": ["x"]}, b"<html>"])
def test_a_success_of_unknown_shape_is_for_a_person(document: Any) -> None:
    with pytest.raises(ForbiddenError):
        values(answer(200, document))


def test_an_error_with_a_successful_status_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        values(answer(200, detailed("'x' couldn't be found") | {"value": []}))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"error": {"code": "X", "message": "plain"}}, Said("X", "plain")),
        ({"error": {"code": "X", "message": "m", "details": "odd", "innererror": []}}, Said("X", "m")),
        (detailed("Invalid Operation"), Said("BadRequest", "Error executing cmdlet")),
        (detailed("Ex1|T|a|b"), Said("Ex1 T", "a|b")),
        (
            {
                "error": {
                    "details": [{"message": "Ex41BAF5|T|less"}],
                    "innererror": {"internalexception": {"type": "U", "message": "more"}},
                }
            },
            Said("U Ex41BAF5 T", "more"),
        ),
        (
            detailed("|T|less") | {"error": {"innererror": {"internalexception": {"type": "U", "message": "more"}}}},
            Said("U", "more"),
        ),
        ("text", Said("", "text")),
        (None, Said("", "")),
    ],
)
def test_words_come_from_where_they_are_most_precise(document: Any, expected: Said) -> None:
    assert words(document) == expected


def test_a_batch_is_matched_by_id() -> None:
    responses = [
        {"id": "1", "status": "200", "headers": {"request-id": "r"}, "body": {"value": [{"A": 1}]}},
        {"id": 0, "status": 204, "body": None},
        {"id": "2", "status": 403, "headers": None, "body": "\0\0"},
        "odd",
        {"id": "4", "status": None},
    ]
    found = batch(answer(200, {"responses": responses}), ["0", "1", "2", "3", "4"])
    assert (values(found[0], written=True), values(found[1])) == ([], [{"A": 1}])
    assert [type(error(one)) for one in found[2:]] == [ForbiddenError, UnavailableError, ForbiddenError]
    assert error(found[3]).reason == "the batch holds no answer to this"


@pytest.mark.parametrize("document", [{}, {"responses": None}, [], b"\0\0", b""])
def test_a_batch_of_unknown_shape_is_refused(document: Any) -> None:
    with pytest.raises(ForbiddenError):
        batch(answer(200, document), ["0"])


@given(st.integers(100, 599), ANYTHING | st.binary(max_size=50))
def test_any_answer_is_values_or_one_of_our_errors(status: int, document: Any) -> None:
    sent = answer(status, document)
    for read in (values, lambda one: batch(one, ["0"])):
        found = outcome(read, sent)
        if isinstance(found, ServiceError):
            assert found.service == "exchange"
            assert found.code
            assert len(found.reason) <= 300
            assert found.reason == "" or found.reason.isprintable()


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_words_come_through_as_a_detail(type_: str, text: str) -> None:
    if "|" in type_ or text.strip().lower() in {"", "invalid operation", "error executing cmdlet"}:
        return
    assert words(detailed(f"|{type_}|{text}")) == Said(type_.strip(), text)
    assert words(detailed(json.dumps({"Message": text, "TypeName": type_}))) == Said(type_, text)


@pytest.mark.parametrize(
    "words",
    [
        "'x' isn't within your current write scopes. Can't perform save operation.",
        "The operation on mailbox \"x\" failed because it's out of the current user's write scope.",
        "The object 'x' is outside of your recipient write scope.",
        "You can't use this cmdlet: 'x' is not within the scope of your role assignments: not in your current scope.",
        "x is not in any management role scope of yours",
    ],
)
def test_outside_the_scope_is_known_by_its_meaning(words: str) -> None:
    sent = failure(CmdletError("T.Any", words), "A", 400)
    found = error(RawAnswer(400, sent.headers, json.dumps(sent.value).encode()))
    assert (found.code, found.reason) == ("outside-write-scope", words)


@pytest.mark.parametrize(
    "words", ["The role isn't supported in this scenario.", "No scope is needed.", "x is not found"]
)
def test_not_every_no_is_a_scope(words: str) -> None:
    sent = failure(CmdletError("T.Any", words), "A", 400)
    assert error(RawAnswer(400, sent.headers, json.dumps(sent.value).encode())).code != "outside-write-scope"
