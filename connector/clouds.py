"""Where Microsoft's services are: every endpoint comes from here.

Sources: learn.microsoft.com/graph/deployments, learn.microsoft.com/exchange/reference/admin-api-get-started and
learn.microsoft.com/powershell/module/exchange/connect-exchangeonline.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.microsoft import PROTOCOLS, Protocol


@dataclass(frozen=True, slots=True)
class Cloud:
    """The endpoints of one cloud. Base addresses have no trailing slash and no ``/v1.0``."""

    name: str
    authority: str
    graph: str
    exchange: str
    imap_host: str
    imap_port: int = PROTOCOLS[Protocol.IMAP].port
    pop_host: str = ""
    pop_port: int = PROTOCOLS[Protocol.POP].port
    smtp_host: str = ""
    smtp_port: int = PROTOCOLS[Protocol.SMTP].port
    portal: str | None = "https://entra.microsoft.com"
    """None where there is none: no link leads there."""
    records_sign_ins: bool = True
    """Whether Graph has the record of credentials' sign-ins there (learn.microsoft.com/graph/api/reportroot-list-
    appcredentialsigninactivities: the global service only)."""
    exchanges: str = "api://AzureADTokenExchange"
    """The audience of a token of a managed identity by which an application that trusts it signs in (learn.microsoft.
    com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity)."""
    ca_bundle: str | None = None
    """A PEM file of the authorities to trust instead of the system's; only for ``custom``."""

    def place(self, protocol: Protocol) -> tuple[str, int]:
        """Return host and port of the server that speaks a protocol."""
        return {
            Protocol.IMAP: (self.imap_host, self.imap_port),
            Protocol.POP: (self.pop_host, self.pop_port),
            Protocol.SMTP: (self.smtp_host, self.smtp_port),
        }[protocol]

    @property
    def graph_scope(self) -> str:
        """Return the scope of a token for Microsoft Graph."""
        return f"{self.graph}/.default"

    @property
    def exchange_scope(self) -> str:
        """Return the scope of a token for Exchange: its admin API as well as its mail protocols."""
        return f"{self.exchange}/.default"

    @property
    def verifies_vault_host(self) -> bool:
        """Return whether the vault's challenge must name the vault's own domain; not so for a simulated one."""
        return self.name != "custom"

    def trusts(self, tenant_id: str, identity: str) -> tuple[str, str, str]:
        """Return issuer, subject and audience of the tokens of a managed identity, by its object id."""
        return f"{self.authority}/{tenant_id}/v2.0", identity, self.exchanges

    def token_url(self, tenant_id: str) -> str:
        """Return the OAuth 2.0 token endpoint of a tenant."""
        return f"{self.authority}/{tenant_id}/oauth2/v2.0/token"

    def keys_url(self, tenant_id: str) -> str:
        """Return where the keys are by which a tenant's tokens are signed, as its OpenID configuration names it."""
        return f"{self.authority}/{tenant_id}/discovery/v2.0/keys"


PUBLIC = Cloud(
    name="public",
    authority="https://login.microsoftonline.com",
    graph="https://graph.microsoft.com",
    exchange="https://outlook.office365.com",
    imap_host="outlook.office365.com",
    pop_host="outlook.office365.com",
    smtp_host="smtp.office365.com",
)
CHINA = Cloud(
    name="china",
    authority="https://login.partner.microsoftonline.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    exchange="https://partner.outlook.cn",
    imap_host="partner.outlook.cn",
    pop_host="partner.outlook.cn",
    smtp_host="smtp.partner.outlook.cn",
    portal="https://entra.microsoftonline.cn",
    exchanges="api://AzureADTokenExchangeChina",
    records_sign_ins=False,
)
