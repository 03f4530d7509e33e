"""Where the seconds of a lesson go: `python3 -m course run --profile` shows it.

The runner puts a call of `begin` before a lesson's first cell and one of `end` behind its
last. The lesson itself does not change.
"""

import builtins
import collections
import functools
import time

KINDS = ("importing", "compiling", "steps", "prediction", "figures", "the rest")
LONGEST = 4  # so many of a lesson's cells are named

_seconds = collections.Counter()
_inside = []  # what is being measured now; what that calls belongs to it


def begin():
    """Measure from now on, in this process, what Keras, figures and imports take."""
    builtins.__import__ = measured(builtins.__import__, "importing")
    import keras

    from course import plots

    for name in ("predict", "evaluate", "predict_on_batch", "test_on_batch"):
        setattr(keras.Model, name, measured(getattr(keras.Model, name), "prediction"))
    for name in ("fit", "train_on_batch"):
        setattr(keras.Model, name, measured(getattr(keras.Model, name), "steps"))
    keras.Model.fit = _with_first_step(keras.Model.fit)
    plots.show = measured(plots.show, "figures")


def end():
    """Leave what was measured in the notebook, where `seconds` finds it."""
    from IPython.display import display

    display({"text/plain": ""}, raw=True, metadata={"course_profile": dict(_seconds)})


def measured(function, kind):
    """Return a function whose seconds count as of a kind, unless another has called it."""

    @functools.wraps(function)
    def timed(*arguments, **named):
        if _inside:
            return function(*arguments, **named)
        _inside.append(kind)
        began = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            _seconds[kind] += time.perf_counter() - began
            _inside.clear()

    return timed


def _with_first_step(fit):
    """Return `fit` with the time to its first step's end, which compiles, counted apart."""
    import keras

    class First(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.began = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            if self.began:
                seconds = time.perf_counter() - self.began
                _seconds["compiling"] += seconds
                _seconds["steps"] -= seconds
                self.began = None

    @functools.wraps(fit)
    def fitted(*arguments, callbacks=None, **named):
        return fit(*arguments, callbacks=[*(callbacks or []), First()], **named)

    return fitted


def seconds(notebook, total):
    """Return {kind: seconds} of an executed lesson; `total` is how long it took."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = output.get("metadata", {}).get("course_profile", found)
    rest = total - sum(found.values())
    return {kind: found.get(kind, 0.0) for kind in KINDS[:-1]} | {KINDS[-1]: rest}


def table(lessons):
    """Return the table of what lessons spent their seconds on, with their longest cells.

    Args:
        lessons: each a `Lesson`.
    """
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE, title="Seconds", title_justify="left")
    shown.add_column("lesson")
    for kind in KINDS:
        shown.add_column(kind, justify="right")
    shown.add_column("longest cells", overflow="fold")
    for lesson in lessons:
        if lesson.seconds is None:
            continue
        spent = seconds(lesson.notebook, lesson.seconds)
        code = [cell.source for cell in lesson.notebook.cells if cell.cell_type == "code"]
        cells = sorted(zip(lesson.cell_seconds, code, strict=False), reverse=True)[:LONGEST]
        names = [f"{taken:5.1f}  {source.splitlines()[-1]:.50}" for taken, source in cells]
        figures = [f"{spent[kind]:.0f}" for kind in KINDS]
        shown.add_row(lesson.name, *figures, "\n".join(names))
    return shown
