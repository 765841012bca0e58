"""Which modules of msgraph-sdk are shipped."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from scripts.package.lock import AZURE, pins
from scripts.package.modules import DISTRIBUTION, ModuleList, closure, reader, sources

ROOT = Path(__file__).parents[2]
MODELS = "msgraph.generated.models."
SMALL = {
    "__init__.py": "from .client_request_builder import Client",
    "client_request_builder.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from .generated.users.users_request_builder import Users
        class Client:
            @property
            def applications(self):
                from .generated.applications.applications_request_builder import Applications
    """,
    "generated/applications/applications_request_builder.py": """
        from ..base import Base
        def by_id(self):
            from .item.item_request_builder import Item
    """,
    "generated/applications/item/item_request_builder.py": "",
    "generated/base.py": "import msgraph.generated.deeper",
    "generated/deeper.py": "",
    "generated/users/users_request_builder.py": "",
    "generated/models/application.py": """
        def read(self):
            from .web import Web
    """,
    "generated/models/web.py": """
        class Web:
            def read(self):
                from . import uri
    """,
    "generated/models/uri.py": "",
    "generated/models/other.py": "",
}


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Path]:
    for name, text in SMALL.items():
        path = tmp_path / "msgraph" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()), "utf-8")
    return sources(tmp_path)


def test_what_a_builder_offers_is_followed_one_level_deep(small: dict[str, Path]) -> None:
    assert closure({"msgraph.client_request_builder"}, reader(small)) == {
        "msgraph.client_request_builder",
        "msgraph.generated.applications.applications_request_builder",
        "msgraph.generated.base",
        "msgraph.generated.deeper",
    }


def test_what_a_model_may_hold_is_followed_to_the_end(small: dict[str, Path]) -> None:
    assert closure({f"{MODELS}application"}, reader(small)) == {
        f"{MODELS}application", f"{MODELS}web", f"{MODELS}uri"
    }  # fmt: skip


def test_the_list_is_the_same_after_writing_and_reading(tmp_path: Path) -> None:
    listed = ModuleList("1.2.3", frozenset({"msgraph.b", "msgraph.a"}))
    listed.write(tmp_path / "list")
    assert (tmp_path / "list").read_text("ascii").splitlines()[1:] == ["msgraph.a", "msgraph.b"]
    assert ModuleList.read(tmp_path / "list") == listed


def test_the_committed_list_is_for_the_version_that_is_locked() -> None:
    (locked,) = (pin.version for pin in pins(ROOT / "requirements.txt", AZURE) if pin.name == DISTRIBUTION)
    assert ModuleList.read().version == locked


def test_whatever_graph_answers_the_committed_list_holds_the_modules_to_read_it() -> None:
    """No listed module needs at import, and no listed model needs when it reads an answer, what is not listed."""
    listed = ModuleList.read().modules
    known = sources(Path(sysconfig.get_path("purelib")))
    imports = reader(known)
    models = {name for name in listed if not name.endswith(("_builder", "_client", "_adapter"))}
    assert {one for name in listed for one in imports(name).on_top} <= listed
    assert {one for name in models for one in imports(name).inside} <= listed
    assert len(models) > 3000
    assert 2 * len(listed) < len(known)
