"""Sound files as learners have them, and what is said of those that will not do."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from course.data.sounds import RATE, read_sound, to_sound, without_silence
from course.data.speech import draw, speak, speakers, spoken_numbers
from course.errors import CourseError

HERTZ, AMPLITUDE = 440.0, 0.4


def sine(rate, seconds=0.5, hertz=HERTZ):
    return AMPLITUDE * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def written(tmp_path, samples, rate=RATE, name="mine.wav", **options):
    path = tmp_path / name
    soundfile.write(path, samples, rate, **options)
    return path


def loudest(audio, rate=RATE):
    """Return the frequency that a sound has most of, and its amplitude there."""
    # A filter changes the first and the last bit.
    inner = audio[len(audio) // 10 : -len(audio) // 10]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 1 << 18))
    place = spectrum.argmax()
    return place * rate / (1 << 18), spectrum[place] * 2 / np.hanning(len(inner)).sum()


@pytest.mark.parametrize(
    "found_rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000]
)
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]
)
def test_a_sine_stays_the_sine(tmp_path, found_rate, subtype):
    audio = read_sound(written(tmp_path, sine(found_rate), found_rate, subtype=subtype))
    assert audio.dtype == np.float32 and len(audio) == pytest.approx(RATE // 2, abs=2)
    hertz, amplitude = loudest(audio)
    assert hertz == pytest.approx(HERTZ, abs=0.5)
    assert amplitude == pytest.approx(AMPLITUDE, rel=0.01)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050])
def test_the_rate_that_is_wanted(tmp_path, rate):
    audio = read_sound(written(tmp_path, sine(44_100), 44_100), rate)
    assert len(audio) == rate // 2
    assert loudest(audio, rate)[0] == pytest.approx(HERTZ, abs=0.5)
    # What happens at a moment still happens there.
    assert np.allclose(audio[500:-500], sine(rate)[500:-500], atol=0.01)


def test_the_same_rate_changes_nothing(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 5_000).astype("float32")
    path = written(tmp_path, samples, subtype="FLOAT")
    assert np.array_equal(read_sound(path), samples)


def test_what_a_lower_rate_cannot_hold_is_cut_off_and_not_folded_down():
    high = to_sound(sine(44_100, hertz=15_000) + sine(44_100), 44_100)
    hertz, amplitude = loudest(high)
    assert hertz == pytest.approx(HERTZ, abs=0.5)
    assert amplitude == pytest.approx(0.4, rel=0.01)
    assert np.abs(high - to_sound(sine(44_100), 44_100))[500:-500].max() < 0.004


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_averaged(tmp_path, channels):
    samples = np.zeros((RATE // 2, channels))
    samples[:, 0] = sine(RATE)
    audio = read_sound(written(tmp_path, samples, subtype="FLOAT"))
    assert np.allclose(audio, sine(RATE) / channels, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mine.flac", {}),
        ("mine.ogg", {}),
        ("mine.opus.ogg", {"subtype": "OPUS"}),
        ("mine.mp3", {}),
        ("mine.aiff", {}),
        ("mine.au", {}),
        ("without a suffix, ü", {"format": "WAV"}),
    ],
)
def test_other_formats(tmp_path, name, options):
    rate = 48_000
    path = written(tmp_path, sine(rate, seconds=1), rate, name=name, **options)
    audio = read_sound(str(path))
    assert len(audio) == pytest.approx(RATE, abs=0.1 * RATE)  # MP3 comes in whole blocks
    hertz, amplitude = loudest(audio)
    assert hertz == pytest.approx(HERTZ, abs=0.5)
    assert amplitude == pytest.approx(AMPLITUDE, rel=0.05)


def test_the_longest_and_the_shortest_that_will_do(tmp_path):
    assert len(read_sound(written(tmp_path, sine(RATE, 2.0)), longest=2)) == 2 * RATE
    assert len(read_sound(written(tmp_path, sine(RATE, 0.041)))) == int(0.041 * RATE)


def complaint(path, **options):
    """Return the one sentence that is said of a file."""
    with pytest.raises(CourseError) as caught:
        read_sound(path, **options)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and ". " not in message
    assert path.name in message
    return message


def test_a_missing_file(tmp_path):
    assert "There is no file" in complaint(tmp_path / "mine.wav")


def test_a_folder(tmp_path):
    assert "is a folder: give the path of a sound file." in complaint(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, this is text\n" * 50,
        bytes(1_000),
        bytes(range(256)) * 40,
        b"RIFF1234WAVEfmt ",
    ],
    ids=["empty", "text", "zeros", "bytes", "head"],
)
def test_what_is_no_sound_file(tmp_path, content):
    path = tmp_path / "mine.wav"
    path.write_bytes(content)
    assert "is not a sound file that can be read: save the recording as WAV" in complaint(
        path
    )


def test_raw_samples_and_a_name_with_a_tilde(tmp_path):
    path = tmp_path / "mine.raw"
    path.write_bytes(bytes(1_000))
    assert "is not a sound file that can be read" in complaint(path)
    assert "There is no file" in complaint(Path("~$mine.wav"))


def test_no_samples(tmp_path):
    assert "is empty: it holds 0 samples" in complaint(written(tmp_path, np.zeros(0)))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence(tmp_path, subtype, level):
    """A constant is as silent as zeros are: nothing moves the air."""
    path = written(tmp_path, np.full(RATE, level), subtype=subtype)
    assert "is silent: check that the microphone is on" in complaint(path)


def test_next_to_silence(tmp_path):
    soft = sine(RATE) / AMPLITUDE
    path = written(tmp_path, 0.0009 * soft, subtype="PCM_24")
    assert "is silent" in complaint(path)
    path = written(tmp_path, 0.0011 * soft, subtype="PCM_24")
    assert loudest(read_sound(path))[0] == pytest.approx(HERTZ, abs=0.5)


def test_too_long(tmp_path):
    path = written(tmp_path, np.zeros(61 * 60 * 1_000, "int16"), 1_000, subtype="PCM_U8")
    assert "is 61 minutes long: cut it to 30 seconds or less." in complaint(path)
    path = written(tmp_path, sine(RATE, 2.5))
    assert "is 2.5 seconds long: cut it to 2 seconds or less." in complaint(path, longest=2)


def test_too_short(tmp_path):
    path = written(tmp_path, sine(RATE, 0.01))
    assert "is 10 milliseconds long, and a sound needs at least 40" in complaint(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(tmp_path, value):
    samples = sine(RATE)
    samples[100] = value
    assert "values that are not numbers" in complaint(
        written(tmp_path, samples, subtype="FLOAT")
    )


@pytest.mark.parametrize("rate", [100, 1_000_000])
def test_rates_of_no_microphone(tmp_path, rate):
    path = written(tmp_path, sine(rate), rate)
    assert "samples per second, and 1,000 to 384,000 are possible" in complaint(path)


def test_an_array_is_checked_too():
    with pytest.raises(CourseError, match="^The recording is silent"):
        to_sound(np.zeros(RATE), RATE)
    with pytest.raises(CourseError, match="^Take two is empty"):
        to_sound([], RATE, name="Take two")


@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_silence_is_cut_off_around_speech_and_not_inside(offset):
    loud, pause = sine(RATE, 0.3), np.zeros(RATE // 100 * 50)
    audio = np.concatenate([pause, loud, pause, 0.1 * loud, pause]) + offset
    rest = without_silence(audio)
    assert np.array_equal(rest, audio[len(pause) :][: len(rest)])
    assert len(rest) == pytest.approx(2 * len(loud) + len(pause), abs=RATE // 100)


def test_sound_without_silence_stays_as_long_as_it_is():
    audio = sine(RATE, 0.5) + 0.01 * np.random.default_rng(0).normal(size=RATE // 2)
    assert len(without_silence(audio)) >= 0.98 * len(audio)


def test_no_word_of_any_test_voice_is_taken_for_silence():
    for utterance in draw(spoken_numbers(len(speakers("test")), seed=1), "test", seed=1):
        audio = speak(utterance)
        rest = without_silence(np.pad(audio, RATE // 2))
        assert abs(len(rest) - len(audio)) < 0.1 * RATE, utterance
