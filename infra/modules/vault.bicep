// The vault of the client secrets: roles instead of access policies, and every read of a secret in the logs.

@description('Region of the vault.')
param location string

@description('Name of the vault, 3 to 24 letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string

@description('Object id of the identity that stores and reads the secrets.')
param principalId string

@description('Resource id of the workspace that keeps who read what.')
param workspaceId string

@description('Whether a deleted vault is kept for its 90 days whatever anybody does. It cannot be taken back.')
param purgeProtection bool

@description('Whether to bring the deleted vault of this name back instead of making one.')
param recoverVault bool

var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7' // Key Vault Secrets Officer

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  properties: {
    // "recover" fails where no deleted vault of that name exists, and leaving it out fails where one does.
    createMode: recoverVault ? 'recover' : 'default'
    enablePurgeProtection: purgeProtection ? true : null // the property does not take false
    enableRbacAuthorization: true
    enableSoftDelete: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: 'Enabled'
    softDeleteRetentionInDays: 90
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Allow' // without a virtual network the app's own addresses change
    }
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, secretsOfficer)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated' // the table AZKVAuditLogs
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

@description('Name of the vault.')
output name string = vault.name

@description('Address of the vault.')
output uri string = vault.properties.vaultUri
