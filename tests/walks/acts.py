"""What administrators do while a connection lives: rename, move names, license, delete, give and take by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from local.tenant.world import Access, Mailbox
from tests.walks.desk import Desk
from tests.walks.inside import APPLICATION

NAMES = [f"{name}@contoso.example" for name in ("anna", "berta", "info", "post", "shop", "nobody")]
OTHER = "S-1-5-21-0"
"""Somebody else, whose access is nobody's business."""


@dataclass
class Acts:
    """A desk, and those who act on it."""

    desk: Desk
    dice: random.Random
    listed: list[str] = field(default_factory=list)
    """The list that the connection was asked for last."""
    done: list[str] = field(default_factory=list)
    """What has happened, to be read when something is wrong."""
    strangers: set[str] = field(default_factory=set)
    """Mailboxes to which somebody else has access."""

    @property
    def by_guid(self) -> dict[str, Mailbox]:
        """Return the mailboxes by guid."""
        return {one.guid: one for one in self.desk.world.mailboxes.values()}

    def reached(self, mailbox: Mailbox) -> bool:
        """Return whether the application may open a mailbox."""
        return self.desk.sid in mailbox.access

    def note(self, text: str) -> None:
        """Write down what happens."""
        self.done.append(text)

    async def rename(self) -> str:
        """Rename a mailbox, its old name kept or not."""
        mailbox, new, keep = self.one(), self.dice.choice(self.free()), self.dice.random() < 0.5
        self.note(f"rename {mailbox.address} to {new} keep {keep}")
        self.desk.administrator.rename_mailbox(mailbox.address, new, keep=keep)
        return ""

    async def alias(self) -> str:
        """Add, move or remove an alias."""
        world, administrator = self.desk.world, self.desk.administrator
        taken = [alias for one in world.mailboxes.values() for alias in one.aliases]
        what = self.dice.choice(["add", "move", "remove"] if taken else ["add"])
        alias, to = self.dice.choice(self.free() if what == "add" else self.rather(taken)), self.one().address
        self.note(f"alias {what} {alias} {to}")
        if what == "add":
            administrator.add_alias(to, alias)
        elif what == "move":
            administrator.move_alias(alias, to)
        else:
            administrator.remove_alias(alias)
        return ""

    async def license_again(self) -> str:
        """License a mailbox again."""
        mailbox = self.one()
        self.note(f"license {mailbox.address}")
        self.strangers.discard(mailbox.guid)
        self.desk.administrator.license_again(mailbox.address)
        return ""

    async def by_hand(self) -> str:
        """Give the application access, or take it, by hand."""
        mailbox = self.one()
        self.note(f"by hand {mailbox.address} {not self.reached(mailbox)}")
        if self.reached(mailbox):
            self.desk.administrator.remove_mailbox_permission(mailbox.address, APPLICATION)
        else:
            self.desk.administrator.add_mailbox_permission(mailbox.address, APPLICATION)
        return ""

    async def others(self) -> str:
        """Give somebody else access."""
        mailbox = self.one()
        mailbox.access[OTHER] = Access()
        self.strangers.add(mailbox.guid)
        return ""

    async def delete(self) -> str:
        """Delete a mailbox, as long as there are some."""
        if len(self.desk.world.mailboxes) > 3:
            mailbox = self.one()
            self.note(f"delete {mailbox.address}")
            self.desk.administrator.delete_mailbox(mailbox.address)
        return ""

    async def create(self) -> str:
        """Create a mailbox."""
        address = self.dice.choice(self.free())
        self.note(f"create {address}")
        self.desk.administrator.add_mailbox(address)
        return ""

    async def imap(self) -> str:
        """Switch IMAP on or off."""
        mailbox = self.one()
        mailbox.imap_enabled = not mailbox.imap_enabled
        self.note(f"imap {mailbox.address} {mailbox.imap_enabled}")
        return ""

    def one(self) -> Mailbox:
        """Return some mailbox."""
        return self.dice.choice([*self.desk.world.mailboxes.values()])

    def names(self) -> list[str]:
        """Return all names that may be on a list."""
        every = [name for one in self.desk.world.mailboxes.values() for name in (one.address, *one.aliases)]
        return sorted({*every, *NAMES})

    def free(self) -> list[str]:
        """Return names that no mailbox has."""
        spare = [f"new{number}@contoso.example" for number in range(3)]
        every = dict.fromkeys([*self.listed, *NAMES, *spare])
        found = [name for name in every if self.desk.world.mailbox(name) is None]
        return self.rather(found) or ["more@contoso.example"]

    def rather(self, names: list[str]) -> list[str]:
        """Return mostly those names that are on the list: with them something happens."""
        listed = [name for name in names if name in self.listed]
        return listed if listed and self.dice.random() < 0.6 else names
