"""By which login each protocol is proven: the only place, besides the clients themselves, that tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from connector.clients.imap import examine
from connector.clients.pop import look
from connector.clients.smtp import submit
from connector.clients.wire import TALK, TalkBounds
from connector.clouds import Cloud
from connector.microsoft import Protocol
from connector.observed import LoginAnswer


async def prove(
    cloud: Cloud,
    protocol: Protocol,
    mailbox: str,
    token: SecretStr,
    bounds: TalkBounds = TALK,
    senders: Sequence[str] = (),
) -> LoginAnswer:
    """Log in to ``mailbox`` as the UTM will, and change nothing; ``senders`` count where mail is sent."""
    match protocol:
        case Protocol.IMAP:
            return await examine(cloud, mailbox, token, bounds)
        case Protocol.POP:
            return await look(cloud, mailbox, token, bounds)
        case Protocol.SMTP:
            return await submit(cloud, mailbox, token, bounds, senders)
