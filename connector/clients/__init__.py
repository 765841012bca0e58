"""What reaches outside: one module per system, each answering in the values of ``connector.observed``."""
