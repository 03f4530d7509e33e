"""The progress display: a line for each epoch stays, and the bar counts right."""

import keras
import numpy as np
import pytest

from course.callbacks import Progress


@pytest.mark.parametrize("arguments", [{}, {"steps_per_execution": 2}], ids=str)
def test_epochs_stay_and_the_bar_counts_steps(arguments, monkeypatch):
    progress = Progress()
    shown = []
    monkeypatch.setattr(progress, "_show", lambda bar=None: shown.append(bar))
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", **arguments)
    x = np.ones((24, 1))
    model.fit(x, x, batch_size=4, epochs=2, callbacks=[progress], verbose=0)
    assert [line.split("loss")[0].split() for line in progress.lines] == [
        ["epoch", "1"],
        ["epoch", "2"],
    ]
    progress.shown = 0.0
    assert "step 6 of 12" in progress._bar(6, {"loss": 1.0})
    assert progress._bar(12, {}).startswith("█" * 20)
    assert shown.count(None) == 2
    assert all(int(bar.split("step ")[1].split()[0]) <= 12 for bar in shown if bar)


def test_what_is_stored_is_the_table_of_epochs(monkeypatch):
    """Each display replaces the last, so that the final one is all a notebook keeps."""
    displays = []

    class Handle:
        def update(self, data, raw):
            displays.append(data["text/plain"])

    def display(data, raw, display_id):
        displays.append(data["text/plain"])
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((8, 1))
    model.fit(x, x, batch_size=4, epochs=2, callbacks=[Progress()], verbose=0)
    assert len(displays) >= 3
    lines = displays[-1].splitlines()
    assert len(lines) == 2 and lines[0].startswith("epoch  1   loss ")
