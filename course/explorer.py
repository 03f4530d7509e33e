"""Controls for a function of the notebook: change a value, and see what it then shows."""

import base64
import inspect
from html import escape

import ipywidgets as widgets
from IPython.display import display
from IPython.utils.capture import capture_output

from course.errors import CourseError

PRINTED = '<pre style="white-space: pre-wrap">{}</pre>'
WIDGET = "application/vnd.jupyter.widget-view+json"


class Explorer(widgets.VBox):
    """A function's arguments as controls, with what it prints and shows below them.

    As the last line of a cell it calls the function with its default values, and again
    whenever the learner has changed one:

        Explorer(write, temperature=(0.1, 2.0, 0.1), k=(1, 65))

    Pages and stored notebooks have no Python behind them: they show what the first call
    gave, and for which values.

    Args:
        function: it prints, or displays figures with `plots.show`, or both.
        controls: for each of its arguments a range, such as (1, 100) or (0.1, 2.0, 0.1),
            which becomes a slider; a text, which becomes a line to type in; a list, which
            becomes a choice; or True or False, which becomes a box to tick.
    """

    def __init__(self, function, **controls):
        self.function = function
        arguments = inspect.signature(function).parameters
        self.controls = {
            name: _control(name, values, arguments[name].default)
            for name, values in controls.items()
        }
        # If the first call fails, so does the cell, as every cell does.
        html, text = _call(function, self.values())
        shown = [f"{one.description} = {one.value!r}" for one in self.controls.values()]
        advice = (
            f"Shown for {', '.join(shown)}. Where this notebook runs, you can change that."
        )
        self.still = {
            "text/html": f"{html}<p><em>{escape(advice)}</em></p>",
            "text/plain": f"{text}\n({advice})".strip(),
        }
        self.result = widgets.HTML(html)
        super().__init__([*self.controls.values(), self.result])
        for control in self.controls.values():
            control.observe(self._changed, "value")

    def values(self):
        """Return the present values of the controls, {name: value}."""
        return {name: control.value for name, control in self.controls.items()}

    def _changed(self, _):
        try:
            self.result.value = _call(self.function, self.values())[0]
        except CourseError as error:
            self.result.value = f"<p>{escape(str(error))}</p>"
        except Exception as error:  # a traceback would not say what to do with the control
            reason = f"{type(error).__name__}: {error}"
            self.result.value = (
                f"<p>It does not work with these values ({escape(reason)}).</p>"
            )

    def _ipython_display_(self):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        display({WIDGET: view, **self.still}, raw=True)


def _control(name, values, first):
    """Return the control for an argument, with its name as the label."""
    first = values if isinstance(values, str) else first
    control = widgets.interactive.widget_from_abbrev(values, first)
    control.description = name.replace("_", " ")
    control.style.description_width = "initial"
    control.layout.width = "95%" if isinstance(control, widgets.Text) else "28em"
    control.layout.max_width = "95%"
    if control.has_trait("continuous_update"):
        # A slider counts when it is let go, a text at Enter.
        control.continuous_update = False
    return control


def _call(function, values):
    """Call a function; return what it printed and displayed, as HTML and as text."""
    with capture_output() as captured:
        function(**values)
    html, text = [], []
    if captured.stdout:
        html.append(PRINTED.format(escape(captured.stdout.rstrip())))
        text.append(captured.stdout.rstrip())
    for output in captured.outputs:
        plain = output.data.get("text/plain", "")
        shown = _image(output) or output.data.get("text/html")
        html.append(shown or PRINTED.format(escape(plain)))
        text.append(plain)
    return "".join(html), "\n".join(text)


def _image(output):
    """Return a displayed picture as HTML; None if what is displayed is no picture."""
    png = output.data.get("image/png")
    if isinstance(png, bytes):
        png = base64.b64encode(png).decode()
    alt = output.metadata.get("image/png", {}).get("alt", "")
    return png and f'<img alt="{escape(alt)}" src="data:image/png;base64,{png}">'
