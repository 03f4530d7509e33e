"""The whole course as a website: static pages that are read offline or from any web server.

The pages come from nbconvert and a few small templates. Jupyter Book and MyST would do
more, but they need Node, and fetch their theme from the network whenever a site is built.
"""

import itertools
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader

from course import ROOT, exercises, results
from course.errors import CourseError
from course.files import write
from course.lessons import ledger, notebooks
from course.site import pages, sheet

HERE = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
# What a reader may want, and the lessons that teach it.
GOALS = {
    "See inside an LSTM and a GRU": ("05",),
    "Forecast a time series": ("06",),
    "Tell praise from blame in a text": ("07",),
    "Let a network write": ("08",),
    "Translate": ("09", "10"),
    "Recognise speech": ("11", "12", "13"),
    "See where recurrent networks stand today": ("14",),
}
CHECKED = (
    "Your answers are checked where the lesson runs, in Jupyter: "
    "<code>python3 -m course lab</code> opens it. "
    "Here the hints and a solution wait below each exercise."
)


@dataclass
class Page:
    """A page of the site.

    Attributes:
        name: its file, such as "08_character_text_generation.html".
        title: what links to it say.
        tree: what it says, as a BeautifulSoup of HTML.
    """

    name: str
    title: str
    tree: BeautifulSoup

    @property
    def headings(self):
        """Its headings of second and third level, as (level, id, text)."""
        return [(int(one.name[1]), one["id"], text(one)) for one in self.tree(["h2", "h3"])]


def build(root=ROOT):
    """Build the site from the notebooks' stored outputs; return the path of its first page.

    An older site is replaced when the new one is complete.

    Args:
        root: the folder that holds `notebooks/` and `build/`.

    Raises:
        CourseError: there are no notebooks, one cannot be read, or `build/` cannot be
            written.
    """
    lessons = [lesson(path) for path in notebooks.paths(root)]
    others = [*notation(lessons), *cheatsheet(lessons, root), glossary(lessons)]
    parts = [contents(lessons, root, others), *lessons, *others]
    index = json.dumps(search_index(parts), ensure_ascii=False)
    files = {
        "style.css": pages.CSS.read_text(encoding="utf-8") + _template("style.css"),
        "script.js": _template("script.js"),
        "search.js": f"const INDEX = {index};\n",
    }
    for before, page, after in zip([None, *parts], parts, [*parts[1:], None]):
        take_images(page, [root, root / "notebooks"], files)
        files[page.name] = TEMPLATES.get_template("page.html").render(
            page=page, before=before, after=after, names=[part.name for part in parts]
        )
    if (root / "LICENSE").exists():
        files["LICENSE.txt"] = (root / "LICENSE").read_text(encoding="utf-8")
    replace(root / "build" / "site", files)
    return root / "build" / "site" / "index.html"


def lesson(notebook):
    """Return the page of a notebook, with hints and solutions below its exercises."""
    tree = _parse(pages.body(notebooks.read(notebook)))
    for heading in tree(["h1", "h2", "h3", "h4"]):
        heading["id"] = heading.get("id") or text(heading).replace(" ", "-")
    for corner in tree(lambda element: element.name == "th" and not text(element)):
        corner.name = "td"  # an empty cell heads nothing
    questions = {
        one.name.partition(".")[2]: one for one in exercises.questions(notebook.name[:2])
    }
    for cell in tree(class_="code_cell"):
        asked = re.search(r"^exercises\.(q\d+)\.check\(", cell.get_text(), re.MULTILINE)
        if asked and asked[1] in questions:
            for output in cell(class_="output_wrapper"):
                output.decompose()  # it says that nothing was answered yet
            help_ = TEMPLATES.get_template("help.html").render(question=questions[asked[1]])
            cell.insert_after(_parse(help_))
    if heading := _heading(tree, "Exercises"):
        heading.insert_after(_parse(f'<p class="note">{CHECKED}</p>'))
    title = text(tree.h1) if tree.h1 else notebook.stem
    return Page(notebook.with_suffix(".html").name, title, tree)


def contents(lessons, root, others=()):
    """Return the first page: the lessons, the ways through them, their results and credits.

    Args:
        lessons: their pages.
        root: the folder that holds `README.md`.
        others: the pages that come after the lessons.
    """
    readme = root / "README.md"
    source = readme.read_text(encoding="utf-8") if readme.exists() else "# The course"
    source = source.replace("(LICENSE)", "(LICENSE.txt)").replace("(notebooks/", "(")
    about = _parse(pages.markdown(source))
    table = ledger.readme_table(
        [root / "notebooks" / one.name.replace(".html", ".ipynb") for one in lessons],
        results.load(root / results.TABLE),
    )
    html = TEMPLATES.get_template("contents.html").render(
        title=text(about.h1),
        opening="".join(map(str, _section(about.h1))),
        lessons=[
            (one, *(_part(one.tree, name) for name in ("", "Time", "You need")))
            for one in lessons
        ],
        others=others,
        ways=ways(lessons),
        results=pages.markdown(table.replace("(notebooks/", "(")),
        credits="".join(map(str, _section(_heading(about, "Licence and credits")))),
    )
    return Page("index.html", "Contents", _parse(html))


def ways(lessons):
    """Return what to read for each goal: (goal, the pages in order, their minutes)."""
    numbered = {one.name[:2]: one for one in lessons}
    needs = {}
    for number, one in numbered.items():
        links = re.findall(r'href="(\d\d)_', _part(one.tree, "You need"))
        needs[number] = {number}.union(*(needs.get(link, set()) for link in links))
    found = []
    for goal, targets in GOALS.items():
        way = sorted(set().union(*(needs.get(target, set()) for target in targets)))
        minutes = [re.search(r"[\d.]+", _part(numbered[one].tree, "Time")) for one in way]
        total = sum(float(one[0]) for one in minutes if one)
        found += [(goal, [numbered[one] for one in way], f"{total:g}")] if way else []
    return found


def notation(lessons):
    """Return the page of the letters of all lessons, from the lesson that lists them."""
    for one in lessons:
        if heading := _heading(one.tree, "Notation"):
            listed = "".join(map(str, _section(heading)))
            source = f'<p>From <a href="{one.name}#{heading["id"]}">{one.title}</a>.</p>'
            html = f'<h1 id="Notation">Notation</h1>{listed}{source}'
            return [Page("notation.html", "Notation", _parse(html))]
    return []


def cheatsheet(lessons, root):
    """Return the page of equations, arrays and code to print; none if one is missing."""
    numbered = {one.name[:2]: one for one in lessons}
    needed = {number for card in sheet.CARDS for number, _ in card.equations}
    if not needed <= set(numbered):
        return []
    prose = {number: _markdown(root / "notebooks", numbered[number]) for number in needed}
    cards = []
    for card in sheet.CARDS:
        equations = []
        for number, start in card.equations:
            parts, tag = sheet.equation(prose[number], start)
            place = _equation(numbered[number].tree, tag).find_previous(["h2", "h3"])["id"]
            equations.append((parts, tag, numbered[number], place))
        arrays = dict(array for name in card.arrays for array in sheet.arrays(name))
        code = sheet.code(card.code) if card.code else ""
        cards.append(
            {"title": card.title, "equations": equations, "arrays": arrays, "code": code}
        )
    html = TEMPLATES.get_template("cheatsheet.html").render(
        cards=cards, letters="".join(str(one.tree.table) for one in notation(lessons))
    )
    return [Page("cheatsheet.html", "Cheat sheet", _parse(html))]


def glossary(lessons):
    """Return the page of terms; those of lessons that are not there are left out."""
    numbered = {one.name[:2]: one for one in lessons}
    terms = [
        {"term": term, "letter": term[0].upper(), "meaning": pages.markdown(meaning),
         "id": re.sub(r"\W+", "-", term), "lesson": numbered[number],
         "place": place(numbered[number].tree, term)}
        for term, number, meaning in glossary_entries()
        if number in numbered
    ]  # fmt: skip
    html = TEMPLATES.get_template("glossary.html").render(terms=terms)
    return Page("glossary.html", "Glossary", _parse(html))


def glossary_entries():
    """Return the rows of `glossary.md`, by the alphabet: (term, lesson, meaning)."""
    rows = re.findall(
        r"^\| (.+?) \| (\d\d) \| (.+?) \|$", _template("glossary.md"), re.MULTILINE
    )
    return sorted(rows, key=lambda row: row[0].casefold())


def place(tree, term):
    """Return the id of the heading under which a lesson defines a term, or None.

    That is where the term first stands by itself in italics or bold; else where it is part
    of such words or of a heading; else where it first stands at all.
    """
    headings, marked = ["h2", "h3"], ["em", "strong"]
    elements = (
        [tree.h2, *tree.h2.find_all_next(headings + marked + ["p", "li"])]
        if tree.h2
        else []
    )
    said = [(element, text(element).casefold().rstrip(".,:")) for element in elements]
    wanted = term.casefold()
    ranks = (
        [element for element, words in said if element.name in marked and words == wanted],
        [
            element
            for element, words in said
            if element.name not in ("p", "li") and wanted in words
        ],
        [element for element, words in said if wanted in words],
    )
    for element in itertools.chain(*ranks):
        heading = element if element.name in headings else element.find_previous(headings)
        return heading["id"]
    return None


def search_index(parts):
    """Return what the search looks through: pages, each with its title and sections.

    A section is [id, heading, paragraph, paragraph, …]. Outputs, and what is folded away,
    are left out.
    """
    index = []
    for page in parts:
        sections = []
        for element in page.tree(["h1", "h2", "h3", "h4", "p", "li", "tr", "div"]):
            if element.find_parent(class_="output") or element.find_parent("details"):
                continue
            if element.name.startswith("h"):
                sections.append([element["id"], text(element)])
            elif element.name == "div" and element.has_attr("data-term"):
                sections.append([element["id"], element["data-term"], text(element.dd.p)])
            elif element.name != "div" and sections and not element.find(["p", "li"]):
                sections[-1].append(text(element))
        index.append({"page": page.name, "title": page.title, "sections": sections})
    return index


def take_images(page, folders, files):
    """Put the pictures that a page shows from files of the course beside it."""
    for image in page.tree("img"):
        for folder in folders:
            if not image["src"].startswith("data:") and (folder / image["src"]).is_file():
                name = "images/" + Path(image["src"]).name
                files[name] = (folder / image["src"]).read_bytes()
                image["src"] = name
                break


def replace(folder, files):
    """Replace a folder by one with these files, {name: content}, once all are written."""
    draft, old = (
        folder.with_name(f".{folder.name}.{os.getpid()}.{end}") for end in ("new", "old")
    )
    try:
        for name, content in files.items():
            write(draft / name, content)
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be replaced ({error.strerror}): close what has it open, and "
            "check that it is yours to change."
        ) from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for rest in (draft, old):
            shutil.rmtree(rest, ignore_errors=True)


def text(element):
    """Return what an element says in one line, without the sign that links a heading."""
    return " ".join(element.get_text().replace("¶", "").split())


def _parse(html):
    return BeautifulSoup(html, "html.parser")


def _template(name):
    return (HERE / name).read_text(encoding="utf-8")


def _heading(tree, title):
    return next((one for one in tree(["h2"]) if text(one) == title), None)


def _markdown(folder, lesson):
    """Return what a lesson's notebook says, as it is written."""
    notebook = notebooks.read(folder / Path(lesson.name).with_suffix(".ipynb"))
    return "\n\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )


def _equation(tree, number):
    return next(
        one
        for one in tree(class_="equation")
        if one.span and text(one.span) == f"({number})"
    )


def _section(heading):
    """Return what stands between a heading and the next one of second level."""
    elements = []
    for element in heading.next_siblings if heading else []:
        if element.name == "h2":
            break
        elements.append(element)
    return elements


def _part(tree, name):
    """Return what follows a name in bold in a lesson's first cell, as HTML, or "".

    With an empty name it is the first paragraph, which says what the lesson promises.
    """
    for paragraph in tree.h1.find_next_siblings("p") if tree.h1 else []:
        if paragraph.get_text().startswith(name):
            parts = [
                part for part in paragraph.children if not name or part != paragraph.strong
            ]
            return "".join(map(str, parts)).strip().rstrip(".")
    return ""
