"""The IMAP client against Dovecot: a server with XOAUTH2 that nobody here wrote."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr

from connector.clients.imap import examine
from connector.clouds import Cloud

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
USER, BROKEN = "post@contoso.example", "broken@contoso.example"
TOKENS = {SecretStr(f"eyJ0eXAi.{name}.c2lnbmF0dXJl" * 8): name for name in (USER, BROKEN)}
WRONG = SecretStr("eyJ0eXAi.nobody.c2lnbmF0dXJl" * 8)
MESSAGE = "new/1700000000.M1P1.host"
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
auth_mechanisms = xoauth2
auth_debug = yes
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
service anvil {{
  chroot =
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


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """Give a folder that Dovecot's own users may look into, other than those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, url: str, port: int) -> None:
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
    (folder / "mail" / USER / MESSAGE).write_text("Subject: Rechnung\r\n\r\nHallo\r\n")
    (folder / "mail" / BROKEN).write_text("This is no maildir.")
    if root:
        for path in (folder / "mail", *(folder / "mail").rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    names = ("dovecot", "dovenull", "dovecot") if root else (me.pw_name, me.pw_name, str(me.pw_gid))
    values = {"internal": names[0], "login": names[1], "group": names[2], "uid": owner.pw_uid, "gid": owner.pw_gid}
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(folder=folder, port=port, **values))
    (folder / "oauth2.conf").write_text(INTROSPECTION.format(url=url))
    (folder / "run").mkdir()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    if DOVECOT is None:
        if os.environ.get("CI"):
            pytest.fail("Dovecot is missing; .ci/run installs it (Debian: dovecot-imapd)")
        pytest.skip("SKIPPED: no Dovecot on this machine, so the IMAP client is not tested against it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with folder_for_all() as folder:
        async with introspection() as url:
            await asyncio.to_thread(write, folder, url, port)
            process = await asyncio.create_subprocess_exec(
                DOVECOT, "-F", "-c", str(folder / "dovecot.conf"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            try:
                await listening(port, process)
                cloud = Cloud("custom", "", "", "", "127.0.0.1", port, ca_bundle=str(folder / "ca.pem"))
                yield Server(cloud, folder)
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()


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


async def test_a_mailbox_opens_and_stays_as_it_was(server: Server) -> None:
    answer = await examine(server.cloud, USER, token_of(USER))
    assert (answer.stage, answer.text) == ("open", ""), server.log()
    # A SELECT, or reading the message, would have moved it to "cur".
    assert (server.folder / "mail" / USER / MESSAGE).exists()


@pytest.mark.parametrize("token", [WRONG, token_of(BROKEN)], ids=["unknown", "somebody else's"])
async def test_a_token_that_is_not_the_mailbox_owners_is_refused(server: Server, token: SecretStr) -> None:
    """Dovecot sends its reason as a challenge first, as RFC 7628 has it; Exchange does not."""
    answer = await examine(server.cloud, USER, token)
    assert (answer.stage, answer.lost) == ("authenticate", False), server.log()
    assert token.get_secret_value() not in answer.text


async def test_a_mailbox_that_does_not_open_is_told_from_a_login_that_is_refused(server: Server) -> None:
    answer = await examine(server.cloud, BROKEN, token_of(BROKEN))
    assert answer.stage == "examine", server.log()
    assert answer.text


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(server: Server) -> None:
    answer = await examine(dataclasses.replace(server.cloud, ca_bundle=None), USER, token_of(USER))
    assert answer.stage == "connect"
    assert "certificate" in answer.text.lower()
    assert USER not in server.log()
