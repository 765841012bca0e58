"""The Functions app: registers the blueprints, nothing else."""

import azure.functions as func

import activities
import orchestrations
import triggers

app = func.FunctionApp()
app.register_functions(triggers.registered)
app.register_functions(orchestrations.registered)
app.register_functions(activities.registered)
