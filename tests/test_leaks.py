"""A secret that somebody has committed is found, and its value is not shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.leaks import CHECKOV, ENTRA, ROOT, accepted, committed, leaks

TAIL = "x" * 34


def test_what_is_committed_holds_no_client_secret_but_the_accepted_ones() -> None:
    found = {path for path in committed(ROOT) if ENTRA.search((ROOT / path).read_bytes())}
    assert found == {path for path, kind in accepted() if kind == "Entra client secret"}


def test_every_accepted_leak_has_a_reason_and_a_file() -> None:
    assert all(len(reason) > len("It is an example.") for reason in accepted().values())
    assert [path for path, _ in accepted() if not (ROOT / path).is_file()] == []


def test_secrets_of_each_kind_are_found(tmp_path: Path) -> None:
    if not CHECKOV.exists():
        missing = "checkov is missing: run `make leaks` once"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    head, foot = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    files = {
        "entra.py": f'secret = "Abc8Q~{TAIL}"\n',
        "key.txt": f"{head}\nMIIEpAIBAAKCAQEA\n{foot}\n",
        "harmless.md": "A client secret has 40 characters.\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert leaks(tmp_path, list(files)) == {("entra.py", "Entra client secret"), ("key.txt", "Private Key")}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Abc8Q~{TAIL}", True),
        (f"client_secret=~.-0Q~{TAIL[:31]}", True),
        (f"Abc8Q~{TAIL[:30]}", False),
        (f"Abc8Q~{TAIL}xx", False),
        (f"Abcd8Q~{TAIL}", False),
        (f"AbcXQ~{TAIL}", False),
    ],
)
def test_the_shape_of_a_client_secret(text: str, secret: bool) -> None:
    assert bool(ENTRA.search(text.encode())) is secret
