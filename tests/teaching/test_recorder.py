"""The recorder's Python side; the test plays the browser's, and sets what it would send."""

import numpy as np
import pytest

from course.data.sounds import RATE
from course.errors import CourseError
from course.recorder import Recorder


def heard(samples, rate=RATE, **options):
    """Return a recorder to which the browser has sent samples, as a memoryview."""
    recorder = Recorder(**options)
    recorder.set_state(
        {"rate": rate, "recorded": memoryview(samples.astype("<f4").tobytes())}
    )
    return recorder


def sine(rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * 300 * np.arange(int(seconds * rate)) / rate)


def test_nothing_is_recorded_yet():
    with pytest.raises(CourseError) as caught:
        Recorder().sound()
    assert str(caught.value) == "Nothing is recorded yet: press Record, speak, press Stop."


def test_the_samples_arrive_as_they_were_sent():
    audio = heard(sine(RATE)).sound()
    assert audio.dtype == np.float32 and np.array_equal(audio, sine(RATE).astype("float32"))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_any_rate_in_any_rate_out(rate):
    assert np.allclose(
        heard(sine(48_000), 48_000).sound(rate)[200:-200], sine(rate)[200:-200], atol=1e-2
    )
    assert len(heard(sine(rate), rate).sound()) == RATE


def test_a_new_recording_takes_the_place_of_the_old_one():
    recorder = heard(sine(RATE))
    recorder.set_state({"recorded": None})  # as when Record is pressed again
    with pytest.raises(CourseError, match="Nothing is recorded yet"):
        recorder.sound()
    recorder.set_state({"recorded": memoryview(sine(RATE, 0.5).astype("<f4").tobytes())})
    assert len(recorder.sound()) == RATE // 2


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(RATE), "The recording is silent"),
        (np.zeros(0), "The recording is empty"),
        (sine(RATE, 0.01), "The recording is 10 milliseconds long"),
        (np.full(RATE, np.nan), "The recording holds values that are not numbers"),
    ],
)
def test_what_is_no_recording(samples, sentence):
    with pytest.raises(CourseError, match=f"^{sentence}"):
        heard(samples).sound()


def test_what_comes_after_the_time_is_up_is_cut_off():
    assert len(heard(sine(RATE, 2.3), longest=2.0).sound()) == 2 * RATE


def test_the_browser_gets_what_it_needs():
    state = Recorder(longest=5).get_state()
    assert state["longest"] == 5 and state["rate"] == RATE and state["recorded"] is None
    assert "getUserMedia" in state["_esm"] and "://" not in state["_esm"]
    for name in ("longest", "rate"):
        assert f'model.get("{name}")' in state["_esm"]
    assert 'model.set("recorded"' in state["_esm"]


def test_it_is_shown_as_a_widget():
    assert "application/vnd.jupyter.widget-view+json" in Recorder()._repr_mimebundle_()[0]
