"""The daily look: what it finds, and what it leaves alone."""
