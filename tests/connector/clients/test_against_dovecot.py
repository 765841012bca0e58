"""The logins by IMAP, POP and SMTP against Dovecot: servers with XOAUTH2 that nobody here wrote."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from pydantic import SecretStr

from connector.clients.imap import examine
from connector.clients.pop import look
from connector.clients.smtp import submit
from connector.clouds import Cloud
from connector.observed import LoginAnswer

pytestmark = pytest.mark.asyncio(loop_scope="module")
Login = Callable[..., Awaitable[LoginAnswer]]
DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PACKAGES = "dovecot-imapd, dovecot-pop3d, dovecot-submissiond"
PARTS = [Path("/usr/lib/dovecot") / name for name in ("imap", "pop3", "submission")]
USER, BROKEN = "post@contoso.example", "broken@contoso.example"
TOKENS = {SecretStr(f"eyJ0eXAi.{name}.c2lnbmF0dXJl" * 8): name for name in (USER, BROKEN)}
WRONG = SecretStr("eyJ0eXAi.nobody.c2lnbmF0dXJl" * 8)
TRIED = "client in: AUTH"
"""How Dovecot logs that somebody tries to log in."""
MESSAGE = "1700000000.M1P1.host"
CONFIGURATION = """
protocols = imap pop3 submission
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
auth_mechanisms = xoauth2
auth_debug = yes
auth_failure_delay = 0
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {pop}
    ssl = yes
  }}
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {smtp}
  }}
}}
hostname = dovecot.example
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
INTROSPECTION = """
introspection_mode = post
introspection_url = {url}
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclasses.dataclass(frozen=True)
class Server:
    """A running Dovecot."""

    cloud: Cloud
    folder: Path
    relayed: list[str]
    """What came to the server behind the submission, by which Dovecot would send."""

    def log(self) -> str:
        return (self.folder / "dovecot.log").read_text("utf-8")


@asynccontextmanager
async def introspection() -> AsyncIterator[str]:
    """Tell whose a token is, as Entra would (RFC 7662)."""

    async def handle(request: web.BaseRequest) -> web.Response:
        token = str((await request.post()).get("token"))
        name = next((name for known, name in TOKENS.items() if known.get_secret_value() == token), None)
        return web.json_response({"active": "true", "username": name} if name else {"active": "false"})

    server = await asyncio.get_running_loop().create_server(web.Server(handle, access_log=None), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/introspect"


@asynccontextmanager
async def relay(heard: list[str]) -> AsyncIterator[int]:
    """Take in what Dovecot's submission hands on: it asks the server behind it about senders and recipients."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            refused = b"550 5.7.60 no permission to send as this sender\r\n"
            writer.write(refused if "<nobody@" in line and line.startswith("MAIL") else b"250 2.0.0 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """Give a folder that Dovecot's own users may look into, other than those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, url: str, ports: dict[str, int]) -> None:
    """Write the configuration, the certificate, a mailbox with one new message and one that is none."""
    me = pwd.getpwuid(os.getuid())
    root = me.pw_uid == 0
    owner = pwd.getpwnam("nobody") if root else me
    certificate = trustme.CA()
    certificate.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = certificate.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    issued.private_key_pem.write_to_path(str(folder / "server.key"))
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / USER / name).mkdir(parents=True)
    (folder / "mail" / USER / "new" / MESSAGE).write_text("Subject: Rechnung\r\n\r\nHallo\r\n")
    (folder / "mail" / BROKEN).write_text("This is no maildir.")
    if root:
        for path in (folder / "mail", *(folder / "mail").rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    names = ("dovecot", "dovenull", "dovecot") if root else (me.pw_name, me.pw_name, str(me.pw_gid))
    values = {"internal": names[0], "login": names[1], "group": names[2], "uid": owner.pw_uid, "gid": owner.pw_gid}
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(folder=folder, **ports, **values))
    (folder / "oauth2.conf").write_text(INTROSPECTION.format(url=url))
    (folder / "run").mkdir()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Server]:
    if DOVECOT is None or not all(one.exists() for one in PARTS):
        if os.environ.get("CI"):
            pytest.fail(f"Dovecot is missing; .ci/run installs it (Debian: {PACKAGES})")
        pytest.skip(f"SKIPPED: not all of {PACKAGES} on this machine: the mail logins are not tested against them")
    heard: list[str] = []
    with folder_for_all() as folder:
        async with introspection() as url, relay(heard) as behind:
            ports = {"port": free(), "pop": free(), "smtp": free(), "relay": behind}
            await asyncio.to_thread(write, folder, url, ports)
            process = await asyncio.create_subprocess_exec(
                DOVECOT, "-F", "-c", str(folder / "dovecot.conf"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            try:
                for port in (ports["port"], ports["pop"], ports["smtp"]):
                    await listening(port, process)
                here, pop, smtp = "127.0.0.1", ports["pop"], ports["smtp"]
                place = ("custom", "", "", "", here, ports["port"], here, pop, here, smtp)
                yield Server(Cloud(*place, ca_bundle=str(folder / "ca.pem")), folder, heard)
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()


def free() -> int:
    """Return a port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until Dovecot accepts connections."""
    for _ in range(200):
        if process.returncode is not None:
            said = await process.stderr.read() if process.stderr is not None else b""
            pytest.fail(f"Dovecot has ended: {said.decode()}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    pytest.fail("Dovecot does not listen")


def token_of(name: str) -> SecretStr:
    return next(token for token, owner in TOKENS.items() if owner == name)


def unread(maildir: Path) -> set[str]:
    """Return the messages that nobody has read: those marked so end in a flag (``:2,S``)."""
    found = [path.name.partition(":2,") for path in (*maildir.glob("new/*"), *maildir.glob("cur/*"))]
    return {name for name, _, flags in found if not flags}


@pytest.mark.parametrize("login", [examine, look, submit])
async def test_a_mailbox_opens_and_stays_as_it_was(server: Server, login: Login) -> None:
    answer = await login(server.cloud, USER, token_of(USER))
    assert (answer.stage, answer.text) == ("open", ""), server.log()
    assert MESSAGE in unread(server.folder / "mail" / USER)
    assert not [line for line in server.relayed if line.startswith(("DATA", "BDAT"))]


@pytest.mark.parametrize("login", [examine, look, submit])
async def test_a_token_that_is_not_the_mailbox_owners_is_refused(server: Server, login: Login) -> None:
    """Dovecot sends its reason as a challenge first, as RFC 7628 has it; Exchange does not."""
    for token in (WRONG, token_of(BROKEN)):
        answer = await login(server.cloud, USER, token)
        assert (answer.stage, answer.lost) == ("authenticate", False), server.log()
        assert token.get_secret_value() not in answer.text


@pytest.mark.parametrize(("login", "stage"), [(examine, "mailbox"), (look, "mailbox")])
async def test_a_mailbox_that_does_not_open_is_told_from_a_login_that_is_refused(
    server: Server, login: Login, stage: str
) -> None:
    answer = await login(server.cloud, BROKEN, token_of(BROKEN))
    assert answer.stage == stage, server.log()
    assert answer.text


async def test_senders_are_asked_about_one_by_one(server: Server) -> None:
    senders = ("nobody@contoso.example", "info@contoso.example")
    answer = await submit(server.cloud, USER, token_of(USER), senders=senders)
    assert answer.stage == "open", server.log()
    assert [(sender, text[:10]) for sender, text in answer.refused] == [("nobody@contoso.example", "550 5.0.0 ")]


@pytest.mark.parametrize(("login", "stage"), [(examine, "connect"), (look, "connect"), (submit, "secure")])
async def test_a_certificate_of_an_unknown_authority_is_not_trusted(server: Server, login: Login, stage: str) -> None:
    before = server.log().count(TRIED)
    answer = await login(dataclasses.replace(server.cloud, ca_bundle=None), USER, token_of(USER))
    assert answer.stage == stage
    assert "certificate" in answer.text.lower()
    assert server.log().count(TRIED) == before
