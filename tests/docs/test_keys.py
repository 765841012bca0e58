"""The lines that compute a key's eight digits compute what the app logs."""

from __future__ import annotations

import subprocess

import azure.functions as func
import pytest

from tests.docs.test_docs import blocks, read
from triggers.caller import caller

KEY = "n0t-a-real 'key' $HOME \\ %s_-=="
GERMAN, ENGLISH = "docs/how-to/keys.de.md", "docs/how-to/keys.md"


def test_both_languages_show_the_same_lines() -> None:
    for language in ("bash", "powershell"):
        assert blocks(read(GERMAN), language) == blocks(read(ENGLISH), language) != []


@pytest.mark.parametrize("path", [GERMAN, ENGLISH])
def test_the_line_for_bash_computes_what_the_app_says_of_the_key(path: str) -> None:
    (line,) = blocks(read(path), "bash")
    asked = func.HttpRequest("GET", "https://app.example/api/x", headers={"x-functions-key": KEY}, body=b"")
    ended = subprocess.run(["/bin/bash", "-c", line], input=f"{KEY}\n", capture_output=True, text=True, check=True)  # noqa: S603 - a line of ours
    assert ended.stdout.strip() == caller(asked, "read_x").key
