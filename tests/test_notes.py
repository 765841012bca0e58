"""The notes of a release."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from scripts.notes import NotesError, button, notes

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TAG = f"v{PROJECT['version']}"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_they_hold_what_the_changelog_says_about_this_version_alone(sources: Path) -> None:
    version = PROJECT["version"]
    (sources / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## [9.9.9]\n\nlater\n\n## [{version}] - today\n\n### Added\n\n- One thing,\n  wrapped.\n"
        "- Two.\n\n## [0.0.1] - before\n\nearlier\n",
        "utf-8",
    )
    text = notes(sources, TAG)
    assert text.startswith("## Added\n\n- One thing, wrapped.\n- Two.\n\n## Deploy")
    assert "later" not in text
    assert "earlier" not in text


def test_the_button_leads_to_the_template_and_its_form_at_this_tag() -> None:
    (link,) = re.findall(r"\]\((https://portal\.azure\.com[^)]+)\)", notes(ROOT, TAG))
    repository = urlsplit(PROJECT["urls"]["Repository"]).path.strip("/")
    assert link == button(repository, TAG)
    addresses = [unquote(part) for part in link.split("/") if "%3A" in part]
    assert addresses == [
        f"https://raw.githubusercontent.com/{repository}/{TAG}/infra/{name}"
        for name in ("azuredeploy.json", "createUiDefinition.json")
    ]
    assert parse_qs(urlsplit(link).query) == {}


def test_they_say_how_to_check_the_very_file_that_is_released() -> None:
    text = notes(ROOT, TAG)
    assert f"gh attestation verify {PROJECT['name']}-{PROJECT['version']}.zip --repo" in text
    assert "sha256sum --check" in text


@pytest.mark.parametrize("tag", ["v9.9.9", PROJECT["version"], ""])
def test_a_tag_that_is_not_the_version_is_refused(tag: str) -> None:
    with pytest.raises(NotesError, match=r"the version in pyproject\.toml is"):
        notes(ROOT, tag)


@pytest.mark.parametrize("changelog", ["# Changelog\n", f"## [{PROJECT['version']}] - today\n\n## [0.0.1]\n\n- x\n"])
def test_a_version_that_the_changelog_does_not_describe_is_refused(sources: Path, changelog: str) -> None:
    (sources / "CHANGELOG.md").write_text(changelog, "utf-8")
    with pytest.raises(NotesError, match="says nothing"):
        notes(sources, TAG)
