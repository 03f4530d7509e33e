"""A calm progress display for `model.fit`: one line that moves, one line an epoch that stays."""

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
        self.shown = 0.0

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()
        self.done = 0
        self.total = (self.params["steps"] or 0) * self.params["epochs"]

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1
        if time.perf_counter() - self.shown > 0.5:
            self._show(self._bar(logs or {}))

    def on_epoch_end(self, epoch, logs=None):
        self.lines.append(f"epoch {epoch + 1:2d}   {_numbers(logs or {})}")
        self._show()

    def _bar(self, logs):
        elapsed = time.perf_counter() - self.began
        if not self.total:
            return f"step {self.done}   {_numbers(logs)}   {elapsed:.0f} s"
        part = self.done / self.total
        left = elapsed * (1 - part) / part
        bar = "█" * round(20 * part) + "░" * (20 - round(20 * part))
        return f"{bar} step {self.done} of {self.total}   {_numbers(logs)}   {left:.0f} s left"

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
