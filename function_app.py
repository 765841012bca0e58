"""The Functions app: registers the blueprints, and lets nobody else fill the log; nothing else."""

import azure.functions as func

import activities
import orchestrations
import triggers
from connector.log import own_lines_only

own_lines_only()
app = func.FunctionApp()
app.register_functions(triggers.registered)
app.register_functions(orchestrations.registered)
app.register_functions(activities.registered)
