// The storage account of the Functions host: Durable's queues and tables, and the code's package. The connections are not
// in it: Durable writes all the time, and versions of all that would pile up.
// There is no shared key: the identity's roles are the only way in.

@description('Region of the storage account.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account, 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Object id of the identity that works with the account.')
param principalId string

// The host leases blobs and makes containers of its own, for which "Contributor" on blobs is not enough; Durable makes
// its queues and tables by itself. So the account is the narrowest scope at which these three roles can stand.
var roles = {
  blobs: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  queues: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  tables: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = {
      name: 'packages'
      properties: {
        publicAccess: 'None'
      }
    }
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(roles): {
    name: guid(account.id, principalId, role.value)
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal' // else a fresh identity is refused until it has replicated
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
    }
  }
]

@description('Address of the blob service.')
output blobs string = account.properties.primaryEndpoints.blob

@description('Address of the queue service.')
output queues string = account.properties.primaryEndpoints.queue

@description('Address of the table service.')
output tables string = account.properties.primaryEndpoints.table

@description('Address of the container from which the app takes its code.')
output packages string = '${account.properties.primaryEndpoints.blob}${account::blobs::packages.name}'
