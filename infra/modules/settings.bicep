// The app's settings, laid over those that it has. Writing app settings replaces all of them, and a second deployment
// must not take back CONNECTOR_GRANTED, which the grant script sets, nor what an administrator has set by hand.
// It is a module of its own because the present settings can be read only when the app exists.

@description('Name of the app.')
param appName string

@description('The settings that the app has now.')
@secure()
param present object

@description('The settings that this deployment sets; of two values for one name this one holds.')
param wanted object

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(present, wanted)
  }
}
