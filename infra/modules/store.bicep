// The storage account of the connections, and of nothing else: what is deleted or overwritten there comes back. Which
// access to mailboxes is ours stands in these documents alone; docs/how-to/restore.md brings them back.

@description('Region of the storage account.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account, 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Object id of the identity that reads and writes the connections.')
param principalId string

// It reads and writes blobs, and cannot delete their older versions: only "Owner" may do that.
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e4e96bc7bd5b' // Storage Blob Data Contributor

var keptDays = 30

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
    properties: {
      isVersioningEnabled: true
      deleteRetentionPolicy: {
        enabled: true
        days: keptDays
        allowPermanentDelete: false
      }
      containerDeleteRetentionPolicy: {
        enabled: true
        days: keptDays
      }
    }

    resource connections 'containers' = {
      name: 'connections'
      properties: {
        publicAccess: 'None'
      }
    }
  }

  // Versions have no end by themselves, and addresses of mailboxes stand in them. A version that is removed here is kept
  // by the soft delete above for as long again, so whatever was overwritten can be had for 30 days at least.
  resource ageing 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'old-versions'
            enabled: true
            type: 'Lifecycle'
            definition: {
              filters: {
                blobTypes: [
                  'blockBlob'
                ]
              }
              actions: {
                version: {
                  delete: {
                    daysAfterCreationGreaterThan: keptDays
                  }
                }
              }
            }
          }
        ]
      }
    }
    dependsOn: [
      blobs // a rule for versions is refused while there are none
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::connections.id, principalId, blobDataContributor)
  scope: account::blobs::connections
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal' // else a fresh identity is refused until it has replicated
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

@description('Name of the storage account.')
output name string = account.name

@description('Address of the container that holds the connections.')
output connections string = '${account.properties.primaryEndpoints.blob}${account::blobs::connections.name}'
