"""The spoken digits, and the front end that makes features like theirs."""

import numpy as np
import pytest
from scipy.fft import dct
from scipy.signal import resample_poly

from course.data.digits import (
    DigitFrontEnd,
    cosines,
    join,
    resample,
    running_mean,
    spoken_digits,
)
from course.data.espeak import RATE, say


@pytest.fixture(scope="module")
def recordings():
    return spoken_digits()


@pytest.fixture(scope="module")
def seven():
    return say("seven")[0]


def tone(hertz, seconds=0.5, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def test_three_hundred_recordings_of_each_digit(recordings):
    features, digits = recordings
    assert np.array_equal(np.bincount(digits), np.full(10, 300))
    assert len(features) == 3000 and all(one.shape[1] == 13 for one in features)
    lengths = [len(one) for one in features]
    assert (min(lengths), max(lengths), sum(lengths)) == (6, 92, 53_999)
    assert all(one.dtype == np.float32 and np.isfinite(one).all() for one in features)


def test_frames_come_every_25_milliseconds_and_begin_at_once():
    front_end = DigitFrontEnd()
    for seconds, frames in ((0.1, 5), (0.5, 21), (1.0, 41)):
        assert front_end(tone(440, seconds)).shape == (frames, 13)


def test_audio_shorter_than_a_frame_gives_a_frame():
    assert DigitFrontEnd()(tone(440, 0.01)).shape == (1, 13)


@pytest.mark.parametrize("band", [0, 40, 127])
def test_cosines_are_the_orthonormal_transform_of_scipy(band):
    pulse = np.eye(128)[band]
    assert np.allclose(pulse @ cosines(), dct(pulse, norm="ortho")[:13])
    assert np.allclose(cosines().T @ cosines(), np.eye(13))


def test_the_loudest_band_is_where_the_tone_is():
    for hertz in (300, 1000, 3000):
        spectrum = (DigitFrontEnd()(tone(hertz)) @ cosines().T).mean(axis=0)
        mels = np.log1p(np.array([hertz, 4000]) / 700)
        assert abs(spectrum.argmax() - 128 * mels[0] / mels[1]) < 6


def test_nothing_above_the_channel_is_heard(seven):
    whistle = tone(6000, len(seven) / RATE + 1)[: len(seven)] * np.hanning(len(seven))
    assert np.allclose(DigitFrontEnd()(seven + whistle), DigitFrontEnd()(seven), atol=0.5)


def test_loudness_moves_the_first_coefficient_alone(seven):
    soft, loud = DigitFrontEnd()(0.1 * seven), DigitFrontEnd()(seven)
    # 20 decibels in each of 128 bands.
    assert np.allclose(loud[:, 0] - soft[:, 0], 20 * np.sqrt(128), rtol=1e-4)
    assert np.allclose(loud[:, 1:], soft[:, 1:], atol=1e-2)


def test_silence_is_cut_off_at_eighty_decibels(seven):
    padded = np.concatenate([seven, np.zeros(RATE)])
    spectrum = DigitFrontEnd()(padded) @ cosines().T
    assert np.ptp(spectrum[-20]) < 1e-3  # all bands lie on the floor
    assert 70 < spectrum.max() - spectrum[-20].mean() < 80  # 13 cosines smooth the peak


def test_a_frame_is_centred_and_reaches_half_a_window_ahead():
    click = np.zeros(RATE)
    click[RATE // 2] = 1  # half a second, so frame 20
    spectrum = DigitFrontEnd()(click) @ cosines().T
    loud = np.flatnonzero(spectrum.mean(axis=1) > spectrum.mean(axis=1).max() - 40)
    assert 20 in loud and set(loud) <= {19, 20, 21}


def test_resampling_agrees_with_scipy_and_keeps_tones():
    sound = tone(1000) * np.hanning(len(tone(1000)))
    ours, theirs = resample(sound, RATE, 8000), resample_poly(sound, 160, 441)
    assert len(ours) == round(len(sound) * 8000 / RATE)
    assert np.allclose(ours, theirs[: len(ours)], atol=2e-3)
    assert resample(sound, RATE, RATE) is sound
    assert np.abs(resample(tone(6000), RATE, 8000)).max() < 0.02


def test_strings_are_recordings_of_one_group_one_after_the_other(recordings):
    features, digits = recordings
    groups = [np.arange(50), np.arange(100, 150)]
    strings = join(features, digits, groups, 30, seed=1)
    assert len(strings) == 30 and {len(one.digits) for one in strings} <= {3, 4, 5, 6, 7}
    for one in strings:
        for digit, end in zip(one.digits, one.ends):
            found = [
                group
                for group, rows in enumerate(groups)
                for i in rows
                if digits[i] == digit
                and np.array_equal(
                    one.features[max(end - len(features[i][:32]), 0) : end],
                    features[i][:32],
                )
            ]
            assert len(found) == 1
        assert 16 <= len(one.features) - one.ends[-1] <= 22  # a pause and the tail
        assert np.ptp(one.features[one.ends[-1] :], axis=0).max() == 0


def test_each_recording_is_used_once_if_no_count_is_given(recordings):
    features, digits = recordings
    strings = join(features, digits, [np.arange(100), np.arange(100, 170)], None, seed=0)
    used = np.concatenate([one.digits for one in strings])
    assert np.array_equal(np.bincount(used), np.bincount(digits[:170]))


def test_the_same_seed_gives_the_same_strings(recordings):
    first, second = (join(*recordings, [np.arange(90)], 5, seed=3) for _ in range(2))
    assert all(np.array_equal(a.features, b.features) for a, b in zip(first, second))


def test_the_running_mean_looks_back_alone():
    frames = np.random.default_rng(0).normal(size=(300, 4)) + 3
    means = running_mean(frames, np.zeros(4), weight=10)
    assert np.allclose(means[0], frames[0] / 11)
    assert np.allclose(means[-1], frames.sum(axis=0) / 310)
    assert np.allclose(running_mean(frames[:50], np.zeros(4), 10), means[:50])
