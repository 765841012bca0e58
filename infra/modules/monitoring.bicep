// Where the logs go, and who is told of the two things that a person has to act on.

@description('Region of the workspace, the component and the alert rules.')
param location string

@description('Name of the workspace, the component, the action group and, with an ending, the alert rules.')
@minLength(4)
@maxLength(63)
param name string

@description('Object id of the identity that writes the logs.')
param principalId string

@description('Whose deployment this is; stands in the subject of an alert.')
@maxLength(100)
param customerName string

@description('Who gets the alerts.')
param alertEmail string

@description('How many days the logs are kept.')
param logRetentionDays int

@description('How many gigabytes of logs a day are taken in at most.')
param dailyLogCapGb int

@description('Address of the documents to which the alerts link.')
param documents string

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

// A subject may have 128 characters; the connection's name and the date need 60 of them.
var customer = empty(customerName) ? '' : ' (${take(customerName, 24)})'

// One dimension, not two: the alert's payload lists dimensions by position, and nothing says in which order.
var alerts = [
  {
    name: 'secret-expiry'
    title: 'A client secret ends'
    query: 'AppTraces | where Message has "secret-expiry" | extend line = parse_json(Message) | where tostring(line.event) == "secret-expiry" | extend about = strcat(tostring(line.connection), ", ", tostring(line.expires))'
    subject: 'UTM Mail Connect${customer}: Geheimnis endet / secret ends: \${data.alertContext.condition.allOf[0].dimensions[0].value}'
    guide: '${documents}/how-to/new-secret.md'
  }
  {
    name: 'verification-failed'
    title: 'Mailbox access is not proven'
    query: 'AppTraces | where Message has "verification-failed" | extend line = parse_json(Message) | where tostring(line.event) == "verification-failed" | extend about = strcat(tostring(line.connection), ", ", format_datetime(TimeGenerated, "yyyy-MM-dd"))'
    subject: 'UTM Mail Connect${customer}: Zugriff fehlt / no access: \${data.alertContext.condition.allOf[0].dimensions[0].value}'
    guide: '${documents}/how-to/mail-has-stopped.md'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
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

resource recipients 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'Global'
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
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${name}-${alert.name}'
    location: location
    kind: 'LogAlert'
    properties: {
      displayName: 'UTM Mail Connect${customer}: ${alert.title}'
      description: '${alert.title}. Was zu tun ist / what to do: ${alert.guide}'
      severity: 1
      enabled: true
      scopes: [
        workspace.id
      ]
      // The windows meet and do not overlap, so one line gives one message; Azure looks again for lines that come late.
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      autoMitigate: false // a message "resolved" a quarter of an hour later would be wrong
      checkWorkspaceAlertsStorageConfigured: false
      skipQueryValidation: true // the table comes into being with the first line
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [
              {
                name: 'about'
                operator: 'Include'
                values: [
                  '*'
                ]
              }
            ]
            failingPeriods: {
              minFailingPeriodsToAlert: 1
              numberOfEvaluationPeriods: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [
          recipients.id
        ]
        actionProperties: {
          'Email.Subject': alert.subject
        }
        customProperties: {
          customer: customerName
          guide: alert.guide
        }
      }
    }
  }
]

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Where the app sends its logs. It is an address, not a secret: without the role on the component nothing is taken in.')
output connectionString string = component.properties.ConnectionString
