"""The blueprint on which every activity is registered."""

import azure.durable_functions as df

blueprint = df.Blueprint()
