// Where the app's logs go, who is told, and of which of its lines, or of which that does not come.

@description('Region of the workspace, the component and the alert rules.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the workspace, the component, the action group and, with an ending, the alert rules.')
@minLength(4)
@maxLength(63)
param name string

@description('Object id of the identity that writes the logs.')
param principalId string

@description('Whose deployment this is.')
@maxLength(100)
param customerName string

@description('Who gets the alerts.')
param alertEmail string

@description('Id of the built-in role whose holders at the subscription get the alerts too; empty: nobody.')
param alertRoleId string

@description('Resource ids of action groups of others that are told too: a redeployment leaves these as they are.')
param actionGroupIds array

@description('Whether the action group stays as it is, with whoever was added to it. It has to exist.')
param keepReceivers bool

@description('Address that gets the alerts as JSON (the common alert schema); empty: none.')
@secure()
param alertWebhook string

@description('How many days the logs are kept.')
param logRetentionDays int

@description('How many gigabytes of logs a day are taken in at most.')
param dailyLogCapGb int

@description('Whether every reading of a client secret is told.')
param alertOnReading bool

@description('When this was deployed. Until the first daily look is due its line is not missed.')
param deployed string = utcNow('yyyy-MM-ddTHH:mm:ssZ')

@description('Address of the documents to which the alerts link.')
param documents string

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

// Who has asked for what a line came of: a person by object id and name, a program, a key by its digits and the function that
// it opened, a timer by its name. An e-mail shows it beside what it is about.
var asker = '| extend asker = strcat(coalesce(tostring(line.by), "-"), " ", coalesce(tostring(line.byName), tostring(line.byFunction)))'
var reader = '| extend asker = strcat(tostring(line.caller), " ", coalesce(tostring(line.name), tostring(line["function"])))'

// Each query finds the event in the text first, which is fast, and then in the parsed line, which is right.
var told = [
  {
    name: 'secret-expiry'
    title: 'A client secret ends'
    shape: 'line'
    query: 'AppTraces | where Message has "secret-expiry" | extend line = parse_json(Message) | where tostring(line.event) == "secret-expiry" | extend about = strcat(tostring(line.connection), ", ", tostring(line.expires)) ${asker}'
    subject: 'Geheimnis endet / secret ends:'
    guide: '${documents}/how-to/new-secret.md'
  }
  {
    name: 'verification-failed'
    title: 'Mailbox access is not proven'
    shape: 'line'
    query: 'AppTraces | where Message has_any ("verification-failed", "connection-drifted", "test-alarm") | extend line = parse_json(Message) | where tostring(line.event) == "verification-failed" or tostring(line.event) == "connection-drifted" or tostring(line.event) == "test-alarm" | extend about = strcat(tostring(line.connection), ", ", format_datetime(TimeGenerated, "yyyy-MM-dd")) ${asker}'
    subject: 'Zugriff fehlt / no access:'
    guide: '${documents}/how-to/mail-has-stopped.md'
  }
  {
    name: 'heartbeat'
    title: 'The app has not looked for a day'
    shape: 'silence'
    // The empty table stands in for one that does not exist yet: an app that never started is silent too.
    query: 'union isfuzzy=true (datatable(TimeGenerated: datetime, Message: string) []), AppTraces | where TimeGenerated > ago(26h) and Message has "heartbeat" | extend line = parse_json(Message) | where tostring(line.event) == "heartbeat" | summarize lines = count() | extend lines = lines + iff(now() < datetime(${deployed}) + 26h, 1, 0)'
    subject: 'App schweigt / app is silent'
    guide: '${documents}/how-to/logs-and-alerts.md'
  }
  {
    name: 'log-cap'
    title: 'The daily cap of the logs is reached'
    shape: 'line'
    query: '_LogOperation | where Category =~ "Ingestion" | where Detail contains "OverQuota" | extend about = format_datetime(TimeGenerated, "yyyy-MM-dd"), asker = "Azure"'
    subject: 'Tagesgrenze der Logs / log cap:'
    guide: '${documents}/how-to/logs-and-alerts.md'
  }
]

var onReading = [
  {
    name: 'parameters-read'
    title: 'A client secret has been read'
    shape: 'line'
    query: 'AppTraces | where Message has "parameters-read" | extend line = parse_json(Message) | where tostring(line.event) == "parameters-read" and tostring(line.outcome) == "value" | extend about = strcat(tostring(line.connection), ", ", format_datetime(TimeGenerated, "yyyy-MM-dd")) ${reader}'
    subject: 'Geheimnis gelesen / read:'
    guide: '${documents}/how-to/keys.md'
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
      dailyQuotaGb: dailyLogCapGb
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableIpMasking: false
    DisableLocalAuth: true
    IngestionMode: 'LogAnalytics'
    WorkspaceResourceId: workspace.id
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, metricsPublisher)
  scope: component
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

// A template sets a resource to what it says, and cannot say "and whatever is there": who wants to keep the receivers that
// others have added leaves the group out.
resource recipients 'Microsoft.Insights/actionGroups@2023-01-01' = if (!keepReceivers) {
  name: name
  location: 'Global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'MailConnect' // at most 12 characters
    emailReceivers: [
      {
        name: 'administrator'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
    // Needs no confirmation by a passcode, unlike an e-mail address. Azure writes to whoever holds the role at the
    // subscription, up to a day after he was given it.
    armRoleReceivers: empty(alertRoleId)
      ? []
      : [
          {
            name: 'role'
            roleId: alertRoleId
            useCommonAlertSchema: true
          }
        ]
    webhookReceivers: empty(alertWebhook)
      ? []
      : [
          {
            name: 'webhook'
            serviceUri: alertWebhook
            useCommonAlertSchema: true
          }
        ]
  }
}

module alerts 'alerts.bicep' = {
  name: 'utm-mail-connect-alerts'
  params: {
    location: location
    tags: tags
    name: name
    workspaceId: workspace.id
    recipientsIds: concat([recipients.id], actionGroupIds)
    customerName: customerName
    alerts: concat(told, alertOnReading ? onReading : [])
  }
}

@description('Resource ids of all action groups that are told.')
output recipientsIds array = concat([recipients.id], actionGroupIds)

@description('Where the app sends its logs. It is an address, not a secret: without the role on the component nothing is taken in.')
output connectionString string = component.properties.ConnectionString
