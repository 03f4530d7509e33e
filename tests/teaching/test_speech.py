"""Speech: the synthesiser, the voices and their split, recordings, and features by hand."""

import hashlib
import itertools
import re
import subprocess
import sys
import threading

import lesson_code
import numpy as np
import pytest

from course import ROOT
from course.data import espeak, speech
from course.errors import CourseError
from course.scratch import audio as scratch

WORDS = "one two three four"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return tmp_path


# The synthesiser


def test_it_speaks():
    audio, rate = speech.say("hello world")
    assert rate == 22_050 and audio.dtype == "float32" and audio.ndim == 1
    assert 0.4 < len(audio) / rate < 2
    assert 0.1 < np.abs(audio).max() <= 1


def test_settings_are_heard():
    lengths = [len(speech.say(WORDS, rate=rate)[0]) for rate in (100, 200, 400)]
    assert lengths[0] > 1.4 * lengths[1] > 1.4 * lengths[2]
    variants = [
        {},
        {"voice": "en"},
        {"voice": "en-us+Annie"},
        {"pitch": 80},
        {"pitch_range": 0},
    ]
    sounds = {speech.say(WORDS, **settings)[0].tobytes() for settings in variants}
    assert len(sounds) == len(variants)


def test_every_speaker_and_accent_says_the_same_whatever_was_said_before():
    rng = np.random.default_rng(0)
    voices = [f"en-us+{name}" for name in espeak.speakers()]
    voices += [f"{accent}+m2" for accent in espeak.ACCENTS if accent != "en-us"]
    first = {voice: speech.say(WORDS, voice)[0].tobytes() for voice in voices}
    speech.say("something else", "en+Andy", rate=300, pitch=90, pitch_range=90)
    for voice in rng.permutation(voices):
        assert speech.say(WORDS, voice)[0].tobytes() == first[voice], voice
    assert len(set(first.values())) == len(voices) > 90


def test_another_process_says_the_same():
    code = (
        "import hashlib; from course.data.speech import say; say('something else', "
        f"'en+m4');print(hashlib.sha256(say({WORDS!r}, 'en+f4')[0].tobytes()).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(speech.say(WORDS, "en+f4")[0].tobytes()).hexdigest()
    assert told.stdout.strip() == here


def test_threads_do_not_disturb_each_other():
    voices = [f"en+{name}" for name in speech.TEST]
    alone = [speech.say(WORDS, voice)[0].tobytes() for voice in voices]
    heard = {}

    def speak(number):
        heard[number] = [speech.say(WORDS, voice)[0].tobytes() for voice in voices]

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(heard.values()) == [alone] * 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": ""}, "nothing to say"),
        ({"text": " … !"}, "nothing to say"),
        ({"text": "hello мир"}, "the character 'м'"),
        ({"text": "fine 🙂"}, "the character '🙂'"),
        ({"text": "one\0two"}, "the character"),
        ({"text": "one", "voice": "en-xx"}, "no accent 'en-xx'"),
        ({"text": "one", "voice": "en-us+Nobody"}, "no speaker 'Nobody'"),
        ({"text": "one", "rate": 20}, "rate is 20"),
        ({"text": "one", "rate": 175.5}, "rate is 175.5: take a whole number"),
        ({"text": "one", "pitch": 100}, "pitch is 100"),
    ],
)
def test_errors_say_what_is_wrong(arguments, words):
    with pytest.raises(CourseError, match=re.escape(words)) as raised:
        speech.say(**arguments)
    assert "\n" not in str(raised.value)


def test_text_may_have_accents_and_marks():
    for text in ["café naïve", "it’s “fine” – yes…", "two\nlines"]:
        assert len(speech.say(text)[0]) > 5000


@pytest.mark.parametrize("broken", ["library", "data", "package"])
def test_a_library_that_does_not_load_is_explained(broken, tmp_path, monkeypatch):
    import espeakng_loader

    if broken == "library":
        (tmp_path / "libespeak-ng.so").write_bytes(b"for another machine")
        wrong = str(tmp_path / "libespeak-ng.so")
        monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: wrong)
    elif broken == "data":
        monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
    else:
        monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(CourseError, match="does not load on this computer"):
        speech.say("one", "en-us")
    monkeypatch.undo()
    assert len(speech.say("one")[0])  # and nothing is left broken


# Texts


def test_digit_strings():
    strings = speech.digit_strings(500, seed=0)
    assert strings == speech.digit_strings(500, seed=0) != speech.digit_strings(500, seed=1)
    assert {len(string) for string in strings} == {1, 2, 3, 4, 5}
    assert set("".join(strings)) == set("0123456789")
    assert speech.in_words("207") == "two zero seven"


def test_spoken_numbers():
    texts = speech.spoken_numbers(500, seed=0)
    assert texts == speech.spoken_numbers(500, seed=0)
    assert all(re.fullmatch("[a-z]+( [a-z]+)*", text) for text in texts)
    assert any("thousand" in text for text in texts) and "million" not in " ".join(texts)
    assert {"zero", "nine"} <= set(texts)


# Voices and recordings


def test_no_speaker_is_in_two_parts():
    parts = [set(speech.speakers(part)) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(espeak.speakers())
    assert [len(part) for part in parts[1:]] == [8, 10] and len(parts[0]) > 70
    with pytest.raises(CourseError, match="no part 'tset'"):
        speech.speakers("tset")
    for part in ("train", "test"):
        drawn = speech.draw(["one"] * 300, part, seed=0)
        assert {one.voice.partition("+")[2] for one in drawn} <= set(speech.speakers(part))
        assert {one.voice.partition("+")[0] for one in drawn} == set(espeak.ACCENTS)


def test_nobody_held_out_has_a_double():
    """Some speakers are all but the same under two names; no held-out one is among them."""
    front_end = speech.FrontEnd()

    def look(name):
        values = front_end(speech.say(WORDS, f"en-us+{name}")[0])
        return values[np.linspace(0, len(values) - 1, 60).round().astype(int)]

    looks = {name: look(name) for name in espeak.speakers()}
    distance = {
        (a, b): np.mean((looks[a] - looks[b]) ** 2)
        for a, b in itertools.combinations(looks, 2)
    }
    typical = np.median(list(distance.values()))
    held_out = set(speech.VALIDATION + speech.TEST)
    nearest = min(value for pair, value in distance.items() if held_out & set(pair))
    assert distance["adam", "klatt6"] < 0.03 * typical < 0.2 * typical < nearest


def test_drawing_is_deterministic():
    texts = [WORDS] * 400
    drawn = speech.draw(texts, "train", seed=3, recorded=True)
    assert drawn == speech.draw(texts, "train", seed=3, recorded=True)
    assert drawn != speech.draw(texts, "train", seed=4, recorded=True)
    plain = speech.draw(texts, "train", seed=3)
    assert all(one.noise is None and not one.echo and not one.telephone for one in plain)
    assert 40 < sum(one.noise is not None for one in drawn) < 160
    assert 40 < sum(one.echo > 0 for one in drawn) < 160
    assert 10 < sum(one.telephone for one in drawn) < 80


def test_noise_has_the_ratio_that_was_asked_for():
    clean = speech.speak(speech.Utterance(WORDS))
    for ratio in (0, 20):
        noise = speech.speak(speech.Utterance(WORDS, noise=ratio)) - clean
        assert 20 * np.log10(clean.std() / noise.std()) == pytest.approx(ratio, abs=0.1)
    one, same, other = (
        speech.speak(speech.Utterance(WORDS, noise=5, seed=s)) for s in (1, 1, 2)
    )
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_a_room_rings_and_a_telephone_cuts():
    clean, room, telephone = (
        speech.speak(speech.Utterance(WORDS, **recorded))
        for recorded in ({}, {"echo": 0.6}, {"telephone": True})
    )
    assert len(clean) == len(room) == len(telephone)
    quiet = np.abs(clean) < 1e-3
    assert room[quiet].std() > 3 * clean[quiet].std()
    hertz = np.fft.rfftfreq(len(clean), 1 / speech.RATE)
    beyond = (hertz < 250) | (hertz > 3450)

    def share_beyond(audio):
        power = np.abs(np.fft.rfft(audio)) ** 2
        return power[beyond].sum() / power.sum()

    assert share_beyond(clean) > 0.02
    assert share_beyond(telephone) < 1e-4


# Features


def test_features_equal_tensorflow():
    import tensorflow as tf

    audio = speech.say(WORDS)[0]
    spectrum = tf.abs(tf.signal.stft(audio, 882, 441, 1024)) ** 2
    matrix = tf.signal.linear_to_mel_weight_matrix(40, 513, speech.RATE, 80, 7600)
    log_mel = tf.math.log(spectrum @ matrix + 1e-6)
    mfcc = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[:, :13]
    np.testing.assert_allclose(
        scratch.spectrogram(audio, 882, 441, 1024), spectrum, atol=1e-3
    )
    np.testing.assert_allclose(
        scratch.mel_filters(40, 1024, speech.RATE), matrix, atol=1e-4
    )
    np.testing.assert_allclose(speech.FrontEnd()(audio), log_mel, atol=1e-3)
    np.testing.assert_allclose(speech.FrontEnd(coefficients=13)(audio), mfcc, atol=1e-3)


def test_frames():
    assert scratch.frames(np.arange(10), 4, 3).tolist() == [
        [0, 1, 2, 3],
        [3, 4, 5, 6],
        [6, 7, 8, 9],
    ]
    assert scratch.frames(np.ones(3), 5, 2).tolist() == [[1, 1, 1, 0, 0]]


def test_griffin_lim_makes_sound_with_that_spectrogram():
    audio = speech.say(WORDS)[0]
    power = scratch.spectrogram(audio, 882, 441, 1024)
    again = scratch.spectrogram(scratch.griffin_lim(power, 882, 441), 882, 441, 1024)
    first = scratch.spectrogram(
        scratch.griffin_lim(power, 882, 441, rounds=1), 882, 441, 1024
    )

    def likeness(other):
        return np.corrcoef(np.log(power + 1e-6).ravel(), np.log(other + 1e-6).ravel())[0, 1]

    assert likeness(again) > 0.97 > likeness(first) + 0.01


def test_the_package_and_the_lesson_agree():
    names = ["hann", "spectrogram", "mel", "mel_filters", "mfcc"]
    _, spectrogram, _, mel_filters, mfcc = lesson_code.functions("11", names, np=np)
    audio, rate = speech.say("seven three three")
    power, filters = spectrogram(audio, 882, 441, 1024), mel_filters(40, 1024, rate)
    log_mel = np.log(power @ filters + 1e-6)
    np.testing.assert_allclose(speech.FrontEnd()(audio), log_mel, rtol=1e-5)
    ours = speech.FrontEnd(coefficients=13)(audio)
    np.testing.assert_allclose(ours, mfcc(log_mel, 13), rtol=1e-4, atol=1e-4)


def test_features_are_kept(cache, monkeypatch):
    utterances = speech.draw(["one", "two three", "four"], "train", seed=0, recorded=True)
    made = speech.features(utterances, speech.FrontEnd())
    assert [one.dtype for one in made] == ["float32"] * 3
    assert {one.shape[1] for one in made} == {40}
    for one, utterance in zip(made, utterances):
        np.testing.assert_array_equal(one, speech.FrontEnd()(speech.speak(utterance)))
    with monkeypatch.context() as patch:
        patch.setattr(speech, "speak", lambda utterance: pytest.fail("it was made already"))
        again = speech.features(utterances, speech.FrontEnd())
        assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert len(list(cache.glob("speech-*.npz"))) == 1
    others = [
        (utterances[:2], speech.FrontEnd()),
        ([utterances[0]._replace(pitch=49), *utterances[1:]], speech.FrontEnd()),
        (utterances, speech.FrontEnd(coefficients=13)),
    ]
    for arguments in others:
        speech.features(*arguments)
    assert len(list(cache.glob("speech-*.npz"))) == 4
    assert not list(cache.glob("*.tmp"))


def test_a_damaged_file_is_made_again(cache):
    utterances = speech.draw(["one", "two"], "train", seed=0)
    made = speech.features(utterances, speech.FrontEnd())
    (path,) = cache.glob("speech-*.npz")
    path.write_bytes(path.read_bytes()[:500])
    again = speech.features(utterances, speech.FrontEnd())
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))


def test_a_folder_that_cannot_be_made_is_explained(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "folder"))
    with pytest.raises(CourseError, match="set COURSE_DATA"):
        speech.features(speech.draw(["one"], "train", seed=0), speech.FrontEnd())


def test_a_folder_that_cannot_be_written_in_is_explained(cache, monkeypatch):
    def refuse(path, *options):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(speech, "FileLock", refuse)
    with pytest.raises(CourseError, match="make that folder writable, or set COURSE_DATA"):
        speech.features([speech.Utterance("two")], speech.FrontEnd())


def test_two_processes_make_the_same_features_once(cache):
    code = (
        "from course.data import speech\n"
        "utterances = speech.draw(['one two three'] * 20, 'train', seed=0)\n"
        "print(sum(float(one.sum()) for one in speech.features(utterances, "
        "speech.FrontEnd())))"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert told[0] == told[1] and float(told[0])
    assert len(list(cache.glob("speech-*.npz"))) == 1


def test_a_sound_is_displayed_with_a_description(monkeypatch):
    import base64
    import io

    import IPython.display
    import soundfile

    from course import plots

    shown = []
    monkeypatch.setattr(
        IPython.display, "display", lambda data, **options: shown.append(data)
    )
    plots.play(np.array([0.0, 0.5, -0.5]), 8000, 'She says "a" & b.')
    (data,) = shown
    assert data["text/plain"] == '[sound: She says "a" & b.]'
    source = re.search('src="data:audio/wav;base64,(.*?)"', data["text/html"])[1]
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(source)))
    assert rate == 8000 and audio == pytest.approx([0, 0.5, -0.5], abs=1e-4)
    assert 'aria-label="She says &quot;a&quot; &amp; b."' in data["text/html"]
