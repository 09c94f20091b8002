"""The site, in English and in Chinese: `make docs`, which is `python site/build.py build/site`.

The pages are docs/*.md; a page NAME.zh.md is its Chinese, and where there is none, the English stands in its place.
Beside them are laid what is written elsewhere (the changelog, the house, the notes on benchmarks) and what the program
itself says: the lessons, run now, and the help of every command. MkDocs then builds each language strictly. A page
that loads anything from elsewhere ends the build.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache as once
from pathlib import Path
from typing import Any

import yaml
from markdown.extensions.toc import slugify_unicode

import deltaw
from deltaw.lessons import LESSONS
from deltaw.pages.html import formula
from deltaw.speech import say

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SITE = ROOT / "site"
NAMES = {"en": "English", "zh": "中文"}
ELSEWHERE = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "benchmarks.md": "benchmarks/NOTES.md",
} | {f"benchmarks/{path.name}": f"benchmarks/notes/{path.name}" for path in (ROOT / "benchmarks" / "notes").iterdir()}
CHINESE = {
    "Start": "入门", "How to": "操作指南", "Lessons": "课程", "Explanations": "原理", "Measurements": "测量",
    "Reference": "参考", "In depth": "详解", "Notes": "记录", "Project": "项目",
}  # fmt: skip
SLUGS = (
    "!!python/name:markdown.extensions.toc.slugify_unicode"  # anchors of Chinese headings, too, as GitHub makes them
)
LAB = '<iframe class="lab" src="iris.html" title="DeltaW" loading="lazy"></iframe>'  # in the place of its picture
PICTURE = re.compile(r"^!\[.*\]\(\.\./figures/lab.*\)$", re.M)
LONGEST = 160  # signs of a description
INLINE = re.compile(r"<code>([^<\n]*)</code>")
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload)["']?[^>]*\bhref=["']?(?:https?:)?//"""
)


def sources() -> dict[str, Path]:
    """Place in the site -> the file that is laid there, Chinese ones under their own names."""
    found = {p.relative_to(DOCS).as_posix(): p for p in sorted(DOCS.rglob("*")) if p.is_file()}
    found = {place: path for place, path in found.items() if not place.endswith(".py")}
    return found | {place: ROOT / path for place, path in ELSEWHERE.items()}


def headings(path: Path) -> list[str]:
    """What the headings of a page are called in links, in their order."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [slugify_unicode(re.sub(r"[`*]", "", line), "-") for line in re.findall(r"^#+ (.*)$", text, re.M)]


def linked(text: str, place: str, path: Path, places: dict[Path, str], laid: dict[str, Path]) -> str:
    """The links of a page: to where a file lies in the site; what has no place there stays as words.

    A part of a page is called otherwise in its translation: there it is the heading of the same number.
    """

    def mended(match: re.Match[str]) -> str:
        picture, words, target, part = match.groups()
        file = (path.parent / target).resolve()
        to = places.get(file)
        if to is None:
            return words if not picture and file.exists() else match[0]
        if part and laid[to] != file:
            parts = dict(zip(headings(file), headings(laid[to]), strict=True))
            part = f"#{parts[part.removeprefix('#')]}"
        return f"{picture}[{words}]({os.path.relpath(to, Path(place).parent)}{part or ''})"

    return LINK.sub(mended, text)


def joined(text: str) -> str:
    """Lines of Chinese, which are broken behind a punctuation mark, in one: browsers show a break as a blank."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    parts[::2] = [re.sub(r"(?<=[，。；：、！？）”])\n *(?=[^\s|#>])(?![-*] |\d+\. )", "", part) for part in parts[::2]]
    return "".join(parts)


def whole(text: str) -> str:
    """The numbers of tables in one piece: no line breaks beside ± and →."""
    return re.sub(r"^\|.*", lambda row: re.sub(" ([±→]) ", "\u00a0\\1\u00a0", row[0]), text, flags=re.M)


def with_formulas(text: str) -> str:
    """LaTeX between dollars as MathML, which every browser shows by itself."""
    return re.sub(
        r"^\$\$\n(.*?)\n\$\$$",
        lambda match: "\n" + formula(match[1]).strip().replace("\n", " ") + "\n",
        text,
        flags=re.M | re.S,
    )


def described(text: str) -> str:
    """What search engines show of a page: the beginning of its first paragraph, without its markup."""
    text = re.sub(r"^```.*?^```$|^---$.*?^---$", "", text, flags=re.M | re.S)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text)]
    first = next((part for part in paragraphs if part and not re.match(r"[#|<!:$-]", part)), "")
    first = first or next(iter(re.findall(r"<p>(.*?)</p>", text, re.S)), "")  # of a lesson, which is HTML
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|<[^>]*>|[*`]", r"\1", " ".join(first.split()))
    return plain if len(plain) <= LONGEST else plain[: plain.rfind(" ", 0, LONGEST)] + " …"


def headed(text: str, hide: tuple[str, ...] = ()) -> str:
    """A page with what MkDocs is told of it: its description, and what is not shown beside it."""
    told: dict[str, Any] = {"description": said} if (said := described(text)) else {}
    told |= {"hide": list(hide)} if hide else {}
    return f"---\n{yaml.safe_dump(told, allow_unicode=True)}---\n\n{text}" if told else text


def broken(html: str) -> str:
    """Code within lines, broken where it reads well: a long name behind / and _, an option not behind its dashes."""

    def mended(match: re.Match[str]) -> str:
        code = match[1]
        if "::" in code or code.count("_") > 1:
            code = re.sub(r"(?<=[/_])(?!$)", "<wbr>", code)
        code = re.sub(r"(?<!\S)--?\w[\w-]*", r"<span class=option>\g<0></span>", code)
        return f"<code>{code}</code>"

    return INLINE.sub(mended, html)


def imported(path: Path) -> set[Path]:
    """The files of ours that a file imports, inside functions too; a package counts with what it hands out by name."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{name}" for name in names)]
        for name in names:
            place = ROOT / "src" / Path(*name.split("."))
            found |= {each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()}
    return found


@once
def stamp(lang: str) -> str:
    """A digest of all that the lessons are made of: what they import, and so on, their words, and the core."""
    package = ROOT / "src" / "deltaw"
    ahead, seen = {*(package / "lessons").rglob("*.py")}, {package / "__init__.py"}  # which imports everybody
    while ahead := ahead - seen:
        seen |= ahead
        ahead = {other for path in ahead for other in imported(path)}
    words = {*(package / "lessons").rglob("*.toml"), *(package / "speech" / lang).rglob("*.toml")}
    digest = hashlib.sha256()
    for path in sorted({*seen, *words, *filter(Path.is_file, (ROOT / "native").iterdir())}):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def lesson(name: str, lang: str, cache: Path) -> str:
    """A lesson's page, run now, or when nothing that lessons are made of has changed since it was."""
    kept, said = cache / f"{name}.{lang}.html", cache / f"{name}.{lang}.stamp"
    now = stamp(lang)
    if not kept.exists() or not said.exists() or said.read_text() != now:
        page = LESSONS[name].function(lang=lang).page
        body = re.sub(r"<h1>.*?</h1>", "", page._repr_html_(), count=1, flags=re.S)
        kept.write_text(f"# {page.title}\n\n" + re.sub(r"\n\s*\n", "\n", body), encoding="utf-8")
        said.write_text(now)
    command = f"deltaw lesson {name}" + (" --lang zh" if lang == "zh" else "")
    return headed(kept.read_text(encoding="utf-8") + f"\n\n```console\n$ {command}\n```\n", ("toc",))


def commands(lang: str) -> str:
    """The help of every command: its arguments, its options, its examples."""
    import typer

    from deltaw.cli.app import app
    from deltaw.cli.examples import EXAMPLES
    from deltaw.cli.speaking import translated

    words = {"en": ("Commands", "option", "meaning"), "zh": ("命令", "选项", "含义")}[lang]
    parts = [f"# {words[0]}\n"]
    context = typer.Context(group := translated(typer.main.get_command(app)), info_name="deltaw")
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if command.hidden:
            continue
        panels: dict[str, list[tuple[str, str]]] = {"": []}
        for each in command.params:
            if record := each.get_help_record(context):
                panels.setdefault(getattr(each, "rich_help_panel", None) or "", []).append(record)
        parts += [f"## `deltaw {name}`\n", re.sub(r"\s*\f.*", "", command.help or "", flags=re.S).strip() + "\n"]
        for panel, rows in panels.items():
            parts += [f"**{panel}**\n"] if panel else []
            parts += [f'<div class="options" markdown>\n\n| {words[1]} | {words[2]} |\n|---|---|']
            parts += ["| " + " | ".join(_cell(text, i == 0) for i, text in enumerate(row)) + " |" for row in rows]
            parts += ["\n</div>\n"]
        parts += ["\n```console\n" + "".join(f"$ {line}\n" for line in EXAMPLES.get(name, ())) + "```\n"]
    return "\n".join(parts)


def _cell(text: str, code: bool) -> str:
    text = " ".join(re.sub(r"\[/?[a-z ]+\]", "", text).split())
    text = re.sub(r"\[default: (.*?)\]", lambda match: say("[default: {}]").format(match[1]), text)
    return f"`{text}`" if code else text.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def lay(pages: Path, lang: str, cache: Path) -> None:
    """All pages of one language."""
    found = sources()
    places = {path.resolve(): place.replace(".zh.md", ".md") for place, path in found.items()}
    laid = {place: path.resolve() for place, path in found.items() if not place.endswith(".zh.md")}
    if lang == "zh":
        laid |= {place.replace(".zh.md", ".md"): path for place, path in found.items() if place.endswith(".zh.md")}
    for place, path in laid.items():
        (to := pages / place).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text = linked(joined(path.read_text(encoding="utf-8")), place, path, places, laid)
            text = PICTURE.sub(LAB, with_formulas(whole(text)))
            to.write_text(headed(text, ("navigation", "toc") if place == "index.md" else ()), encoding="utf-8")
        else:
            shutil.copy(path, to)
    (pages / "lessons").mkdir()
    for name in LESSONS:
        (pages / "lessons" / f"{name}.md").write_text(lesson(name, lang, cache), encoding="utf-8")
    with deltaw.language(lang):
        (pages / "reference" / "commands.md").write_text(commands(lang), encoding="utf-8")
        deltaw.lab("iris", output=pages / "start" / "iris.html")
    shutil.copy(SITE / "style.css", pages)


def settings(lang: str) -> dict[str, Any]:
    """mkdocs.yml for one language."""
    said = yaml.safe_load((SITE / "mkdocs.yml").read_text(encoding="utf-8"))
    said["theme"] |= {"language": lang, "custom_dir": str(SITE / "overrides")}
    other, link = ("zh", "zh/") if lang == "en" else ("en", "../")
    said["extra"]["alternate"] = [{"name": NAMES[other], "lang": other, "link": link}]
    said["plugins"][0]["search"]["lang"] = ["en", "zh"] if lang == "zh" else ["en"]
    said["plugins"][1]["mkdocstrings"]["handlers"]["python"]["paths"] = [str(ROOT / "src")]
    said["nav"] = titled(said["nav"], CHINESE if lang == "zh" else {})
    return dict(said)


def titled(nav: list[Any], words: dict[str, str]) -> list[Any]:
    """The order of the pages, with its titles in words of a language and the lessons in the place of LESSONS."""
    found: list[Any] = []
    for entry in nav:
        if isinstance(entry, dict):
            ((title, below),) = entry.items()
            found.append({words.get(title, title): titled(below, words)})
        else:
            found += [f"lessons/{name}.md" for name in LESSONS] if entry == "LESSONS" else [entry]
    return found


def from_elsewhere(html: Path) -> list[str]:
    """The pages that load something that is not in the site."""
    return [
        str(page.relative_to(html)) for page in html.rglob("*.html") if LOADED.search(page.read_text(encoding="utf-8"))
    ]


def main(html: Path) -> int:
    work, quiet = ROOT / "build" / "docs", os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # of its own future
    for lang in NAMES:
        shutil.rmtree(here := work / lang, ignore_errors=True)
        (here / "pages").mkdir(parents=True)
        (cache := work / "lessons").mkdir(exist_ok=True)
        lay(here / "pages", lang, cache)
        config = here / "mkdocs.yml"
        text = yaml.safe_dump(settings(lang), allow_unicode=True, sort_keys=False).replace(
            "slugify: SLUGS", f"slugify: {SLUGS}"
        )
        config.write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "-f",
            config,
        ]  # --quiet would not count warnings
        done = subprocess.run(command, env=quiet, stderr=subprocess.PIPE, encoding="utf-8")
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return done.returncode
    shutil.rmtree(html, ignore_errors=True)
    shutil.copytree(work / "en" / "html", html)
    shutil.copytree(work / "zh" / "html", html / "zh")
    for page in html.rglob("*.html"):
        if page.name != "iris.html":  # the lab
            page.write_text(broken(page.read_text(encoding="utf-8")), encoding="utf-8")
    if strangers := from_elsewhere(html):
        print(f"DeltaW: expected pages that load nothing from elsewhere, found {', '.join(strangers)}", file=sys.stderr)
        return 1
    print(f"DeltaW: {len(list(html.rglob('*.html')))} pages in {html}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
