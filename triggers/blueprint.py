"""The blueprint on which every route and timer is registered."""

import azure.durable_functions as df

blueprint = df.Blueprint()
