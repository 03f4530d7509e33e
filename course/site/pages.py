"""Lessons as web pages to read offline: equations in MathML, no request to anywhere."""

import re
import warnings
from html import escape
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import TagRemovePreprocessor
from traitlets.config import Config

from course.errors import CourseError
from course.lessons.ledger import minutes
from course.results import headline

CSS = Path(__file__).with_name("page.css")
# What a cell shows, best first. Widgets need a kernel: a page shows what they stand for.
KINDS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png",
         "image/jpeg", "text/plain"]  # fmt: skip


def lesson(notebook, title):
    """Return an executed lesson as a complete HTML page.

    Args:
        notebook: an `nbformat` notebook node.
        title: the page's title.

    Raises:
        CourseError: an equation is not valid LaTeX.
    """
    nav = '<nav><a href="index.html">All lessons</a></nav>'
    try:
        return _page(title, f"{nav}\n<main>{body(notebook)}</main>")
    except CourseError as error:
        raise CourseError(f"Lesson {title}: {error}") from error


def body(notebook):
    """Return the cells of an executed lesson, with their stored outputs, as HTML."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        html, _ = _Exporter().from_notebook_node(notebook)
    return html


def markdown(source):
    """Return Markdown as HTML, with equations in MathML."""
    html = MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)
    # A comma after an equation does not begin a line.
    inline = r'<math [^>]*display="inline"[^>]*>(?:(?!</math>).)*</math>'
    return re.sub(rf"({inline})([.,;:?)]+)", r'<span class="unbroken">\1\2</span>', html)


def index(entries):
    """Return the page that links the lessons.

    Args:
        entries: {"08": {"page": "08_text.html", "title": …, "seconds": …, "verdict": …},
            …}, with what the lesson reported, if anything.
    """
    rows = [
        f'<tr><td><a href="{escape(entry["page"])}">'
        f"{number} · {escape(entry['title'])}</a></td>"
        f"<td>{minutes(entry['seconds'])} min</td><td>{escape(headline(entry))}</td>"
        f'<td class="{entry["verdict"]}">{entry["verdict"]}</td></tr>'
        for number, entry in sorted(entries.items())
    ]
    head = "<tr><th>lesson</th><th>time</th><th>result</th><th>verdict</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
    table = f'<div class="table">{table}</div>'
    return _page(
        "Recurrent neural networks", f"<h1>Recurrent neural networks</h1>\n{table}"
    )


def mathml(latex, display="inline"):
    """Return an equation in MathML; the number of its `\\tag{n}` stands at its right.

    Raises:
        CourseError: the equation is not valid LaTeX.
    """
    tag = re.search(r"\\tag\{(.*?)\}", latex)
    # What latex2mathml does not know: this name of this environment, and sized norm bars.
    latex = re.sub(r"\\tag\{.*?\}", "", latex).replace("{aligned}", "{align*}")
    try:
        equation = convert(latex.strip(), display=display)
    except Exception as error:  # latex2mathml's exceptions have no common base
        reason = str(error) or type(error).__name__
        raise CourseError(
            f"'{latex.strip()}' is no equation in LaTeX ({reason}): correct it."
        ) from error
    equation = re.sub(r">\\(?:[lr]?Vert|\|)<", ">‖<", equation)
    number = f"<span>({escape(tag[1])})</span>" if tag else ""
    return (
        f'<span class="equation">{equation}{number}</span>'
        if display == "block"
        else equation
    )


class _Renderer(IPythonRenderer):
    """Markdown with equations in MathML, and links to lessons that lead to their pages."""

    def inline_math(self, body):
        return mathml(body)

    def block_math(self, body):
        return mathml(body, display="block")

    def latex_environment(self, name, body):
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display="block")

    def link(self, text, url, title=None):
        if "://" not in url:
            url = re.sub(r"\.ipynb(?=#|$)", ".html", url)
        return super().link(text, url, title)

    def table(self, text):
        return f'<div class="table"><table>{text}</table></div>'


class _Exporter(HTMLExporter):
    """The body of a page; of nbconvert's templates only `basic` loads no scripts."""

    def __init__(self):
        super().__init__(
            config=Config(NbConvertBase={"display_data_priority": KINDS}),
            template_name="basic",
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )
        # The badge is an image on another host, and nobody sets up a page.
        launch = TagRemovePreprocessor(remove_cell_tags={"badges", "setup"}, enabled=True)
        self.register_preprocessor(launch, enabled=True)
        # Pygments has escaped the code; cleaning it again would take a third of the time.
        self.register_filter("clean_html", lambda html: html)

    def markdown2html(self, source):
        return markdown(source)


def _page(title, body):
    css = CSS.read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{css}
</style>
</head>
<body>
{body}
</body>
</html>
"""
