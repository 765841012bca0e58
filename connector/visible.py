"""Characters that are not seen, or change how others are seen: refused in names, made visible in what others wrote.

They make one name look like another, hide what a line does, or move text about on a terminal: control characters (C0,
C1), those for the direction of text, of no width, tags, separators of lines and paragraphs, and halves of surrogate
pairs, which JSON can hold and UTF-8 cannot. The set is Unicode's Default_Ignorable_Code_Point
(DerivedCoreProperties.txt) with the categories Cc, Cs, Zl and Zp and the invisible ones of Cf; what is of Cf and seen,
as U+0600, is no part of it.
"""

from __future__ import annotations

import re
import unicodedata

_RANGES = (
    (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_SURROGATES = 0xD800
_HIDDEN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES) + "]")
PATTERN = "^[^" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES if first != _SURROGATES) + "]*$"
"""For a JSON schema, whose strings have no halves of surrogate pairs."""


def hidden(text: str) -> tuple[str, int] | None:
    """Return the first such character, by code point and name, and its place from 1 on; None where there is none."""
    found = _HIDDEN.search(text)
    if found is None:
        return None
    code = f"U+{ord(found[0]):04X}"
    name = unicodedata.name(found[0], "")
    return (f"{code} {name}" if name else code), found.start() + 1


def visible(text: str) -> str:
    """Return a text with each such character written out, as ``<U+202E>``."""
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)
