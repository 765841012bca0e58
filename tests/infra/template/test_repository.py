"""The repository's address stands in pyproject.toml; wherever a file has to repeat it, it is held to that here."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlsplit

import pytest

from tests.infra.template.deployment import deploy
from tests.infra.template.files import INFRA, PACKAGE, ROOT, form, project, template
from tests.infra.test_grant_parts import FETCH

PROJECT = project()
REPOSITORY = PROJECT["urls"]["Repository"]
TAG = f"v{PROJECT['version']}"
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*INFRA.rglob("*"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "azure.yaml"]
    if path.is_file()
)
OURS = re.compile(r"https://(?:raw\.githubusercontent|github)\.com/(?P<path>[\w.-]+/[\w.-]+)")


@pytest.mark.parametrize("path", FILES)
def test_a_file_names_no_other_repository(path: str) -> None:
    lines = (ROOT / path).read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if '"$schema"' not in line)  # by which the portal knows a workbook
    assert {found["path"] for found in OURS.finditer(text)} <= {urlsplit(REPOSITORY).path.strip("/")}


def test_the_button_names_the_release_of_this_version_and_the_template_none() -> None:
    assert template()["parameters"]["packageUri"]["defaultValue"] == ""
    (field,) = (one for one in form()["parameters"]["steps"][-1]["elements"] if one["name"] == "packageUri")
    assert field["defaultValue"] == PACKAGE
    code = deploy(template(), packageUri=PACKAGE).one("Microsoft.Web/sites/extensions")
    assert code.properties["packageUri"] == PACKAGE


def test_what_is_deployed_from_a_clone_leads_to_no_release() -> None:
    made = deploy(template(), packageUri="")
    assert made.of("Microsoft.Web/sites/extensions") == []
    rules = made.of("Microsoft.Insights/scheduledQueryRules")
    guides = {rule.properties["actions"]["customProperties"]["guide"] for rule in rules}
    assert {(ROOT / guide).is_file() for guide in guides} == {True}
    assert REPOSITORY not in json.dumps([made.outputs, *(resource.body for resource in made.resources)])
    assert re.match("bash infra/grant.sh --resource-group ", made.outputs["grantCommand"])


def test_the_grant_command_takes_the_script_of_this_version() -> None:
    command = deploy(template()).outputs["grantCommand"]
    assert urlsplit(REPOSITORY).path.endswith(f"/{PROJECT['name']}")
    assert f" && {FETCH} " in command


def test_every_document_to_which_the_deployment_links_is_there() -> None:
    text = json.dumps([form(), [rule.body for rule in deploy(template()).of("Microsoft.Insights/scheduledQueryRules")]])
    links = set(re.findall(rf"{re.escape(REPOSITORY)}/blob/(?:main|{re.escape(TAG)})/([\w./-]+)", text))
    how_to = {f"docs/how-to/{name}.md" for name in ("keys", "logs-and-alerts", "mail-has-stopped", "new-secret")}
    assert links == {*how_to, "docs/reference/deployment.md"}
    assert [link for link in links if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("readme", ["README.md", "README.de.md"])
def test_the_button_of_a_readme_opens_our_template_with_our_form(readme: str) -> None:
    raw = f"https://raw.githubusercontent.com{urlsplit(REPOSITORY).path}/main/infra"
    template_address, form_address = (
        quote(f"{raw}/{name}", safe="") for name in ("azuredeploy.json", "createUiDefinition.json")
    )
    assert (
        "[![Deploy to Azure](https://aka.ms/deploytoazurebutton)](https://portal.azure.com/#create/Microsoft.Template"
        f"/uri/{template_address}/createUIDefinitionUri/{form_address})"
    ) in (ROOT / readme).read_text("utf-8")
