"""A calm progress display for `model.fit`: a line that moves, and a line for each epoch."""

import time

import keras


class Progress(keras.callbacks.Callback):
    """Show a bar while a model trains, and keep a line for every epoch.

    Pass it to `fit` with `verbose=0`:

        model.fit(batches, epochs=3, callbacks=[Progress()], shuffle=False, verbose=0)

    In a notebook the output is one block of text that is updated in place, so that what is
    stored at the end is the table of epochs alone.
    """

    def __init__(self):
        super().__init__()
        self.lines = []
        self.handle = None

    def on_train_begin(self, logs=None):
        self.steps = self.params["steps"]
        self.first = None  # when the first step was done, and how many that were
        self.shown = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        done = self.epoch * (self.steps or 0) + batch + 1
        # The first step compiles the model, so it says nothing about those to come.
        self.first = self.first or (time.perf_counter(), done)
        if time.perf_counter() - self.shown > 0.5:
            self._show(self._bar(done, logs or {}))

    def on_epoch_end(self, epoch, logs=None):
        self.lines.append(f"epoch {epoch + 1:2d}   {_numbers(logs or {})}")
        self._show()

    def _bar(self, done, logs):
        if not self.steps:
            return f"step {done}   {_numbers(logs)}"
        total = self.steps * self.params["epochs"]
        bar = "█" * (20 * done // total) + "░" * (20 - 20 * done // total)
        began, at = self.first
        seconds = (time.perf_counter() - began) / max(done - at, 1) * (total - done)
        left = f"{seconds:.0f} s left" if done > at else ""
        return f"{bar} step {done} of {total}   {_numbers(logs)}   {left}".rstrip()

    def _show(self, bar=None):
        from IPython.display import display

        self.shown = time.perf_counter()
        data = {"text/plain": "\n".join(self.lines + ([bar] if bar else []))}
        if self.handle is None:
            self.handle = display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)


def _numbers(logs):
    return "   ".join(f"{name} {value:.4f}" for name, value in logs.items())
