"""Speech from text: the synthesiser espeak-ng, called in this process.

espeak-ng builds each sound from a few resonances, so its voices sound like machines; it is
also hundreds of times faster than speech, and the same words come out the same every time.
The wheel `espeakng-loader` brings the library and its data, and no system package is
needed. Licence: espeak-ng is free software under GPL-3.0.
"""

import _ctypes
import contextlib
import ctypes
import functools
import re
import threading
from pathlib import Path

import numpy as np

from course.errors import CourseError

RATE = 22_050  # samples per second
ACCENTS = {
    "en": "British",
    "en-gb-x-rp": "British, Received Pronunciation",
    "en-gb-scotland": "Scottish",
    "en-gb-x-gbclan": "Lancaster",
    "en-gb-x-gbcwmd": "West Midlands",
    "en-us": "American",
    "en-us-nyc": "New York City",
    "en-029": "Caribbean",
}

# From speak_lib.h, the library's header.
_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
# ASCII, accented Latin letters, and the usual quotation marks, dashes and dots.
_UNSPEAKABLE = re.compile(r"[^\s\x20-\x7e\u00a0-\u024f‘’“”–—…]")
_speaking = threading.Lock()


def say(text, voice="en-us", rate=175, pitch=50, pitch_range=50):
    """Speak a text.

    Args:
        text: what to say, in Latin letters.
        voice: an accent, a key of `ACCENTS`; or accent and speaker, such as "en-us+Annie",
            where the speaker is one of `speakers()`.
        rate: words per minute, 80 to 450.
        pitch: how high the voice is, 0 to 99; 50 is the speaker's own pitch.
        pitch_range: how lively the voice is, 0 to 99; 0 is monotonous.
    Returns:
        audio between -1 and 1, shape (samples,), float32; and its rate, 22,050 samples per
        second. The same arguments give the same audio, whatever was said before.
    Raises:
        CourseError: the text or an argument will not do, or the library does not load.
    """
    _check(text, voice, rate, pitch, pitch_range)
    spoken = text.encode() + b"\0"
    chunks = []

    @_CALLBACK
    def keep(samples, count, events):
        if samples and count:
            chunks.append(ctypes.string_at(samples, 2 * count))
        return 0  # go on

    with _library() as library:
        library.espeak_SetSynthCallback(keep)
        library.espeak_SetVoiceByName(voice.encode())
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, int(value), 0)
        library.espeak_Synth(spoken, len(spoken), 0, 0, 0, _UTF8, None, None)
    return np.frombuffer(b"".join(chunks), "<i2").astype("float32") / 32768, RATE


@functools.cache
def speakers():
    """Return the names of all speakers, in order.

    A dozen of the library's speakers are left out. They breathe: noise is mixed into their
    voices that is different every time, whatever one does to the library.

    Raises:
        CourseError: the library is not there.
    """
    _, data = _paths()
    files = sorted((Path(data) / "voices" / "!v").iterdir())
    return tuple(file.name for file in files if b"breath" not in file.read_bytes())


def _check(text, voice, rate, pitch, pitch_range):
    if not re.search(r"[^\W_]", text):
        raise CourseError(
            f"{text!r} has nothing to say in it: give a text with letters or digits."
        )
    if unspeakable := _UNSPEAKABLE.search(text):
        raise CourseError(
            f"The voices speak English and do not know the character {unspeakable[0]!r}: "
            "leave it out, or write it in Latin letters."
        )
    accent, plus, speaker = voice.partition("+")
    if accent not in ACCENTS:
        raise CourseError(f"There is no accent {accent!r}: there are {', '.join(ACCENTS)}.")
    if plus and speaker not in speakers():
        raise CourseError(
            f"There is no speaker {speaker!r}: there are {', '.join(speakers())}."
        )
    limits = {
        "rate": (rate, 80, 450),
        "pitch": (pitch, 0, 99),
        "pitch_range": (pitch_range, 0, 99),
    }
    for name, (value, low, high) in limits.items():
        if not (low <= value <= high and value == int(value)):
            raise CourseError(
                f"{name} is {value}: take a whole number from {low} to {high}."
            )


@contextlib.contextmanager
def _library():
    """Load the library for one utterance, and let nobody else use it meanwhile.

    The library keeps settings and counters in global variables. Voice, rate and pitch can
    be set anew; the counter that lets the pitch flutter cannot, not even by initialising
    again, and so each utterance would depend on the one before. A library that is loaded
    again starts from nothing, and that takes less than a millisecond.
    """
    path, data = _paths()
    with _speaking:
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            raise CourseError(_no_library(error)) from error
        try:
            library.espeak_Synth.argtypes = [
                ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
                ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
            ]  # fmt: skip
            rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DO_NOT_EXIT)
            if rate != RATE:
                raise CourseError(_no_library(f"its data in {data} cannot be read"))
            yield library
            library.espeak_Terminate()
        finally:
            _unload(library._handle)


# ctypes has no public way to unload a library.
_unload = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary


def _paths():
    """Return the paths of the library and of its data."""
    try:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:
        raise CourseError(_no_library(error)) from error


def _no_library(reason):
    return (
        f"The speech synthesiser espeak-ng does not load on this computer ({reason}): open "
        "the lessons on speech in Colab instead."
    )
