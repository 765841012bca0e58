"""The domain, and what reaches outside (``clients/``)."""

__version__ = "0.1.0"
