"""A microphone in the notebook: a button to record with, and the sound in Python."""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from course.data.sounds import LONGEST, RATE, to_sound
from course.errors import CourseError


class Recorder(anywidget.AnyWidget):
    """A button that records from the microphone of the machine that shows the notebook.

    It works in JupyterLab and on Colab, and the sound goes to this kernel and nowhere else:

        recorder = Recorder()
        recorder                    # shows the button; press Record, speak, press Stop
        audio = recorder.sound()    # in a later cell

    Attributes:
        longest: seconds after which it stops by itself.
        rate: samples per second of what was recorded.
        recorded: the samples as bytes, each a float32, little-endian; None until a
            recording ends.
    """

    _esm = Path(__file__).with_name("recorder.js").read_text(encoding="utf-8")

    longest = traitlets.Float(LONGEST).tag(sync=True)
    rate = traitlets.Int(RATE).tag(sync=True)
    # CBytes: from the browser comes a memoryview.
    recorded = traitlets.CBytes(None, allow_none=True).tag(sync=True)

    def sound(self, rate=RATE):
        """Return what was recorded last.

        Args:
            rate: samples per second that are wanted.
        Returns:
            audio, full scale from -1 to 1, shape (samples,), float32.
        Raises:
            CourseError: nothing is recorded yet, or there is no sound in it.
        """
        if self.recorded is None:
            raise CourseError("Nothing is recorded yet: press Record, speak, press Stop.")
        samples = np.frombuffer(self.recorded, "<f4")
        samples = samples[: int(self.longest * self.rate)]  # the button stops a little late
        return to_sound(samples, self.rate, rate, self.longest, "The recording")
