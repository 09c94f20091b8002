"""Bytes as text of a page: LZMA in ASCII without "<", which is markup: printable signs, tabs and line ends.

`python letters.py` packs what it reads.
"""

from __future__ import annotations

import itertools
import lzma
import sys

SIGNS = [*range(32, 60), *range(61, 127), 9, 10]
MASK = (1 << 13) - 1
# Two signs have 96² = 9,216 values: 13 bits, and 14 where the lower 13 are below the rest (after J. Henke's basE91).
LEFT = len(SIGNS) ** 2 - 1 - MASK
WAYS = [
    {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0, "lc": lc, "mf": finder, "nice_len": length}
    for lc, finder, length in itertools.product((2, 3), (lzma.MF_BT2, lzma.MF_BT3, lzma.MF_BT4), (64, 273))
]


def packed(content: bytes) -> str:
    """LZMA's header has the length in the place of an end mark."""
    tried = [lzma.compress(content, format=lzma.FORMAT_ALONE, filters=[way]) for way in WAYS]
    found = min(tried, key=len)
    return written(found[:5] + len(content).to_bytes(8, "little") + found[13:])


def unpacked(text: str) -> bytes:
    """What `packed` was given."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(read(text))


def written(content: bytes) -> str:
    """13 or 14 bits in two signs, the lowest first."""
    bits = held = 0
    pairs = []
    for byte in [*content, 0]:  # zeros beside the last bits: a byte too many is no harm
        bits |= byte << held
        held += 8
        if held > 13:
            width = 14 if bits & MASK < LEFT else 13
            pairs.append(bits & ((1 << width) - 1))
            bits >>= width
            held -= width
    return "".join(chr(SIGNS[place]) for pair in [*pairs, bits] for place in reversed(divmod(pair, len(SIGNS))))


def read(text: str) -> bytes:
    """What `written` was given, with some zeros at its end."""
    places = [SIGNS.index(ord(sign)) for sign in text]
    bits = held = 0
    found = bytearray()
    for low, high in zip(places[::2], places[1::2], strict=True):
        pair = low + len(SIGNS) * high
        bits |= pair << held
        held += 14 if pair & MASK < LEFT else 13
        while held > 7:
            found.append(bits & 255)
            bits >>= 8
            held -= 8
    return bytes(found)


if __name__ == "__main__":
    sys.stdout.write(packed(sys.stdin.buffer.read()))
