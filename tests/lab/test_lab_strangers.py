"""What strangers drop on the page, as Python reads it: workbooks, several files, encodings of Asia, other notations."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from engine import LAB, ask, told
from test_lab_tables import agree, asked, choice, csv, planned

import deltaw
from deltaw.exceptions import InputError, TableError
from deltaw.tables.reading.formats import alphabets, letters, pairs
from deltaw.tables.reading.formats.encodings import decoded
from deltaw.tables.reading.read import read
from deltaw.tables.table import Table

N = 60
X = [f"{x:.3f}" for x in np.random.default_rng(5).normal(size=N)]
Y = ["ab"[i % 2] for i in range(N)]
PRICES = [f"{i % 9 + 1}.{100 + i * 13}" + f",{10 + i}" * (i % 2) for i in range(N)]
ODD: dict[str, tuple[str, str]] = {
    "a currency, some without cents": (csv({"p": [f"{p} €" for p in PRICES], "x": X, "y": Y}, ";"), "y"),
    "the same in a file with tabs": (csv({"p": [f"{p} €" for p in PRICES], "x": X, "y": Y}, "\t"), "y"),
    "feet and inches": (csv({"p": [f"{5 + i % 2}'{i % 12}″" for i in range(N)], "x": X, "y": Y}), "y"),
    "versions": (csv({"p": [("1.9.0", "1.10.2", "3.11.7b")[i % 3] for i in range(N)], "x": X, "y": Y}), "y"),
    "a comma before a unit": (csv({"p": [f"{i},{i % 10} kg" for i in range(N)], "x": X, "y": Y}), "y"),
    "a unit, and a number beyond all whole ones": (
        csv({"p": [str(10**20) if i == 3 else f"{i} kg" for i in range(N)], "x": X, "y": Y}),
        "y",
    ),
    "quotes within quotes": (
        csv({"p": [('"say "x""', '""x""', '"a"b"c"', 'd "e"')[i % 4] for i in range(N)], "x": X, "y": Y}),
        "y",
    ),
    "row names, as R writes them": (
        '"x" "y"\n' + "".join(f'"row {i}" {X[i]} "{Y[i]}"\n' for i in range(N)),
        "y",
    ),
    "the same with tabs, and no quotes": (
        "x\tz\ty\n" + "".join(f"r{i}\t{X[i]}\t{i}.5\t{Y[i]}\n" for i in range(N)),
        "y",
    ),
    "nan of C": (csv({"p": ["-nan" if i % 5 == 0 else f"{i}.5" for i in range(N)], "x": X, "y": Y}), "y"),
}
ODD |= {  # of rows that have no answer, words say nothing of the others
    f"{name}, and words without an answer": (
        csv({"p": [f"see {i}" if i % 4 == 0 else each for i, each in enumerate(cells)], "x": X,
             "y": ["" if i % 4 == 0 else y for i, y in enumerate(Y)]}), "y")
    for name, cells in {"numbers": [f"{i % 13}.5" for i in range(N)], "a unit": [f"{i % 13} kg" for i in range(N)],
                        "thousands": [f"{1 + i % 9},{i * 37 % 1000:03}" for i in range(N)]}.items()
}  # fmt: skip
INFINITE = csv({"x": X, "y": ["inf" if i == 5 else f"{i}.5" for i in range(N)]})
QUOTES = {20: '"w', 23: 'w"z'}
OPEN = "x,w,y\n" + "".join(f"{X[i]},{QUOTES.get(i, 'w')},{Y[i]}\n" for i in range(N))
REFUSED = {
    "infinite answers": (INFINITE, "a finite number in row 6"),
    "an open quote": (OPEN, "the quote in line 22 closed, found it closed amidst a cell in line 25"),
    "a title of few rows": ("Report\na,y\n1,2\n3,4\n", "remove the lines above the column names"),
    "a stray comma": ("a\n" + "\n".join(X) + "\n1,2\n", "mend the line"),
    "files that were joined": (2 * csv({"x": X, "y": X}), 'row 61 of column "x", found "x"; remove the row'),
    "large classes": (csv({"x": X, "y": [str(10**17 + i % 3) for i in range(N)]}), "100000000000000000"),
}  # fmt: skip


def rows_of(data: bytes, name: str = "t.csv") -> dict[str, Any]:
    return {"do": "rows", "bytes": np.frombuffer(data, np.uint8), "name": name}


def read_by_both(texts: list[str], path: Path) -> Iterator[tuple[str, dict[str, Any], Table]]:
    """(text, what the lab finds in it, Python's table) of each that is read; both must refuse the others alike."""
    for text, found in zip(texts, ask([rows_of(text.encode()) for text in texts]), strict=True):
        path.write_text(text)
        if isinstance(found, str):
            with pytest.raises(InputError, match=re.escape(found)):
                read(path)
        else:
            yield text, found, read(path)


def test_odd_tables_are_read_as_in_python(tmp_path: Path) -> None:
    found = ask([asked(text, choice(y, "piecewise", False, 0.2, "classification")) for text, y in ODD.values()])
    for (name, (text, target)), each in zip(ODD.items(), found, strict=True):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        agree(each, planned(path, target, "piecewise", False, 0.2), name)


ABOVE = [
    "", "Report of 2024\n", "# made by a tool\n# and another\n", "Report;;\n\n", "sep=;\n\nReport;2024\n",
    '"A title\nin two lines";\n\n\n"as of";"1 May"\n', "".join(f"setting {i};{i}\n" for i in range(30)),
]  # fmt: skip
BELOW = [
    "",
    "kg;;m;;\n",
    "continuous;discrete;float;;\n;;class;x;\n",
    "[kg];text;(m);a, b;c\n",
    "What?;is;;;it\nid 1;2;;;\n",
]
NAMED = "x;w;y;z;c\n", "".join(f'{i};a{i % 3};{i}.5;b;"{i % 4}"\n' for i in range(90))


def test_lines_that_are_no_rows_are_left_out_as_in_python(tmp_path: Path) -> None:
    """Titles above the names, units or descriptions below them; and what is said of lines further below."""
    texts = [above + NAMED[0] + below + NAMED[1] for above in ABOVE for below in BELOW]
    texts += [text + "1;2\n" for text in texts]
    row, lines = "| {} | a{} | {}.5 |\n", range(40)
    texts += [
        "| x | w | y |\n|---|:-:|---|\n" + "".join(row.format(i, i % 3, i) for i in lines),  # Markdown
        "".join(f"{i:<4}a{i % 3}\n" if i >= 0 else "x   w \n--- ---\n" for i in range(-1, 40)),  # at fixed places
        NAMED[0] + NAMED[1] + "\nSource: me\n",
        NAMED[0] + NAMED[1] + "Total;;;;\n",
        "# x y\n" + "".join(f"{i} {i}.5\n" for i in lines),
        "# z\n" * 120 + NAMED[0] + NAMED[1],
        "x,w\n" + "".join(f"{2000 + i}-{1 + i % 12:02},\u200ba{i % 3}\n" for i in lines),
    ]
    for text, found, table in read_by_both(texts, tmp_path / "t.csv"):
        assert found["notes"] == list(table.notes), text
        assert found["numbers"].keys() == set(table.frame.columns), text
        x = table.frame["x"]
        np.testing.assert_array_equal(found["numbers"]["x"], x if x.dtype.is_numeric() else [])


FOUR = "".join(f"{i},{i % 7}.5,w{i % 3},{i * 3}\n" for i in range(1, 61))
AROUND = [
    *(head + FOUR for head in (
        ",size,,\nn,x,w,y\n", "n,x,x,y\n,mean,kind,mean\n", ",x,,y\n,mean,kind,mean\nk,,,\n", "x,x,y,y\na,b,a,b\n",
        ",2020,,2021\nname,high,wide,high\n", "id,How old?,Which?,\n,Response,Tea,Other\n", "Person,,Size,\nn,x,w,y\n",
        ",2020,,2021\nname,high,wide,high\nx,cm,cm,m\n", "Report,,,\n\n,2020,,2021\nname,high,wide,high\n",
        "a:1,6\nn,x,w,y\n", "x,size,,y\n,kg,m,\n",
    )),
    *("n,x,w,y\n" + FOUR + below for below in (
        "# 60 rows\n", "__________\n(C) an office\n", "数据来源：国家统计局\n", '"Source: a"\n', "Source:\n",
        "\nNote\n# b\n", "(c) me,,,\n", "Total,9,,\n", "Sum,9\nSource: a,,,\n", "Total,9,w0,\n61,1,Total,9\n",
    )),
    *(head + FOUR for head in ("n,x,x,x.1\n", "a,a,a.1,a\n", ",Which?,,y\n,Tea,Coffee,\n")),
    "maker.weight,6\nn,x,w,y\n" + FOUR.replace("\n", ",\n"),
    "Category: All\n\nWeek,term: (Worldwide)\n" + "".join(f"2024-01-{i:02},<{i}\n" for i in range(1, 29)),
    *(("n,x,w,y\n" + FOUR).replace(",", sign) for sign in ("^", "~", "\x01")),
    "weight\n" + "".join(f"{i} kg\n" for i in range(30)),
    "when,y\n" + "".join(f"2010-{11 + i % 2},{i}\n" for i in range(30)),
    "n,x,w,y\n" + FOUR.replace("5,w", "-nan,w", 1),
    # no names, which days, units, codes and decimal commas are not; numbers as names; delimiters in quotes and entities
    "".join(f"2024-01-{i:02},P{i:03},{i} kg\n" for i in range(1, 29)),
    "anna,34\nbob,51\ncarl,45\n", "-37,5;a\n1,25;b\n",
    "name,2019\nanna,3\nbob,4\n",
    ",a1,a2\nanna,3,5\nbob,4,7\n", "400.5,401.5,402.5,403.5,404.5,405.5\n5,9,1,3,7,2\n4,8,1,3,5,7\n",
    'u,"a""b&amp;",w\nx,"c;""d",y\n',
    'n, "x", y\n' + "".join(f'{i}, "a, {i % 3}", {i}.5\n' for i in range(30)),
    "n,x,y\n" + "".join(f'{i},"a \\"b\\", {i % 3}",{i}.5\n' for i in range(30)),
    "200|(X11; x86)|a\n404|(Win; x64)|b\n", "a b;c,5\nd e;1.234,5\n", '"a;b"|2\n"c;d"|3\n',
]  # fmt: skip


def test_what_stands_around_a_table_is_taken_for_the_same_as_in_python(tmp_path: Path) -> None:
    """Groups above names, notes by their signs, titles of another width; and fields parted by signs that seldom are."""
    for text, found, table in read_by_both(AROUND, tmp_path / "t.csv"):
        assert found["notes"] == [*table.notes], text[:80]
        assert found["numbers"].keys() == {*table.frame.columns}, text[:80]
        for column in table.frame.select(pl.selectors.numeric()):
            np.testing.assert_array_equal(found["numbers"][column.name], column, text)


def test_what_cannot_be_learnt_from_is_refused() -> None:
    jobs = [asked(text, choice("y", "standard", False, 0.0, "regression")) for text, _ in REFUSED.values()]
    for (name, (_, said)), found in zip(REFUSED.items(), ask(jobs), strict=True):
        assert isinstance(found, str), name
        assert said in found, f"{name}: {found}"


# --- encodings --------------------------------------------------------------------------------------------------------

TEXTS = {
    "gb18030": ("城市", ("北京", "上海", "广州")), "big5": ("城市", ("臺北", "高雄", "臺中")),
    "shift_jis": ("都市名", ("東京", "大阪", "カナダ")), "euc_jp": ("都市名", ("東京", "大阪", "カナダ")),
    "euc_kr": ("도시", ("서울", "부산", "대구")), "cp949": ("이름", ("김철수", "이영희", "박민수")),
}  # fmt: skip


def test_the_letters_are_those_of_python() -> None:
    text = (LAB / "src" / "tables" / "letters.ts").read_text(encoding="utf-8")
    parts = re.findall(r"const (\w+) =\n(.*?);", text, re.DOTALL)
    found = {name: "".join(re.findall(r"'([^'\\]+)'", body)) for name, body in parts}
    assert set(found.pop("KANJI")) == {sign for sign in letters.JAPANESE if sign >= "一"}
    assert {name: set(signs) for name, signs in found.items()} == {name: getattr(letters, name) for name in found}
    assert set(found) == {"SIMPLIFIED", "TRADITIONAL", "KOREAN"}


def test_encodings_are_found_as_in_python(tmp_path: Path) -> None:
    cases = {
        encoding: (csv({name: [words[i % len(words)] for i in range(N)], "x": X, "y": Y}).encode(encoding), name)
        for encoding, (name, words) in TEXTS.items()
    }
    jobs = [
        asked("", choice("y", "standard", False, 0.0, "classification")) | {"bytes": np.frombuffer(data, np.uint8)}
        for data, _ in cases.values()
    ]
    for (encoding, (data, name)), found in zip(cases.items(), ask(jobs), strict=True):
        assert found["columns"][0]["name"] == name, encoding
        (tmp_path / "t.csv").write_bytes(data)
        agree(found, planned(tmp_path / "t.csv", "y", "standard", False, 0.0), encoding)


ALPHABETIC = (
    "Straße,Größe\nKönigsallee,äußerst groß\nÖÄÜ,ÜBERGRÖSSE\n", "prénom,n°\nFrançois,n°5\nZoë,déjà vu\n",
    "año\nEspaña\nAÑO\n¿qué?\n", "São Paulo,AÇÃO\nGOIÂNIA,NÃO\n", "miasto,wartość\nŁódź,źdźbło\n",
    "jméno\nBřeclav\nNěmcová\n", "имя,город\nИван,Москва\nМАРИЯ,ЖЕН\n",
    "όνομα,πόλη\nΓιώργος,Αθήνα\nΜΑΡΙΑ,ΘΕΣΣΑΛΟΝΙΚΗ\n", "şehir,ağaç\nİstanbul,kırmızı\n",
    "שם,עיר\nיוסף כהן,תל אביב\n", "šalis\nPanevėžys,žuvų\načiū\n",
    "price\n12 €,don’t know\n13 €,“fine”\n21°C – 22°C…\n", "t (°C),m²,µg/m³\n1,2,3\n", "id,n\n2,lunedì\n",
    "id,n\n2,Gdańsk\n", "id,n\n2,xüx\n",
)  # fmt: skip


def test_encodings_of_one_byte_a_sign_are_those_of_python() -> None:
    """By the same pairs of signs the same choice, or none, where the reader sees the word in each."""
    groups = {"SIGNS": alphabets.SIGNS} | {name: getattr(pairs, name) for name in dir(pairs) if name.isupper()}
    known = {name: group if name == "SIGNS" else alphabets._bits(*group) for name, group in groups.items()}
    assert ask([{"do": "pairs"}]) == [known]
    rng = np.random.default_rng(0)
    texts = [*ALPHABETIC, "l’été,d’Ivoire\n", "MÈxico,n\n1,2\n", "20 °C – 3 µm,½\n", "a\n\u2019\n", "Ünal\nŠŽ\n"]
    words = [word for text in texts for word in text.replace("\n", ",").split(",") if not word.isascii()]
    texts += ["id,n\n" + "".join(f"{i},{word}\n" for i, word in enumerate(rng.choice(words, n)))
              for n in (1, 2) for _ in range(9)]  # fmt: skip
    tried = [(text, each) for text in texts for each in (alphabet.codec for alphabet in alphabets.ALPHABETS)]
    cases = list(dict.fromkeys(text.encode(each, "ignore") for text, each in tried))
    cases += [(text * 2).encode() + b"M\xfcller,\x80\n" for text in ALPHABETIC]
    jobs = [{"do": "decoded", "bytes": np.frombuffer(case, np.uint8)} for case in cases]
    number = Counter[bool]()
    for case, found in zip(cases, ask(jobs), strict=True):
        try:
            text, title = decoded(case, "x")
        except TableError:
            assert isinstance(found, str), (case, found)
            assert "choose the one that reads it right" in found
        else:
            assert found == {"text": text.decode(), "encoding": title or None}, case
        number[isinstance(found, str)] += 1
    assert min(number.values()) > 50


# --- workbooks --------------------------------------------------------------------------------------------------------


def workbook(fill: Callable[[Any], None], **options: Any) -> bytes:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        fill(book)
    return buffer.getvalue()


def everything(book: Any) -> None:
    sheet, day = book.add_worksheet("Data"), dt.datetime(2024, 1, 30, 12, 30)
    formats = [book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "hh:mm:ss", "[h]:mm:ss", '0.0 "day"')]
    sheet.write_row(
        0, 0, ["when", "clock", "lasts", "price", "whole", "mixed", "sure", "gap", "word", "x", "x", "", "y"]
    )
    for i in range(N):
        sheet.write_datetime(i + 1, 0, day + dt.timedelta(days=i, hours=i), formats[0])
        sheet.write_datetime(i + 1, 1, dt.time(i % 24, 15, 30), formats[1])
        sheet.write_datetime(i + 1, 2, dt.timedelta(hours=3 * i, minutes=5), formats[2])
        sheet.write_number(i + 1, 3, 1000.5 + i, formats[3])
        sheet.write_row(i + 1, 4, [i * 7 % 10, *(["x"] if i % 3 == 0 else [i % 7 / 2]), i % 2 == 0])
        if i % 5:
            sheet.write_number(i + 1, 7, i)
        else:
            sheet.write_formula(i + 1, 7, "=1/0", None, "#DIV/0!")
        sheet.write_row(i + 1, 8, [f'line\n"{i % 3}" & <b> 长 😀', i * 0.1, str(i % 4), i % 3, Y[i]])


def aside(book: Any) -> None:
    """Beside other sheets, off the corner, with a row that is empty."""
    book.add_worksheet("Empty")
    book.add_worksheet("Names").write_row(0, 0, ["a", "b"])
    sheet = book.add_worksheet("数据")
    sheet.write_row(2, 1, ["x", "z", "y"])
    for i in range(N):
        sheet.write_row(3 + i + (i > 7), 1, [i * 1.5, 10**15 + i, Y[i]])


def days(book: Any) -> None:
    sheet, day = book.add_worksheet(), book.add_format({"num_format": 14})
    sheet.write_row(0, 0, ["day", "y"])
    for i in range(N):
        sheet.write_datetime(i + 1, 0, dt.datetime(2024, 2, 27) + dt.timedelta(i % 7), day)
        sheet.write(i + 1, 1, Y[i])


def titled(book: Any) -> None:
    """Below a title, an empty row and one that is no row of names."""
    sheet = book.add_worksheet()
    sheet.write(2, 1, "Sales of 2024")
    sheet.write_row(4, 1, ["x", "x", "y"])
    sheet.write_row(5, 1, ["x", "z", "y"])
    for i in range(N):
        sheet.write_row(6 + i, 1, [i * 1.5, i % 7, Y[i]])
    sheet.write_row(6 + N, 1, ["Total:", 9])


def described(book: Any) -> None:
    """Below a title; with units and kinds below the names."""
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Sales", "", "", ""])
    for i, row in enumerate([["x", "z", "w", "y"], ["kg", "m", "", ""], ["float", "", "", "class"]]):
        sheet.write_row(2 + i, 0, row)
    for i in range(N):
        sheet.write_row(5 + i, 0, [i * 1.5, i % 7, f"w{i % 3}", Y[i]])


def grouped(book: Any) -> None:
    """Below a title; with groups above the names, and units below them."""
    sheet = book.add_worksheet()
    for i, row in enumerate([["Sales"], [], ["", "size", "", ""], ["y", "x", "z", "w"], ["", "kg", "", "m"]]):
        sheet.write_row(i, 0, row)
    for i in range(N):
        sheet.write_row(5 + i, 0, [Y[i], i * 1.5, i % 7, i % 5])


BOOKS = {
    "titled": (titled, {}),
    "grouped": (grouped, {}),
    "described": (described, {}),
    "everything": (everything, {}),
    "aside": (aside, {}),
    "days": (days, {}),
    "days of a Mac": (days, {"date_1904": True}),
}


def test_workbooks_are_read_as_in_python(tmp_path: Path) -> None:
    books = {name: workbook(fill, **options) for name, (fill, options) in BOOKS.items()}
    jobs = [
        {"do": "table", "bytes": np.frombuffer(data, np.uint8), "name": "t.xlsx",
         "choice": choice("y", "piecewise", False, 0.2, "classification")} for data in books.values()
    ]  # fmt: skip
    for (name, data), found in zip(books.items(), ask(jobs), strict=True):
        (tmp_path / "t.xlsx").write_bytes(data)
        planning = planned(tmp_path / "t.xlsx", "y", "piecewise", False, 0.2)
        agree(found, planning, name)
        (rows,) = ask([rows_of(data, "t.xlsx")])
        both = (rows["notes"], planning.table.notes)
        ours, pythons = ([note for note in notes if "column names" in note] for notes in both)
        assert ours == pythons, name
        assert len(ours) == {"titled": 1, "grouped": 1, "described": 2}.get(name, 0)
        sheets = [note for note in found["notes"] if "sheet" in note["say"]]
        assert bool(sheets) == (name == "aside")
        assert not sheets or sheets[0]["values"] == {"name": "数据", "others": ["Empty", "Names"]}


def empty_looking(book: Any) -> None:
    """Merged cells, in the title too, and formulas that were never calculated."""
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 1, 2, "A title")
    sheet.write_row(2, 0, ["x", "z", "y"])
    for i in range(N):
        sheet.write_row(3 + i, 0, [i * 1.5, i % 7, Y[i]])
    for i in range(5):
        sheet.merge_range(3 + 4 * i, 0, 5 + 4 * i, 0, 2.5)
    sheet.write_formula(40, 1, "=1+1", None, "")


def test_cells_without_values_are_told_as_in_python(tmp_path: Path) -> None:
    data = workbook(empty_looking)
    (tmp_path / "t.xlsx").write_bytes(data)
    (found,) = ask([rows_of(data, "t.xlsx")])
    assert [each.split(" (")[0] for each in found["notes"][-2:]] == ["merged cells", "formulas without results"]
    assert found["notes"] == list(read(tmp_path / "t.xlsx").notes)


def test_a_model_of_a_workbook_answers_alike_here_and_there(tmp_path: Path) -> None:
    """Its dates are no text in Python, and are in the lab."""
    data, path, file = workbook(everything), tmp_path / "t.xlsx", tmp_path / "m.deltaw"
    path.write_bytes(data)
    deltaw.fit(path, "price", epochs=2, folds=0, verbose=False).save(tmp_path / "python.deltaw")
    packed, model = np.frombuffer(data, np.uint8), np.frombuffer((tmp_path / "python.deltaw").read_bytes(), np.uint8)
    made = choice("price", "piecewise", False, 0.2, "regression")
    ours, theirs = ask([
        {"do": "model", "bytes": packed, "name": "t.xlsx", "choice": made, "kind": "default", "own": {"epochs": 2}},
        {"do": "open", "file": model, "bytes": packed, "name": "t.xlsx"},
    ])  # fmt: skip
    file.write_bytes(ours["file"].tobytes())
    for model_file, found in ((file, ours), (tmp_path / "python.deltaw", theirs)):
        read = deltaw.load(model_file)
        scaled = (np.ravel(read.predict(path)) - read.target.scale.centre) / read.target.scale.width
        np.testing.assert_allclose(scaled, found["outputs"], atol=1e-5)


def test_what_is_no_workbook_is_said() -> None:
    good = workbook(aside)
    bad = {
        good[: len(good) // 2]: "",
        good.replace(b"xl/workbook.xml", b"xl/workbook.bin"): "an unreadable one (xl/workbook.xml)",
        workbook(lambda book: book.add_worksheet("Nothing")): "none in Nothing",
        b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet": "an OpenDocument file",
        b"PK\x03\x04" + bytes(26) + b"X.npy": "arrays of NumPy",
        b"PK\x03\x04" + bytes(26) + b"readme.txt": "an unreadable ZIP archive",
        b"\x28\xb5\x2f\xfd" + bytes(30): "compressed otherwise than by gzip",
    }
    jobs = [asked("", choice("y", "standard", False, 0.0, "classification")) | {"bytes": np.frombuffer(each, np.uint8)}
            for each in bad]  # fmt: skip
    for said, found in zip(bad.values(), ask(jobs), strict=True):
        assert isinstance(found, str)
        assert said in found


# --- several files ----------------------------------------------------------------------------------------------------


def test_files_with_the_same_columns_are_one_table(tmp_path: Path) -> None:
    """In another order, too; with a decimal comma where they have semicolons; files with other columns stay away."""
    table = pl.DataFrame({"a": [x.replace(".", ",") for x in X], "w": [f"w; {i % 3}" for i in range(N)], "y": Y})
    parts = [table[:20], table[20:45].select("y", "a", "w"), table[45:]]
    (tmp_path / "all").mkdir()
    for i, part in enumerate(parts):
        part.write_csv(tmp_path / "all" / f"{i}.csv", separator=";")
    files = [np.frombuffer((tmp_path / "all" / f"{i}.csv").read_bytes(), np.uint8) for i in range(3)]
    other = np.frombuffer(b"a;b\n1;2\n", np.uint8)
    parts[2] = parts[2].with_columns(pl.col("a").str.replace(",", "."))  # another program wrote this one
    parts[2].write_csv(tmp_path / "all" / "2.csv")
    (found,) = ask([
        {"do": "files", "files": [{"bytes": each, "name": f"{i}.csv"} for i, each in enumerate([*files, other])],
         "choice": choice("y", "piecewise", False, 0.2, "classification")}
    ])  # fmt: skip
    assert found["files"] == 3
    agree(found, planned(tmp_path / "all", "y", "piecewise", False, 0.2), "three files")


WORDS, NUMBERS, YES = ["red", "blue"] * 20, [*map(str, range(40))], ["true", "false"] * 20
CODES, KILOS, ODD_ONE = [f"{i:03d}" for i in range(40)], [f"{i} kg" for i in range(40)], ["n.d.", *NUMBERS[1:]]
SORTS: dict[str, list[list[str]]] = {
    "numbers, then words": [NUMBERS, WORDS], "words, then numbers": [WORDS, NUMBERS],
    "numbers, then truth": [[*"01"] * 20, YES], "truth, then words": [YES, WORDS],
    "units, then none": [KILOS, NUMBERS], "both, late": [[""] * 40, NUMBERS, NUMBERS, WORDS],
    "yes and no": [[*"01"] * 20, ["yes", "no"] * 20],
    "days": [[f"2024-01-{i % 28 + 1:02d}" for i in range(40)], NUMBERS],
    "codes and numbers": [CODES, [str(i + 100) for i in range(40)]], "numbers with a mistake": [NUMBERS, ODD_ONE],
    "nothing, then numbers": [[""] * 40, NUMBERS], "mistakes and words": [ODD_ONE, WORDS],
    "codes and words": [CODES, WORDS],
    "words, a mistake, numbers": [WORDS, ODD_ONE, NUMBERS], "mistakes and truth": [ODD_ONE, YES],
}  # fmt: skip


def test_files_of_several_sorts_are_joined_or_refused_as_in_python(tmp_path: Path) -> None:
    jobs, told = [], []
    for i, cells in enumerate(SORTS.values()):
        folder = tmp_path / str(i)
        folder.mkdir()
        texts = [csv({"x": X[:40], "v": each, "y": Y[:40]}) for each in cells]
        for k, text in enumerate(texts):
            (folder / f"{k}.csv").write_text(text)
        try:
            told.append(read(str(folder)) and None)
        except InputError as error:
            told.append(str(error).replace(f"{folder}/", ""))
        jobs.append({"do": "joined", "files": [{"bytes": np.frombuffer(text.encode(), np.uint8), "name": f"{k}.csv"}
                                               for k, text in enumerate(texts)]})  # fmt: skip
    assert sum(each is not None for each in told) == 8
    assert dict(zip(SORTS, ask(jobs), strict=True)) == dict(zip(SORTS, told, strict=True))


def test_files_that_are_separated_otherwise_are_one_table_too(tmp_path: Path) -> None:
    """Each has its own decimal sign; whole numbers with thousands, units, gaps and codes stay what they are."""
    ways = {
        ";": ("{},{}", "{}.{:03d}", "{},5 kg"),
        ",": ("{}.{}", "{},{:03d}", "{}.5 kg"),
        "\t": ("{}.{}", "{},{:03d}", "{}.5 kg"),
    }
    (tmp_path / "all").mkdir()
    files = []
    for k, (sign, (fraction, thousands, unit)) in enumerate(ways.items()):
        table = {
            "f": [fraction.format(i % 13, 100 * k + 100 + i) for i in range(N)],
            "n": ["" if i % 9 == 0 else thousands.format(1 + i % 7, (i + N * k) * 17 % 1000) for i in range(N)],
            "u": [unit.format(i + N * k) for i in range(N)],
            "c": [f"{i % 8:03}" for i in range(N)],
            "w": [f"w{i % 3}" for i in range(N)],
            "y": Y,
        }
        (tmp_path / "all" / f"{k}.csv").write_text(csv(table, sign))
        files.append({"bytes": np.frombuffer(csv(table, sign).encode(), np.uint8), "name": f"{k}.csv"})
    (found,) = ask([{"do": "files", "files": files, "choice": choice("y", "piecewise", False, 0.2, "classification")}])
    assert found["files"] == 3
    agree(found, planned(tmp_path / "all", "y", "piecewise", False, 0.2), "three separators")


def test_refusals_of_both_name_the_same_row(tmp_path: Path) -> None:
    units = csv({"p": ["inf" if i == 5 else f"{i} kg" for i in range(N)], "x": X, "y": Y})
    for text in (INFINITE, units):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(InputError, match="a finite number in row 6 of column"):
            planned(tmp_path / "t.csv", "y", "standard", False, 0.0)
    (found,) = ask([asked(units, choice("y", "standard", False, 0.0, "classification"))])
    assert "a finite number in row 6" in found


# --- archives ---------------------------------------------------------------------------------------------------------


def archive(members: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def as_job(data: bytes) -> dict[str, Any]:
    bytes_ = {"bytes": np.frombuffer(data, np.uint8), "name": "t.zip"}
    return asked("", choice("y", "standard", False, 0.0, "classification")) | bytes_


def test_a_table_alone_in_an_archive_is_read_as_in_python(tmp_path: Path) -> None:
    text = csv({"x": X, "y": Y}).encode()
    beside = {"data/": b"", "data/t.csv": text, "__MACOSX/data/._t.csv": b"\0", "data/.DS_Store": b"\0"}
    archives = {
        "one": archive({"t.csv": text}),
        "as a Mac writes it": archive(beside),
        "JSON": archive(
            {
                "t.jsonl": b"\n".join(
                    b'{"x": %s, "y": "%s"}' % (x.encode(), y.encode()) for x, y in zip(X, Y, strict=True)
                )
            }
        ),
        "with what describes it": archive({"README.txt": b"x", "data/t.csv": text, "datapackage.json": b"{}"}),
        "with a text": archive({"t.txt": text, "License.md": b"MIT"}),
        "a workbook": archive({"t.xlsx": workbook(aside)}),
        "a workbook as it is": archive({"t.xlsx": workbook(aside)}, compresslevel=0),
    }
    for (name, data), found in zip(archives.items(), ask([*map(as_job, archives.values())]), strict=True):
        (tmp_path / "t.zip").write_bytes(data)
        agree(found, planning := planned(tmp_path / "t.zip", "y", "standard", False, 0.0), name)
        ours = [told(note) for note in found["notes"] if "archive" in note["say"]]
        assert ours == [note for note in planning.table.notes if "archive" in note], name


def test_other_archives_are_refused_as_in_python(tmp_path: Path) -> None:
    text = csv({"x": X, "y": Y}).encode()
    good = archive({"t.csv": text})
    locked = bytearray(good)
    locked[good.index(b"PK\1\2") + 8] |= 1
    begin = 30 + len("t.csv")
    bad = {
        "a.csv, b.csv": archive({"a.csv": text, "b.csv": text, "README": b"x"}),
        "readme.md, notes.pdf": archive({"readme.md": text, "notes.pdf": b"x"}),
        "none": archive({"folder/": b""}),
        "one that a password locks": bytes(locked),
        "an unreadable one": good[:begin] + b"\xff" * 20 + good[begin + 20 :],
    }
    for (said, data), found in zip(bad.items(), ask([*map(as_job, bad.values())]), strict=True):
        (tmp_path / "t.zip").write_bytes(data)
        with pytest.raises(InputError) as python:
            planned(tmp_path / "t.zip", "y", "standard", False, 0.0)
        assert isinstance(found, str), said
        for each in (found, str(python.value)):
            assert "t.zip: expected a ZIP archive with one table in it, found " + said in each
        assert found.split("; ")[1] == str(python.value).split("; ")[1]


def test_an_archive_that_gives_more_than_it_says_is_refused() -> None:
    data = archive({"t.csv": csv({"x": X, "y": Y}).encode()})
    at = data.index(b"PK\1\2") + 24
    (found,) = ask([as_job(data[:at] + (9).to_bytes(4, "little") + data[at + 4 :])])
    assert "an unreadable one" in found
