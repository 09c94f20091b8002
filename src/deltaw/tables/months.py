"""Names of months and days in other languages: "lundi 3 mars 2021", "1er janv. 2020", "3 de marzo de 2021", "12 мая
2020 г."; and other orders and words of dates, as servers, mails and forms write them.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from unicodedata import normalize

import polars as pl

# The names of each month by CLDR, in English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish,
# Norwegian, Polish, Czech, Hungarian, Romanian, Turkish, Russian, Ukrainian and Greek, as `_folded` writes them, but
# those that begin another.
NAMES = (
    "january janner janvier enero janeiro gennaio januari stycznia styczen ledna leden ianuarie ocak января "
    "январь січня січень ιανουαριου ιανουαριοσ",
    "february fevrier febrero fevereiro febbraio lutego luty unora februarie subat февраля февраль лютого "
    "лютии φεβρουαριου φεβρουαριοσ",
    "march mars marzo marco maart mrt marts marca marzec brezna brezen marcius martie марта березня березень "
    "μαρτιου μαρτιοσ",
    "avril abril aprile kwietnia kwiecien dubna duben aprilis aprilie nisan апреля апрель квітня квітень "
    "απριλιου απριλιοσ",
    "mayo maio maggio mei maja kvetna kveten majus mayis мая маи травня травень μαιου μαιοσ",
    "june juin junio junho giugno czerwca czerwiec cervna cvn cerven junius iunie haziran июня июнь червня "
    "червень ιουνιου ιουνιοσ",
    "july juillet julio julho luglio lipca lipiec cervence cvc cervenec julius iulie temmuz июля июль липня "
    "липень ιουλιου ιουλιοσ",
    "aout agosto augustus augusti sierpnia sierpien srpna srpen augusztus agustos августа серпня серпень "
    "αυγουστου αυγουστοσ",
    "september septembre septiembre setembro settembre wrzesnia wrzesien zari szeptember septembrie eylul "
    "сентября сентябрь вересня вересень σεπτεμβριου σεπτεμβριοσ",
    "october oktober octobre octubre outubro ottobre pazdziernika rijna rijen octombrie ekim октября октябрь "
    "жовтня жовтень οκτωβριου οκτωβριοσ",
    "november novembre noviembre novembro listopada listopadu noiembrie kasim ноября ноябрь листопада "
    "νοεμβριου νοεμβριοσ",
    "december dezember decembre diciembre dezembro dicembre desember grudnia grudzien prosince prosinec "
    "decembrie aralik декабря декабрь грудня грудень δεκεμβριου δεκεμβριοσ",
)
ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHORTEST = 3  # letters of a name that is cut

# The days of the week in these languages, and their beginnings; one of two letters has a sign behind it.
DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag "
    "sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes "
    "sábado domingo segunda terça quarta quinta sexta lunedì martedì mercoledì giovedì venerdì sabato domenica "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag måndag tisdag onsdag torsdag fredag lördag söndag "
    "mandag tirsdag lørdag søndag poniedziałek wtorek środa czwartek piątek sobota niedziela pondělí úterý středa "
    "čtvrtek pátek neděle hétfő kedd szerda csütörtök péntek szombat vasárnap luni marți miercuri joi vineri sâmbătă "
    "duminică pazartesi salı çarşamba perşembe cuma cumartesi pazar понедельник вторник среда четверг пятница суббота "
    "воскресенье понеділок вівторок середа четвер п'ятниця пʼятниця субота неділя δευτέρα τρίτη τετάρτη πέμπτη "
    "παρασκευή σάββατο κυριακή"
)
BEGUN, SHORT = (
    "|".join(sorted({day[:end] for day in DAYS.split() for end in ends}, key=len, reverse=True))
    for ends in ((3, 4, 5, None), (2,))
)
WEEKDAY = rf"(?:(?:{BEGUN})(?:-feira)?[.,]{{0,2}}|(?:{SHORT}|[пвсчн][нтрбсд])[.,]{{1,2}})"

# (what may be in it, pattern, replacement) of what is written in another order, or with more words; in this order.
DAY = r"\d{1,4}[-/.]\s?\d{1,2}[-/.].*|\d{1,2}\p{L}{0,2}[.,]? +(?:de |of )?\p{L}{3}.*|\p{L}{3,}\.? +\d.*"
FORMS = (
    ("^\\p{L}", rf"(?i)^{WEEKDAY} +({DAY})$", "${1}"),
    (
        "[(（曜星周週]",
        rf"(?i) ?(?:[(（](?:{WEEKDAY}|[月火水木金土日])[)）]|[月火水木金土日]曜日?|(?:星期|周|週)[一二三四五六日天])",
        "",
    ),
    ("^\\p{L}", r"^(\p{L}{3}) +(\d\d?) (\d\d:\d\d:\d\d)( [+-]\d{4})? (\d{4})$", "${1} ${2}, ${5} ${3}${4}"),
    (r"\d{4}:", r"^(\d\d?)/?(\p{L}{3})/?(\d{4}):(\d\d:\d\d)", "${1} ${2} ${3} ${4}"),
    ("(?i)m GMT$", "(?i)(m) GMT$", "${1}+00"),  # in summer it is GMT+1 there
    (GMT := "(?:GMT|UTC) ?[+-]", r" ?(?:GMT|UTC) ?([+-])(\d(?::?\d\d)?)(?: \(.*\))?$", "${1}0${2}"),
    (GMT, r" ?(?:GMT|UTC) ?([+-])(\d\d(?::?\d\d)?)(?: \(.*\))?$", "${1}${2}"),
    (r"\[", r"\[\w+/\w+\]$", ""),  # of Java
    (r"\d{4} \p{Lu}", r" ([+-]\d{4}) \p{Lu}{3,4}$", " ${1}"),  # of Go
    (r":\d\d,\d", r"(:\d\d),(\d+)", "${1}.${2}"),
    (DOTTED := r"[- ]\d\d\.\d\d\.\d\d", r"[- ](\d\d)\.(\d\d)\.(\d\d)(?:\.\d+)?( [AP]M)$", " ${1}:${2}:${3}${4}"),
    (DOTTED, r"[- ](\d\d)\.(\d\d)\.(\d\d(?:\.\d+)?)$", " ${1}:${2}:${3}"),
    (r" \d\d?h\d\d$", r" (\d\d?)h(\d\d)$", " ${1}:${2}"),
    *(
        (halves, rf"^(.*\d\D?) ?(?:{halves}) ?(\d.*)$", f"${{1}} ${{2}} {meant}")
        for halves, meant in (("上午|午前|오전", "AM"), ("下午|午後|오후", "PM"))
    ),
    (AT := r"(?:at|à|um|v|a las|às|alle) \d", rf"(\d),? {AT[:-2]}(\d.*?)(?: Uhr)?$", "${1} ${2}"),
)
HINTS = "|".join({hint for hint, *_ in FORMS})

NAME = r"^([^\p{L}]*(?:\d[^\p{L}\d\s]?\p{L}{0,2}\s+(?:(?:de|of) |d['’])?)?)(\p{L}{3,})(\P{L}.*)$"
# Pattern -> replacement, of what stands before a name and behind it: "3. ", "1er ", "3 de "; ". ", " de ", " г."
BEFORE = ((r"^(\d+)\D+\s$", "${1} "),)
BEHIND = (
    (r"^\.", ""),
    (r"^\s+del? ", " "),
    (r"^(\s\d+)(?:st|nd|rd|th)\b", "${1}"),
    (r"(\d{4})\s?[гр]\.?", "${1}"),
    (r" GMT$", ""),
)


def in_usual_order(words: pl.Series) -> pl.Series:
    """Text with the FORMS of dates as others write them, which nearly all tables do."""
    for hint, pattern, meant in FORMS if words.str.contains(HINTS).any() else ():
        words = words.str.replace(pattern, meant) if words.str.contains(hint).any() else words
    return words


def with_english_months(words: pl.Series) -> pl.Series:
    """Text with the name of a month in English, and without what belongs to a date only in words (BEFORE, BEHIND); text
    without one is unchanged.
    """
    found = words.str.extract_groups(NAME).struct.unnest()
    before, name, behind = (found.to_series(i).rename(part) for i, part in enumerate(("before", "name", "behind")))
    known = {each: ENGLISH[month] for each in name.unique().drop_nulls() if (month := month_of(each)) is not None}
    if not known:
        return words
    for pattern, meant in BEFORE:
        before = before.str.replace(pattern, meant)
    for pattern, meant in BEHIND:
        behind = behind.str.replace(pattern, meant)
    english = name.replace_strict(known, default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(before + english + behind, words).alias(words.name)).to_series()


def month_of(name: str) -> int | None:
    """The month, from 0 on, that a name or the beginning of one says in any language; None if none or several do."""
    found = _months().get(_folded(name), frozenset())
    return next(iter(found)) if len(found) == 1 else None


@cache
def _months() -> dict[str, frozenset[int]]:
    """The months that each name, or else the beginning of one, may be."""
    whole, begun = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for month, names in enumerate(NAMES):
        for name in names.split():
            whole[name].add(month)
            for end in range(SHORTEST, len(name)):
                begun[name[:end]].add(month)
    return {name: frozenset(months) for name, months in (begun | whole).items()}


def _folded(name: str) -> str:
    """Small letters without accents; a Turkish ı is an i."""
    return "".join(sign for sign in normalize("NFD", name.casefold().replace("ı", "i")) if sign.isalpha())
