"""Which function a path and a method lead to, as ASP.NET matches them."""

from __future__ import annotations

import re

from local.host.functions import Function

_PARAMETER = re.compile(r"\{(\*?)(\w+)(:[^}]*)?(\?)?\}")


class Routes:
    """The routes of the functions. Neither capitals in a path count, nor a slash at its end."""

    def __init__(self, functions: list[Function], prefix: str) -> None:
        templates = [(_template(function, prefix), function) for function in functions]
        # Those with fewer parameters come first, those that take the rest of a path last.
        self._routes = sorted(
            ((_pattern(template), function) for template, function in templates),
            key=lambda one: (".*" in one[0].pattern, one[0].groups),
        )

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Return the function and its parameters; a method that the route does not name is as unknown as the path."""
        for pattern, function in self._routes:
            match = pattern.fullmatch(path)
            named = {str(one).upper() for one in function.trigger.get("methods") or ()}
            if match is not None and (not named or method.upper() in named):
                return function, {name: value for name, value in match.groupdict().items() if value}
        return None


def _template(function: Function, prefix: str) -> str:
    route = str(function.trigger.get("route", function.name)).strip("/")
    return "/".join(part for part in (prefix, route) if part)


def _pattern(template: str) -> re.Pattern[str]:
    """Return a route as a pattern; ``{x:maxlength(0)?}`` is the way to say "the root"."""
    parts = [_part(segment) for segment in template.split("/")]
    return re.compile("".join(parts) + "/?", re.IGNORECASE | re.DOTALL)


def _part(segment: str) -> str:
    match = _PARAMETER.fullmatch(segment)
    if match is None:
        return "/" + re.escape(segment)
    rest, name, constraint, _ = match.groups()
    if constraint and "maxlength(0)" in constraint:
        return ""
    return f"(?:/(?P<{name}>.*))?" if rest else f"/(?P<{name}>[^/]+)"
