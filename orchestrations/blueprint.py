"""The blueprint on which every orchestration is registered."""

import azure.durable_functions as df

blueprint = df.Blueprint()
