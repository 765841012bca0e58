"""What the API refuses: the status, the code, the way out in two languages, and that nothing came of it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.triggers.served import GOOD, NAME, PATH, AppRoute, Served, app_routes, problem

KNOWN = "name, mailboxes, displayName, secret, protocols, enableImap, enablePop, enableSmtp, roleBasedSending, sendAs"

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS: list[tuple[str, Any, str, str]] = [
    ("unknown field", {**GOOD, "zzz": 1}, "unknown-field", "zzz"),
    ("misspelt field", {**GOOD, "mailboxs": []}, "unknown-field-near", "mailboxs"),
    ("snake case", {**GOOD, "enable_imap": True}, "unknown-field-near", "enable_imap"),
    ("misspelt field below", {**GOOD, "secret": {"lifetimedays": 3}}, "unknown-field-near", "secret.lifetimedays"),
    ("no mailboxes named", {"name": "new"}, "field-missing", "mailboxes"),
    ("no name", {"mailboxes": GOOD["mailboxes"]}, "field-missing", "name"),
    ("name with capitals", {**GOOD, "name": "Upper"}, "name-invalid", "name"),
    ("name too long", {**GOOD, "name": "a" * 41}, "name-invalid", "name"),
    ("name with a path", {**GOOD, "name": "../new"}, "name-invalid", "name"),
    ("number for a name", {**GOOD, "name": 7}, "field-type", "name"),
    ("text for a list", {**GOOD, "mailboxes": "a@contoso.example"}, "field-type", "mailboxes"),
    ("number for an address", {**GOOD, "mailboxes": [7]}, "field-type", "mailboxes.0"),
    ("text for a switch", {**GOOD, "enableImap": "true"}, "field-type", "enableImap"),
    ("list for an object", {**GOOD, "secret": []}, "field-type", "secret"),
    ("null for a text", {**GOOD, "displayName": None}, "field-type", "displayName"),
    ("body that is a list", [GOOD], "field-type", "body"),
    ("no mailboxes", {**GOOD, "mailboxes": []}, "list-length", "mailboxes"),
    ("5,001 mailboxes", {**GOOD, "mailboxes": [f"a{n}@b.de" for n in range(5_001)]}, "list-length", "mailboxes"),
    ("same in capitals", {**GOOD, "mailboxes": ["a@b.de", "A@B.DE"]}, "duplicate-mailbox", "mailboxes"),
    ("not an address", {**GOOD, "mailboxes": ["no address"]}, "not-an-address", "mailboxes"),
    ("half a surrogate pair", {**GOOD, "mailboxes": ["\ud800@b.de"]}, "not-an-address", "mailboxes"),
    ("lifetime 0", {**GOOD, "secret": {"lifetimeDays": 0}}, "field-range", "secret.lifetimeDays"),
    ("lifetime 731", {**GOOD, "secret": {"lifetimeDays": 731}}, "field-range", "secret.lifetimeDays"),
    ("line break in a name", {**GOOD, "displayName": "a\nb"}, "hidden-character", "displayName"),
]


@pytest.mark.parametrize(("document", "code", "field"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
async def test_a_wrong_field_is_named_in_both_languages_and_nothing_happens(
    hq: Served, document: Any, code: str, field: str
) -> None:
    said = {}
    async with hq.nothing_happens():
        for language in ("de", "en"):
            answer = await hq.client.post(
                "/api/connections", content=json.dumps(document), headers=_json({"Accept-Language": language})
            )
            body = problem(answer, 422, code)
            assert body["field"] == field
            assert answer.headers["content-language"] == language
            said[language] = (body["title"], body["detail"], body["hint"])
    assert all(german != english for german, english in zip(said["de"], said["en"], strict=True) if " " in english)


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        pytest.param(b"{", "application/json", 400, "not-json", id="broken off"),
        pytest.param(b"", "application/json", 400, "not-json", id="empty"),
        pytest.param(b'{"name": NaN}', "application/json", 400, "not-json", id="a number that JSON has not"),
        pytest.param(b'{"name": ' + b"1" * 5_000 + b"}", "application/json", 400, "not-json", id="a number too long"),
        pytest.param(b"[" * 200_000, "application/json", 400, "not-json", id="too deep"),
        pytest.param(b'{"name": "\xff"}', "application/json", 400, "not-utf8", id="not UTF-8"),
        pytest.param(json.dumps(GOOD).encode("utf-16"), "application/json", 400, "body-utf16", id="UTF-16"),
        pytest.param(json.dumps(GOOD).encode(), "text/plain", 415, "media-type", id="text"),
        pytest.param(json.dumps(GOOD).encode(), "", 415, "media-type", id="no type"),
        pytest.param(json.dumps(GOOD).encode(), "application/x-www-form-urlencoded", 415, "media-type", id="form"),
        pytest.param(
            json.dumps(GOOD).encode() + b" " * 1_000_000, "application/json", 413, "body-too-large", id="over 1 MB"
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_and_nothing_happens(
    hq: Served, content: bytes, content_type: str, status: int, code: str
) -> None:
    titles = set()
    async with hq.nothing_happens():
        for language in ("de", "en"):
            headers = {"Content-Type": content_type, "Accept-Language": language}
            body = problem(await hq.client.post("/api/connections", content=content, headers=headers), status, code)
            assert "field" not in body
            titles.add(body["title"])
    assert len(titles) == 2


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": "new", "mailboxes": ["a@contoso.example"], "name": "other"}', "name"),
        (b'{"name": "new", "enableImap": false, "enableImap": false}', "enableImap"),
        (b'{"secret": {"lifetimeDays": 3, "lifetimeD\\u0061ys": 700}}', "lifetimeDays"),
    ],
)
async def test_a_field_that_is_there_twice_is_refused(hq: Served, content: bytes, field: str) -> None:
    async with hq.nothing_happens():
        answer = await hq.client.post("/api/connections", content=content, headers=_json())
    assert problem(answer, 422, "field-doubled")["field"] == field


async def test_a_body_just_within_the_limit_is_read(hq: Served) -> None:
    content = b"{" + b" " * 999_998 + b"}"
    answer = await hq.client.post("/api/connections", content=content, headers=_json())
    assert problem(answer, 422, "field-missing")["field"] == "name"


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "Meinten Sie „mailboxes“? Bekannte Felder: "),
        ("en", 'Did you mean "mailboxes"? Known fields: '),
        ("fr, de;q=0.2, en;q=0.1", "Meinten Sie „mailboxes“? Bekannte Felder: "),
        ("fr", 'Did you mean "mailboxes"? Known fields: '),
        ("", 'Did you mean "mailboxes"? Known fields: '),
        (";;q=,de;q=x", 'Did you mean "mailboxes"? Known fields: '),
    ],
)
async def test_the_way_out_is_said_in_the_callers_language(hq: Served, header: str, hint: str) -> None:
    answer = await hq.client.post("/api/connections", json={**GOOD, "mailboxs": 1}, headers={"Accept-Language": header})
    said = problem(answer, 422, "unknown-field-near")["hint"]
    assert said == f"{hint}{KNOWN}."


async def test_a_field_without_a_near_one_is_answered_with_the_known_ones(hq: Served) -> None:
    answer = await hq.client.post("/api/connections", json={**GOOD, "zzz": 1})
    assert KNOWN in answer.json()["hint"]


async def test_an_answer_repeats_only_the_beginning_of_a_long_field(hq: Served) -> None:
    answer = await hq.client.post("/api/connections", json={**GOOD, "x" * 500_000: 1})
    assert problem(answer, 422, "unknown-field")["field"] == "x" * 100
    assert len(answer.content) < 2_000


@pytest.mark.parametrize(
    ("method", "path", "code", "field"),
    [
        ("POST", "/api/connections?dryrun=true", "unknown-query", "dryrun"),
        ("POST", "/api/connections?allowremoval=9", "unknown-query", "allowremoval"),
        ("GET", "/api/connections?top=0", "query-invalid", "top"),
        ("GET", "/api/connections?top=501", "query-invalid", "top"),
        ("GET", "/api/connections?top=-1", "query-invalid", "top"),
        ("GET", "/api/connections?top=%D9%A1", "query-invalid", "top"),
        ("GET", "/api/connections?top=", "query-empty", "top"),
        ("GET", "/api/connections?after", "query-empty", "after"),
        ("GET", "/api/connections?after=%FF", "query-encoding", "after"),
        ("GET", f"{PATH}?state=", "query-empty", "state"),
        ("GET", f"{PATH}?state=open&state=open", "query-doubled", "state"),
        ("POST", "/api/connections?allowRemoval", "query-empty", "allowRemoval"),
        ("GET", "/api/connections?Top=1", "unknown-query", "Top"),
        ("GET", f"{PATH}?state=broken", "query-invalid", "state"),
        ("GET", f"{PATH}/parameters?secret=please", "query-invalid", "secret"),
        ("GET", f"{PATH}/parameters?secrets=reference", "unknown-query", "secrets"),
        ("POST", f"{PATH}/verify?force=1", "unknown-query", "force"),
        ("GET", "/api/health?verbose=1", "unknown-query", "verbose"),
        ("POST", "/api/connections?dryRun=yes", "query-invalid", "dryRun"),
        ("POST", "/api/connections?allowRemoval=-1", "query-invalid", "allowRemoval"),
        ("POST", "/api/connections?allowRemoval=all", "query-invalid", "allowRemoval"),
        ("GET", f"{PATH}/plan?after=x", "query-invalid", "after"),
        ("GET", f"{PATH}/report?all=1", "unknown-query", "all"),
        ("POST", f"{PATH}/cancel?now=1", "unknown-query", "now"),
        ("POST", f"{PATH}/accept?all=true", "unknown-query", "all"),
        ("DELETE", f"{PATH}/accept/foreign-owner:x?applicationId=y", "unknown-query", "applicationId"),
    ],
)
async def test_a_wrong_query_parameter_is_refused_and_not_ignored(
    hq: Served, method: str, path: str, code: str, field: str
) -> None:
    async with hq.nothing_happens():
        for language in ("de", "en"):
            answer = await hq.client.request(
                method, path, json=GOOD if method == "POST" else None, headers={"Accept-Language": language}
            )
            assert problem(answer, 422, code)["field"] == field
            assert answer.headers["content-language"] == language


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ("zzz", "unknown-query", "zzz"),
        ("zzz=", "unknown-query", "zzz"),
        ("&=1", "unknown-query", ""),
        ("code&Code=1;zzz=1&zz%5A=1", "unknown-query", "zzZ"),
        ("%FFzz=1", "query-encoding", "%FFzz"),
        ("%zz=1", "query-encoding", "%zz"),
        ("z" * 5_000, "unknown-query", "z" * 100),
    ],
)
async def test_no_route_passes_over_a_query_parameter(hq: Served, sent: str, code: str, field: str) -> None:
    async with hq.nothing_happens():
        for route in app_routes():
            answer = await hq.client.request(route.method, f"{route.at(NAME)}?{sent}", json=GOOD)
            assert problem(answer, 422, code)["field"] == field, route


@pytest.mark.parametrize(
    "name", ["unknown", "UPPER", "a" * 41, "a--b", "hq%0A", "%FF", "..%5C..%5Cetc", "%F0%9F%98%80"]
)
@pytest.mark.parametrize("route", [one for one in app_routes() if "{name}" in one.path], ids=lambda one: one.function)
async def test_an_unknown_connection_or_what_cannot_be_a_name(hq: Served, route: AppRoute, name: str) -> None:
    async with hq.nothing_happens():
        answer = await hq.client.request(route.method, route.at(name))
        code = "unknown-plan" if route.function == "read_plan" else "unknown-connection"
        assert problem(answer, 404, code)["detail"]


@pytest.mark.parametrize("name", ["..%2Fconnections%2Fhq", "hq%2F0"])
async def test_a_name_does_not_lead_to_another_document(hq: Served, name: str) -> None:
    async with hq.nothing_happens():
        answer = await hq.client.get(f"/api/connections/{name}")
    assert name in problem(answer, 404, "unknown-connection")["detail"]


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": ""}], ids=str)
@pytest.mark.parametrize("route", app_routes(), ids=lambda one: one.function)
async def test_a_wrong_or_missing_key_is_refused_without_a_word(
    hq: Served, route: AppRoute, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url, headers=headers) as stranger, hq.nothing_happens():
        answer = await stranger.request(route.method, route.at(NAME))
        if route.open:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("owner", [one.function for one in app_routes() if not one.open])
async def test_the_key_of_a_function_opens_no_other(hq: Served, owner: str) -> None:
    headers = {"x-functions-key": hq.host.function_keys[owner]}
    async with httpx.AsyncClient(base_url=hq.host.url, headers=headers) as holder:
        opened = {
            route.function
            for route in app_routes()
            if not route.open and (await holder.request(route.method, route.at("unknown"))).status_code != 401
        }
    assert opened == {owner}


async def test_the_key_may_stand_in_the_address(hq: Served) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as caller:
        assert (await caller.get(PATH, params={"code": hq.host.function_keys["read_connection"]})).status_code == 200


@pytest.mark.parametrize("timer", ["watch_secrets", "purge_history"])
async def test_only_the_master_key_runs_a_timer(hq: Served, timer: str) -> None:
    async with hq.nothing_happens():
        assert await hq.run_timer(timer, hq.host.key) == 403
        assert await hq.run_timer(timer, "wrong") == 401


def _json(more: dict[str, str] | None = None) -> dict[str, str]:
    return {"Content-Type": "application/json", **(more or {})}
