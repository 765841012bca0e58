"""One pure decision per step: what was observed and what is wanted give the changes, with their reasons."""
