"""``python -m tests.infra.hostile --seconds 600``: the scripts among hostile names, for longer than the tests play.

A tenant is made from a seed. Every text that some member of it, or a caller of the app, can choose is hostile: names of
applications, owners and credentials, ``uniqueName``, tags, mailboxes. Whatever stands there: nobody else's application
gets a consent or an owner or is deleted, ours is still found, and nothing of it acts on the terminal.
"""

from __future__ import annotations

import argparse
import random
import re
import secrets
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import Any

from tests.infra.shell import APP, CLIENT, HERE, IDENTITY, IDS, Ended, Shell, application, enterprise

OURS, OUR_APP, OUR_SP, THEIRS, THEIR_APP, THEIR_SP, PERSON, MAKER, VICTIM = (
    f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "6789abcde"
)
VICTIM_APP = VICTIM.replace("e", "f")
PIECES = (
    *(
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\x0b",
        "\x1b[2K\x1b[1A",
        "\x1b]0;x\x07",
        "\x9b31m",
        "\x85",
        "\u2028",
        "\u202e",
        "\u2066",
    ),
    *(
        "\u200b",
        "\ufeff",
        "\U000e0041",
        "\u3164",
        "\x7f",
        "\b",
        "ü",
        "😀",
        "’",
        "‘",
        "'",
        '"',
        "\\",
        "\\n",
        "`",
        "%s",
        "%n",
    ),
    *(
        "$(touch pwned)",
        "`touch pwned`",
        "; touch pwned #",
        "'; touch pwned; '",
        "*",
        "&",
        "None",
        "null",
        "[null]",
        " ",
    ),
    *(
        '["',
        '"]',
        '\\"]\t["',
        "[]",
        "--yes",
        IDENTITY,
        CLIENT,
        OURS,
        OUR_APP,
        THEIRS,
        VICTIM,
        "utm-mail-connect-",
        "hq",
    ),
    *(f"hq\n{VICTIM}\tutm-mail-connect-x", f"x\n{IDENTITY}\tid", f"x\napplication\t{IDENTITY}\tuser\tid", "x" * 300),
    *(f"application\t{IDENTITY}\t#microsoft.graph.user", "#microsoft.graph.application\t", "ResourceNotFound"),
    *(f"\n{VICTIM}\t{CLIENT}\t", "\ngranted\tapplication-owner\t", "utm-mail-connect 1", "Remove-Mailbox '*'"),
)
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
FACT = re.compile(r"(#|(time|who|tenant|identity|action|before|after|intent|granted|revoked|setting|made|restored)\t)")
WAYS = ("maker", "owner", "secret", "certificate", "federated")


class Tenant:
    """A tenant from a seed: our connection "hq", a foreign "planted", and a victim that belongs to somebody else."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated
        self.shell = Shell(folder, locale=self.random.choice(["C.UTF-8", "C", "de_DE.UTF-8"]))
        world = self.shell.world
        name, mine = self.text, {"createdByAppId": MAKER, "owners": [PERSON]}
        world["applications"] = [
            application(OURS, OUR_APP, "hq", displayName=name(), tags=[name(), "utm-mail-connect", name()]),
            application(THEIRS, THEIR_APP, "planted", displayName=name()),
            application(VICTIM, VICTIM_APP, "", uniqueName=name(), displayName="utm-mail-connect-hq", **mine),
        ]
        world["servicePrincipals"] += [
            enterprise(OUR_SP, OUR_APP, "hq", displayName=name()),
            enterprise(THEIR_SP, THEIR_APP, "planted", displayName=name()),
            {**enterprise(MAKER, MAKER, "", displayName=name()), "owners": []},
        ]
        world["people"] = {PERSON: {"displayName": name(), "userPrincipalName": name()}}
        world["account"]["user"]["name"] = name()
        boxes = {"o'neil@contoso.example", self.random.choice([name(), "a’; Remove-Mailbox *'b", "‚‛‘$x`"])}
        world["apps"][APP]["connections"] = {"hq": {"ids": {}, "mailboxes": sorted(boxes)}}
        self.plant(WAYS[seed // len(SCENES) % len(WAYS)], world["applications"][1], world["servicePrincipals"][-2])

    def text(self) -> str:
        """Return a hostile text."""
        return "".join(self.random.choices(PIECES, k=self.random.randint(1, 5)))

    def plant(self, way: str, app: dict[str, Any], principal: dict[str, Any]) -> None:
        """Make an application foreign in one way; its other one, or both, looks as ours does."""
        one = self.random.choice([app, principal])
        kept = {"keyId": PERSON, "displayName": self.text(), "endDateTime": "2027-01-01T00:00:00Z"}
        if way == "maker":
            one["createdByAppId"] = MAKER
        elif way == "owner":
            one["owners"].append(PERSON)
        elif way == "federated":
            app["federated"] = [{"id": PERSON, "name": self.text(), "issuer": self.text(), "subject": self.text()}]
        else:
            one["passwordCredentials" if way == "secret" and one is principal else "keyCredentials"].append(kept)

    def quiet(self, ended: Ended) -> None:
        """Fail where what a script printed or wrote does more than stand there."""
        home = self.shell.folder / "home"
        assert [path.name for path in home.iterdir()] in ([], ["utm-mail-connect"]), "something was executed"
        written = [path.read_text("utf-8-sig") for path in home.glob("*/*")]
        for text in (ended.out, ended.err, *written):
            hidden = {sign for sign in text if unicodedata.category(sign) in HIDDEN} - {"\n"}
            assert hidden <= ({"\t"} if text in written else set()), sorted(map(ascii, hidden))
        for path in self.shell.records:
            assert all(FACT.match(line) for line in path.read_text("utf-8").splitlines()), path.read_text("utf-8")


def consent(seed: int, folder: Path) -> None:
    """Ours gets a consent, and what was planted none, nor an owner."""
    tenant = Tenant(seed, folder)
    shell = tenant.shell
    ended = shell.run("grant.sh", *IDS, "--consent", "planted", "--yes")
    assert (ended.code, shell.writes) == (1, []), ended
    assert "✘" in ended.err
    tenant.quiet(ended)
    shell.world["trouble"] = {"fail_at": 1, "error": tenant.text()}
    tenant.quiet(shell.run("grant.sh", *IDS, "--consent", "hq", "--yes"))
    shell.world["trouble"] = {}
    ended = shell.run("grant.sh", *IDS, "--consent", "hq", "--yes")
    assert ended.code == 0, ended
    assert [one["principalId"] for one in shell.world["appRoleAssignments"]] == [OUR_SP]
    tenant.quiet(ended)


def adoption(seed: int, folder: Path) -> None:
    """What is adopted is shown whole; unattended only by its id; and only that is taken back."""
    tenant = Tenant(seed, folder)
    shell = tenant.shell
    for one in (shell.world["applications"][1], shell.world["servicePrincipals"][-2]):
        one.update(owners=[PERSON], createdByAppId=MAKER)
    before = shell.tenant
    assert shell.run("grant.sh", *IDS, "--adopt", "planted", "--yes").code == 2
    tenant.quiet(shell.run("grant.sh", *IDS, "--adopt", "planted", "--yes", "--application-id", THEIR_APP))
    assert shell.world["applications"][1]["owners"] == [PERSON, IDENTITY]
    tenant.quiet(shell.run("grant.sh", *IDS, "--adopt", "planted", "--revoke", "--yes"))
    assert shell.tenant == before


def removal(seed: int, folder: Path) -> None:
    """Only what our identity made is deleted, whatever it was made the owner of, and whatever that is called."""
    tenant = Tenant(seed, folder)
    shell = tenant.shell
    shell.world["applications"][1].update(createdByAppId=MAKER)
    shell.world["applications"][2].update(owners=[PERSON, IDENTITY])
    ended = shell.run("remove.sh", *HERE, "--yes")
    assert ended.code == 0, ended
    assert [one["id"] for one in shell.world["applications"]] == [THEIRS, VICTIM]
    tenant.quiet(ended)
    lines = (folder / "home" / "utm-mail-connect" / "exchange-remove-all.ps1").read_text("utf-8-sig").splitlines()
    named = [line for line in lines if re.match(r" *Remove-MailboxPermission", line)]
    end = rf"-User '{OUR_SP}' -AccessRights FullAccess -Confirm:\$false"
    one_string = r"'([^'‘’‚‛]|''|‘‘|’’|‚‚|‛‛)*'"
    assert all(re.fullmatch(rf" +Remove-MailboxPermission -Identity {one_string} {end}", one) for one in named), named
    assert len(named) in {0, 2}


SCENES = (consent, adoption, removal)


def play(seed: int) -> None:
    """Play the scene of a seed, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        SCENES[seed % len(SCENES)](seed, Path(folder))


def main() -> int:
    """Play scenes until the time is over; print the seed of one that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.infra.hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    arguments = parser.parse_args()
    ends, seed = time.monotonic() + arguments.seconds, arguments.seed
    while time.monotonic() < ends:
        try:
            play(seed)
        except Exception:
            sys.stderr.write(f"seed {seed}\n")
            raise
        seed += 1
    sys.stdout.write(f"{seed - arguments.seed} tenants, from seed {arguments.seed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
