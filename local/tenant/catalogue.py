"""Ids that are the same in every tenant.

Sources: learn.microsoft.com/graph/permissions-reference, learn.microsoft.com/entra/identity/role-based-access-control/
permissions-reference and the public manifests of applications that use Exchange Online's roles.
"""

from __future__ import annotations

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"

GRAPH_ROLES = {
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
}
EXCHANGE_ROLES = {
    "IMAP.AccessAsApp": "5e5addcd-3e8d-4e90-baf5-964efab2b20a",
    "POP.AccessAsApp": "cb842b43-da6e-4506-86fe-bb12199c656d",
    "SMTP.SendAsApp": "7146a1f0-8703-45b3-9eae-527a64c00995",
    "Exchange.ManageAsApp": "dc50a0fb-09a3-484d-be87-e023b12c6440",
    "full_access_as_app": "dc890d15-9560-4a4c-9b7f-a736ec74ec40",
}
DIRECTORY_ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
}
EVERY_APPLICATION = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""Stands in the ``wids`` of every app-only token, whatever roles the principal holds."""

DEFAULT_IDENTITY_GRAPH_ROLES = (
    "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Policy.Read.All",
)

VAULT_RESOURCE = "https://vault.azure.net"
EXCHANGE_RESOURCE = "api://AzureADTokenExchange"
"""A managed identity's token for it is an assertion that an application may trust."""
EXCHANGE_AUDIENCE_APP_ID = "fb60f99c-7a34-4190-8149-302f77469936"
"""What such a token has as its audience."""
STORAGE_RESOURCE = "https://storage.azure.com"
