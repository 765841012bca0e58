"""The domain, and what reaches outside (``clients/``)."""
