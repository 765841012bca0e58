"""The domain of UTM Mail Connect, and what reaches outside."""

__version__ = "0.1.0"
REPOSITORY = "https://github.com/utm-mail-connect/utm-mail-connect"
"""The project's address, as in ``pyproject.toml``."""
