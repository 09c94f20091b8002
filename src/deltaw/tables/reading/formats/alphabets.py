"""Encodings of one byte a sign, such as Windows-1252, recognised by pairs of neighbouring signs.

Any bytes are text in such an encoding, but the wrong one puts signs where no language has them: "Müller" is "Mьller" in
Windows-1251. Each pair of neighbours with a sign beyond ASCII costs as many bits as it is rare in the languages of the
encoding, and each encoding as many as its files are rarer than those of Windows-1252. The reading that costs least is
taken if its pairs are usual ones on the whole, and if it is LEAD bits ahead of every other text that the bytes could
be: else nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from deltaw.tables.reading.formats.pairs import BALTIC, CENTRAL, CYRILLIC, GREEK, TURKISH, WESTERN


class Alphabet(NamedTuple):
    """An encoding of one byte a sign: Python's name, the usual one, bits by which it is rarer, bits of usual pairs."""

    codec: str
    title: str
    rarer: int
    usual: Mapping[str, int]


class Found(NamedTuple):
    """A reading: its bits, whether its pairs are usual ones on the whole, its encoding."""

    bits: int
    is_usual: bool
    alphabet: Alphabet


RAREST, UNUSUAL = 12, 17  # bits of the rarest pairs in tables, and of all others


def _bits(*tiers: str) -> dict[str, int]:
    """The bits of pairs of signs in texts of usual, less usual, … ones, a factor of four apart."""
    first = RAREST - 2 * (len(tiers) - 1)
    return {tier[i : i + 2]: first + 2 * n for n, tier in enumerate(tiers) for i in range(0, len(tier), 2)}


LETTERS = " " + bytes(range(0xE0, 0xFB)).decode("cp1255")
# Of other signs than letters, in all languages: beside a for a letter, 0 for a digit, _ for another sign, or the end.
SIGNS = _bits(
    *("".join(tier.replace("_", " ").split("|")) for tier in (
        "0°|°c|µg|€0|0€|–0|0–|_–|–_|€_|_€|²/|³/|m²|m³",
        "°f|_µ|_°|°_|_“|“a|a”|”_|€/|„a|_„|£0|_£|²_|³_|—_|_—",
        "°n|°s|°e|°w|°o|_’|’a|a’|’_|“0|0”|0“|„0|‘a|_‘|‘0|a…|0…|…_|_…|a®|®_|_®|a™|™_|£_|0£|±0|0±|_±|±_|×0|0×|_×|×_|0²|0³"
        "|0µ|µm|µs|µl|µ_|«_|_«|«a|«0|a»|0»|»_|l·|·l|·_|_·|•_|_•|½_|0½|_½|¼_|0¼|_¼|¾_|0¾|_¾|¿a|_¿|¡a|_¡|§_|_§|§0|©_|_©"
        "|©a|©0|n°|0º|º_|nº|aª|ª_|0ª|0\u00a0|\u00a00|‰_|0‰|¥0|_¥|¢_|0¢|0·|·0|°0|¬_|_¬|÷_|_÷",
        "a\u00a0|\u00a0a",
        "a—|—a|a–|–a|…a|a“|“_|’a|0’|’0|_a|a_",
    ))
)  # fmt: skip
W, C, K, G = _bits(*WESTERN), _bits(*CENTRAL), _bits(*CYRILLIC), _bits(*GREEK)
HEBREW = {a + b: 10 for a in LETTERS for b in LETTERS}  # without a table: of 27 letters and a blank, any two
ALPHABETS = (
    Alphabet("cp1252", "Windows-1252", 0, W),
    Alphabet("cp1250", "Windows-1250", 2, C),
    Alphabet("cp1251", "Windows-1251", 1, K),
    Alphabet("cp1253", "Windows-1253", 3, G),
    Alphabet("cp1254", "Windows-1254", 3, _bits(*TURKISH)),
    Alphabet("cp1255", "Windows-1255", 5, HEBREW),
    Alphabet("cp1257", "Windows-1257", 5, _bits(*BALTIC)),
    Alphabet("iso8859-15", "ISO-8859-15", 6, W),
    Alphabet("iso8859-2", "ISO-8859-2", 4, C),
    Alphabet("iso8859-7", "ISO-8859-7", 10, G),
    Alphabet("koi8-u", "KOI8-U", 5, K),
    Alphabet("cp866", "CP866", 5, K),
    Alphabet("mac_cyrillic", "Mac Cyrillic", 8, K),
    Alphabet("mac_roman", "Mac Roman", 7, W),
    Alphabet("cp850", "CP850", 7, W),
    Alphabet("cp852", "CP852", 9, C),
)
LEAD = 8  # bits ahead of all other readings
MOST, ONCE = 10, 5  # bits of an average pair, at most, and more in all: a single word may have an unusual one
SAMPLE = 1 << 14  # bytes that are looked at
# A word with a sign beyond ASCII, which may be a blank; found from its beginning alone: it may be as long as all.
WORD = re.compile(r'(?:(?<![^\s,;"|])[^\s,;"|]*)?[^\x00-\x7f][^\s,;"|]*')
CONTROLS = re.compile("[\x80-\x9f]")
# don’t, d’Ivoire, qu’il, dell’arte: apostrophes as they are written in the middle of words, as usual as '.
ELISION = re.compile(r"(?<=\w)’(?=(?:[sStdm]|re|ll|ve)\b)|(?<=\b[cdjlmnstoCDJLMNSTO])’(?=\w)|(?<=qu|Qu|ll|un)’(?=\w)")


def alphabet_of(lines: Iterable[bytes]) -> Alphabet | None:
    """The encoding of lines with bytes beyond ASCII; None if none is clear."""
    data, found = b"\n".join(lines)[:SAMPLE], dict[str, Found]()
    for each in ALPHABETS:
        with suppress(UnicodeDecodeError):
            text = data.decode(each.codec)
            if not CONTROLS.search(text):
                pairs = pairs_in(text)
                bits = sum(n * bits_of(*pair, each.usual) for pair, n in pairs.items())
                here = Found(bits + each.rarer, bits <= MOST * pairs.total() + ONCE, each)
                found[text] = min(here, found.get(text, here), key=lambda known: known.bits)
    best, *others = sorted(found.values(), key=lambda known: known.bits)  # KOI8-U reads any bytes
    return best.alphabet if best.is_usual and all(each.bits > best.bits + LEAD for each in others) else None


def pairs_in(text: str) -> Counter[tuple[str, str]]:
    """Pairs of neighbours in the different words of a text, with a sign beyond ASCII, and a blank at the ends."""
    words = {f" {word} " for word in WORD.findall(ELISION.sub("'", text))}
    return Counter(pair for word in words for pair in _pairs(word) if not "".join(pair).isascii())


def _pairs(word: str) -> Iterator[tuple[str, str]]:
    """Neighbours, a small letter before a second capital that small ones follow, which is as unusual: MÈxico."""
    for a, b, c in zip(word, word[1:], word[2:] + " ", strict=False):
        yield (a.lower() if b.isupper() and c.islower() else a), b


def bits_of(a: str, b: str, usual: Mapping[str, int]) -> int:
    """How many bits two neighbouring signs cost."""
    if a.islower() and b.isupper():
        return UNUSUAL
    pair = _folded(a) + _folded(b)
    kinds = "".join("a" if sign.isalpha() else sign for sign in pair)
    return usual.get(pair) or SIGNS.get(pair) or SIGNS.get(kinds, UNUSUAL)


def _folded(sign: str) -> str:
    """A small letter, 0 for digits, a blank for other signs of ASCII; others as they are."""
    if sign.isdecimal():
        return "0"
    return sign.lower()[:1] if sign.isalpha() or not sign.isascii() or sign == "/" else " "
