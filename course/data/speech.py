"""Speech to train on: any text, in many voices, with noise, echo and a telephone if wanted.

What is said comes from `digit_strings` or `spoken_numbers`. `draw` gives each text a voice
of one of three parts, and `features` turns the spoken texts into what a network reads:

    utterances = draw(map(in_words, digit_strings(1000, seed=0)), "train", seed=0)
    x = features(utterances, FrontEnd())
"""

import functools
import hashlib
import importlib.metadata
import io
import re
import zipfile
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from filelock import FileLock

from course.data import espeak, wheels
from course.data.espeak import RATE, say
from course.errors import CourseError
from course.files import write
from course.scratch import audio as scratch

__all__ = [
    "RATE",
    "FrontEnd",
    "Utterance",
    "digit_strings",
    "draw",
    "features",
    "in_words",
    "say",
    "speak",
    "speakers",
    "spoken_numbers",
]

# Some speakers are nearly the same under two names, such as adam and klatt6. These are not:
# each sounds unlike all others, so nobody like them is heard in training.
VALIDATION = ("Jacky", "Lee", "Marco", "f1", "grandma", "norbert", "shelby", "travis")
TEST = ("Andrea", "Andy", "Annie", "belinda", "f4",
        "ian", "kaukovalta", "m4", "pablo", "zac")  # fmt: skip
# Added to the name of what is cached; change it when the same utterance sounds different.
VERSION = 1


class Utterance(NamedTuple):
    """A text, and how it is spoken and recorded. Equal ones sound exactly the same.

    Attributes:
        text, voice, rate, pitch: as for `say`.
        noise: signal-to-noise ratio in decibels; None for no noise. At 0 the noise is as
            loud as the speech.
        echo: reverberation time of the room in seconds, after which an echo is 60 decibels
            softer; 0 for none.
        telephone: whether only the band of a telephone is left, 300 to 3,400 hertz.
        seed: of the noise and the room.
    """

    text: str
    voice: str = "en-us"
    rate: int = 175
    pitch: int = 50
    noise: float | None = None
    echo: float = 0.0
    telephone: bool = False
    seed: int = 0


# Texts


def digit_strings(count, seed):
    """Return strings of 1 to 5 digits, such as "20775"; all lengths are equally likely."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, count)
    return ["".join(map(str, rng.integers(0, 10, length))) for length in lengths]


DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def in_words(digits):
    """Return a string of digits as it is spoken one by one: "207" is "two zero seven"."""
    return " ".join(DIGITS[int(digit)] for digit in digits)


def spoken_numbers(count, seed):
    """Return numbers from 0 to 999,999 in words, such as "forty two thousand and seven".

    A number has 1 to 6 digits, and all lengths are equally likely. The words have no commas
    and no hyphens, so that a transcript needs the letters a to z and the space alone.
    """
    from num2words import num2words

    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, count)
    lowest = np.where(lengths == 1, 0, 10 ** (lengths - 1))
    numbers = rng.integers(lowest, 10**lengths)
    return [re.sub("[^a-z]+", " ", num2words(int(number))) for number in numbers]


# Voices


def speakers(part):
    """Return the names of the speakers of one part: "train", "validation" or "test"."""
    held_out = {"validation": VALIDATION, "test": TEST}
    if part not in ("train", *held_out):
        raise CourseError(f"There is no part {part!r}: take train, validation or test.")
    return held_out.get(part) or tuple(
        name for name in espeak.speakers() if name not in VALIDATION + TEST
    )


def draw(texts, part, seed, recorded=False):
    """Draw a voice for each text.

    Args:
        texts: what is said.
        part: "train", "validation" or "test". No speaker is in two parts; the accents are
            shared.
        seed: the same seed gives the same utterances.
        recorded: whether half of the utterances get noise, echo and telephone as well, each
            by chance.
    Returns:
        a list of `Utterance`.
    """
    names, accents = speakers(part), list(espeak.ACCENTS)
    rng = np.random.default_rng(seed)

    def one(text):
        spoken = Utterance(
            text,
            voice=f"{rng.choice(accents)}+{rng.choice(names)}",
            rate=int(rng.integers(130, 221)),
            pitch=int(rng.integers(30, 71)),
            seed=int(rng.integers(1 << 30)),
        )
        noise, echo = float(rng.integers(5, 31)), float(rng.integers(1, 7)) / 10
        has_noise, has_echo, telephone = rng.random(3) < (0.5, 0.5, 0.2)
        if not recorded or rng.random() < 0.5:
            return spoken
        return spoken._replace(
            noise=noise if has_noise else None,
            echo=echo if has_echo else 0.0,
            telephone=bool(telephone),
        )

    return [one(text) for text in texts]


def speak(utterance):
    """Return the audio of an utterance as it was recorded, shape (samples,), float32.

    Raises:
        CourseError: as `say`.
    """
    audio, _ = say(utterance.text, utterance.voice, utterance.rate, utterance.pitch)
    rng = np.random.default_rng(utterance.seed)
    if utterance.echo:
        audio = _echo(audio, utterance.echo, rng)
    if utterance.noise is not None:
        audio = _noise(audio, utterance.noise, rng)
    if utterance.telephone:
        audio = _band(audio, 300, 3400)
    return audio.astype("float32")


def _echo(audio, seconds, rng):
    """Convolve with a room: the direct sound, and noise that is 60 dB less in `seconds`."""
    time = np.arange(1, int(seconds * RATE)) / RATE
    room = rng.normal(size=len(time)) * 10 ** (-3 * time / seconds)
    # Echoes have a quarter of the direct sound's power.
    room *= 0.5 / np.sqrt(np.sum(room**2))
    length = _fast_length(len(audio) + len(room))
    response = np.concatenate([[1.0], room])
    spectrum = np.fft.rfft(audio, length) * np.fft.rfft(response, length)
    return np.fft.irfft(spectrum)[: len(audio)]


def _noise(audio, ratio, rng):
    """Add pink noise, whose power falls with frequency as that of most backgrounds does."""
    white = np.fft.rfft(rng.normal(size=_fast_length(len(audio))))
    pink = white / np.sqrt(np.maximum(np.arange(len(white)), 1))
    noise = np.fft.irfft(pink)[: len(audio)]
    return audio + noise * audio.std() / noise.std() * 10 ** (-ratio / 20)


def _band(audio, low, high):
    length = _fast_length(len(audio))
    spectrum, hertz = np.fft.rfft(audio, length), np.fft.rfftfreq(length, 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    return np.fft.irfft(spectrum)[: len(audio)]


def _fast_length(length):
    """Return the next power of two, at which the Fourier transform is fast."""
    return 1 << (length - 1).bit_length()


# Features


@dataclass(frozen=True)
class FrontEnd:
    """How audio becomes features: log-mel energies, or MFCC made of them.

    Attributes:
        window, hop: length of a frame, and distance of frames, in samples. The defaults are
            40 and 20 milliseconds.
        fft_length: length of the Fourier transform.
        mels: number of mel filters.
        coefficients: number of MFCC; None for the log-mel energies themselves.
    """

    window: int = 882
    hop: int = 441
    fft_length: int = 1024
    mels: int = 40
    coefficients: int | None = None

    def __call__(self, audio):
        """Return the features of audio, shape (frames, features), float32."""
        power = scratch.spectrogram(audio, self.window, self.hop, self.fft_length)
        values = scratch.log_mel(power, _filters(self.mels, self.fft_length))
        if self.coefficients:
            values = scratch.mfcc(values, self.coefficients)
        return values.astype("float32")


@functools.cache
def _filters(count, fft_length):
    return scratch.mel_filters(count, fft_length, RATE)


def features(utterances, front_end):
    """Return the features of utterances, made once and then kept in the data folder.

    Args:
        utterances: a list of `Utterance`.
        front_end: a `FrontEnd`.
    Returns:
        a list of arrays, each (frames, features), float32.
    Raises:
        CourseError: they cannot be made or stored.
    """
    path = wheels.cache_folder() / f"speech-{_key(utterances, front_end)}.npz"
    kept = _read(path)
    if kept is None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A second process waits, and reads what the first made.
            with FileLock(f"{path}.lock"):
                kept = _read(path) or _make(path, utterances, front_end)
        except OSError as error:
            raise CourseError(wheels.explain(error)) from error
    return np.split(kept[0], kept[1][:-1])


def _make(path, utterances, front_end):
    """Make features and store them; return them as `_read` does."""
    made = [front_end(speak(utterance)) for utterance in utterances]
    kept = np.concatenate(made), np.cumsum([len(one) for one in made])
    data = io.BytesIO()
    np.savez(data, values=kept[0], ends=kept[1])
    write(path, data.getvalue())
    return kept


def _key(utterances, front_end):
    """Return a name for what determines the features."""
    synthesiser = importlib.metadata.version("espeakng-loader")
    made_from = f"{VERSION} {synthesiser} {front_end} {list(utterances)}"
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _read(path):
    """Return all features in an array, and each utterance's end; None if there are none."""
    try:
        with np.load(path) as file:
            return file["values"], file["ends"]
    # Nothing is there, or it is damaged.
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
