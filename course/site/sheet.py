"""What the cheat sheet shows: the lessons' equations, and what `course.scratch` has.

Nothing is written twice. An equation is named by its lesson and its beginning and is taken
from there; what is said of arrays comes from docstrings, and code from the functions
themselves.
"""

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from pydoc import locate

from nbconvert.filters import Highlight2HTML

from course.errors import CourseError
from course.site import pages

EQUATION = re.compile(r"\$\$((?:(?!\$\$).)+?)\\tag\{(\d+)\}\$\$", re.DOTALL)


@dataclass
class Card:
    """A part of the sheet.

    Attributes:
        title: its heading.
        equations: each a lesson's number and how the equation begins there, in LaTeX.
        arrays: what in `course.scratch` has a docstring that names arrays and their shapes.
        code: a function in `course.scratch`; empty if none is shown.
    """

    title: str
    equations: list[tuple[str, str]]
    arrays: tuple[str, ...] = ()
    code: str = ""


CARDS = [
    Card(
        "Simple RNN",
        [("01", r"a_t = x_t W"), ("01", r"\text{parameters} =")],
        arrays=("simple_rnn.forward", "simple_rnn.SimpleRNNParams"),
        code="simple_rnn.forward",
    ),
    Card(
        "LSTM",
        [("04", r"a_t = x_t W"), ("04", r"i_t = \sigma"), ("04", r"c_t = f_t"),
         ("04", r"h_t = o")],
        arrays=("lstm.forward", "lstm.LSTMParams"),
        code="lstm.forward",
    ),
    Card(
        "GRU",
        [("05", r"z_t = \sigma"), ("05", r"g_t = \tanh(x_t W_g"),
         ("05", r"g_t = \tanh\bigl("), ("05", r"h_t = z_t")],
        arrays=("gru.forward", "gru.GRUParams"),
        code="gru.forward",
    ),
    Card("Weights of a layer", [("05", r"N_\text{RNN}")]),
    Card(
        "Backpropagation through time",
        [("02", r"\frac{\partial L}{\partial h_t} ="),
         ("02", r"\delta_t = \frac{\partial L}{\partial h_t} \odot"),
         ("02", r"\frac{\partial L}{\partial W}")],
    ),
    Card(
        "The same for LSTM and GRU",
        [("04", r"\frac{\partial L}{\partial c_t} ="), ("04", r"\delta^i_t"),
         ("04", r"\delta^g_t"), ("05", r"\frac{\partial L}{\partial h_{t-1}}"),
         ("05", r"\delta^z_t"), ("05", r"\delta^r_t")],
    ),
    Card(
        "Gradients that vanish or explode",
        [("03", r"\frac{\partial h_T}{\partial h_t}"),
         ("03", r"\left\lVert \frac{\partial h_T}"), ("03", r"\;\le\; (\gamma"),
         ("03", r"g \leftarrow")],
    ),
    Card("Masks", [("07", r"h_t \leftarrow m_t"), ("07", r"\bar h =")]),
    Card("Language models", [("08", r"L ="), ("08", r"L_\text{bits}"), ("08", r"p_k =")]),
    Card("Forecasts", [("06", r"\text{MAE}"), ("06", r"\text{MASE}"), ("06", r"\ell_q(y")]),
    Card(
        "Translation",
        [("09", r"p(y \mid x)"), ("09", r"L ="), ("09", r"\text{score} ="),
         ("09", r"\text{BLEU}")],
    ),
    Card(
        "Attention",
        [("10", r"e_{ts} = \tanh"), ("10", r"e_{ts} = \frac{h_t"), ("10", r"\alpha_{ts}"),
         ("10", r"\bar m_t"), ("10", r"u_t")],
        arrays=("attention.additive", "attention.attend"),
        code="attention.attend",
    ),
    Card(
        "Speech",
        [("11", r"m(f)"), ("11", r"p(\ell) = \sum"), ("11", r"\alpha_t(s)"),
         ("11", r"p(\ell) = \alpha"), ("11", r"\frac{\partial L}{\partial a_t(k)}"),
         ("12", r"\text{WER}"), ("12", r"\text{score}(\ell)")],
        arrays=("ctc.forward",),
    ),
]  # fmt: skip


def equation(prose, start):
    """Return an equation's parts in MathML, and its number in its lesson.

    Args:
        prose: the lesson's Markdown.
        start: how the equation begins.

    Raises:
        CourseError: no numbered equation begins like that, or several do.
    """
    found = [
        (latex, number)
        for latex, number in EQUATION.findall(prose)
        if latex.startswith(start)
    ]
    if len(found) != 1:
        raise CourseError(
            f"{len(found)} of a lesson's numbered equations begin with '{start}', and the "
            "cheat sheet needs one: correct course/site/sheet.py."
        )
    [(latex, number)] = found
    parts = [part.strip(" ,.") for part in re.split(r"\\q?quad", latex)]
    return [pages.mathml(part, display="block") for part in parts], number


def arrays(name):
    """Return what a docstring says of arrays: [(name, shape and meaning as HTML), …].

    Args:
        name: in `course.scratch`, such as "lstm.LSTMParams".

    Raises:
        CourseError: there is no such thing, or its docstring names no shape.
    """
    docstring = inspect.getdoc(_there(name)) or ""
    section = re.search(r"^(?:Attributes|Args):\n((?: {4}.*\n?)+)", docstring, re.MULTILINE)
    entries = re.findall(
        r"^ {4}(\S.*?): (.+\n?(?: {8}.+\n?)*)", section[1] if section else "", re.MULTILINE
    )
    entries = [
        (array, re.sub("</?p>", "", pages.markdown(" ".join(said.split()))))
        for array, said in entries
        if "shape" in said
    ]
    if not entries:
        raise CourseError(
            f"The docstring of course.scratch.{name} names no shapes: add them."
        )
    return entries


def code(name):
    """Return a function of `course.scratch`, without signature and docstring, as HTML.

    Raises:
        CourseError: there is no such function.
    """
    source = inspect.getsource(_there(name))
    documented = ast.parse(source).body[0].body[0].end_lineno
    body = textwrap.dedent("\n".join(source.splitlines()[documented:]))
    return Highlight2HTML()(body, language="python")


def _there(name):
    found = locate(f"course.scratch.{name}")
    if found is None:
        raise CourseError(
            f"The cheat sheet shows course.scratch.{name}, which is not there: correct "
            "course/site/sheet.py."
        )
    return found
