"""The zip for Azure: reproducible, complete, nothing besides; and the app runs from it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from scripts.package.build import LIMIT, Package, build
from scripts.package.bytecode import interpreter
from scripts.package.lock import AZURE
from scripts.package.modules import ModuleList

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SITE = ".python_packages/lib/site-packages/"
OPTIONAL = {"click", "pygments", "rich"}
"""Of httpx's own command line, which httpx looks for and does without."""


@pytest.fixture(scope="module")
def entries(package: Package) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(package.archive) as archive:
        return archive.infolist()


@pytest.fixture(scope="module")
def bill(package: Package) -> Any:
    return json.loads(package.bill.read_text("utf-8"))


def run(*words: str, **environment: str) -> Any:
    """Run our own interpreter; return the JSON that it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECTOR_", "PYTHON", "COV"))}
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, *words], env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_builds_of_the_same_sources_are_equal_to_the_byte(package: Package, tmp_path: Path) -> None:
    """The second from a copy with other times, other rights and another order on disk."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "connector", copy / "connector", copy_function=shutil.copyfile)
    for name in ("infra", "triggers", "orchestrations", "activities", *(("web",) if (ROOT / "web").exists() else ())):
        shutil.copytree(ROOT / name, copy / name, copy_function=shutil.copyfile)
    for name in ("docs/reference/findings.md", "docs/reference/findings.de.md"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    for name in ("requirements.txt", "pyproject.toml", "host.json", "function_app.py", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
        (copy / name).chmod(0o600)
    (copy / "infra" / "grant" / "api.sh.orig").write_bytes(b"left over")
    (copy / "connector" / "__pycache__").mkdir(exist_ok=True)
    (copy / "connector" / "__pycache__" / "left.cpython-312.pyc").write_bytes(b"left over")
    again = build(copy, out=tmp_path / "out", cache=ROOT / "build" / "wheels")
    pairs = ((package.archive, again.archive), (package.bill, again.bill), (package.scripts, again.scripts))
    for first, second in pairs:
        assert first.read_bytes() == second.read_bytes()


def test_it_is_small_enough(package: Package) -> None:
    assert 5_000_000 < package.archive.stat().st_size <= LIMIT == 25_000_000


def test_nothing_is_in_it_that_azure_does_not_need(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    own = {name.partition("/")[0] for name in names if not name.startswith(SITE)}
    assert own - {"web"} == {
        "LICENSE", "activities", "connector", "docs", "function_app.py", "host.json", "orchestrations",
        "requirements.txt", "sbom.cdx.json", "triggers",
    }  # fmt: skip
    assert {Path(name).suffix for name in names if name.startswith(("connector/", "triggers/"))} - {".pyc"} == {
        ".py", ".json",
    }  # fmt: skip
    forbidden = re.compile(
        r"(^|/)(tests|local)/|\.pyi$|/left\.|dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)"
    )
    assert [name for name in names if forbidden.search(name) and "/msgraph/" not in name] == []
    assert [name for name in names if name.startswith(("/", f"{SITE}bin/")) or ".." in name.split("/")] == []


def test_what_is_imported_first_has_bytecode_that_is_not_compared_with_its_source(unpacked: Path) -> None:
    tag = sys.implementation.cache_tag
    for module in ("function_app", "connector/services", "triggers/list", f"{SITE}pydantic/main"):
        folder, _, name = module.rpartition("/")
        compiled = unpacked / folder / "__pycache__" / f"{name}.{tag}.pyc"
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00"
    assert len(list(unpacked.rglob("*.pyc"))) > 500
    source = unpacked / "connector" / "update.py"
    before = source.read_bytes()
    source.write_bytes(b"raise RuntimeError")
    path = [str(unpacked), str(unpacked / SITE)]
    try:
        words = (
            "-I",
            "-S",
            "-B",
            "-c",
            f"import sys; sys.path[:0] = {path!r}; import connector.update; print(1)",
        )
        assert run(*words) == 1
    finally:
        source.write_bytes(before)


def test_without_an_interpreter_of_the_targets_version_there_is_no_bytecode_and_it_is_said(package: Package) -> None:
    with zipfile.ZipFile(package.archive) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
    assert package.compiled == bool(compiled) == (interpreter(AZURE) is not None)
    assert {name.split(".")[-2] for name in compiled} <= {"cpython-312"}


def test_every_module_for_another_interpreter_stays_out(entries: list[zipfile.ZipInfo]) -> None:
    libraries = [entry.filename for entry in entries if entry.filename.endswith(".so")]
    assert any("cpython-312-x86_64-linux-gnu" in name for name in libraries)
    assert [name for name in libraries if not re.search(r"\.(cpython-312-x86_64-linux-gnu|abi3)\.so$", name)] == []


def test_entries_bear_no_time_and_no_rights_of_the_machine_that_built_it(entries: list[zipfile.ZipInfo]) -> None:
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o100644)}


def test_no_file_names_the_folder_that_it_was_built_in(package: Package) -> None:
    with zipfile.ZipFile(package.archive) as archive:
        assert [name for name in archive.namelist() if str(ROOT).encode() in archive.read(name)] == []


def test_the_checksums_are_those_of_the_files(package: Package) -> None:
    for line in package.checksums.read_text("ascii").splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((package.archive.parent / name).read_bytes()).hexdigest() == digest
    assert package.checksums.read_text("ascii").count("\n") == len(list(package.archive.parent.iterdir())) - 1


def test_the_scripts_run_from_the_folder_that_their_archive_unpacks_into(package: Package, tmp_path: Path) -> None:
    with tarfile.open(package.scripts) as archive:
        assert {(one.mtime, one.uid, one.gid, one.uname) for one in archive} == {(0, 0, 0, "")}
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert package.scripts.name == f"{folder.name.replace('-connect-', '-connect-scripts-')}.tar.gz"
    for name in ("grant", "remove", "update"):
        done = subprocess.run(  # noqa: S603 - our own script
            [folder / "infra" / f"{name}.sh", "--help"],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{name}.sh" in done.stdout
    assert {path.name for path in (folder / "infra/grant").iterdir()} == {
        path.name for path in (ROOT / "infra/grant").iterdir()
    }


def of_python(bill: Any) -> list[dict[str, Any]]:
    return [one for one in bill["components"] if one["purl"].startswith("pkg:pypi/")]


def test_the_bill_of_materials_lists_exactly_what_is_shipped(bill: Any, package: Package) -> None:
    listed = {(one["name"], one["version"]) for one in of_python(bill)}
    with zipfile.ZipFile(package.archive) as archive:
        shipped = set(re.findall(rf"{SITE}([^/]+)-([^/]+)\.dist-info/METADATA", "\n".join(archive.namelist())))
        assert archive.read("sbom.cdx.json") == package.bill.read_bytes()
        modules = {Path(name).stem for name in archive.namelist() if re.fullmatch(r"web/vendor/[^/]+\.js", name)}
    assert modules == {one["name"] for one in bill["components"] if one["purl"].startswith("pkg:npm/")} != set()
    assert listed == {(canonicalize_name(name), version) for name, version in shipped}
    assert len(listed) == len(of_python(bill))


def test_the_bill_of_materials_lists_what_is_locked_but_what_is_for_another_python(bill: Any) -> None:
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    locked = {
        (name, version): marker for name, version, marker in re.findall(r"^(\S+)==(\S+)([^\n]*)", lock, re.MULTILINE)
    }
    listed = {(one["name"], one["version"]) for one in of_python(bill)}
    assert listed <= set(locked)
    left_out = {name: locked[name, version] for name, version in set(locked) - listed}
    assert set(left_out) == {"azure-functions"}
    assert ">= '3.13'" in left_out["azure-functions"]
    assert all(one["hashes"][0]["content"] in lock for one in of_python(bill))


def test_the_bill_of_materials_is_cyclonedx_with_licences_and_a_graph(bill: Any) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    components = {one["name"]: one for one in bill["components"]}
    assert components["certifi"]["licenses"] == [{"license": {"name": "MPL-2.0"}}]
    assert components["hyperframe"]["licenses"] == [{"license": {"name": "MIT License"}}]
    assert components["cryptography"]["licenses"] == [{"expression": "Apache-2.0 OR BSD-3-Clause"}]
    assert all(one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}" for one in of_python(bill))
    graph = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    own = bill["metadata"]["component"]["bom-ref"]
    assert set(graph) == {own, *(one["purl"] for one in components.values())}
    reached, waiting = set(), [own]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += graph[ref]
    assert reached == set(graph), "everything that is shipped is needed by something"


def test_a_whole_set_up_runs_from_the_package_and_imports_nothing_from_elsewhere(unpacked: Path) -> None:
    path = os.pathsep.join([str(unpacked), str(unpacked / SITE)])
    words = ("-P", "-B", str(HERE / "packaged.py"), str(unpacked), str(ROOT))
    report = run(*words, PYTHONPATH=path, PYTHONNOUSERSITE="1")
    assert report["state"] == "ready"
    assert report["asked"] > 1000
    assert {name.partition(".")[0] for name in report["elsewhere"]} <= OPTIONAL
    assert len(report["own"]) > 40
    assert {name: origin for name, origin in report["own"].items() if origin} == {}
    assert report["msgraph"] > 100


def test_the_app_imports_and_every_type_that_graph_can_name_is_read_with_the_package_alone(unpacked: Path) -> None:
    report = run("-I", "-S", "-B", str(HERE / "parsing.py"), str(unpacked))
    assert report["imported"] == len(
        [path for path in unpacked.glob("*/**/*.py") if not path.is_relative_to(unpacked / SITE)]
    ) + 1  # fmt: skip
    for name, bare in (("directory_object", "DirectoryObject"), ("entity", "Entity")):
        assert len(report["read"][name]) > 30
        assert bare not in report["read"][name].values()
    assert report["unknown"] == {"type": "DirectoryObject", "id": "1", "rest": {"new": {"a": 1}}}
    assert report["deep"] == {"type": "Application", "id": "1", "rest": {}}
    assert report["redirect"] == "https://localhost"


def test_a_set_up_reaches_no_module_of_msgraph_that_is_not_shipped(tmp_path: Path) -> None:
    """As `make package-trace` does it for all tests, here for the demo."""
    notes = tmp_path / "modules"
    words = ("-m", "local", "demo", "--json", "--mailboxes", "1")
    hook = str(ROOT / "scripts" / "package" / "trace")
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "MSGRAPH_TRACE": str(notes), "PYTHONPATH": hook},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reached = set(notes.read_text("ascii").split())
    shipped = ModuleList.read().modules
    folders = {name.rpartition(".")[0] for name in shipped} | {"msgraph.generated"}
    assert len(reached) > 100
    assert {
        name for name in reached - shipped if not any(one.startswith(f"{name}.") for one in folders | shipped)
    } == set()
