"""From sound to features, as in lesson 11, in NumPy."""

import numpy as np


def hann(length):
    """Return a Hann window, shape (length,): 0 at its start and 1 in its middle."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def frames(audio, window, hop):
    """Cut audio into frames that overlap.

    Args:
        audio: shape (samples,).
        window: length of a frame in samples.
        hop: samples from the start of one frame to the start of the next.
    Returns:
        shape (1 + (samples - window) // hop, window); audio shorter than a window is filled
        up with zeros to one frame.
    """
    audio = np.pad(audio, (0, max(0, window - len(audio))))
    return np.lib.stride_tricks.sliding_window_view(audio, window)[::hop]


def spectrogram(audio, window, hop, fft_length):
    """Return the power of each frequency in each frame.

    Args:
        audio: shape (samples,).
        window, hop: as for `frames`.
        fft_length: length of the Fourier transform, at least `window`; frames are filled up
            with zeros to it.
    Returns:
        shape (frames, fft_length // 2 + 1). Column k belongs to k * rate / fft_length
        hertz.
    """
    return np.abs(np.fft.rfft(frames(audio, window, hop) * hann(window), fft_length)) ** 2


def mel(hertz):
    """Turn frequencies into mels, of which equal steps sound equally far apart.

    Source: the formula of O'Shaughnessy (1987), with the natural logarithm, as in HTK.
    """
    return 1127 * np.log1p(np.asarray(hertz) / 700)


def mel_filters(count, fft_length, rate, low=80, high=7600):
    """Return overlapping triangles at equal distances on the mel scale.

    Args:
        count: number of filters.
        fft_length: as for `spectrogram`.
        rate: samples per second.
        low, high: where the first triangle begins and the last one ends, in hertz.
    Returns:
        shape (fft_length // 2 + 1, count); each column is a triangle that is 1 at its peak.
    """
    edges = np.linspace(mel(low), mel(high), count + 2)
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    position = mel(np.arange(fft_length // 2 + 1) * rate / fft_length)[:, None]
    rising, falling = (position - left) / (peak - left), (right - position) / (right - peak)
    return np.maximum(0, np.minimum(rising, falling))


def log_mel(power, filters):
    """Return the logarithm of the power that each filter lets through.

    Args:
        power: shape (frames, bins), as `spectrogram` returns it.
        filters: shape (bins, count), as `mel_filters` returns them.
    Returns:
        shape (frames, count).
    """
    return np.log(power @ filters + 1e-6)  # silence has no logarithm


def mfcc(log_mels, count):
    """Return the first mel-frequency cepstral coefficients: a frame's cosine transform.

    Args:
        log_mels: shape (frames, mels).
        count: how many coefficients to keep.
    Returns:
        shape (frames, count).
    Source: Davis and Mermelstein (1980); the factor is the one of HTK and TensorFlow.
    """
    mels = log_mels.shape[1]
    waves = np.cos(np.pi / mels * np.outer(np.arange(mels) + 0.5, np.arange(count)))
    return np.sqrt(2 / mels) * log_mels @ waves


def griffin_lim(power, window, hop, rounds=30):
    """Make audio whose spectrogram is close to a given one, which does not have the phases.

    They are random at first, and the same at every call.

    Args:
        power: shape (frames, bins).
        window, hop: as for `frames`; the Fourier transform has a length of 2 * (bins - 1).
        rounds: how often the phases are improved.
    Returns:
        audio, shape (samples,), with a largest value of 0.5.
    Source: Griffin and Lim (1984), "Signal estimation from modified short-time Fourier
        transform".
    """
    magnitudes, fft_length = np.sqrt(power), 2 * (power.shape[1] - 1)
    shape = hann(window)
    positions = hop * np.arange(len(power))[:, None] + np.arange(window)
    weights = np.bincount(positions.ravel(), np.tile(shape**2, len(power))) + 1e-3
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, power.shape)
    spectrum = magnitudes * np.exp(1j * phases)
    for _ in range(rounds):
        pieces = np.fft.irfft(spectrum)[:, :window] * shape
        audio = np.bincount(positions.ravel(), pieces.ravel()) / weights
        spectrum = np.fft.rfft(frames(audio, window, hop) * shape, fft_length)
        spectrum *= magnitudes / np.maximum(np.abs(spectrum), 1e-9)
    return 0.5 * audio / max(np.abs(audio).max(), 1e-9)
