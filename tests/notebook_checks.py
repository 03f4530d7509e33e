"""What every lesson must be like: checks that list what is wrong with a notebook.

Each check takes a `Lesson` and returns sentences, none if all is well.
"""

import ast
import importlib
import itertools
import re
import statistics
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbconvert.filters import html2text
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from course import results

TAGS = {"setup", "badges", "parameters", "nbval-ignore-output"}
EXEMPT = "nbval-ignore-output"
WORDS = {"00": (600, 3000)}  # a welcome may be shorter
PARTS = ["**You will be able to**", "**You need**", "**Time**"]
CHECKED = r"^exercises\.(q\d+)\.check\("
WIDGET = "application/vnd.jupyter.widget-view+json"
LAST_SECTIONS = ["Summary", "Review", "Exercises", "Further reading"]
REVIEW = re.compile(r"^## Review *$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
# Without the empty lines, Markdown and equations in an explanation are not rendered.
ANSWER = re.compile(
    r"^<details><summary>(.+)</summary>\n\n((?:.+\n\n)+?)</details>$", re.MULTILINE
)


@dataclass
class Lesson:
    """A stored notebook.

    Attributes:
        path: its file.
        timed: its entry in results.json; empty if it has none.
    """

    path: Path
    timed: dict

    @property
    def number(self):
        return self.path.name[:2]

    @cached_property
    def notebook(self):
        return nbformat.read(self.path, as_version=4)

    @cached_property
    def code(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @cached_property
    def prose(self):
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @cached_property
    def outputs(self):
        return [output for cell in self.code for output in cell.outputs]

    @cached_property
    def headings(self):
        """The second-level headings, in order."""
        return re.findall(
            r"^## +(.+?) *$", without_code("\n\n".join(self.prose)), re.MULTILINE
        )


def tags(cell):
    return cell.metadata.get("tags", [])


def asserts(cell):
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree(cell)))


def calls(cell, name):
    """Whether a cell calls a function by this dotted name."""
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == name
        for node in ast.walk(tree(cell))
    )


def tree(cell):
    return ast.parse(re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE))


def without_code(text):
    """Markdown without fenced code and comments; code spans stay, for they are words."""
    return re.sub(r"```.*?```|<!--.*?-->", " ", text, flags=re.DOTALL)


# The skeleton


def name_fits_the_course(lesson):
    first = lesson.prose[0] if lesson.prose else ""
    problems = []
    if not re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", lesson.path.name):
        problems.append("the file is not named like 01_simple_rnn.ipynb")
    if not re.match(rf"# {lesson.number} · \S", first):
        problems.append(f"the first cell does not begin with '# {lesson.number} · Title'")
    return problems


def skeleton_is_complete(lesson):
    cells = lesson.notebook.cells
    first = cells[0].source
    found = [first.find(part) for part in PARTS]
    problems = [f"the first cell lacks {part}" for part, at in zip(PARTS, found) if at < 0]
    if not problems and found != sorted(found):
        problems.append(f"the first cell's parts are not in the order {', '.join(PARTS)}")
    promise = re.match(r"# .+\n+(?![*#-])\S.*", first)
    if not promise:
        problems.append("no sentence between title and parts says what the lesson promises")
    goals = re.findall(r"^[-*] ", first[found[0] : found[1]], re.MULTILINE)
    if not 3 <= len(goals) <= 5:
        problems.append(f"{len(goals)} goals, not 3 to 5")
    if [tags(cell) for cell in cells[1:3]] != [["badges"], ["setup"]]:
        problems.append("the second cell is not tagged badges, or the third not setup")
    if lesson.headings[-len(LAST_SECTIONS) :] != LAST_SECTIONS:
        problems.append(f"the last sections are not {', '.join(LAST_SECTIONS)}")
    return problems


def time_is_as_measured(lesson):
    stated = re.search(r"\*\*Time\*\*\W+about (\d+(?:\.\d+)?) minutes? ", lesson.prose[0])
    if not stated:
        return ["the first cell does not say '**Time** about N minutes on …'"]
    if "seconds" not in lesson.timed:
        return ["results.json has no time: run it with --save"]
    measured = lesson.timed["seconds"] / 60
    # Stated times are rounded up, and a rerun differs a little.
    if not measured - 0.5 <= float(stated[1]) <= 1.25 * measured + 1:
        return [f"it says {stated[1]} minutes, but needs {measured:.1f}"]
    return []


def result_is_reported(lesson):
    """The last code cell before the summary or the exercises reports."""
    cells = lesson.notebook.cells
    ends = [
        position
        for position, cell in enumerate(cells)
        if cell.cell_type == "markdown"
        and re.search(r"^## Exercises", cell.source, re.MULTILINE)
    ]
    before = [
        cell for cell in cells[: ends[0] if ends else None] if cell.cell_type == "code"
    ]
    if before and calls(before[-1], "results.report") and results.gather(lesson.notebook):
        return []
    return ["the last code cell before the exercises does not call results.report"]


def review_teaches(lesson):
    """Every question has one right answer and two wrong ones or more; each says why."""
    found = REVIEW.search("\n\n".join(lesson.prose))
    if not found:
        return ["there is no review"]
    questions = re.split(r"^\*\*\d+\.\*\* ", found[0], flags=re.MULTILINE)[1:]
    problems = []
    if len(questions) < 3:
        problems.append(f"{len(questions)} questions in the review, not at least 3")
    for number, question in enumerate(questions, start=1):
        answers = ANSWER.findall(question)
        if len(answers) != question.count("<details"):
            problems.append(f"review question {number} has an answer of another form")
        right = sum(why.startswith("Right: ") for _, why in answers)
        wrong = sum(why.startswith("No: ") for _, why in answers)
        if right != 1 or wrong < 2 or right + wrong != len(answers):
            problems.append(
                f"review question {number} has {right} right and {wrong} wrong answers"
            )
        problems += [
            f"Markdown is not rendered in <summary>: {answer}"
            for answer, _ in answers
            if re.search(r"[$`*\[]", answer)
        ]
    return problems


def exercises_are_checked(lesson):
    used = re.findall(CHECKED, "\n".join(cell.source for cell in lesson.code), re.MULTILINE)
    try:
        module = importlib.import_module(f"course.exercises.lesson_{lesson.number}")
    except ImportError:
        return [f"there is no module course.exercises.lesson_{lesson.number}"]
    there = sorted(name for name in vars(module) if re.fullmatch(r"q\d+", name))
    problems = []
    if len(used) < 3:
        problems.append(f"{len(used)} exercises, not at least 3")
    if sorted(set(used)) != there or len(set(used)) != len(used):
        problems.append(f"the exercises are {used}, the module has {there}")
    for cell in lesson.code:
        printed = "".join(output.get("text", "") for output in cell.outputs)
        is_exercise = re.search(CHECKED, cell.source, re.MULTILINE)
        if is_exercise and not printed.startswith("Not attempted"):
            problems.append(f"an exercise is stored attempted: {cell.source[:50]!r}")
    return problems


# Cells


def cells_are_short(lesson):
    # The setup cell is the same everywhere and is not for reading.
    lengths = [
        sum(bool(line.strip()) for line in cell.source.splitlines())
        for cell in lesson.code
        if "setup" not in tags(cell)
    ]
    problems = []
    if statistics.median(lengths) > 6:
        problems.append(
            f"code cells have a median of {statistics.median(lengths)} lines, over 6"
        )
    if max(lengths) > 25:
        problems.append(f"a code cell has {max(lengths)} lines, over 25")
    return problems


def length_is_right(lesson):
    low, high = WORDS.get(lesson.number, (1200, 3000))
    # The review is not read in one go: a learner opens an answer or two of each question.
    prose = REVIEW.sub("", "\n".join(lesson.prose))
    words = len(without_code(prose).split())
    return [] if low <= words <= high else [f"{words} words, not {low} to {high}"]


def tags_are_known(lesson):
    return [
        f"unknown tag {tag}"
        for cell in lesson.notebook.cells
        for tag in tags(cell)
        if tag not in TAGS
    ] + [
        f"a cell asks nbval by comment: {cell.source[:50]!r}"
        for cell in lesson.code
        if re.search(r"#\s*(NBVAL_|PYTEST_VALIDATE_|nbval-)", cell.source, re.IGNORECASE)
    ]


def parameters_are_checked(lesson):
    """A lesson can be brief, and each number, choice or truth value has its range."""
    cells = [cell for cell in lesson.code if "parameters" in tags(cell)]
    if len(cells) != 1:
        return [f"{len(cells)} cells tagged parameters, not one"]
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree(cells[0]).body
        if isinstance(node, ast.Assign)
    }
    checked = {
        keyword.arg
        for cell in lesson.code
        for node in ast.walk(tree(cell))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "parameters.check"
        for keyword in node.keywords
    }
    problems = [] if values.get("brief") is False else ["brief = False is no parameter"]
    return problems + [
        f"parameters.check knows no {name}"
        for name, value in values.items()
        if not isinstance(value, str) and name not in checked
    ]


def setup_is_the_same_everywhere(lesson):
    from course.app.badges import setup_cell

    sources = [cell.source for cell in lesson.code if "setup" in tags(cell)]
    repository = re.search(r'REPOSITORY = "(.*?)"', sources[0])[1] if sources else ""
    return (
        []
        if sources == [setup_cell(repository)]
        else ["the setup cell is not the course's"]
    )


# Stored outputs


def outputs_are_complete_and_clean(lesson):
    problems = []
    counts = [cell.execution_count for cell in lesson.code]
    if counts != list(range(1, len(counts) + 1)):
        problems.append("not executed from top to bottom in a fresh kernel")
    for output in lesson.outputs:
        text = text_of(output)
        if output.output_type == "error":
            problems.append(f"a stored error: {output.ename}")
        if output.get("name") == "stderr":
            problems.append(f"output on stderr: {text[:60]!r}")
        if place := re.search(r"(?<![\w.:/<])/[\w.-]+/[\w.-]+|\b[A-Z]:\\\w+", text):
            problems.append(f"a path of one machine: {place[0]}")
        if re.search(r"^<(Axes|Figure|module|matplotlib)\b", text):
            problems.append(f"an object instead of an output: {text[:60]!r}")
    return problems


def nothing_volatile_is_stored(lesson):
    problems = [
        f"cell metadata {sorted(extra)}"
        for cell in lesson.notebook.cells
        if (extra := set(cell.metadata) - {"tags"})
    ]
    language = lesson.notebook.metadata.get("language_info", {})
    if language != {"name": "python"}:
        problems.append(f"language_info has more than the name: {sorted(language)}")
    if extra := set(lesson.notebook.metadata) - {"language_info", "kernelspec"}:
        problems.append(f"notebook metadata {sorted(extra)}")
    if any(WIDGET in output.get("data", {}) for output in lesson.outputs):
        problems.append("a widget, which needs a kernel, beside what it stands for")
    return problems


def few_cells_are_exempt(lesson):
    """At most 35 % are exempt from comparison; what they show is asserted soon after."""
    exempt = [position for position, cell in enumerate(lesson.code) if EXEMPT in tags(cell)]
    problems = []
    if len(exempt) > 0.35 * len(lesson.code):
        problems.append(
            f"{len(exempt)} of {len(lesson.code)} code cells are exempt, over 35 %"
        )
    for position in exempt:
        cell = lesson.code[position]
        if calls(cell, "results.report") or calls(cell, "plots.show"):
            # The report is the table's matter, and a figure is not compared anyway.
            continue
        if not any(map(asserts, lesson.code[position : position + 4])):
            problems.append(f"no assert follows the exempt cell {cell.source[:50]!r}")
    return problems


def claims_are_asserted(lesson):
    count = sum(map(asserts, (cell for cell in lesson.code if "setup" not in tags(cell))))
    return [] if count >= 3 else [f"{count} cells assert something, not at least 3"]


def images_have_alt_texts(lesson):
    missing = [
        "an image output without alt text"
        for output in lesson.outputs
        for kind in output.get("data", {})
        if kind.startswith("image/") and not output.metadata.get(kind, {}).get("alt")
    ]
    pages = "\n".join(map(without_code, lesson.prose))
    missing += [f"no alt text: {image}" for image in re.findall(r"!\[\s*\]\(.*?\)", pages)]
    missing += [
        f"no alt text: {image}"
        for image in re.findall(r"<img\b[^>]*>", pages)
        if not re.search(r"\balt=['\"][^'\"]", image)
    ]
    return missing


# Links and equations


def links_resolve(lesson):
    return broken_links("\n\n".join(lesson.prose), lesson.path)


def broken_links(text, path):
    """Return sentences on links in Markdown to files or headings that do not exist."""
    problems = []
    for target in re.findall(
        r"(?<!\\)\]\(<?([^)\s>]+)", re.sub(r"`[^`]*`", "", without_code(text))
    ):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists():
            problems.append(f"{target} leads to no file")
        elif anchor and anchor not in anchors(file):
            problems.append(f"{target} leads to no heading")
    return problems


def anchors(path):
    """Return what headings of a notebook or a Markdown file are called in links."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        # As Jupyter does it.
        return {
            html2text(markdown2html_mistune(heading))
            .replace("¶", "")
            .strip()
            .replace(" ", "-")
            for heading in re.findall(r"^#+ .+$", without_code(text), re.MULTILINE)
        }
    headings = re.findall(
        r"^#+ +(.+?) *$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE
    )
    # As GitHub does it.
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings
    }


def equations_can_be_read(lesson):
    from course.site.pages import mathml

    text = re.sub(r"`[^`]*`", "", without_code("\n\n".join(lesson.prose)))
    found = re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.DOTALL)
    problems = [
        f"not fully converted to MathML: {latex}"
        for latex in itertools.chain.from_iterable(found)
        if latex and re.search(r"\\|>&<|\bmerror\b", mathml(latex))
    ]
    numbers = re.findall(r"\\tag\{(\d+)\}", text)
    if numbers != [str(1 + i) for i in range(len(numbers))]:
        problems.append(f"equations are numbered {numbers}")
    return problems


# Numbers in prose

NUMBER = r"(?<![\w.,])[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+(?![\d.]*\d|\w)"
# What looks like a number and names something.
NAMES = (
    r"\b(?:Python|TensorFlow|Keras|NumPy|CC BY(?:-SA)?|[Ss]ection|[Cc]hapter)\s+\d+\.\d+"
    r"(?:(?:,| or| to| and|–)+\s*\d+\.\d+)*|\b(?:arXiv|doi):\S+"
)
# Numbers in a row, such as 26.75 / 34.16, with their unit and then where they come from.
AND = r"(?:\s*[/,–]\s*|\s+(?:and|or|to)\s+)"
CITED = rf"{NUMBER}(?:{AND}{NUMBER})*[^\d.\n]{{0,40}}<!-- *source: "


def numbers_are_measured(lesson):
    """Every decimal number in prose is one of the code or outputs, rounded alike."""
    texts = [cell.source for cell in lesson.code] + [
        text_of(output) for output in lesson.outputs
    ]
    known = numbers_in("\n".join(texts))
    if entry := results.gather(lesson.notebook):
        known |= {
            abs(entry["ours"]),
            abs(entry["baseline"]),
            *map(abs, entry["figures"].values()),
        }
    return unknown_numbers("\n\n".join(lesson.prose), known)


def unknown_numbers(text, known):
    """Return sentences on decimal numbers in Markdown that no known number rounds to.

    Args:
        text: Markdown; a number that `<!-- source: … -->` follows was measured elsewhere.
        known: a set of numbers without sign.
    """
    text = re.sub(CITED, "<!--", text)
    for ignored in (r"```.*?```", r"<!--.*?-->", r"`[^`]*`", r"\$\$.*?\$\$", r"\$.+?\$"):
        text = re.sub(ignored, " ", text, flags=re.DOTALL)
    text = re.sub(rf"\[[^\]]*\]\([^)]*\)|https?://\S+|{NAMES}", " ", text)
    problems = []
    for found in re.finditer(rf"({NUMBER})(\s*%|\s+per\s?cent)?", text):
        decimals = len(found[1].rpartition(".")[2])
        value = abs(float(found[1].replace(",", "").replace("−", "-")))
        scales = (1, 100) if found[2] else (1,)
        slack = 0.5 * 10**-decimals * 1.0001  # halves may be rounded either way
        if not any(abs(scale * one - value) <= slack for one in known for scale in scales):
            problems.append(f"{found[0].strip()} is neither in the code nor in its output")
    return problems


def numbers_in(text):
    """Return the numbers in code or output, without their signs."""
    text = re.sub(r"(?<=\d)[,_](?=\d{3}(?!\d))", "", text)
    return {
        float(number)
        for number in re.findall(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text)
    }


def text_of(output):
    """Return what a stored output shows as text."""
    data = output.get("data", {})
    html = re.sub(
        r"<style.*?</style>|<[^>]*>", " ", data.get("text/html", ""), flags=re.DOTALL
    )
    return "\n".join(
        filter(None, [output.get("text", ""), data.get("text/plain", ""), html])
    )


CHECKS = [
    name_fits_the_course,
    skeleton_is_complete,
    time_is_as_measured,
    result_is_reported,
    review_teaches,
    exercises_are_checked,
    cells_are_short,
    length_is_right,
    tags_are_known,
    parameters_are_checked,
    setup_is_the_same_everywhere,
    outputs_are_complete_and_clean,
    nothing_volatile_is_stored,
    few_cells_are_exempt,
    claims_are_asserted,
    images_have_alt_texts,
    links_resolve,
    equations_can_be_read,
    numbers_are_measured,
]
