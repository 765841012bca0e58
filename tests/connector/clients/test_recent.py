"""What is read again of many documents, and what is not: never another content than the one that stands there."""

from __future__ import annotations

from connector.clients.recent import Recent
from connector.kept import Why, Withheld
from tests.walks.inside import MemoryStore


class Listed(MemoryStore):
    """A store whose lists tell the ETags, and that counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.withheld: set[str] = set()

    async def get(self, path: str) -> tuple[bytes, str] | None:
        self.read.append(path)
        found = await super().get(path)
        return (Withheld.because(Why.ARCHIVED), found[1]) if found is not None and path in self.withheld else found

    async def tags(self, folder: str) -> dict[str, str]:
        found = {path: await super(Listed, self).get(path) for path in await self.paths(folder)}
        return {path: one[1] for path, one in found.items() if one is not None}


async def look(recent: Recent, store: Listed) -> dict[str, bytes | None]:
    """Return what is seen, and forget what was read before."""
    store.read.clear()
    documents = await recent.view("a/", "b/")
    found = {path: await documents.get(path) for path in ("a/1", "a/2", "b/1")}
    return {path: one[0] if one is not None else None for path, one in found.items()}


async def test_what_is_the_same_is_not_read_again_and_all_else_is() -> None:
    store = Listed()
    store.documents = {"a/1": b"one", "a/2": b"two"}
    recent = Recent(store)
    assert await look(recent, store) == {"a/1": b"one", "a/2": b"two", "b/1": None}
    assert store.read == ["a/1", "a/2", "b/1"]
    assert await look(recent, store) == {"a/1": b"one", "a/2": b"two", "b/1": None}
    assert store.read == ["b/1"]
    store.documents = {"a/1": b"another", "b/1": b"new"}
    assert await look(recent, store) == {"a/1": b"another", "a/2": None, "b/1": b"new"}
    store.documents["a/2"] = b"two"  # what was gone is not remembered
    assert (await look(recent, store))["a/2"] == b"two"
    assert store.read == ["a/2"]


async def test_what_changes_after_the_list_is_read_again_the_next_time() -> None:
    store = Listed()
    store.documents = {"a/1": b"one"}
    recent = Recent(store)
    documents = await recent.view("a/")
    store.documents["a/1"] = b"two"
    assert (await documents.get("a/1") or (b"",))[0] == b"two"
    store.documents["a/1"] = b"one"  # the content that the first list has told of
    assert (await look(recent, store))["a/1"] == b"one"
    assert "a/1" in store.read


async def test_what_is_withheld_or_large_is_read_each_time() -> None:
    store = Listed()
    store.documents = {"a/1": b"x" * (32 * 1024 + 1), "a/2": b"two", "b/1": b"one"}
    store.withheld = {"a/2"}
    recent = Recent(store)
    for _ in range(2):
        await look(recent, store)
    assert store.read == ["a/1", "a/2"]
    store.withheld.clear()
    assert (await look(recent, store))["a/2"] == b"two"
