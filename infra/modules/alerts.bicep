// Alert rules over one workspace, all told to the same people. What a rule asks for stands where its workspace is made.

@description('Region of the rules.')
param location string

@description('Tags of every rule.')
param tags object

@description('What the names of the rules begin with.')
param name string

@description('Resource id of the workspace that the rules ask.')
param workspaceId string

@description('Resource ids of the action groups that are told.')
param recipientsIds array

@description('Whose deployment this is; stands in the subject of an alert.')
param customerName string

@description('The rules: name, title, shape ("line" or "silence"), query, subject and guide.')
param alerts array

// A subject may have 128 characters; what it is about needs 60 of them.
var customer = empty(customerName) ? '' : ' (${take(customerName, 24)})'

var shapes = {
  // Each line is told. The windows meet and do not overlap, so one line gives one message; Azure looks again for lines
  // that come late. The subject takes a dimension by its position, and nothing says in which order the payload lists them:
  // "about" is the first of the two as they stand here, and by the alphabet. Who has asked stands in the text.
  line: {
    frequency: 'PT15M'
    window: 'PT15M'
    resolves: false // a message "resolved" a quarter of an hour later would be wrong
    condition: {
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
        {
          name: 'asker'
          operator: 'Include'
          values: [
            '*'
          ]
        }
      ]
    }
    about: ' \${data.alertContext.condition.allOf[0].dimensions[0].value}'
    who: 'Wer es war / who it was: asker. '
  }
  // No line is told, once, and that there is one again. The query counts into one row by itself: a window of 26 hours
  // does not exist, and a query that finds no row is no answer that can be compared.
  silence: {
    frequency: 'PT1H'
    window: 'P2D'
    resolves: true
    condition: {
      metricMeasureColumn: 'lines'
      timeAggregation: 'Total'
      operator: 'LessThan'
      threshold: 1
      dimensions: []
    }
    about: ''
    who: ''
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${name}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'UTM Mail Connect${customer}: ${alert.title}'
      description: '${alert.title}. ${shapes[alert.shape].who}Was zu tun ist / what to do: ${alert.guide}'
      severity: 1
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: shapes[alert.shape].frequency
      windowSize: shapes[alert.shape].window
      autoMitigate: shapes[alert.shape].resolves
      checkWorkspaceAlertsStorageConfigured: false
      skipQueryValidation: true // a table comes into being with its first line
      criteria: {
        allOf: [
          union(shapes[alert.shape].condition, {
            query: alert.query
            failingPeriods: {
              minFailingPeriodsToAlert: 1
              numberOfEvaluationPeriods: 1
            }
          })
        ]
      }
      actions: {
        actionGroups: recipientsIds
        actionProperties: {
          'Email.Subject': 'UTM Mail Connect${customer}: ${alert.subject}${shapes[alert.shape].about}'
        }
        customProperties: {
          customer: customerName
          guide: alert.guide
        }
      }
    }
  }
]
