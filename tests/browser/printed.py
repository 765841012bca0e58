"""The text of each page of a PDF of Chromium: its streams are deflated, its glyphs have a ToUnicode map."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>\s*-?[\d.]*\s*(?=[^>]*?T[jJ])|(ET)")


def pages(document: bytes) -> list[str]:
    """Return the text of each page, in the order of what was drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(document)}
    found = []
    for body in objects.values():
        if re.search(rb"/Type\s*/Page\b", body):
            fonts = {name: _letters(objects, int(font)) for name, font in re.findall(rb"/(F\d+) (\d+) 0 R", body)}
            contents = re.search(rb"/Contents (\d+) 0 R", body)
            assert contents is not None
            found.append(_text(_content(objects[int(contents[1])]), fonts))
    return found


def _content(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    assert stream is not None
    return zlib.decompress(stream[1]) if b"/FlateDecode" in body else stream[1]


def _letters(objects: Mapping[int, bytes], font: int) -> dict[int, str]:
    """Return which letters the glyphs of a font stand for."""
    letters: dict[int, str] = {}
    link = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    table = _content(objects[int(link[1])]) if link is not None else b""
    for part in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, letter in re.findall(rb"<(\w+)>\s*<(\w+)>", part):
            letters[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for part in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, letter in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", part):
            for offset in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + offset] = chr(int(letter, 16) + offset)
    return letters


def _text(content: bytes, fonts: Mapping[bytes, Mapping[int, str]]) -> str:
    said, font = [], b""
    for name, shown, end in _SHOWN.findall(content):
        font = name or font
        glyphs = [int(shown[at : at + 4], 16) for at in range(0, len(shown), 4)]
        said += [fonts.get(font, {}).get(glyph, "") for glyph in glyphs]
        said += [" "] if end else []
    return re.sub(r"\s+", " ", "".join(said))
