"""Text in other encodings: the right one is found or the file is refused, and nothing is read as another's letters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import SettingError, TableError
from deltaw.tables import read
from deltaw.tables.reading.formats.encodings import LANGUAGES, LEAD, SHARE, _share, decoded

FOUND = {
    "GB18030": (("gb18030", "gbk", "gb2312"), [
        "姓名,性别,年龄,职业\n张伟,男,34,教师\n王芳,女,28,医生\n李娜,女,45,工程师\n刘洋,男,23,学生\n",
        "日期,城市,最高温,天气\n2020年1月2日,哈尔滨,-12,小雪\n2020年1月3日,乌鲁木齐,-8,多云\n",
        "id,class\n1,男\n2,女\n",
        "花萼长,花萼宽,品种\n5.1,3.5,山鸢尾\n4.9,3.0,变色鸢尾\n5.0,3.1,维吉尼亚鸢尾\n",
        "省份\n黑龙江\n吉林\n辽宁\n内蒙古\n新疆\n青海\n甘肃\n陕西\n浙江\n福建\n四川\n贵州\n云南\n",
    ]),
    "Big5": (("big5", "cp950"), [
        "姓名,性別,年齡,城市\n陳志明,男,34,臺北\n林雅婷,女,28,高雄\n黃怡君,女,45,臺中\n",
        "鄉鎮市區,交易標的,總價元\n大安區,房地,12000000\n信義區,土地,3000000\n板橋區,車位,100\n",
    ]),
    "Shift_JIS": (("shift_jis", "cp932"), [
        "氏名,性別,年齢,住所\n佐藤太郎,男,34,東京都\n鈴木花子,女,28,大阪府\n",
        "なまえ,くだもの\nたろう,りんご\nハナコ,バナナ\n",
        "県名,人口\n北海道,1\n青森県,2\n岩手県,3\n宮城県,4\n秋田県,5\n",
    ]),
    "EUC-JP": (("euc_jp",), [
        "県名,人口\n北海道,1\n青森県,2\n岩手県,3\n",
        "なまえ,くだもの\nたろう,りんご\nハナコ,バナナ\n",
    ]),
    "EUC-KR": (("euc_kr", "cp949"), ["이름,성별,나이\n김민수,남,34\n이영희,여,28\n박지훈,남,45\n"]),
}  # fmt: skip
# Of one byte a sign: any bytes are some text in each of their encodings, but not where a language has its letters.
ALPHABETIC = {
    "Straße,Größe,Gemüse\nKönigsallee,äußerst groß,Möhre\nMüller,schön,Grünkohl\nÖÄÜ,ÜBERGRÖSSE,Soße\n": (
        "cp1252", "latin-1", "cp1250", "cp850", "cp437", "mac_roman",
    ),
    "prénom,numéro,région\nHélène,n°5,Île\nFrançois,créée,Côte\nZoë,déjà vu,naïve\n": (
        "cp1252", "latin-1", "iso8859-15", "cp850", "mac_roman",
    ),
    "año,país,niño\n2020,España,sí\n2021,México,corazón\nAÑO,CAÑÓN,¿qué?\n": ("cp1252", "latin-1", "mac_roman"),
    "São Paulo,AÇÃO,coração\nBrasília,AÇÕES,ações\nGOIÂNIA,NÃO,mamãe\n": ("cp1252", "cp850"),
    "name,greeting\nhéllo,1\nb,2\n": ("cp1252", "latin-1"),
    "miasto,wartość\nŁódź,źdźbło\nKraków,żółć\n": ("cp1250", "iso8859-2", "cp852"),
    "město,jméno\nBřeclav,Dvořáková\nPříbram,Němcová\n": ("cp1250", "iso8859-2", "cp852"),
    "имя,пол,город\nИван,муж,Москва\nМАРИЯ,ЖЕН,САНКТ-ПЕТЕРБУРГ\n": ("cp1251", "koi8-r", "koi8-u", "cp866"),
    "όνομα,πόλη\nΓιώργος,Αθήνα\nΜΑΡΙΑ,ΘΕΣΣΑΛΟΝΙΚΗ\n": ("cp1253", "iso8859-7"),
    "şehir,ağaç\nİstanbul,kırmızı\nDiyarbakır,değişik\n": ("cp1254", "iso8859-9"),
    "שם,עיר\nיוסף כהן,תל אביב\nשרה לוי,ירושלים\n": ("cp1255",),
    "miestas,šalis\nŠiauliai,Lietuva\nPanevėžys,čia yra žuvų\nTelšiai,ačiū\n": ("cp1257", "iso8859-13"),
    "price,note\n12 €,don’t know\n13 €,“fine”\n14 €,it’s 21°C – 22°C…\n": ("cp1252", "cp1250", "cp1254"),
    "t (°C),area (m²),PM (µg/m³)\n1,2,3\n": ("cp1252", "latin-1"),
} | {f"id,n\n1,Smith\n2,{word}\n": ("cp1252",) for word in (
    "Müller", "café", "El Niño", "São Paulo", "Zürich", "Malmö", "México", "García", "Québec", "Åland", "it’s", "MUÑOZ",
)}  # fmt: skip
REFUSED = {
    "id,n\n1,Smith\n2,lunedì\n": ("cp1252",),  # ě is usual there in Czech
    "id,n\n1,Smith\n2,Gdańsk\n": ("cp1250",),  # as Gdañsk is in Windows-1252
    "id,n\n1,Smith\n2,xüx\n": ("cp1252",),
    "ชื่อ,เพศ\nสมชาย,ชาย\n": ("tis-620",),
    "اسم,مدينة\nمحمد,القاهرة\n": ("cp1256",),
    "имя,город\nИван,Москва\n": ("iso8859-5",),
}  # fmt: skip
TABLES = [
    (title, encoding, text) for title, (encodings, texts) in FOUND.items() for encoding in encodings for text in texts
]


@pytest.mark.parametrize(("title", "encoding", "text"), TABLES)
def test_found_by_its_letters(title: str, encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding), "x") == (text.encode(), title)


@pytest.mark.parametrize(("title", "encoding", "text"), TABLES)
def test_other_readings_are_far_behind(title: str, encoding: str, text: str) -> None:
    """The thresholds stand between what was measured, not at its edge."""
    shares = {language.title: _share([text.encode(encoding)], language) for language in LANGUAGES}
    others = [share for each, share in shares.items() if each != title]
    assert shares[title] > 1.3 * SHARE
    assert max(others) < SHARE / 1.3
    assert shares[title] > 1.3 * LEAD * max(others)


def test_found_by_pairs_of_its_signs() -> None:
    wrong = [
        (text, each) for text, them in ALPHABETIC.items() for each in them
        if decoded(text.encode(each), "x")[0] != text.encode()
    ]  # fmt: skip
    assert not wrong
    assert decoded("Müller,Größe".encode("latin-1"), "x")[1] == "Windows-1252"


def test_two_readings_that_may_both_be_right_are_none() -> None:
    for text, them in REFUSED.items():
        for each in them:
            expected = r"expected text in UTF-8, found byte 0x.. at position \d+ \(line 1|3\).*encoding="
            with pytest.raises(TableError, match=expected):
                decoded(text.encode(each), "x")
            assert decoded(text.encode(each), "x", each) == (text.encode(), "")


def test_damaged_utf_8_is_no_other_text() -> None:
    for text in (*ALPHABETIC, *(text for _, texts in FOUND.values() for text in texts)):
        damaged = (text * 2).encode() + b"M\xfcller,\x80\n"
        with pytest.raises(TableError, match="expected text in UTF-8"):
            decoded(damaged, "x")


def test_the_word_is_shown_in_each_encoding_that_has_it() -> None:
    with pytest.raises(TableError) as caught:
        decoded("a,b\n1,Mxüx\n".encode("latin-1"), "x")
    message = str(caught.value)
    assert "byte 0xfc at position 8 (line 2)" in message
    assert 'windows-1252 ("Mxüx")' in message
    assert 'windows-1251 ("Mxьx")' in message
    assert "\n" not in message


ALL = [text for _, texts in FOUND.values() for text in texts] + [*ALPHABETIC, *REFUSED]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8", "utf-8-sig"])
def test_unicode_by_its_form(encoding: str) -> None:
    for text in ALL:
        assert decoded(text.encode(encoding), "x")[0] == text.encode()


@pytest.mark.parametrize(("name", "title"), [("iso2022_jp", "Shift_JIS"), ("iso2022_kr", "EUC-KR")])
def test_escape_sequences_say_the_encoding(name: str, title: str) -> None:
    for text in FOUND[title][1]:
        assert decoded(text.encode(name), "x") == (text.encode(), f"ISO-2022-{name[-2:].upper()}")
    colours = b"a,b\n\x1b[31mred\x1b[0m,$1\n"  # as terminals have them
    assert decoded(colours, "x") == (colours, "")


@pytest.mark.parametrize("data", [b"a,b\n1,\0\n", b"a,b\n1,2\0\n" * 20, b"\0\1" * 40, b"a\0" * 40 + b"\n"])
def test_zero_bytes_alone_are_no_utf_16(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(TableError):
        read(path)


LETTERS = {"gb18030": LANGUAGES[0].frequent, "big5": LANGUAGES[1].frequent, "cp932": LANGUAGES[2].frequent}


@given(data=st.data(), encoding=st.sampled_from([*LETTERS, "utf-16", "utf-16-le", "utf-8"]))
def test_any_table_of_enough_text_reads_back(data: st.DataObject, encoding: str) -> None:
    """As much as a table has: a third of its letters may be rare ones."""
    frequent = sorted(
        letter for letter in LETTERS.get(encoding, LETTERS["gb18030"]) if letter.encode(encoding, "ignore")
    )
    rare = [letter for letter in "鸢鲞氦氖锂氟鲲麒麟" if letter.encode(encoding, "ignore")] or frequent
    words = st.lists(st.sampled_from(frequent), min_size=2, max_size=4).map("".join)
    cells = st.tuples(words, st.sampled_from(rare), st.integers(0, 999))
    rows = data.draw(st.lists(cells, min_size=8, max_size=20))
    text = "word,rare,n\n" + "".join(f"{word},{letter},{n}\n" for word, letter, n in rows)
    try:
        found, _ = decoded(text.encode(encoding), "x")
    except TableError:  # that may be; another reading may not
        return
    assert found == text.encode()


def test_a_file_says_what_it_was_read_as(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text = FOUND["GB18030"][1][0]
    path.write_bytes(text.encode("gbk"))
    table = read(path)
    assert table.notes == ("read as GB18030",)
    assert table.frame["姓名"].to_list() == ["张伟", "王芳", "李娜", "刘洋"]
    assert read(path, encoding="gbk").frame.equals(table.frame)
    path.write_text(text, encoding="utf-8")
    assert read(path).notes == ()


def test_a_bad_byte_after_the_lines_that_were_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(FOUND["GB18030"][1][0].encode("gbk") * 2_000 + b"\xff,1,2,3\n")
    with pytest.raises(TableError, match=r"GB18030, as most of it is, found byte 0xff at position .* \(line 10,001\)"):
        read(path)


@pytest.mark.parametrize(
    ("name", "near"), [("gbk18030", "gb18030"), ("utf9", "utf-8"), ("rot13", ""), ("", ""), (3, "")]
)
def test_unknown_encodings(tmp_path: Path, name: str, near: str) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(SettingError, match=f"encoding: expected one that Python knows.*{near}"):
        read(tmp_path / "x.csv", encoding=name)
