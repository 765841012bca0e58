"""The template and the app agree: on settings, on log lines, on what azd hands over."""

from __future__ import annotations

import ast
import json
import re

import pytest

from connector.caller import Caller, asker
from connector.settings import load
from tests.infra.template.checks.register import alerts, condition, settings
from tests.infra.template.deployment import deploy
from tests.infra.template.files import INFRA, ROOT, template

PRODUCT = ("activities", "connector", "orchestrations", "triggers")


def logged() -> dict[str, list[set[str]]]:
    """Return the fields of each call that logs an event, by event."""
    found: dict[str, list[set[str]]] = {}
    for path in (path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "log" and node.args:
                event = ast.literal_eval(node.args[0])
                found.setdefault(event, []).append({keyword.arg or "" for keyword in node.keywords})
    return found


def test_the_app_takes_the_settings_of_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(deploy(template(), customerName="Contoso"))
    for name, value in given.items():
        # What only Azure knows is an address or an id; here it is one that has the shape of it.
        shaped = {"CONNECTOR_KEY_VAULT_URI": "https://known.example/", "CONNECTOR_STORE": "https://known.example/c"}
        monkeypatch.setenv(name, shaped.get(name, value))
    found = load()
    assert (found.label, found.cloud, found.granted) == ("Contoso", "public", None)
    assert found.client_id == given["AZURE_CLIENT_ID"]


def test_every_setting_of_ours_in_the_template_is_one_that_the_app_knows() -> None:
    documented = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/reference/settings.md").read_text("utf-8"), re.MULTILINE)
    )
    ours = {name for name in settings(deploy(template())) if name.startswith(("CONNECTOR_", "AZURE_CLIENT"))}
    named = ("CLOUD", "KEY_VAULT_URI", "LABEL", "ROTATION", "ROTATION_WEEKDAYS", "STORE")
    assert ours == {"AZURE_CLIENT_ID", *(f"CONNECTOR_{name}" for name in named)}
    assert ours <= documented


def test_the_store_is_the_container_that_is_made_and_the_label_is_the_customer() -> None:
    deployed = deploy(template(), customerName="Contoso")
    container = deployed.one("Microsoft.Storage/storageAccounts/blobServices/containers", "/connections")
    account = container.name.partition("/")[0]
    found = settings(deployed)
    assert found["CONNECTOR_STORE"] == f"<Microsoft.Storage/storageAccounts/{account}>.primaryEndpoints.blobconnections"
    assert found["CONNECTOR_LABEL"] == "Contoso"


def test_an_alert_reads_only_what_the_app_writes() -> None:
    events, seen = logged(), set()
    for name, rule in alerts(deploy(template())).items():
        query = condition(rule)["query"]
        if "AppTraces" not in query:
            assert name in {"log-cap", "vault-reader"}
            continue
        read = set(re.findall(r"line\.(\w+)", query)) - {"event"}
        for event in re.findall(r'tostring\(line\.event\) == "([\w-]+)"', query):
            assert events[event], event
            seen.add(event)
            who = Caller(function="-").fields() if event == "parameters-read" else asker(None)
            for fields in events[event]:
                assert read <= fields | ({*who} if "" in fields else set())
    of_trouble = {"verification-failed", "connection-drifted", "test-alarm"}
    assert seen == {"heartbeat", "parameters-read", "secret-expiry", *of_trouble}


def test_the_host_sends_its_logs_by_open_telemetry() -> None:
    host = json.loads((ROOT / "host.json").read_text("utf-8"))
    assert host["telemetryMode"] == "OpenTelemetry"
    assert host["logging"]["logLevel"]["default"] == "Information"  # the lines that alerts read are of that level


def parameters(path: str) -> dict[str, str]:
    return dict(re.findall(r"^param (\w+) (\w+)", (INFRA / path).read_text("utf-8"), re.MULTILINE))


def test_azd_hands_every_parameter_over() -> None:
    ours, azd = parameters("main.bicep"), parameters("azd/main.bicep")
    assert set(azd) == {*ours, "environmentName"}
    assert {name: kind for name, kind in azd.items() if kind != ours.get(name)} == {
        "environmentName": "string",
        "allowedAddresses": "string",  # an environment variable holds no list
    }
    asked = json.loads((INFRA / "azd/main.parameters.json").read_text("utf-8"))["parameters"]
    assert set(asked) <= set(azd)


def test_azd_lets_every_address_in_only_where_that_is_said() -> None:
    entry = (INFRA / "azd/main.bicep").read_text("utf-8")
    assert "@minLength(2)\nparam allowedAddresses string\n" in entry
    assert "allowedAddresses: allowedAddresses == 'anywhere' ? [] : split(" in entry
    asked = json.loads((INFRA / "azd/main.parameters.json").read_text("utf-8"))["parameters"]
    assert asked["allowedAddresses"] == {"value": "${ALLOWED_ADDRESSES}"}


def test_azd_runs_the_same_grant_as_the_command_of_the_template() -> None:
    hook = (ROOT / "azure.yaml").read_text("utf-8")
    command = deploy(template()).outputs["grantCommand"]
    for text in (hook, command):
        assert "az account set --subscription " in text
    assert re.findall(r" --[a-z-]+", hook.partition("grant.sh")[2].partition("&&")[0]) == re.findall(
        r" --[a-z-]+", command.partition("grant.sh")[2]
    )
    outputs = set(re.findall(r"^output (\w+) ", (INFRA / "azd/main.bicep").read_text("utf-8"), re.MULTILINE))
    hook += (INFRA / "azd/package.sh").read_text("utf-8")
    ours = {"AZURE_SUBSCRIPTION_ID", "answer", "found", "package", "tries"}
    assert set(re.findall(r"\$(\w+)", re.sub("#.*", "", hook))) - {"1"} <= outputs | ours
