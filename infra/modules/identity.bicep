// The one identity of the app. It is user-assigned: it exists, and has its roles, before the app starts and asks for a
// token, and it outlives the app when that is created anew.

@description('Region of the identity.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the identity, 3 to 128 characters.')
@minLength(3)
@maxLength(128)
param name string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
  properties: {}
}

@description('Resource id, by which the app takes the identity on.')
output id string = identity.id

@description('Client id, by which the app asks for tokens of this identity.')
output clientId string = identity.properties.clientId

@description('Object id of the identity in the directory, to which rights are granted.')
output principalId string = identity.properties.principalId
