"""``python -m fleet``: many deployments in one table, sorted by what needs a person. Imports nothing of the app."""
