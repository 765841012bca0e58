"""The workflows: least rights per job, nothing unpinned, nothing of a stranger's in a job that may write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.iterdir())
BY_TAG: set[str] = set()
"""Actions for which no public repository shows the commit with its tag; there are none."""
MAY_WRITE = {
    ("ci.yml", "codeql"): {"security-events"},
    ("release.yml", "attest"): {"attestations", "id-token"},
    ("release.yml", "publish"): {"contents"},
}
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<tag>v\d+\.\d+\.\d+)$")


def read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def load(name: str) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(read(name))
    return workflow


JOBS = [(name, job) for name in NAMES for job in load(name)["jobs"]]


def job(name: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = load(name)["jobs"][key]
    return found


def test_every_workflow_is_there_with_its_jobs() -> None:
    assert NAMES == ["audit.yml", "ci.yml", "release.yml"]
    assert [key for name, key in JOBS if name == "audit.yml"] == ["dependencies", "secrets"]
    assert [key for name, key in JOBS if name == "ci.yml"] == ["check", "template", "codeql"]
    assert [key for name, key in JOBS if name == "release.yml"] == ["check", "package", "attest", "publish"]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_no_rights_of_its_own_and_runs_of_one_ref_do_not_overlap(name: str) -> None:
    workflow = load(name)
    assert workflow["permissions"] == {}
    assert "${{ github.ref }}" in workflow["concurrency"]["group"]
    assert "cancel-in-progress" in workflow["concurrency"]


def test_a_release_is_never_cancelled_half_way() -> None:
    assert load("release.yml")["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_starts_by_an_event_that_lends_a_stranger_our_rights(name: str) -> None:
    events = load(name)[True]  # YAML 1.1 reads the key `on` as true
    assert set(events) <= {"push", "pull_request", "schedule"}


@pytest.mark.parametrize(("name", "key"), JOBS)
def test_every_job_has_a_time_limit_a_fixed_machine_and_the_rights_it_needs(name: str, key: str) -> None:
    found = job(name, key)
    assert 0 < found["timeout-minutes"] <= 30
    assert re.fullmatch(r"ubuntu-\d\d\.\d\d", found["runs-on"])
    rights = found["permissions"]
    assert set(rights.values()) <= {"read", "write"}
    assert {right for right, level in rights.items() if level == "write"} == MAY_WRITE.get((name, key), set())


@pytest.mark.parametrize(("name", "key"), [("release.yml", "attest"), ("release.yml", "publish")])
def test_a_job_of_the_release_that_may_write_runs_nothing_of_the_repository(name: str, key: str) -> None:
    for step in job(name, key)["steps"]:
        assert "checkout" not in step.get("uses", "")
        assert not re.search(r"\b(make|python|npm|pip)\b|\./(?!\*)", step.get("run", ""))


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(name: str) -> None:
    lines = [line.strip().removeprefix("- ") for line in read(name).splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert PINNED.fullmatch(line) or line.removeprefix("uses: ") in BY_TAG, line


def test_an_action_is_the_same_commit_wherever_it_stands() -> None:
    commits: dict[str, set[tuple[str, str]]] = {}
    for match in re.finditer(PINNED.pattern, "\n".join(read(name) for name in NAMES), re.MULTILINE):
        repository = "/".join(match["action"].split("/")[:2])
        commits.setdefault(repository, set()).add((match["commit"], match["tag"]))
    assert {name: pins for name, pins in commits.items() if len(pins) != 1} == {}
    assert len(commits) == 6


@pytest.mark.parametrize(("name", "key"), JOBS)
def test_no_checkout_leaves_a_token_behind_and_no_script_is_put_together_from_what_others_wrote(
    name: str, key: str
) -> None:
    for step in job(name, key)["steps"]:
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", "")


def test_what_the_steps_run_exists() -> None:
    steps = [step["run"] for name, key in JOBS for step in job(name, key)["steps"] if "run" in step]
    text = "\n".join(steps)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) == {"audit", "leaks", "package"} <= set(targets)
    assert set(re.findall(r"-m (scripts\.\w+)", text)) == {"scripts.notes"}
    assert ".ci/run" in steps
    assert (ROOT / ".ci" / "run").exists()


def test_the_audit_is_made_daily_and_of_every_file_that_pins() -> None:
    assert load("audit.yml")[True]["schedule"] == [{"cron": "23 5 * * *"}]
    pinning = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("requirements*.txt")}
    pinning |= {
        path.relative_to(ROOT).as_posix()
        for folder in ("infra", "scripts")
        for path in (ROOT / folder).rglob("requirements.txt")
    }
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\naudit:")[2].partition("\n\n")[0]
    assert {word.rstrip(";") for word in recipe.split() if word.rstrip(";").endswith(".txt")} == pinning
    assert "--strict" in recipe  # else what could not be looked up counts as harmless
    assert "npm audit" in recipe


def test_what_is_pinned_is_kept_current() -> None:
    updates = yaml.safe_load((FOLDER.parent / "dependabot.yml").read_text("utf-8"))["updates"]
    kept = {
        (one["package-ecosystem"], place) for one in updates for place in one.get("directories", [one.get("directory")])
    }
    assert kept == {
        ("github-actions", "/"),
        ("npm", "/"),
        *(("pip", place) for place in ("/", "/infra/policy", "/scripts/audit")),
    }
    for ecosystem, place in kept - {("github-actions", "/")}:
        name = "package-lock.json" if ecosystem == "npm" else "requirements.txt"
        assert (ROOT / place.strip("/") / name).is_file()


def test_everything_has_an_owner_and_every_path_that_has_one_exists() -> None:
    lines = [line.split() for line in (FOLDER.parent / "CODEOWNERS").read_text("utf-8").splitlines()]
    owned = {line[0]: line[1:] for line in lines if line and line[0] != "#"}
    assert owned["*"]
    assert all(owner.startswith("@") for owners in owned.values() for owner in owners)
    assert [path for path in owned if path != "*" and not list(ROOT.glob(path.strip("/")))] == []


@pytest.mark.skipif(not (ROOT / "infra").exists(), reason="SKIPPED: there is no infra/ in this checkout")
def test_the_template_that_is_compared_and_the_files_of_the_button_exist() -> None:
    named = set(re.findall(r"infra/[\w.]+", read("ci.yml")))
    missing = [file for file in (*named, "infra/createUiDefinition.json") if not (ROOT / file).exists()]
    assert missing == []


def test_the_package_is_tested_on_every_python_that_the_project_allows() -> None:
    allowed = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert allowed is not None
    assert job("ci.yml", "check")["strategy"]["matrix"]["python"] == [
        f"3.{minor}" for minor in range(int(allowed[1]), int(allowed[2]))
    ]
