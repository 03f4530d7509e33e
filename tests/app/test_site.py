"""The site, built once from the course's notebooks, and small sites for what goes wrong."""

import inspect
import json
import re
import shutil
import subprocess
import textwrap
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote

import browser
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import ROOT, exercises, results, site
from course.errors import CourseError
from course.lessons import ledger
from course.scratch import lstm
from course.site import sheet
from course.site.sheet import CARDS

LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the course's site, built in a copy."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    (root / "course").mkdir()
    shutil.copy(results.PATH, root / results.TABLE)
    first = site.build(root)
    assert first == root / "build" / "site" / "index.html"
    return first.parent


@pytest.fixture(scope="module")
def pages(folder):
    """Every page, read back from its file: {name: BeautifulSoup}."""
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(folder.glob("*.html"))
    }


@pytest.fixture(scope="module")
def index(folder):
    """What the search looks through: {page's name: {section's id: (heading, texts)}}."""
    script = (folder / "search.js").read_text(encoding="utf-8")
    entries = json.loads(script.removeprefix("const INDEX = ").removesuffix(";\n"))
    return {
        entry["page"]: {id_: (heading, texts) for id_, heading, *texts in entry["sections"]}
        for entry in entries
    }


def ids(page):
    return [element["id"] for element in page.find_all(id=True)]


def write_course(root, *cells, name="01_a"):
    """Write a course of one lesson."""
    notebook = new_notebook(cells=[new_markdown_cell("# 01 · A\n\nYou see."), *cells])
    (root / "notebooks").mkdir()
    nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")


# The pages


def test_every_lesson_has_a_page_and_the_others_are_there(pages):
    lessons = {path.with_suffix(".html").name for path in LESSONS}
    others = {"index.html", "notation.html", "cheatsheet.html", "glossary.html"}
    assert set(pages) == lessons | others
    assert others <= {link["href"] for link in pages["01_simple_rnn.html"].header("a")}
    linked = {link["href"] for link in pages["index.html"].main("a")}
    assert others - {"index.html"} <= linked


def test_no_link_is_dead(pages, folder):
    known = {name: set(ids(page)) for name, page in pages.items()}
    dead = []
    for name, page in pages.items():
        for link in page("a", href=True):
            target, _, anchor = link["href"].partition("#")
            if re.match(r"(https?|mailto):", target):
                continue  # a paper, or a data's home
            target = target or name
            reached = {anchor, quote(anchor), unquote(anchor)} & known.get(target, set())
            if not (folder / target).is_file() or (anchor and not reached):
                dead.append((name, link["href"]))
    assert not dead


def test_nothing_is_loaded_from_another_host(pages, folder):
    for page in pages.values():
        sources = [one["src"] for one in page.find_all(src=True)]
        sources += [one["href"] for one in page("link")]
        for source in sources:
            assert source.startswith("data:") or (folder / source).is_file(), source
    styles = (folder / "style.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import", styles)
    assert "http" not in (folder / "script.js").read_text(encoding="utf-8")


def test_pictures_have_alt_texts_and_sounds_have_names(pages):
    shown = {name: page("img") for name, page in pages.items()}
    assert not [
        name for name, images in shown.items() for one in images if not one.get("alt")
    ]
    heard = {name: page("audio") for name, page in pages.items()}
    assert not [
        name
        for name, sounds in heard.items()
        for one in sounds
        if not one.get("aria-label")
    ]


def test_headings_are_in_order_and_every_page_says_what_it_is(pages):
    titles = [page.title.get_text() for page in pages.values()]
    assert len(set(titles)) == len(titles)
    for name, page in pages.items():
        levels = [int(one.name[1]) for one in page(re.compile("^h[1-6]$"))]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        assert page.html["lang"] == "en" and page.find("meta", attrs={"name": "viewport"})
        assert len(page("main")) == 1 and page.find(class_="skip")["href"] == "#content"


def test_ids_are_unique(pages):
    for name, page in pages.items():
        twice = [one for one, count in Counter(ids(page)).items() if count > 1]
        assert not twice, name


def test_previous_and_next_lead_through_all_pages_and_back(pages):
    way = ["index.html"]
    while following := pages[way[-1]].find("a", rel="next"):
        assert pages[following["href"]].find("a", rel="prev")["href"] == way[-1]
        way.append(following["href"])
    assert len(way) == len(pages) == len(set(way))
    lessons = [name for name in way if name[:2].isdigit()]
    assert lessons == sorted(lessons)


def test_every_heading_is_in_the_list_beside_the_text(pages):
    for name, page in pages.items():
        listed = [link["href"][1:] for link in page.select(".toc a")]
        assert listed == [one["id"] for one in page.main(["h2", "h3"])], name


# What the lessons show


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_no_figure_sound_equation_or_table_is_lost(path, pages):
    page = pages[path.with_suffix(".html").name].main
    notebook = nbformat.read(path, as_version=4)
    shown = [
        output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    prose = "\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )
    figures = sum("image/png" in data and "text/html" not in data for data in shown)
    assert len(page("img")) >= figures
    assert len(page("audio")) == sum(
        data.get("text/html", "").count("<audio") for data in shown
    )
    numbers = [one.span.get_text() for one in page(class_="equation") if one.span]
    assert numbers == [f"({tag})" for tag in re.findall(r"\\tag\{(.+?)\}", prose)]
    tables = re.findall(r"^\|[-:| ]+\|$", prose, re.MULTILINE)
    assert len(page.select("div.table > table")) == len(tables)
    assert not page.find(string=re.compile(r"\$\$|\\tag|\\frac"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_hints_and_solutions_stand_below_the_exercises(path, pages):
    page = pages[path.with_suffix(".html").name]
    questions = exercises.questions(path.name[:2])
    helps = page(class_="help")
    assert [len(one("details")) for one in helps] == [
        len(one.hints) + 1 for one in questions
    ]
    for help_, question in zip(helps, questions):
        assert help_.pre.get_text() == question.solution_text
        assert [one.get_text() for one in help_("p")] == list(question.hints)
    assert page.find("p", class_="note") and "Not attempted" not in page.main.get_text()


def test_a_widget_is_replaced_by_what_it_stands_for(tmp_path):
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        "image/png": DOT,
        "text/plain": "Slider()",
    }
    output = new_output("display_data", data, metadata={"image/png": {"alt": "A dot"}})
    write_course(tmp_path, new_code_cell("slider", outputs=[output]))
    page = BeautifulSoup(
        (site.build(tmp_path).parent / "01_a.html").read_text(encoding="utf-8"),
        "html.parser",
    )
    assert page.main.img["alt"] == "A dot"
    assert not page.main.find("script")


# Contents, glossary, notation, search


def test_the_contents_name_promise_time_needs_and_result_of_every_lesson(pages):
    page = pages["index.html"]
    table = results.load()["lessons"]
    for path in LESSONS:
        name = path.with_suffix(".html").name
        [item] = [one for one in page.select(".lessons li") if one.a["href"] == name]
        promise = pages[name].h1.find_next_sibling("p").get_text()
        assert site.text(item.p) == " ".join(promise.split())
        assert "Time about" in item.get_text() and "You need" in item.get_text()
        there = page.find(id="Results").find_next("table")
        measured = there.find("a", href=name).find_parent("tr")
        if "ours" in table.get(path.name[:2], {}):
            ours = ledger.with_spread(table[path.name[:2]], "ours")
            assert ours in [cell.get_text() for cell in measured("td")]


def test_a_way_has_all_that_its_lessons_need(pages):
    rows = pages["index.html"].find(id="Short-of-time").find_next("tbody")("tr")
    assert {row.td.get_text() for row in rows} <= set(site.GOALS) and len(rows) >= 4
    for row in rows:
        way = [link["href"] for link in row("a")]
        assert way == sorted(way)
        for position, name in enumerate(way):
            needs = pages[name].main.find("strong", string="You need").find_parent("p")
            assert {link["href"] for link in needs("a")} <= set(way[:position])


def test_the_glossary_has_every_term_and_leads_to_where_it_is_defined(pages):
    entries = site.glossary_entries()
    there = [path.name[:2] for path in LESSONS]
    terms = pages["glossary.html"].select("[data-term]")
    assert len(terms) == sum(number in there for _, number, _ in entries) > 60
    for entry in terms:
        target, _, place = entry.a["href"].partition("#")
        assert place, f"lesson {target[:2]} does not say {entry['data-term']}"
        assert place not in ("Exercises", "Further-reading"), entry["data-term"]
    for term, _, meaning in entries:
        assert re.fullmatch(r"[A-Z*].+[^.]\.", meaning), term


def symbols(math):
    """Return the letters, digits and signs of equations, without what is between them."""
    return re.sub(r"[\s,.]", "", "".join(one.get_text() for one in math))


def test_the_cheat_sheet_shows_the_equations_of_the_lessons(pages):
    sections = pages["cheatsheet.html"].main("section")
    assert [site.text(one.h2) for one in sections] == [*(c.title for c in CARDS), "Letters"]
    for card, section in zip(CARDS, sections):
        rows = section(class_="row")
        assert [row.a["href"][:2] for row in rows] == [
            number for number, _ in card.equations
        ]
        for row in rows:
            name, _, place = row.a["href"].partition("#")
            number = row.a.get_text().split()[1]
            [there] = [
                one
                for one in pages[name](class_="equation")
                if one.span and one.span.get_text() == number
            ]
            assert symbols(row("math")) == symbols(there("math"))
            assert there.find_previous(["h2", "h3"])["id"] == place


def test_the_cheat_sheet_has_arrays_code_and_letters(pages):
    page = pages["cheatsheet.html"].main
    section = page.find(id="LSTM").parent
    assert [one.get_text() for one in section("code")] == list("xhcWUb")
    assert "input weights, shape (inputs, 4 * units)." in section.ul.get_text()
    shown = textwrap.indent(section.pre.get_text(), " " * 4)
    assert shown in inspect.getsource(lstm.forward)
    assert page.find(id="Letters").find_next("table") == pages["notation.html"].main.table


def test_what_the_cheat_sheet_names_and_is_not_there_is_reported():
    prose = r"$$a = 1$$ $$a_t = 2 \tag{1}$$ $$a_t = 3,\qquad b = 4 \tag{2}$$"
    parts, number = sheet.equation(prose, "a_t = 3")
    assert (len(parts), number) == (2, "2")
    for start in ("a = 1", "a_t", "c"):
        with pytest.raises(CourseError, match="numbered equations begin with"):
            sheet.equation(prose, start)
    for find in (sheet.arrays, sheet.code):
        with pytest.raises(CourseError, match="lstm.forwards, which is not there"):
            find("lstm.forwards")
    with pytest.raises(CourseError, match="lstm.sigmoid names no shapes"):
        sheet.arrays("lstm.sigmoid")


@pytest.mark.dev
def test_the_cheat_sheet_has_two_pages_of_paper(folder, tmp_path):
    subprocess.run(
        [browser.path(), "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path}", f"--print-to-pdf={tmp_path / 'sheet.pdf'}",
         (folder / "cheatsheet.html").as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "sheet.pdf").read_bytes())) == 2


def test_the_notation_is_that_of_lesson_00(pages):
    source = pages["00_welcome.html"].find("h2", id="Notation").find_next("table")
    assert pages["notation.html"].main.table == source


def test_the_search_finds_every_section_of_every_page(pages, index):
    assert set(index) == set(pages)
    for name, page in pages.items():
        headings = {one["id"]: site.text(one) for one in page.main(re.compile("^h[1-4]$"))}
        found = {id_: heading for id_, (heading, _) in index[name].items()}
        assert headings.items() <= found.items()
        assert set(found) <= set(ids(page))
        said = {text for _, texts in index[name].values() for text in texts}
        assert {site.text(one) for one in page.select(".text_cell_render > p")} <= said


# How it looks


def colours():
    """Return the colours of the style sheets: {name: (in light, in dark)}."""
    styles = (ROOT / "course" / "site" / "page.css").read_text(encoding="utf-8")
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", styles)
    return {name: (light, dark) for name, light, dark in found}


def contrast(one, other):
    """Return the contrast of two colours such as "#1a1a1a", 1 to 21, as in WCAG 2."""
    luminances = []
    for colour in (one, other):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        ]
        luminances.append(sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear)))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_contrast_is_computed_as_defined():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_every_text_has_contrast_in_light_and_dark(folder):
    styles = (folder / "style.css").read_text(encoding="utf-8")
    texts = re.findall(r"(?<!-)color: ([^;}]+)", styles)
    names = {text.removeprefix("var(--").removesuffix(")") for text in texts} - {"inherit"}
    known = colours()
    assert {"ink", "link", "quiet", "comment"} <= names <= set(known)  # no colour by itself
    for theme in (0, 1):
        for name in names:
            for ground in ("paper", "shade", "alarm"):
                ratio = contrast(known[name][theme], known[ground][theme])
                assert ratio >= 4.5, f"{name} on {ground}: {ratio:.2f}"
        assert contrast(known["ink"][theme], known["mark"][theme]) >= 4.5
        assert contrast(known["edge"][theme], known["paper"][theme]) >= 3


# What goes wrong


def test_no_notebooks_a_broken_one_and_an_unwritable_folder_get_a_sentence(tmp_path):
    with pytest.raises(CourseError, match="no lessons in .*notebooks.*: run"):
        site.build(tmp_path)
    write_course(tmp_path)
    (tmp_path / "build").write_text("a file where the folder should be")
    with pytest.raises(CourseError, match="build.* cannot be written"):
        site.build(tmp_path)
    (tmp_path / "build").unlink()
    (tmp_path / "notebooks" / "01_a.ipynb").write_text("{")
    with pytest.raises(CourseError, match="01_a.ipynb is not a readable notebook"):
        site.build(tmp_path)


def test_an_equation_that_is_none_is_named(tmp_path):
    write_course(tmp_path, new_markdown_cell(r"So $x_1_2$ it is."))
    with pytest.raises(CourseError, match="'x_1_2' is no equation"):
        site.build(tmp_path)


def test_a_lesson_without_a_heading_or_outputs_has_a_page(tmp_path):
    (tmp_path / "notebooks").mkdir()
    notebook = new_notebook(cells=[new_markdown_cell("Words."), new_code_cell("1 + 1")])
    nbformat.write(notebook, tmp_path / "notebooks" / "07_draft.ipynb")
    first = site.build(tmp_path)
    assert "07_draft" in first.read_text(encoding="utf-8")
    # The cheat sheet needs lessons that are not here.
    assert not (first.parent / "cheatsheet.html").exists()


def test_a_new_site_replaces_the_old_one_and_an_interrupted_one_does_not(
    tmp_path, monkeypatch
):
    write_course(tmp_path)
    folder = site.build(tmp_path).parent
    (folder / "01_gone.html").write_text("of a lesson that has another name now")
    site.build(tmp_path)
    assert not (folder / "01_gone.html").exists()
    (folder / "mark").touch()
    written = []

    def interrupted(path, content):
        written.append(Path(path).name)
        if len(written) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(site, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        site.build(tmp_path)
    assert (folder / "mark").exists() and (folder / "index.html").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["site"]
