"""Runs the real scripts with a real bash and the stand-in ``az``, against a world that a test can change."""

from __future__ import annotations

import copy
import json
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.infra import az

_PATH = "/usr/local/bin:/usr/bin:/bin"
ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
TENANT, IDENTITY, CLIENT = (f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "123")
GRAPH_SP, EXCHANGE_SP = (f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "45")
GRAPH_APP, EXCHANGE_APP = "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000"
GROUP, APP = "rg-mail", "utmmail-abc123def4567"
STORAGE = APP.replace("-", "")
IDENTITY_PATH = (
    f"/subscriptions/s/resourceGroups/{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-mail"
)
ALL_ROLES = ["Privileged Role Administrator", "Cloud Application Administrator", "Owner"]
HERE = ("--resource-group", GROUP, "--app", APP)
IDS = ("--identity", IDENTITY, "--tenant", TENANT)

# facts: the ids of Microsoft's app roles, the same in every tenant.
GRAPH_ROLES = {
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
EXCHANGE_ROLES = {
    "Exchange.ManageAsApp": "dc50a0fb-09a3-484d-be87-e023b12c6440",
    "IMAP.AccessAsApp": "5e5addcd-3e8d-4e90-baf5-964efab2b20a",
    "POP.AccessAsApp": "cb842b43-da6e-4506-86fe-bb12199c656d",
    "SMTP.SendAsApp": "7146a1f0-8703-45b3-9eae-527a64c00995",
}
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
NAMES = {id_: name for name, id_ in (GRAPH_ROLES | EXCHANGE_ROLES).items()}
_BASH = shutil.which("bash", path=_PATH) or "bash"
FUNCTIONS = ("read_health", "list_connections", "read_connection", "remove_connection")


def principal(key: str, app: str, kind: str, name: str, roles: dict[str, str] | None = None) -> dict[str, Any]:
    app_roles = [{"value": value, "id": role, "isEnabled": True} for value, role in (roles or {}).items()]
    names = {"id": key, "appId": app, "servicePrincipalType": kind, "displayName": name, "appRoles": app_roles}
    return {**names, "createdByAppId": None, "owners": [], "passwordCredentials": [], "keyCredentials": []}


def application(key: str, app: str, name: str, **more: Any) -> dict[str, Any]:
    """Return an application as our identity makes it for a connection; ``more`` changes it."""
    return {
        "id": key,
        "appId": app,
        "uniqueName": f"utm-mail-connect-{name}",
        "displayName": f"UTM Mail-Connector {name}",
        "createdDateTime": "2026-11-01T00:00:00Z",
        "createdByAppId": CLIENT,
        "tags": ["utm-mail-connect"],
        "owners": [IDENTITY],
        "passwordCredentials": [],
        "keyCredentials": [],
        **more,
    }


def enterprise(key: str, app: str, name: str, **more: Any) -> dict[str, Any]:
    """Return the service principal of such an application."""
    made = {"createdByAppId": CLIENT, "owners": [IDENTITY]}
    return {**principal(key, app, "Application", f"UTM Mail-Connector {name}"), **made, **more}


def deployed() -> dict[str, Any]:
    """Return a world in which the button has just been pressed."""
    return {
        "account": {"tenantId": TENANT, "user": {"name": "admin@contoso.example"}, "roles": list(ALL_ROLES)},
        "cloud": "AzureCloud",
        "servicePrincipals": [
            principal(IDENTITY, CLIENT, "ManagedIdentity", "id-mail"),
            principal(GRAPH_SP, GRAPH_APP, "Application", "Microsoft Graph", GRAPH_ROLES),
            principal(EXCHANGE_SP, EXCHANGE_APP, "Application", "Office 365 Exchange Online", EXCHANGE_ROLES),
        ],
        "not_here_yet": [],
        "appRoleAssignments": [],
        "directoryRoles": [],
        "applications": [],
        # What is known of owners, by their id; of the others the stand-in says that they are users.
        "people": {},
        "identities": {IDENTITY_PATH: {"principalId": IDENTITY, "clientId": CLIENT, "tenantId": TENANT}},
        "groups": {
            GROUP: [["Microsoft.Web/sites", APP], ["Microsoft.KeyVault/vaults", APP], ["Microsoft.Storage", STORAGE]]
        },
        "apps": {
            APP: {
                "settings": {"AZURE_CLIENT_ID": CLIENT, "CONNECTOR_STORE": "https://st.blob.core.windows.net/c"},
                "identities": [IDENTITY_PATH],
                "defaultHostName": f"{APP}.azurewebsites.net",
                "version": "0.1.0",
                "before": "0.1.0",
                "starting": 0,
                "keys": {name: f"key-of-{name}" for name in FUNCTIONS},
                "connections": {},
            }
        },
        # Custom roles, each with where it is assigned.
        "vaultRoles": {f"UTM Mail Connect {APP}": [f"/vaults/{APP}"]},
        "deployments": [],
        "files": {},
        "clock": "2026-11-24T03:00:00.1234567Z",
        # What is no part of the tenant: how the stand-in behaves and what it has seen.
        "trouble": {},
        "next": 0,
        "fresh": 0,
        "writes": 0,
        "calls": [],
    }


AZ = """exec 3<>"/dev/tcp/127.0.0.1/$AZ_PORT"
printf '%s\\0' "$#" "$@" >&3
read -r code <&3
IFS= read -r -d '' said <"{folder}/az-out"
printf %s "$said"
IFS= read -r -d '' said <"{folder}/az-err"
printf %s "$said" >&2
exit "$code"
"""
"""Of what bash itself can do: two programs more for each of the calls were a third of all that these tests take."""


@contextmanager
def answering(world: dict[str, Any], folder: Path) -> Iterator[int]:
    """Answer calls of az from the world, at the port that is given, one after the other."""

    class Call(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            count = int(self._word())
            reply = az.respond(world, [self._word() for _ in range(count)])
            (folder / "az-out").write_text(reply.out, "utf-8", "surrogatepass", newline="")
            (folder / "az-err").write_text(reply.err, "utf-8", "surrogatepass", newline="")
            self.wfile.write(f"{reply.code}\n".encode())

        def _word(self) -> str:
            word = b""
            while (sign := self.rfile.read(1)) != b"\0":
                word += sign
            return word.decode()

    with socketserver.TCPServer(("127.0.0.1", 0), Call) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Ended:
    """How a script ended."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """A bash with az in front on its path, little in its environment, and a world in a file."""

    folder: Path
    locale: str = "C.UTF-8"
    scripts: Path = INFRA
    variables: dict[str, str] = field(default_factory=dict)
    world: dict[str, Any] = field(default_factory=deployed)

    def __post_init__(self) -> None:
        binaries = self.folder / "bin"
        binaries.mkdir()
        # A Python for each call would be most of the time: it goes to this process, its words apart by zero bytes.
        self._command("az", AZ.format(folder=self.folder))
        self._command("sleep", f'echo "$1" >>"{self.folder}/sleeps"')
        (self.folder / "home").mkdir()

    def _command(self, name: str, line: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!{_BASH}\n{line}\n", "utf-8")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, answers: str = "") -> Ended:
        """Run infra/SCRIPT; the world is read back afterwards, without its log of calls."""
        return self._run(str(self.scripts / script), *arguments, answers=answers)

    def type(self, lines: str) -> Ended:
        """Run lines as a person pastes them; ends at the first that fails."""
        return self._run("-euc", lines, answers="")

    def _run(self, *words: str, answers: str) -> Ended:
        self.world = json.loads(json.dumps({**self.world, "calls": [], "writes": 0}))
        environment = {
            "PATH": f"{self.folder / 'bin'}:{_PATH}",
            "HOME": str(self.folder / "home"),
            "LANG": self.locale,
            **self.variables,
        }
        with answering(self.world, self.folder) as port:
            done = subprocess.run(  # noqa: S603 - our own script
                [_BASH, *words],
                env={**environment, "AZ_PORT": str(port)},
                input=answers,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="surrogateescape",
                check=False,
                cwd=self.folder / "home",
            )
        unknown = [call["unknown"] for call in self.world["calls"] if "unknown" in call]
        assert unknown == [], f"calls that the stand-in does not know: {unknown}"
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def writes(self) -> list[str]:
        """Return the last run's writes, in order, in short."""
        return [
            f"{call['options'].get('--method', call['words'])} {call['options'].get('--url', '')}".strip()
            for call in self.world["calls"]
            if call["write"]
        ]

    @property
    def tenant(self) -> dict[str, Any]:
        """Return a copy of the world as the customer sees it."""
        aside = {"trouble", "next", "fresh", "writes", "calls", "account"}
        return {key: copy.deepcopy(value) for key, value in self.world.items() if key not in aside}

    @property
    def rights(self) -> list[str]:
        """Return the names of the rights that the identity holds, sorted."""
        held = [NAMES[one["appRoleId"]] for one in self.world["appRoleAssignments"] if one["principalId"] == IDENTITY]
        return sorted([*held, *("Exchange Administrator" for _ in self.world["directoryRoles"])])

    @property
    def granted(self) -> str | None:
        """Return CONNECTOR_GRANTED of the app."""
        value: str | None = self.world["apps"][APP]["settings"].get("CONNECTOR_GRANTED")
        return value

    @property
    def records(self) -> list[Path]:
        """Return the records that were written, oldest first."""
        return sorted((self.folder / "home" / "utm-mail-connect").glob("*-record.txt"))
