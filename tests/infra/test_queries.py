"""What the scripts ask of az: JMESPath's own library reads it as the stand-in does, and no text comes bare."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from scripts.policy import CHECKOV
from tests.infra.az_output import query
from tests.infra.hostile import OUR_APP, Tenant
from tests.infra.shell import HERE, IDS, INFRA, Shell

PYTHON = CHECKOV.parent / "python"
"""Checkov's environment has jmespath; ours needs none."""
EVALUATE = """
import json, jmespath, sys
print(json.dumps([jmespath.search(expression, answer) for expression, answer in json.load(sys.stdin)]))
"""
MADE_BY_SERVICES = {
    *("id", "appId", "createdByAppId", "createdDateTime", "keyId", "endDateTime", "@odata.type", "@odata.nextLink"),
    *("appRoleId", "resourceId", "roleDefinitionId", "directoryScopeId", "servicePrincipalType", "type", "tenantId"),
    *("principalId", "clientId", "timestamp", "provisioningState"),
}
"""Fields that nobody writes text into: ids, times, kinds."""
NO_TEXT = {"defaultHostName", "microsoftGraphResourceId", "name"}
"""A host, an address of the cloud, and the cloud's or a deployment's name, which are checked or not looked at."""


def asked(shell: Shell) -> list[tuple[str, object]]:
    """Return what the last run asked, with the answers."""
    calls = shell.world["calls"]
    return [(call["options"]["--query"], call["answer"]) for call in calls if "--query" in call["options"]]


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, object]]:
    tenant = Tenant(1, tmp_path_factory.mktemp("tenant"))
    shell, found = tenant.shell, []
    runs: list[tuple[str, ...]] = [
        ("grant.sh", *HERE, "--profile", "automatic", "--yes"),
        ("grant.sh", *IDS, "--consent", "hq", "--application-id", OUR_APP, "--yes"),
        ("update.sh", *HERE, "--back", "--what-if"),
        ("remove.sh", *HERE, "--what-if"),
    ]
    for script, *arguments in runs:
        shell.run(script, *arguments)
        found += asked(shell)
    return found


def test_jmespath_itself_selects_the_same(questions: list[tuple[str, object]]) -> None:
    if not PYTHON.exists():
        missing = "jmespath is missing: run `make policy` once"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    done = subprocess.run(  # noqa: S603 - our own lines
        [PYTHON, "-c", EVALUATE], input=json.dumps(questions), capture_output=True, text=True, check=True
    )
    for (expression, answer), selected in zip(questions, json.loads(done.stdout), strict=True):
        assert query(expression, answer) == selected, expression
    assert len({expression for expression, _ in questions}) > 20


def test_no_text_that_somebody_writes_comes_bare(questions: list[tuple[str, object]]) -> None:
    for expression, _ in questions:
        bare = expression
        while (shorter := re.sub(r"to_string\((?:[^()]|keys\([^()]*\))*\)", "", bare)) != bare:
            bare = shorter
        bare = re.sub(r"'[^']*'|\[\?[^]]*\]", "", bare)
        fields = set(re.findall(r"[@A-Za-z][\w.@]*", bare)) - {"value", "keys"}
        last = {field.rpartition(".")[2] if "@" not in field else field for field in fields}
        containers = {"appRoles", "userAssignedIdentities", "passwordCredentials", "keyCredentials", "items"}
        assert last - MADE_BY_SERVICES - NO_TEXT - containers == set(), expression


def test_only_one_line_calls_az() -> None:
    sources = [path for path in INFRA.glob("**/*.sh") if path.parent.name != "messages"]
    lines = [line for path in sources for line in path.read_text("utf-8").splitlines()]
    calls = [line for line in lines if re.search(r"(^|[({|;&!]|\b(?:if|while|then|do)) *az (?!login)[\w\"$]", line)]
    assert [line.partition(" {")[0] for line in calls] == ["azure()"]
