"""Any order of what people, the clock and others do to the secrets of a connection, killed anywhere: what holds."""
