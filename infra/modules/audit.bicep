// Who opened the vault, in a workspace of its own: the app's logs have a cap, which any stranger's requests can fill, and
// what is over the cap is neither kept nor told.

@description('Region of the workspace and its alert rule.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the workspace and, with an ending, of its alert rule.')
@minLength(4)
@maxLength(63)
param name string

@description('Object id of the one identity that opens the vault.')
param principalId string

@description('Whose deployment this is.')
@maxLength(100)
param customerName string

@description('Resource ids of the action groups that are told.')
param recipientsIds array

@description('How many days the logs are kept.')
param logRetentionDays int

@description('Address of the documents to which the alert links.')
param documents string

// A client library's first request carries no token and is answered 401, so only what succeeded is looked at; and the
// vault's own notices of a secret that ends come from nobody.
var told = [
  {
    name: 'vault-reader'
    title: 'Somebody else than the app has opened the vault'
    shape: 'line'
    query: 'AZKVAuditLogs | where OperationName startswith "Secret" and OperationName !endswith "EventGridNotification" and coalesce(HttpStatusCode, 200) < 300 | extend reader = tostring(Identity.claim.oid) | where reader !~ "${principalId}" | extend asker = iff(isempty(reader), "?", reader) | extend about = strcat(asker, ", ", OperationName)'
    subject: 'Tresor / vault opened:'
    guide: '${documents}/how-to/logs-and-alerts.md'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    retentionInDays: logRetentionDays
    sku: {
      name: 'PerGB2018'
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: -1 // no cap
    }
  }
}

module alerts 'alerts.bicep' = {
  name: 'utm-mail-connect-audit-alerts'
  params: {
    location: location
    tags: tags
    name: name
    workspaceId: workspace.id
    recipientsIds: recipientsIds
    customerName: customerName
    alerts: told
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id
