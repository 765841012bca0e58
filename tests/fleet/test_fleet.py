"""Many deployments in one table: each is asked, what is not reached is said to be that, the exit code is right."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from fleet.__main__ import look, main
from fleet.asking import AT_ONCE, ask
from fleet.deployment import QUERY, Deployment, FleetError, of_azure, of_file
from fleet.overview import How, Row, exit_code, ordered, read, since, unreachable
from fleet.shown import as_csv, as_json, table
from fleet.tokens import challenged
from tests.fleet.server import APPLICATION, KEY, READER, TENANT, Played, jwt, needing, played, status
from tests.flow.app import running


def file(folder: Path, deployments: Played, numbers: range, **more: Any) -> Path:
    path = folder / "fleet.json"
    entries = [{"name": f"app-{number}", "url": deployments.url(number), "key": KEY, **more} for number in numbers]
    path.write_text(json.dumps(entries))
    return path


class Handed:
    """Hands out one token, and notes for what."""

    def __init__(self, token: str = READER) -> None:
        self.handed = token
        self.asked: list[tuple[str, str | None]] = []

    async def token(self, scope: str, tenant: str | None = None) -> str:
        """Return it, or say that there is none."""
        self.asked.append((scope, tenant))
        if not self.handed:
            msg = "nobody is signed in"
            raise FleetError(msg)
        return self.handed


async def looked(path: Path, seconds: float = 2, tokens: Handed | None = None) -> list[Row]:
    async with httpx.AsyncClient() as client:
        given = argparse.Namespace(file=path, subscription=[], seconds=seconds)
        return await look(given, client, tokens or Handed())


async def test_two_hundred_deployments_are_asked_at_most_sixteen_at_a_time_and_five_are_not_reached(
    tmp_path: Path,
) -> None:
    async with played(200) as server:
        server.answers |= {3: None, 50: 500, 51: 302, 120: b"<html>", 121: b"x" * 100_000}
        server.put(7, status(7, "broken", needing=[needing("hq", 2, "access-missing")]))
        server.put(8, status(8, "attention", needing=[needing("hq", 20, "secret-offered")]))
        server.put(9, status(9, "ok", coverage={"complete": False, "unread": {"not-looked-at": 1}}))
        path = file(tmp_path, server, range(200))
        rows = await looked(path)
    assert server.most <= AT_ONCE
    assert (len(rows), sorted({*server.asked}) == sorted(f"/{number}/api/status" for number in range(200))) == (
        200,
        True,
    )
    assert [row.how for row in rows[:8]] == ["broken", *["unreachable"] * 5, "unknown", "attention"]
    assert {row.name for row in rows if row.how is How.UNREACHABLE} == {f"app-{n}" for n in (3, 50, 51, 120, 121)}
    assert all(row.why for row in rows if row.how is How.UNREACHABLE)
    assert exit_code(rows) == 2
    written = as_json(rows) + as_csv(rows)
    assert KEY not in written


async def test_where_keys_are_off_a_token_for_the_sign_in_is_the_way_in(tmp_path: Path) -> None:
    """By the file's word, with a key that opens nothing any more or without one."""
    async with played(3) as server:
        server.keys_off = {0, 1}
        path, tokens = tmp_path / "fleet.json", Handed()
        known: dict[str, Any] = {"signIn": APPLICATION, "tenant": TENANT}
        entries = [{"url": server.url(0), **known}, {"url": server.url(1), "key": KEY, **known}]
        path.write_text(json.dumps([*entries, {"url": server.url(2), "key": KEY, **known}]))
        rows = await looked(path, tokens=tokens)
        assert [row.how for row in rows] == [How.OK] * 3
        assert tokens.asked == [(f"{APPLICATION}/.default", TENANT)] * 2
        path.write_text(json.dumps([{"url": server.url(1), "key": KEY}]))  # and where the file says no application
        (row,) = await looked(path, tokens=tokens)
    assert (row.how, row.why) == (
        How.UNREACHABLE,
        "keys are switched off, or this address is not let in (status 403)",
    )
    assert READER not in as_json(rows) + as_csv(rows)


async def asked_of_azure(server: Played, tokens: Handed, tenant: str | None = TENANT) -> Row:
    """Ask a deployment whose key Azure does not hand out, as to whoever is only a reader there."""
    azure, real = Azure(), httpx.AsyncHTTPTransport()
    mounts = {"https://management.azure.com": azure, "http://127.0.0.1": real}
    async with httpx.AsyncClient(mounts=mounts) as client:
        one = Deployment("b", server.url(0), resource="/x/sites/b", tenant=tenant)
        (row,) = await ask(client, [one], tokens, "token")
    return row


async def test_who_gets_no_key_of_azure_signs_in_by_what_the_deployment_says_of_its_own_tenant() -> None:
    async with played(1) as server:
        tokens = Handed()
        row = await asked_of_azure(server, tokens)
    assert (row.how, tokens.asked) == (How.OK, [(f"{APPLICATION}/.default", TENANT)])


GRAPH = "00000003-0000-0000-c000-000000000000"


@pytest.mark.parametrize(
    ("challenge", "token", "why"),
    [
        ((APPLICATION, APPLICATION), READER, "it wants a token of another tenant than its own: none was asked for"),
        ((TENANT, GRAPH), jwt("Mail.Read"), "the token has no role there (Reader), or is for something else"),
        ((TENANT, GRAPH), jwt("Reader", "Mail.Read"), "the token has no role there (Reader), or is for something else"),
        ((TENANT, APPLICATION), jwt(), "the token has no role there (Reader), or is for something else"),
        ((TENANT, APPLICATION), "opaque", "the token has no role there (Reader), or is for something else"),
        ((TENANT, APPLICATION), "a.!!.c", "the token has no role there (Reader), or is for something else"),
        ((TENANT, APPLICATION), "", "nobody is signed in"),
        (("x", "y"), READER, "Azure refuses it (status 403)"),
        ((TENANT, APPLICATION), jwt("Operator"), "the token is not taken (status 401)"),
    ],
)
async def test_a_deployment_gets_no_token_for_anything_but_itself(
    challenge: tuple[str, str], token: str, why: str
) -> None:
    async with played(1) as server:
        server.challenge = challenge
        row = await asked_of_azure(server, Handed(token))
    assert (row.how, row.why.startswith(why)) == (How.UNREACHABLE, True), row.why
    assert server.tokens == ([token] if "not taken" in why else [])


async def test_of_a_deployment_whose_tenant_is_not_known_no_application_is_believed() -> None:
    async with played(1) as server:
        row = await asked_of_azure(server, Handed(), tenant=None)
        assert (row.why, server.asked) == ("Azure refuses it (status 403)", [])


async def test_the_app_itself_says_where_to_sign_in_and_takes_the_token_of_a_reader(tmp_path: Path) -> None:
    async with running(tmp_path / "store") as app, httpx.AsyncClient() as client:
        answer = await client.get(f"{app.host.url}/entra/api/status")
        named = challenged(answer.headers["WWW-Authenticate"])
        assert named is not None
        path = tmp_path / "fleet.json"
        path.write_text(json.dumps([{"url": app.host.url, "tenant": named[0], "signIn": named[1]}]))
        (row,) = await looked(path, 20, Handed(app.tenant.token("Reader")))
    assert (row.how is not How.UNREACHABLE, row.why) == (True, ""), row


def test_a_terminal_of_few_characters_and_a_reader_who_leaves_get_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(
        json.dumps([{"name": "müller – köln", "url": "https://localhost:1", "keyFrom": "NO_SUCH_KEY"}]), "utf-8"
    )
    for form in ("table", "json", "csv"):
        command = [sys.executable, "-m", "fleet", "--file", str(path), "--format", form]
        few = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
        done = subprocess.run(command, env=few, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
        assert (done.returncode, done.stderr, "m?ller" in done.stdout or "\\u00fc" in done.stdout) == (3, "", True), (
            form
        )
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as left:  # noqa: S603 - as above
            assert left.stdout is not None
            left.stdout.close()
            assert left.stderr is not None
            assert left.stderr.read() == b""
        assert left.returncode == 3


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_how_long_is_waited_is_a_number_of_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--file", "none.json", f"--seconds={seconds}"])
    assert ended.value.code == 3
    assert "a number of seconds above 0" in capsys.readouterr().err


def test_the_exit_code_is_that_of_the_worst() -> None:
    rows = {how: Row("a", "u", "c", how) for how in How}
    assert {how: exit_code([rows[How.OK], row]) for how, row in rows.items()} == {
        How.OK: 0,
        How.ATTENTION: 1,
        How.BROKEN: 2,
        How.UNKNOWN: 3,
        How.UNREACHABLE: 3,
    }
    assert exit_code([*rows.values()]) == 2
    assert exit_code([]) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"overall":"ok"}',
        json.dumps(status(1, "unreachable")).encode(),
        json.dumps(status(1, "splendid")).encode(),
        json.dumps(status(1, needing=[7])).encode(),
        json.dumps(status(1, coverage=None)).encode(),
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_status_is_never_green(body: bytes) -> None:
    assert read("a", "u", "c", body).how is How.UNREACHABLE


def test_an_answer_moves_no_cursor_and_is_no_markup_and_no_formula() -> None:
    said = status(1, "broken", customer="=1+1", needing=[needing("\x1b[2J\u202e[red]hq", 1, "@x")])
    row = read("a", "u", "c", json.dumps(said).encode())
    out = io.StringIO()
    table([row], Console(file=out, width=300, force_terminal=False))
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert "[red]hq" in out.getvalue()
    (_, cells) = csv.reader(io.StringIO(as_csv([row])))
    assert cells[0] == "'=1+1"


def test_what_has_changed_since_is_shown_and_nothing_else() -> None:
    def row(url: str, how: How, *needs: str, version: str = "1") -> Row:
        return Row(url, url, "c", how, version=version, needing=needs)

    before = json.loads(
        as_json(
            [row("a", How.OK), row("b", How.OK), row("c", How.BROKEN, "x: y"), row("d", How.OK), row("gone", How.OK)]
        )
    )
    now = [
        row("a", How.OK),
        row("b", How.BROKEN, "hq: access-missing"),
        row("c", How.BROKEN, "x: z"),
        row("d", How.OK, version="2"),
        unreachable("new", "new", "c", "no answer"),
    ]
    changed = {one.url: one.changed for one in since(now, before)}
    assert changed == {"b": "ok", "c": "x: y", "d": "version 1", "new": "new", "gone": "ok"}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"url": "http://utm.example"},
        {"url": "ftp://utm.example"},
        {"url": "https://user:word@utm.example"},
        {"url": "https://utm.example?code=x"},
        7,
    ],
)
def test_a_key_is_sent_to_no_address_in_the_clear(tmp_path: Path, entry: object) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps([entry]))
    with pytest.raises(FleetError):
        of_file(path, {})


def test_a_key_may_come_from_the_environment_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(
        json.dumps([{"url": "https://a.example", "keyFrom": "A"}, {"url": "https://b.example", "keyFrom": "B"}])
    )
    first, second = of_file(path, {"A": KEY})
    assert (first.key, first.problem) == (KEY, None)
    assert second.problem == "no key: B is not set"
    assert KEY not in repr(first)


def test_the_command_ends_with_unknown_where_it_has_nothing_to_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--file", str(tmp_path / "none.json")]) == 3
    assert "fleet: " in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--form", "x", "--unknown"])
    assert ended.value.code == 3


def test_the_command_writes_what_it_reads_the_next_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, last = tmp_path / "fleet.json", tmp_path / "last.json"
    path.write_text(json.dumps([{"name": "a", "url": "https://127.0.0.1:1", "key": KEY}]))
    assert main(["--file", str(path), "--format", "json", "--seconds", "2"]) == 3
    last.write_text(capsys.readouterr().out)
    assert json.loads(last.read_text())[0]["how"] == "unreachable"
    assert main(["--file", str(path), "--format", "json", "--since", str(last), "--seconds", "2"]) == 3
    assert json.loads(capsys.readouterr().out) == []
    assert main(["--file", str(path), "--format", "csv", "--seconds", "2"]) == 3
    assert capsys.readouterr().out.startswith("customer,deployment,url,how,")
    assert main(["--file", str(path), "--seconds", "2"]) == 3
    assert "1 deployments: 1 unreachable" in capsys.readouterr().out


class Azure(httpx.AsyncBaseTransport):
    """Resource Graph in two pages, and the keys."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as Azure does."""
        assert request.headers["Authorization"] == "Bearer token"
        body = json.loads(request.content)
        if "listkeys" in str(request.url):
            return httpx.Response(403 if "b" in request.url.path.rsplit("/sites/")[1] else 200, json={"default": KEY})
        self.bodies.append(body)
        first = "$skipToken" not in body["options"]
        name = "a" if first else "b"
        row = {"id": f"/x/sites/{name}", "name": name, "host": f"{name}.example", "customer": f"Customer {name}"}
        return httpx.Response(200, json={"data": [row], **({"$skipToken": "more"} if first else {})})


async def test_all_pages_of_resource_graph_are_read_in_all_subscriptions() -> None:
    azure = Azure()
    async with httpx.AsyncClient(transport=azure) as client:
        found = await of_azure(client, "token", ["one"])
    assert [(one.name, one.url, one.customer) for one in found] == [
        ("a", "https://a.example", "Customer a"),
        ("b", "https://b.example", "Customer b"),
    ]
    assert [(body["query"], body["subscriptions"]) for body in azure.bodies] == [(QUERY, ["one"])] * 2


async def test_a_deployment_whose_key_is_not_handed_out_is_unreachable_and_says_so() -> None:
    async with httpx.AsyncClient(transport=Azure()) as client:
        (row,) = await ask(client, [Deployment("b", "https://b.example", resource="/x/sites/b")], Handed(), "token")
    assert (row.how, row.why) == (How.UNREACHABLE, "Azure refuses it (status 403)")


def test_the_worst_comes_first_and_then_who_has_least_time() -> None:
    rows = [
        Row("a", "a", "A", How.OK),
        Row("b", "b", "B", How.BROKEN, days_left=20),
        Row("c", "c", "C", How.BROKEN, days_left=2),
        Row("d", "d", "D", How.UNREACHABLE),
    ]
    assert [row.name for row in ordered(rows)] == ["c", "b", "d", "a"]


def test_asking_is_all_that_the_package_knows_of_the_app() -> None:
    sources = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "fleet").glob("*.py")]
    own = ("activities", "connector", "orchestrations", "triggers", "local", "function_app")
    assert not [name for source in sources for name in own if f"import {name}" in source or f"from {name}" in source]
