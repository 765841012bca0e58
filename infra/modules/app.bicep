// The app: a Flex Consumption plan, the site, its settings, and last its code.

@description('Region of the plan and the app.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the plan and the app. At most 32 characters: the host tells apps apart by the first 32.')
@minLength(2)
@maxLength(32)
param name string

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Whose deployment this is.')
@maxLength(100)
param customerName string

@description('Whether the app begins the next client secret by itself.')
param automaticRotation bool

@description('Days on which it does; empty: every day.')
param rotationWeekdays string

@description('Address of the vault.')
param vaultUri string

@description('Address of the blob service of the host.')
param blobs string

@description('Address of the queue service of the host.')
param queues string

@description('Address of the table service of the host.')
param tables string

@description('Address of the container that holds the connections.')
param connections string

@description('Address of the container that holds the code.')
param packages string

@description('Where the logs go.')
param logs string

@description('How many instances may run at once.')
param maximumInstances int

@description('Address ranges that may call the app; none means every address.')
param allowedAddresses array

@description('Whether the action groups of Azure Monitor and Event Grid may call the app, too, where addresses are limited.')
param webhooksIn bool

@description('Where the code is fetched from, once, at deployment; empty: from nowhere.')
param packageUri string

// Where a cloud is not known to the app it refuses to work and says so, rather than to ask the wrong one.
var clouds = {
  AzureCloud: 'public'
  AzureChinaCloud: 'china'
  AzureUSGovernment: 'usgov'
}

// Service tags: they let through whoever uses these services, and the key decides.
var services = [
  'ActionGroup'
  'AzureEventGrid'
]

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packages
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.12'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        // The default for Python is 1: the page asks for its two dozen small files at once, and each would start an instance.
        // Every function here is asynchronous and waits for others most of its time.
        triggers: {
          http: {
            perInstanceConcurrency: 32
          }
        }
      }
    }
    siteConfig: {
      // No appSettings here: leaving them out keeps those that the app has, see settings.bicep.
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: empty(allowedAddresses) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (range, index) in concat(allowedAddresses, empty(allowedAddresses) || !webhooksIn ? [] : services): {
          name: 'allowed-${index}'
          action: 'Allow'
          priority: 100 + index
          tag: contains(services, range) ? 'ServiceTag' : 'Default'
          ipAddress: contains(services, range) || contains(range, '/')
            ? range
            : '${range}${contains(range, ':') ? '/128' : '/32'}'
        }
      ]
      // The site behind it takes nothing but Entra tokens: basic credentials are off below. Azure itself deploys
      // through it, from addresses of its own.
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

module settings 'settings.bicep' = {
  name: 'utm-mail-connect-settings'
  params: {
    appName: app.name
    present: list('${app.id}/config/appsettings', '2024-11-01').properties
    wanted: {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: logs
      AZURE_CLIENT_ID: identityClientId
      AzureWebJobsDisableHomepage: 'true'
      AzureWebJobsStorage__blobServiceUri: blobs
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__queueServiceUri: queues
      AzureWebJobsStorage__tableServiceUri: tables
      CONNECTOR_CLOUD: clouds[environment().name]
      CONNECTOR_KEY_VAULT_URI: vaultUri
      CONNECTOR_LABEL: customerName
      CONNECTOR_ROTATION: automaticRotation ? 'automatic' : 'manual'
      CONNECTOR_ROTATION_WEEKDAYS: rotationWeekdays
      CONNECTOR_STORE: connections
    }
  }
}

resource code 'Microsoft.Web/sites/extensions@2024-11-01' = if (!empty(packageUri)) {
  parent: app
  name: 'onedeploy'
  // Gap of the published type: it knows this name and not its properties.
  #disable-next-line BCP187
  properties: {
    packageUri: packageUri
    remoteBuild: false
  }
  dependsOn: [
    settings
    app::ftp
    app::scm
  ]
}

@description('Name of the app.')
output name string = app.name

@description('Address of the app.')
output address string = 'https://${app.properties.defaultHostName}'
