"""``GET /findings/{code}``: what a finding means and what to do, from the documents of this very version."""

from __future__ import annotations

import html

import azure.functions as func

from connector.explanations import as_html, sections
from connector.messages import Language, preferred
from triggers.page import HEADERS
from triggers.route import Route


@Route("GET", "/findings/{code}", None, "The explanation of a finding", {})
async def read_explanation(req: func.HttpRequest) -> func.HttpResponse:
    """Return the page; ``{code}.de`` and ``{code}.en`` name a language, else the browser's counts. It holds no data."""
    code, _, named = req.route_params.get("code", "").partition(".")
    lang: Language = "de" if named == "de" else "en" if named == "en" else preferred(req.headers.get("Accept-Language"))
    found = sections(lang).get(code)
    if found is None:
        return func.HttpResponse(status_code=404, headers=HEADERS)
    return func.HttpResponse(_page(code, as_html(found, lang), lang), headers=HEADERS, mimetype="text/html")


def _page(code: str, content: str, lang: Language) -> str:
    title = html.escape(code)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title} · UTM Mail Connect</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="icon" href="../assets/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="../assets/style.css">'
        f'</head><body><main><p class="crumbs"><a href="../">UTM Mail Connect</a></p><h1>{title}</h1>{content}</main>'
        "</body></html>"
    )
