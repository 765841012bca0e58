// The vault of the client secrets: roles instead of access policies, and every read of a secret in the logs.

@description('Region of the vault.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the vault, 3 to 24 letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string

@description('Object id of the identity that stores and reads the secrets.')
param principalId string

@description('Resource id of the workspace that keeps who read what.')
param workspaceId string

@description('Whether the identity gets a role of its own there, instead of the built-in one.')
param customRole bool

@description('Whether a deleted vault is kept for its 90 days whatever anybody does. It cannot be taken back.')
param purgeProtection bool

@description('Whether to bring the deleted vault of this name back instead of making one.')
param recoverVault bool

var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7' // Key Vault Secrets Officer

// What the app does, and nothing else: the built-in role may also purge a secret and carry it off in a backup. The name is
// the same at every deployment into this group, so one that outlived an earlier group of that name is found again.
resource secretsRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customRole) {
  name: guid(resourceGroup().id, name, 'secrets')
  properties: {
    roleName: 'UTM Mail Connect ${name}' // unique in the tenant
    description: 'Stores, reads, changes, deletes and recovers secrets; does not purge them, nor back them up or restore them.'
    type: 'CustomRole'
    assignableScopes: [
      resourceGroup().id
    ]
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/delete'
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
          'Microsoft.KeyVault/vaults/secrets/recover/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/update/action'
        ]
        notDataActions: []
      }
    ]
  }
}

var role = customRole ? secretsRole.name : secretsOfficer

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
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
  name: guid(vault.id, principalId, role)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
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
