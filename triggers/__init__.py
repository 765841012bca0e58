"""HTTP routes and timers: authorise, validate, schedule, answer. One trigger per file: that it is here registers it."""

from importlib import import_module
from pkgutil import iter_modules

from triggers.route import blueprint as registered

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["registered"]
