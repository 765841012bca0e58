"""``/tenant``: what a person does in the simulated tenant by hand, to see what the app says of it.

It is served by ``python -m local serve`` alone, on loopback; the product has nothing of it.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from connector.messages import Language, preferred, text
from local.host import FunctionsHost
from local.panel_acts import Acts
from local.tenant import Tenant

_SCRIPT = """
const region = navigator.languages.find(tag => tag.toLowerCase().startsWith(`${document.documentElement.lang}-`))
  ?? { de: 'de-DE', en: 'en-GB' }[document.documentElement.lang];
const shown = new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeStyle: 'short' });
for (const time of document.querySelectorAll('time')) time.textContent = shown.format(new Date(time.dateTime));
"""
"""Times as the page shows them: where the reader is, which only the browser knows."""
_HASH = f"sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
        f"script-src '{_HASH}'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
_STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
form { display: inline-flex; flex-wrap: wrap; gap: .4rem; margin: .2rem .4rem .2rem 0; align-items: center; }
button, select { font: inherit; min-height: 2.5rem; padding: .3rem .8rem; max-width: 100%; }
table { border-collapse: collapse; width: 100%; }
td { padding: .3rem .6rem .3rem 0; vertical-align: top; }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
.said { padding: .5rem .8rem; border-inline-start: .3rem solid #2a7; }
"""
_SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=30),
    "half": timedelta(days=180),
}


class Panel:
    """The panel of one tenant; ``host`` is the app's, whose clock goes with the tenant's."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._acts = Acts(tenant)
        self.host: FunctionsHost | None = None
        """Known once it listens."""
        self.app = Starlette(
            routes=[
                Route("/tenant", self._show),
                Route("/tenant/pass/{span}", self._pass, methods=["POST"]),
                Route("/tenant/{act}", self._act, methods=["POST"]),
            ]
        )

    async def _show(self, request: Request) -> Response:
        if not _here(request.headers.get("host", "")):
            return PlainTextResponse("", 421)
        lang = preferred(request.headers.get("accept-language"))
        said = request.query_params.get("said", "")
        return HTMLResponse(
            self._page(lang, said if said in (*self._acts.by_name, *_SPANS, "failed") else ""), headers=_HEADERS
        )

    async def _pass(self, request: Request) -> Response:
        span = _SPANS.get(request.path_params["span"])
        if span is None or not _asked_here(request):
            return PlainTextResponse("", 403)
        await self._let_pass(span)
        return _back(request.path_params["span"])

    async def _act(self, request: Request) -> Response:
        act = self._acts.by_name.get(request.path_params["act"])
        if act is None or not _asked_here(request):
            return PlainTextResponse("", 403)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        try:
            span = act(form.get("what", [""])[0])
        except (LookupError, ValueError):  # it has gone meanwhile, or there is nothing that it could be done to
            return _back("failed")
        if span is not None:
            await self._let_pass(span)
        return _back(request.path_params["act"])

    async def _let_pass(self, span: timedelta) -> None:
        """Let time pass for the tenant and the app, and run what the app does by the clock."""
        self._tenant.advance(span.total_seconds())
        if self.host is not None:
            self.host.clock.skip(span.total_seconds())
            await self.host.run_timers()

    def _page(self, lang: Language, said: str) -> str:
        def says(*keys: str, **values: object) -> str:
            return html.escape(text(lang, "panel", *keys, values=values))

        def button(act: str, choices: list[tuple[str, str]] | None = None) -> str:
            return _button(says("act", act), act, choices)

        now = _moment(self._tenant.now())
        passes = "".join(_button(says("act", span), f"pass/{span}") for span in _SPANS)
        acts = self._acts
        parts = [
            f"<h1>{says('title')}</h1><p>{says('lead')} <a href='/'>UTM Mail Connect</a></p>",
            f"<p class='said' role='status'>{says('said', 'failed' if said == 'failed' else 'done')}</p>"
            if said
            else "",
            f"<h2>{says('time')}</h2><p>{says('now', now='{}').format(now)}</p>{passes}{button('expire')}",
            f"<h2>{says('administrator')}</h2><p>{says('portal')}</p>{button('consent')}{button('exchange')}",
            button("revoke", acts.held()) + button("grant", acts.not_held()),
            f"<h2>{says('services')}</h2>",
            button("quick" if acts.slow else "slow") + button("back" if acts.away else "away"),
            f"<h2>{says('mailboxes')}</h2>" + self._mailboxes(says, button),
        ]
        return (
            f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>{says('title')}</title>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main><script>{_SCRIPT}</script></body></html>"
        )

    def _mailboxes(self, says: Callable[..., str], button: Callable[..., str]) -> str:
        choices = [(box.address, box.address) for box in self._acts.mailboxes()]
        rows = "".join(
            f"<tr><td>{html.escape(box.address)}</td><td>{says('imap', 'on' if box.imap_enabled else 'off')}</td>"
            f"<td>{says('access', number=len(box.access))}</td></tr>"
            for box in self._acts.mailboxes()
        )
        acts = "".join(button(act, choices) for act in ("rename", "imap-off", "imap-on"))
        return f"{acts}<table>{rows}</table>"


def _button(label: str, act: str, choices: list[tuple[str, str]] | None = None) -> str:
    if choices == []:
        return ""
    options = "".join(
        f"<option value='{html.escape(value)}'>{html.escape(shown)}</option>" for value, shown in choices or ()
    )
    chosen = f"<select name='what' aria-label='{label}'>{options}</select>" if options else ""
    return f"<form method='post' action='/tenant/{act}'>{chosen}<button>{label}</button></form>"


def _moment(time: datetime) -> str:
    return f"<time datetime='{time:%Y-%m-%dT%H:%MZ}'>{time:%Y-%m-%d %H:%M} UTC</time>"


def _back(said: str) -> Response:
    return RedirectResponse(f"/tenant?said={said}", 303, headers=_HEADERS)


def _here(host: str) -> bool:
    return urlsplit(f"//{host}").hostname in {"127.0.0.1", "localhost", "::1"}


def _asked_here(request: Request) -> bool:
    """Return whether a form of this panel asks: another site's page, or a name that leads here, may not."""
    host = request.headers.get("host", "")
    return _here(host) and request.headers.get("origin") == f"http://{host}"
