"""The commands of docs/how-to/restore.md bring back what was there, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.test_docs import blocks
from tests.infra.az_storage import version
from tests.infra.shell import APP, ROOT, Shell

DOCUMENTS = [ROOT / f"docs/how-to/restore{language}.md" for language in ("", ".de")]
OLD, THEN, LATER = (f"2026-11-{day}T08:00:00.0000000Z" for day in (20, 25, 26))


@pytest.fixture
def lost(shell: Shell) -> Shell:
    """Return a world in which the container was deleted, after somebody had written into it."""
    shell.world["store"] = {
        "account": "utmstoreabc123def4567",
        "roles": [],
        "files": {},  # on the person's own machine
        "deleted": True,
        "version": "01DC5E0A8B6F4C21",
        "versions": [
            version("connections/hq.json", OLD, "older"),
            version("connections/hq.json", THEN, "right", deleted=True),
            version("connections/hq.json", LATER, "wrong", current=True),
            version("connections/hq/mailboxes-0000.json", THEN, "right too"),  # deleted since: nothing is current
            version("connections/hq/mailboxes-0001.json", LATER, "too many", current=True),
            version("connections/hq2.json", OLD, "another, before"),
            version("connections/hq2.json", LATER, "another", current=True),
        ],
    }
    return shell


def there(shell: Shell) -> dict[str, str]:
    """Return what an app would find."""
    return {one["name"]: one["content"] for one in shell.world["store"]["versions"] if one["isCurrentVersion"]}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_the_document_bring_back_one_connection_as_it_was(lost: Shell, path: Path) -> None:
    before, *middle, after = blocks(path.read_text("utf-8"), "sh")
    ended = lost.type(before)
    assert (ended.code, ended.err, lost.world["apps"][APP]["running"]) == (0, "", False)
    ended = lost.type("".join(middle))
    assert (ended.code, ended.err) == (0, "")
    assert f"connections/hq.json\t{THEN}\tNone\tTrue" in ended.out  # what the reader has to look for
    assert there(lost) == {
        "connections/hq.json": "right",
        "connections/hq/mailboxes-0000.json": "right too",
        "connections/hq2.json": "another",
    }
    ended = lost.type(after)
    assert (ended.code, ended.err) == (0, "")
    assert (lost.world["store"]["roles"], lost.world["apps"][APP]["running"]) == ([], True)


def test_nothing_of_it_works_without_the_role_that_is_taken_first(lost: Shell) -> None:
    for block in blocks(DOCUMENTS[0].read_text("utf-8"), "sh")[1:-1]:
        assert lost.type(block).code != 0


def test_both_languages_show_the_same_commands() -> None:
    english, german = (blocks(path.read_text("utf-8"), "sh") for path in DOCUMENTS)
    assert english == german
