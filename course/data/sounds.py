"""The learner's own recordings: read, checked, and brought to one rate."""

from math import gcd

import numpy as np

from course.data.espeak import RATE
from course.errors import CourseError
from course.files import explain, from_home

LONGEST = 30  # seconds
SHORTEST = 0.04  # seconds: a frame of `course.data.speech.FrontEnd`
SOFTEST = 0.001  # of the largest amplitude, 60 decibels below it; a whisper is louder
RATES = 1_000, 384_000  # samples per second
SILENCE = 35  # decibels below the loudest 10 milliseconds


def read_sound(path, rate=RATE, longest=LONGEST):
    """Read a recording from a file.

    Args:
        path: a WAV, FLAC, OGG, MP3, AIFF or AU file, at any rate, with any number of
            channels.
        rate: samples per second that are wanted.
        longest: seconds.
    Returns:
        audio, full scale from -1 to 1 (a new rate can overshoot a little), the mean of the
        channels, shape (samples,), float32.
    Raises:
        CourseError: the file cannot be read, or holds no sound, silence, or too much.
    """
    import soundfile

    path = from_home(path)
    try:
        with path.open("rb") as data, soundfile.SoundFile(data) as file:
            _check_length(file.frames, file.samplerate, longest, path)
            # The length that a damaged file states can be wrong.
            samples = file.read(int(longest * file.samplerate) + 1, always_2d=True)
            return to_sound(samples, file.samplerate, rate, longest, path)
    except OSError as error:
        raise CourseError(explain(path, error, "a sound file")) from error
    except (soundfile.LibsndfileError, TypeError) as error:  # raw samples state no rate
        raise CourseError(
            f"{path} is not a sound file that can be read: save the recording as WAV, "
            "FLAC, OGG or MP3, then give its new name."
        ) from error


def to_sound(samples, found_rate, rate=RATE, longest=LONGEST, name="The recording"):
    """Check a recording, and bring it to one channel and to the rate that is wanted.

    Args:
        samples: amplitudes, shape (samples,) or (samples, channels).
        found_rate: their samples per second.
        rate, longest: as for `read_sound`.
        name: what errors call it.
    Returns:
        as `read_sound`.
    Raises:
        CourseError: it holds no sound, silence, or too much.
    """
    from scipy.signal import resample_poly

    samples = np.asarray(samples, "float64")
    _check_length(len(samples), found_rate, longest, name)
    if not np.isfinite(samples).all():
        raise CourseError(
            f"{name} holds values that are not numbers: save it again in 16 bits, "
            "or record anew."
        )
    audio = samples.reshape(len(samples), -1).mean(axis=1)
    if np.abs(audio - audio.mean()).max() < SOFTEST:
        raise CourseError(
            f"{name} is silent: check that the microphone is on and turned up, "
            "then record anew."
        )
    common = gcd(int(found_rate), int(rate))
    # It cuts off what the lower of the two rates cannot hold.
    return resample_poly(audio, rate // common, found_rate // common).astype("float32")


def without_silence(audio):
    """Return a recording without the silence before and after the speech.

    Args:
        audio: as `read_sound` returns it at `RATE`.
    """
    block = RATE // 100
    blocks = audio[: len(audio) // block * block].reshape(-1, block)
    # A microphone's zero can lie elsewhere.
    power = np.square(blocks - audio.mean()).mean(axis=1)
    loud = np.flatnonzero(power >= power.max() / 10 ** (SILENCE / 10))
    return audio[block * loud[0] : block * (loud[-1] + 1)]


def _check_length(count, rate, longest, name):
    if not RATES[0] <= rate <= RATES[1]:
        raise CourseError(
            f"{name} has {rate:,} samples per second, and {RATES[0]:,} to {RATES[1]:,} are "
            "possible: save it at 16,000 or 44,100."
        )
    seconds = count / rate
    if count == 0:
        raise CourseError(f"{name} is empty: it holds 0 samples, so record anew.")
    if seconds > longest:
        length = (
            f"{seconds:.1f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
        )
        raise CourseError(f"{name} is {length} long: cut it to {longest} seconds or less.")
    if seconds < SHORTEST:
        raise CourseError(
            f"{name} is {1000 * seconds:.0f} milliseconds long, and a sound needs at least "
            f"{1000 * SHORTEST:.0f}: record anew."
        )
