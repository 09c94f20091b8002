"""What an exported file of Python brings along: of these functions those that it calls. Read as text, never imported.

A function calls only those above it.
"""

# mypy: ignore-errors
# ruff: noqa
# fmt: off


def missing(cell):
    return cell is None or cell != cell or (isinstance(cell, str) and cell.strip().lower() in MISSING)


def number(cell):
    """A cell as a float, NaN where it is missing; text that is not a number raises ValueError."""
    if isinstance(cell, str) and "_" in cell:  # which Python alone takes for a thousands mark
        raise ValueError(f"expected a number, found {cell[:60]!r}")
    x = math.nan if missing(cell) else float(cell)
    if math.isinf(x):
        raise ValueError("expected a finite number, found an infinite one")
    return math.nan if x in ABSENT else x


def word(cell):
    """A cell as a word without signs that are not seen, None where it is missing: 1 and 1.0 are "1", True is "true"."""
    if missing(cell):
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)
    text = re.sub(BLANKS, " ", re.sub(UNSEEN, "", str(cell))).strip()
    return None if text.lower() in MISSING else text


def days(cell, spelling):
    """A cell as days since 1970-01-01, NaN where it is missing: a date, a datetime, a number of days, or text."""
    if missing(cell):
        return math.nan
    if isinstance(cell, (int, float)):
        return float(cell)
    if isinstance(cell, str):
        for pattern, letters in (spelling, ISO):
            if found := re.fullmatch(pattern, cell.strip()):
                part = {letter: group for letter, group in zip(letters, found.groups()) if group}
                named = [i for i, x in enumerate(MONTHS, 1) if part.get("b", "").lower() in (x, x[:3])]
                month = int(part["m"]) if "m" in part else named[0] if named else 0
                year = int(part.get("Y") or part["y"]) + (0 if "Y" in part else 2000 if part["y"] < "70" else 1900)
                hour = int(part.get("H", 0))
                hour = hour % 12 + 12 * (part["p"].lower() == "pm") if "p" in part else hour
                moment = datetime.datetime(year, month, int(part.get("d", 1)), hour, *(int(part.get(x, 0)) for x in "MS"))
                east = part.get("z", "Z").replace("Z", "+00").replace(":", "")  # hours and minutes ahead of UTC
                minutes = int(east[0] + "1") * (int(east[1:3]) * 60 + int(east[3:] or 0))
                return days(moment, spelling) + (float(part.get("f", 0)) - minutes * 60) / 86400
        raise ValueError(f"expected a date, found {cell[:60]!r}")
    moment = getattr(cell, "tzinfo", None) and cell.astimezone(datetime.timezone.utc) or cell
    time = [getattr(moment, x, 0) for x in ("hour", "minute", "second", "microsecond")]
    return moment.toordinal() - 719163 + (time[0] * 3600 + time[1] * 60 + time[2] + time[3] / 1e6) / 86400


def look(word, table, other, missing, fold):
    return missing if word is None else table.get(word.lower() if fold else word, other)


def contained(text, words):
    lower = (text or "").translate({capital: capital + 32 for capital in range(65, 91)})
    return [float(any(each in lower for each in spellings)) for spellings in words]


def scale(x, centre, width, shift, bend):
    z = min(max((x / 2 - centre / 2) / (width / 2), -1e30), 1e30) + shift
    return z / math.sqrt(1.0 + (z / 3) ** 2) if bend else z


def passed(x, low, high):
    return min(max((x / 2 - low / 2) / (high / 2 - low / 2), 0.0), 1.0)


def swing(x, period):
    angle = math.tau * (x / period % 1.0)
    return (1 + math.sin(angle)) / 2, (1 + math.cos(angle)) / 2


def rows(n, W):
    return [W[i : i + n].tolist() for i in range(0, len(W), n)]


def matrix(a, W, b):
    return [sum(map(operator.mul, row, a), x) for row, x in zip(W, b)]


def exp(x):
    return math.exp(x) if x < 709.78 else math.inf


def softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def softmax(z):
    top = max(z)
    e = [math.exp(x - top) for x in z]
    whole = math.fsum(e)
    return [x / whole for x in e]


def shares(x):
    positive = [max(p, 1e-12) for p in x]
    whole = math.fsum(positive)
    return [p / whole for p in positive]
