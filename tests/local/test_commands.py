"""``python -m local``: what a person or a script gets on the terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
DONE = {"ready", "failed", "action-required", "interrupted"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "local", *words]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without a locale and without settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "CONNECTOR_"))}
    return {**kept, "COLUMNS": "100", **more}


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter, our own code
        command(*words), cwd=ROOT, env=environment(**more), capture_output=True, text=True, check=False
    )


def test_the_demo_as_json_is_one_object_with_the_length_of_the_secret() -> None:
    done = run("demo", "--json", "--mailboxes", "1")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["state"] == "ready"
    assert report["parameters"]["clientSecret"] == 40
    assert len(report["steps"]) == 8
    assert all(step["seconds"] is not None for step in report["steps"])
    assert set(report["calls"]) == {"exchange", "graph", "identity", "imap", "token", "vault"}
    assert report["waits"] == 0


@pytest.mark.parametrize(
    ("locale", "labels"),
    [
        (
            "de_DE.UTF-8",
            ["Anwendungs-ID", "Mandanten-ID", "Geheimer Clientschlüssel", "Durch echte Anmeldung"],
        ),
        ("C.UTF-8", ["Application ID", "Client ID", "Secret client key", "calls the tenant id"]),
    ],
)
def test_the_demo_ends_with_the_values_as_the_utm_labels_them(locale: str, labels: list[str]) -> None:
    done = run("demo", "--mailboxes", "1", LANG=locale)
    assert done.returncode == 0, done.stderr
    assert all(label in done.stdout for label in labels)


@pytest.mark.parametrize(
    ("words", "locale", "said"),
    [
        ("demo --mailboxes 0", "C.UTF-8", "a whole number from 1 to 5000"),
        ("demo --mailboxes many", "de_DE.UTF-8", "eine ganze Zahl von 1 bis 5000"),
        ("demo --clock 0", "C.UTF-8", "0 is no factor of time"),
        ("serve --clock -1", "C.UTF-8", "-1 is no factor of time"),
        ("tenant --clock nan", "de_DE.UTF-8", "nan ist kein Zeitfaktor"),
        ("serve --clock 1e9", "C.UTF-8", "at most 1000000"),
        ("serve --port 99999", "C.UTF-8", "99999 does not work: a whole number from 0 to 65535"),
        ("serve --port http", "C.UTF-8", "from 0 to 65535"),
        ("serve --store=", "de_DE.UTF-8", "Ein Ordner muss einen Namen haben"),
    ],
)
def test_a_wrong_option_is_explained(words: str, locale: str, said: str) -> None:
    done = run(*words.split(), LANG=locale)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_disk_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no JSON", "utf-8")
    refused = (
        ("serve", "--port", "0", "--endpoints", str(tmp_path / "none")),
        ("serve", "--port", "0", "--endpoints", str(tmp_path / "file")),
        ("serve", "--port", "0", "--store", str(tmp_path / "file")),
        ("serve", "--port", "0", "--store", "/proc/nowhere"),
        ("probe", "--endpoints", str(tmp_path / "file")),
        ("probe",),
    )
    for words in refused:
        done = run(*words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert done.stderr.startswith("That does not work: "), words
        assert done.stderr.count("\n") == 1, words


def test_a_terminal_of_few_characters_shows_the_demo_in_80_columns() -> None:
    done = run("demo", "--mailboxes", "1", LANG="de_DE.UTF-8", PYTHONIOENCODING="ascii", COLUMNS="80", NO_COLOR="1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Geheimer Clientschluessel" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_a_reader_who_leaves_ends_the_demo_without_a_trace() -> None:
    with subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
        command("demo", "--mailboxes", "1"), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        demo.stdout.close()
        assert demo.stderr.read() == b""
    assert demo.returncode == 1


@pytest.mark.parametrize(("words", "ended"), [("demo", {130}), ("serve --port 0", {0, 130})])
def test_ctrl_c_at_any_moment_ends_a_command_without_a_trace(words: str, ended: set[int]) -> None:
    """The start of Python itself is not ours: the moments are counted from its end. A demo may be over at the last."""
    runs = (
        f"import runpy, sys; print(flush=True); sys.argv[1:] = {words.split()}; "
        "runpy.run_module('local', None, '__main__')"
    )
    started = []
    for moment in (0.2, 0.8, 1.6, 3.0):
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-c", runs], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        started.append((moment, time.monotonic() + moment, process))
    for _, at, process in started:
        time.sleep(max(0.0, at - time.monotonic()))
        process.send_signal(signal.SIGINT)
    for moment, _, process in started:
        _, errors = process.communicate(timeout=30)
        assert b"Traceback" not in errors, (moment, errors)
        assert process.returncode in (ended if moment < 1 else {0, *ended}), moment


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_app_serves_a_tenant_that_it_knows_only_by_its_endpoints(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    tenant = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
        command("tenant", "--out", str(file), "--mailboxes", "2", "--preset", "calm"),
        cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert tenant.stderr is not None
    assert "ready" in tenant.stderr.readline()
    words = ("serve", "--json", "--port", "0", "--endpoints", str(file), "--store", str(tmp_path / "store"))
    app = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
        command(*words), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert app.stdout is not None
        ready = json.loads(app.stdout.readline())
        assert ready["endpoints"] == json.loads(file.read_text("utf-8"))
        assert set(ready) == {"url", "key", "masterKey", "functionKeys", "endpoints"}
        with httpx.Client(base_url=ready["url"], headers={"x-functions-key": ready["key"]}, timeout=60) as client:
            body = {"name": "hq", "mailboxes": ["invoices@contoso.example", "support@contoso.example"]}
            assert client.post("/api/connections", json=body).status_code == 202
            while (shown := client.get("/api/connections/hq").json())["state"] not in DONE:
                time.sleep(0.1)
            assert shown["state"] == "ready"
    finally:
        for process in (app, tenant):
            process.send_signal(signal.SIGTERM)
        app.communicate()
        tenant.communicate()
    assert (app.returncode, tenant.returncode) == (0, 0)


def test_with_a_fast_clock_the_end_of_a_secret_comes_too(tmp_path: Path) -> None:
    """A day passes in six seconds: all that tells the time says that a secret of one day has ended.

    Faster than that a token ends before it is used on a busy machine.
    """
    words = (
        "serve",
        "--json",
        "--port",
        "0",
        "--profile",
        "automatic",
        "--clock",
        "14400",
        "--mailboxes",
        "1",
        "--store",
        str(tmp_path),
    )
    app = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
        command(*words), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert app.stdout is not None
        ready = json.loads(app.stdout.readline())
        with httpx.Client(base_url=ready["url"], headers={"x-functions-key": ready["key"]}, timeout=60) as client:
            body = {"name": "hq", "mailboxes": ["invoices@contoso.example"], "secret": {"lifetimeDays": 1}}
            assert client.post("/api/connections", json=body).status_code == 202
            ends = time.monotonic() + 60
            while "secret-expired" not in {one["code"] for one in client.get("/api/connections/hq").json()["findings"]}:
                assert time.monotonic() < ends
                time.sleep(0.1)
            shown = client.get("/api/connections/hq").json()
            assert not shown["verified"]
            written = datetime.fromisoformat(client.get("/api/connections/hq/report").json()["written"])
            assert written - datetime.now(UTC) > timedelta(hours=20)
            client.post("/api/connections/hq/verify")
            asked = client.get("/api/connections/hq/history").json()["items"][0]
            assert datetime.fromisoformat(asked["at"]) - datetime.now(UTC) > timedelta(hours=20)
    finally:
        app.send_signal(signal.SIGTERM)
        app.communicate()
