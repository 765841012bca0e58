// The entry for "azd up": makes the resource group and leaves everything else to the template of the button.

targetScope = 'subscription'

@description('Name of the azd environment; the resource group is named after it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region of all resources; Flex Consumption has to be offered there.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('E-mail address that the alerts are sent to. Azure may ask it, once, for a passcode that is valid for 30 minutes: until it is entered no alert arrives.')
param alertEmail string

@description('Whose deployment this is.')
param customerName string = ''

@description('Address ranges that may call the app, separated by commas; "anywhere" for every address.')
@minLength(2)
param allowedAddresses string

// What is left out here takes the default of the template below.
@description('See infra/main.bicep.')
param alertRoleId string?

@description('See infra/main.bicep.')
@secure()
param alertWebhook string?

@description('See infra/main.bicep.')
param actionGroupIds array?

@description('See infra/main.bicep.')
param keepReceivers bool?

@description('See infra/main.bicep.')
param webhooksIn bool?

@description('See infra/main.bicep.')
param maximumInstances int?

@description('See infra/main.bicep.')
param logRetentionDays int?

@description('See infra/main.bicep.')
param dailyLogCapGb int?

@description('See infra/main.bicep.')
param alertOnReading bool?

@description('See infra/main.bicep.')
param purgeProtection bool?

@description('See infra/main.bicep.')
param customVaultRole bool?

@description('See infra/main.bicep.')
param automaticRotation bool?

@description('See infra/main.bicep.')
param rotationWeekdays string?

@description('See infra/main.bicep.')
param recoverVault bool?

@description('See infra/main.bicep.')
param nameSuffix string?

@description('See infra/main.bicep.')
param packageUri string?

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: {
    'azd-env-name': environmentName
  }
}

module core '../main.bicep' = {
  name: 'utm-mail-connect'
  scope: group
  params: {
    location: location
    customerName: customerName
    alertEmail: alertEmail
    allowedAddresses: allowedAddresses == 'anywhere' ? [] : split(replace(allowedAddresses, ' ', ''), ',')
    alertRoleId: alertRoleId
    alertWebhook: alertWebhook
    actionGroupIds: actionGroupIds
    keepReceivers: keepReceivers
    webhooksIn: webhooksIn
    maximumInstances: maximumInstances
    logRetentionDays: logRetentionDays
    dailyLogCapGb: dailyLogCapGb
    alertOnReading: alertOnReading
    purgeProtection: purgeProtection
    customVaultRole: customVaultRole
    automaticRotation: automaticRotation
    rotationWeekdays: rotationWeekdays
    recoverVault: recoverVault
    nameSuffix: nameSuffix
    packageUri: packageUri
  }
}

@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Address of the app.')
output APP_ADDRESS string = core.outputs.appAddress

@description('Name of the app.')
output APP_NAME string = core.outputs.appName

@description('Object id of the identity, to which the rights in Microsoft Graph and Exchange are granted.')
output PRINCIPAL_ID string = core.outputs.principalId

@description('The tenant of this deployment.')
output TENANT_ID string = core.outputs.tenantId

@description('Name of the vault that holds the client secrets.')
output VAULT_NAME string = core.outputs.vaultName

@description('Name of the storage account that holds the connections.')
output STORE_NAME string = core.outputs.storeName

@description('The command that shows and then grants the rights.')
output GRANT_COMMAND string = core.outputs.grantCommand
