// Everything of UTM Mail Connect in one resource group. Nothing here reaches beyond that group: the rights in Microsoft
// Graph and Exchange are granted afterwards, by a person, with the command in the output "grantCommand".

targetScope = 'resourceGroup'

metadata name = 'UTM Mail Connect'
metadata description = 'Prepares a Microsoft 365 tenant so that a Securepoint UTM can fetch mail by IMAP with OAuth 2.0.'

@description('Azure region of all resources; Flex Consumption has to be offered there.')
param location string = resourceGroup().location

@description('Whose deployment this is. It stands in alert subjects, log lines and the health answer, so that one customer cannot be taken for another.')
@maxLength(100)
param customerName string = ''

@description('E-mail address that the alerts are sent to. Azure may ask it, once, for a passcode that is valid for 30 minutes: until it is entered no alert arrives.')
@minLength(6)
@maxLength(254)
param alertEmail string

@description('Id (a GUID) of a built-in role whose holders at the subscription get the alerts as well, without having to confirm anything. Empty: nobody.')
@maxLength(36)
param alertRoleId string = ''

@description('Address that gets the alerts as JSON (common alert schema), https only. Empty: none. Whoever knows it may send to it.')
@secure()
param alertWebhook string = ''

@description('Resource ids of further action groups to tell. Receivers of your own belong into one of your own: a redeployment writes that of the app anew, unless keepReceivers is true, and leaves these as they are.')
@maxLength(4)
param actionGroupIds array = []

@description('For a redeployment: whether the action group of the app stays as it is, with the receivers that others have added; alertEmail, alertRoleId and alertWebhook then change nothing. It fails where the group does not exist yet.')
param keepReceivers bool = false

@description('Address ranges (CIDR, or single addresses) that may call the app. It has to be given: an empty list, from every address, makes a key of the app enough to read mailboxes.')
@maxLength(100)
param allowedAddresses array

@description('Whether Azure Monitor action groups and Event Grid may call the app, too, where allowedAddresses is not empty. The key decides all the same.')
param webhooksIn bool = false

@description('How many instances of the app may run at once. They cost only while they work.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('How many days logs are kept. Take at least the lifetime of a client secret (180) where it must be provable who read it.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('How many gigabytes of the app\'s logs a day are taken in at most. Beyond it nothing of the app is logged until the next day, which an alert says; the log of the vault has no cap.')
@minValue(1)
@maxValue(100)
param dailyLogCapGb int = 1

@description('Whether an alert tells of every reading of a client secret through the app.')
param alertOnReading bool = true

@description('Whether a deleted vault is kept for 90 days whatever anybody does. Once on it cannot be switched off.')
param purgeProtection bool = true

@description('Whether the identity gets a role of its own on the vault, which cannot purge secrets nor take them away in a backup. Where no custom role can be deployed, as through Azure Lighthouse: false, for the built-in Key Vault Secrets Officer.')
param customVaultRole bool = true

@description('Whether the app begins the next client secret by itself, in time before the present one ends. False: only when somebody asks for it.')
param automaticRotation bool = true

@description('Days on which the app begins one, since a person has to type the new value into the UTM: some of mon,tue,wed,thu,fri,sat,sun with commas between; empty: every day.')
param rotationWeekdays string = ''

@description('Whether to bring back the deleted vault of this deployment. Set it for the one deployment after a removal; it fails where there is nothing to bring back.')
param recoverVault bool = false

@description('Gives every resource another name. The other way out after a removal: leaves the deleted vault alone and starts with an empty one. Keep it the same afterwards.')
@maxLength(8)
param nameSuffix string = ''

@description('Address of the package with the code, fetched once, at deployment. Empty: the code is put into the app afterwards, from a clone.')
param packageUri string = ''

var repository = 'https://github.com/utm-mail-connect/utm-mail-connect'
var version = '0.1.0'

// Where no release is named the documents are those of the clone, and an alert names the file in it.
var documents = empty(packageUri) ? 'docs' : '${repository}/blob/v${version}/docs'

// By these the deployments of many customers are found in Azure Resource Graph.
var tags = {
  'utm-mail-connect': version
  'utm-mail-connect-customer': customerName
}

// The scripts come from this version's release, whose checksums they have to have, so the command can be run again.
var release = '${repository}/releases/download/v${version}'
var scripts = 'utm-mail-connect-scripts-${version}.tar.gz'
var download = 'az account set --subscription ${subscription().subscriptionId} && curl -fsSL -O ${release}/${scripts} -O ${release}/SHA256SUMS && sha256sum --check --ignore-missing SHA256SUMS && tar xzf ${scripts}'
var grant = empty(packageUri) ? 'bash infra/grant.sh' : '${download} && bash utm-mail-connect-${version}/infra/grant.sh'

// 13 characters that are the same at every deployment into this group.
var unique = uniqueString(resourceGroup().id, nameSuffix)
var name = 'utmmail-${unique}'

module identity 'modules/identity.bicep' = {
  name: 'utm-mail-connect-identity'
  params: {
    location: location
    tags: tags
    name: name
  }
}

module storage 'modules/storage.bicep' = {
  name: 'utm-mail-connect-storage'
  params: {
    location: location
    tags: tags
    name: 'utmmail${unique}'
    principalId: identity.outputs.principalId
  }
}

module store 'modules/store.bicep' = {
  name: 'utm-mail-connect-store'
  params: {
    location: location
    tags: tags
    name: 'utmstore${unique}'
    principalId: identity.outputs.principalId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'utm-mail-connect-monitoring'
  params: {
    location: location
    tags: tags
    name: name
    principalId: identity.outputs.principalId
    customerName: customerName
    alertEmail: alertEmail
    alertRoleId: alertRoleId
    alertWebhook: alertWebhook
    actionGroupIds: actionGroupIds
    keepReceivers: keepReceivers
    logRetentionDays: logRetentionDays
    dailyLogCapGb: dailyLogCapGb
    alertOnReading: alertOnReading
    documents: documents
  }
}

module audit 'modules/audit.bicep' = {
  name: 'utm-mail-connect-audit'
  params: {
    location: location
    tags: tags
    name: '${name}-audit'
    principalId: identity.outputs.principalId
    customerName: customerName
    recipientsIds: monitoring.outputs.recipientsIds
    logRetentionDays: logRetentionDays
    documents: documents
  }
}

module vault 'modules/vault.bicep' = {
  name: 'utm-mail-connect-vault'
  params: {
    location: location
    tags: tags
    name: name
    principalId: identity.outputs.principalId
    workspaceId: audit.outputs.workspaceId
    customRole: customVaultRole
    purgeProtection: purgeProtection
    recoverVault: recoverVault
  }
}

// The app takes outputs of all the others, so it is made after their role assignments: a managed identity's token keeps
// for about 24 hours what roles it had when it was first asked for.
module app 'modules/app.bicep' = {
  name: 'utm-mail-connect-app'
  params: {
    location: location
    tags: tags
    name: name
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    customerName: customerName
    automaticRotation: automaticRotation
    rotationWeekdays: rotationWeekdays
    vaultUri: vault.outputs.uri
    blobs: storage.outputs.blobs
    queues: storage.outputs.queues
    tables: storage.outputs.tables
    connections: store.outputs.connections
    packages: storage.outputs.packages
    logs: monitoring.outputs.connectionString
    maximumInstances: maximumInstances
    allowedAddresses: allowedAddresses
    webhooksIn: webhooksIn
    packageUri: packageUri
  }
}

@description('Address of the app.')
output appAddress string = app.outputs.address

@description('Name of the app.')
output appName string = app.outputs.name

@description('Object id of the identity, to which the rights in Microsoft Graph and Exchange are granted.')
output principalId string = identity.outputs.principalId

@description('The tenant of this deployment; the rights are granted in the same one.')
output tenantId string = tenant().tenantId

@description('Name of the vault that holds the client secrets.')
output vaultName string = vault.outputs.name

@description('Name of the storage account that holds the connections.')
output storeName string = store.outputs.name

@description('The command that shows and then grants the rights, for Azure Cloud Shell (Bash); without a package address, for the clone.')
output grantCommand string = '${grant} --resource-group \'${resourceGroup().name}\' --app ${app.outputs.name} --identity ${identity.outputs.principalId} --tenant ${tenant().tenantId}'
