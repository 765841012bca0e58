"""Bytes that are nearly right: real shapes, cut, doubled, mixed and spoilt."""

from __future__ import annotations

import random
from collections.abc import Iterator

_SPOILERS = (
    b"\0", b"\xff\xfe", b"\r\n", b"{", b"}", b"[", b'"', b"\\", b"|", b"null", b"-1", b"1e999", b"NaN", b"\xed\xa0\x80",
    b"99999999999999999999", "ｅ’“🙂".encode(), b"\x1f\x8b\x08", b"A" * 3000, b"[" * 2000, b'{"error":',
)  # fmt: skip


def mutated(shapes: tuple[bytes, ...], seed: int) -> Iterator[bytes]:
    """Yield without end; the same seed yields the same."""
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    yield from shapes
    yield b""
    while True:
        data = bytearray(chance.choice(shapes))
        for _ in range(chance.randint(1, 4)):
            place = chance.randint(0, len(data))
            end = min(len(data), place + chance.randint(0, 12))
            match chance.randint(0, 4):
                case 0:
                    data[place:end] = chance.choice(_SPOILERS)
                case 1:
                    del data[place:end]
                case 2:
                    data[place:place] = data[place:end] * chance.randint(1, 5)
                case 3:
                    data[place:end] = chance.randbytes(end - place)
                case _:
                    data[place:place] = chance.choice(shapes)[: chance.randint(0, 60)]
        yield bytes(data)
