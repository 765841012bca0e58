"""The app is a standard Functions project: it can be indexed as the Python worker does it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connector import __version__

ROOT = Path(__file__).parents[1]
PROBE = """
import json, socket, sys, threading, typing

def refuse(*_: object) -> None:
    raise AssertionError("the network was used at import")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
threads = threading.active_count()
import function_app
functions = [
    {
        "name": f.get_function_name(),
        "bindings": [json.loads(b) for b in f.get_raw_bindings()],
        "hints": {name: hint.__name__ for name, hint in typing.get_type_hints(f.get_user_function()).items()},
    }
    for f in function_app.app.get_functions()
]
heavy = [m for m in ("azure.identity", "azure.core", "azure.storage", "azure.keyvault", "msgraph", "pydantic_settings",
                     "jwt", "cryptography", "httpx") if m in sys.modules]
print(json.dumps({"functions": functions, "heavy": heavy, "threads": threading.active_count() - threads}))
"""
HTTP = {
    "create_connection": ("POST", "api/connections"),
    "list_connections": ("GET", "api/connections"),
    "read_connection": ("GET", "api/connections/{name}"),
    "read_parameters": ("GET", "api/connections/{name}/parameters"),
    "read_history": ("GET", "api/connections/{name}/history"),
    "read_plan": ("GET", "api/connections/{name}/plan"),
    "read_report": ("GET", "api/connections/{name}/report"),
    "cancel_connection": ("POST", "api/connections/{name}/cancel"),
    "verify_connection": ("POST", "api/connections/{name}/verify"),
    "repair_connection": ("POST", "api/connections/{name}/repair"),
    "accept_finding": ("POST", "api/connections/{name}/accept"),
    "confirm_secret": ("POST", "api/connections/{name}/confirm"),
    "remove_connection": ("DELETE", "api/connections/{name}"),
    "give_certificate": ("POST", "api/connections/{name}/certificate"),
    "rotate_secret": ("POST", "api/connections/{name}/rotate"),
    "abandon_rotation": ("DELETE", "api/connections/{name}/rotation"),
    "list_targets": ("GET", "api/targets"),
    "read_target": ("GET", "api/targets/{target}"),
    "put_target": ("PUT", "api/targets/{target}"),
    "remove_target": ("DELETE", "api/targets/{target}"),
    "test_target": ("POST", "api/targets/{target}/test"),
    "list_deliveries": ("GET", "api/targets/{target}/deliveries"),
    "resend_delivery": ("POST", "api/targets/{target}/deliveries/{id}/resend"),
    "withdraw_acceptance": ("DELETE", "api/connections/{name}/accept/{id}"),
    "start_check": ("POST", "api/check"),
    "read_status": ("GET", "api/status"),
    "test_alarm": ("POST", "api/test-alarm"),
    "snooze_finding": ("POST", "api/connections/{name}/snooze"),
    "snooze_foreign_finding": ("POST", "api/connections/{name}/snooze/foreign"),
    "wake_finding": ("DELETE", "api/connections/{name}/snooze/{id}"),
    "read_health": ("GET", "api/health"),
    "read_caller": ("GET", "api/caller"),
    "read_openapi": ("GET", "api/openapi.json"),
    "read_page": ("GET", "{ignored:maxlength(0)?}"),
    "read_asset": ("GET", "assets/{*path}"),
    "read_explanation": ("GET", "findings/{code}"),
}
OPEN = {"read_openapi", "read_page", "read_asset", "read_explanation"}
SIGNED_IN = {f"entra_{name}": (method, f"entra/{path}") for name, (method, path) in HTTP.items() if name not in OPEN}
ACTIVITIES = {
    "begin", "prerequisites", "application", "enterprise_application", "consent", "secret", "exchange", "mailboxes",
    "verification", "conclude", "fail", "plan_begin", "plan_end", "check_begin", "check_end", "deliver_event",
}  # fmt: skip


@pytest.fixture(scope="module")
def indexed() -> Any:
    """Import the app in a process of its own, without settings and without a network, and index it."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-c", PROBE], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def bindings(indexed: Any, kind: str) -> dict[str, dict[str, Any]]:
    return {
        function["name"]: binding
        for function in indexed["functions"]
        for binding in function["bindings"]
        if binding["type"] == kind
    }


def test_every_function_is_found_with_its_trigger(indexed: Any) -> None:
    triggers = bindings(indexed, "httpTrigger")
    assert {name: (trigger["methods"][0], trigger["route"]) for name, trigger in triggers.items()} == HTTP | SIGNED_IN
    assert set(bindings(indexed, "activityTrigger")) == ACTIVITIES
    assert set(bindings(indexed, "orchestrationTrigger")) == {"check", "connection", "deliver", "plan"}
    timers = {
        "check_connections",
        "clear_documents",
        "purge_history",
        "recover_runs",
        "renew_secrets",
        "tell_status",
        "tell_targets",
    }
    timers |= {"watch_secrets"}
    assert set(bindings(indexed, "timerTrigger")) == timers


def test_the_types_are_those_that_the_worker_accepts(indexed: Any) -> None:
    """The worker resolves annotations and compares them with the bindings before it calls anything."""
    hints = {function["name"]: function["hints"] for function in indexed["functions"]}
    for name in (*HTTP, *SIGNED_IN):
        assert (hints[name]["req"], hints[name]["return"]) == ("HttpRequest", "HttpResponse")
        assert hints[name].get("client", "str") == "str"
    for name in ACTIVITIES:
        client = {"client": "str"} if name in {"conclude", "check_end"} else {}
        assert hints[name] == {"order": "dict", **client, "return": "dict"}


def test_the_host_lets_in_without_a_key_who_signs_in_and_to_the_description_and_the_page(indexed: Any) -> None:
    levels = {name: trigger["authLevel"] for name, trigger in bindings(indexed, "httpTrigger").items()}
    assert {name for name, level in levels.items() if level != "FUNCTION"} == {*OPEN, *SIGNED_IN}


def test_the_import_has_no_side_effects(indexed: Any) -> None:
    assert indexed["threads"] == 0
    assert indexed["heavy"] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_what_azure_installs_is_pinned_with_hashes_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock
    for version, marker in (("1.26", "< '3.13'"), ("2.", ">= '3.13'")):
        assert any(line.startswith(f"azure-functions=={version}") and marker in line for line in pinned)


@pytest.mark.parametrize("package", ["msgraph-sdk", "azure-identity", "azure-keyvault-secrets", "pydantic"])
def test_developers_have_the_very_versions_that_are_shipped(package: str) -> None:
    def version(name: str) -> str:
        lines = (ROOT / name).read_text("utf-8").splitlines()
        return next(line.partition("==")[2].split()[0] for line in lines if line.startswith(f"{package}=="))

    assert version("requirements.txt") == version("requirements-dev.txt")


def imports(folder: str) -> set[tuple[str, str]]:
    """Return which file imports which of our packages, or azure's."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for line in path.read_text("utf-8").splitlines():
            words = line.strip().split()
            if words[:1] in (["from"], ["import"]):
                found.add((path.relative_to(ROOT).as_posix(), words[1]))
    return found


def test_arrows_point_one_way() -> None:
    later = {"triggers": (), "orchestrations": ("triggers", "activities"), "activities": ("triggers", "orchestrations"),
             "connector": ("triggers", "orchestrations", "activities")}  # fmt: skip
    for folder, forbidden in later.items():
        for path, module in imports(folder):
            assert module.partition(".")[0] not in {*forbidden, "local", "tests"}, path


def test_the_pure_part_of_the_connector_imports_no_azure() -> None:
    outside = ("connector/clients/", "connector/services.py")
    for path, module in imports("connector"):
        if not path.startswith(outside):
            assert module.partition(".")[0] not in {"azure", "msgraph", "aiohttp", "httpx", "imaplib"}, path


def test_orchestrations_do_no_io() -> None:
    for path, module in imports("orchestrations"):
        assert not module.startswith(("connector.clients", "connector.services", "connector.documents")), path


def test_host_json_says_what_the_host_listens_to() -> None:
    host = json.loads((ROOT / "host.json").read_text("utf-8"))
    # Levels by the name of a Python logger do nothing there; only the host's own categories count.
    assert host["logging"]["logLevel"] == {"default": "Information"}
    durable = host["extensions"]["durableTask"]
    # What a stopped host has left in its queues is seen again after this time (five minutes by default).
    assert durable["storageProvider"]["controlQueueVisibilityTimeout"] == "00:01:00"
    assert durable["storageProvider"]["workItemQueueVisibilityTimeout"] == "00:01:00"
    # The extension warns at each start unless its tracing is switched on in words and off by its version.
    assert durable["tracing"] == {
        "traceInputsAndOutputs": False,
        "distributedTracingEnabled": True,
        "version": "None",
    }
