"""Cross-entropy, every character once; the scaled error, and error rates."""

import keras
import numpy as np
import pytest

from course.errors import CourseError
from course.metrics import (
    BITS_PER_NAT,
    cer,
    character_nats,
    cross_entropy,
    mase,
    wer,
    word_errors,
)


def test_cross_entropy_equals_keras():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(3, 5, 7)), rng.integers(0, 7, size=(3, 5))
    expected = keras.losses.sparse_categorical_crossentropy(
        targets, logits, from_logits=True
    )
    assert np.allclose(cross_entropy(logits, targets), expected, atol=1e-6)


def test_a_bit_is_ln_2_nats():
    assert np.isclose(np.log(2) * BITS_PER_NAT, 1)


@pytest.mark.parametrize("length", [2, 37, 120])
def test_every_character_but_the_first_is_judged_once_and_in_order(length):
    """A model that looks up the last character in a table needs no state to be checked."""
    numbers = np.random.default_rng(1).integers(0, 5, size=length)
    inputs = keras.Input(batch_shape=(4, None), dtype="int32")
    model = keras.Model(inputs, keras.layers.Embedding(5, 5)(inputs))
    table = np.random.default_rng(2).normal(size=(5, 5))
    model.set_weights([table])
    expected = cross_entropy(table[numbers[:-1]], numbers[1:])
    assert np.allclose(
        character_nats(model, numbers, batch=4, steps=6), expected, atol=1e-6
    )


def test_the_state_is_reset_before_and_carried_along():
    numbers = np.random.default_rng(1).integers(0, 5, size=90)

    def build(batch):
        keras.utils.set_random_seed(0)
        inputs = keras.Input(batch_shape=(batch, None), dtype="int32")
        x = keras.layers.Embedding(5, 3)(inputs)
        x = keras.layers.LSTM(4, return_sequences=True, stateful=True)(x)
        return keras.Model(inputs, keras.layers.Dense(5)(x))

    model = build(1)
    whole = cross_entropy(model.predict_on_batch(numbers[None, :-1])[0], numbers[1:])
    for _ in range(2):
        carried = character_nats(model, numbers, batch=1, steps=10)
        assert np.allclose(carried, whole, atol=1e-6)


def test_mase_by_hand():
    history = [1.0, 2.0, 4.0, 7.0]  # changes of 1, 2 and 3: a mean of 2
    assert mase([8.0, 9.0], [7.0, 11.0], history) == pytest.approx(0.75)
    # Two steps apart: changes of 3 and 5, a mean of 4.
    assert mase([8.0, 9.0], [7.0, 11.0], history, season=2) == pytest.approx(0.375)


def test_the_seasonal_naive_forecast_has_a_mase_of_one_on_its_own_history():
    history = np.random.default_rng(0).normal(size=500)
    assert mase(history[24:], history[:-24], history, season=24) == pytest.approx(1)


def test_mase_needs_a_history_that_changes():
    with pytest.raises(ValueError, match="no longer than a season, 24"):
        mase([1.0], [1.0], np.ones(24), season=24)
    with pytest.raises(ValueError, match="repeats itself"):
        mase([1.0], [1.0], np.tile(np.arange(24), 3), season=24)


SAID = ["one hundred and two", "sixty one", "nine", "thirteen thousand"]
READ = ["one hundred two", "sixteen one", "nine nine", "thirteen thousand"]


def test_word_error_rate_by_hand():
    # "and" is missing, "sixty" is another word, "nine" is there twice: 3 errors in 9 words.
    assert wer(READ, SAID).value == pytest.approx(100 * 3 / 9)
    assert wer(SAID, SAID).value == 0
    assert wer(["a b c"], ["x"]).value == pytest.approx(300)
    assert wer([""] * 4, SAID).value == pytest.approx(100)


def test_character_error_rate_by_hand():
    # "and " has 4 characters; "sixteen" from "sixty" takes 3; " nine" has 5.
    characters = sum(map(len, SAID))
    assert cer(READ, SAID).value == pytest.approx(100 * (4 + 3 + 5) / characters)


def levenshtein(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def test_error_rates_equal_the_edit_distance():
    rng = np.random.default_rng(0)
    said, read = (
        [
            " ".join(rng.choice(["a", "bc", "bd"], size=rng.integers(1, 8)))
            for _ in range(60)
        ]
        for _ in range(2)
    )
    words = sum(levenshtein(one.split(), other.split()) for one, other in zip(said, read))
    assert wer(read, said).value == pytest.approx(
        100 * words / sum(len(t.split()) for t in said)
    )
    letters = sum(map(levenshtein, said, read))
    assert cer(read, said).value == pytest.approx(100 * letters / sum(map(len, said)))


def test_the_interval_of_an_error_rate_holds_it_and_narrows_with_more_texts():
    rng = np.random.default_rng(1)

    def rate(count):
        wrong = rng.random(count) < 0.2
        return wer(["x b c d" if bad else "a b c d" for bad in wrong], ["a b c d"] * count)

    few, many = rate(50), rate(2_000)
    for one in (few, many):
        assert one.low < one.value < one.high
    assert many.high - many.low < 0.3 * (few.high - few.low)
    # Each text has an error of a quarter with p = 0.2: a standard error of
    # 25 sqrt(0.16 / n).
    spread = 2 * 1.96 * 25 * np.sqrt(0.16 / 2_000)
    assert many.high - many.low == pytest.approx(spread, rel=0.15)
    assert str(many) == f"{many.value:.1f} [{many.low:.1f}, {many.high:.1f}]"
    assert many.signature.startswith("words|") and "bs:1000" in many.signature
    alone = wer(["a"], ["b"])
    assert alone.low == alone.value == alone.high == 100


def test_word_errors():
    found = word_errors(READ + ["sixteen"], SAID + ["sixty"])
    assert found.substitutions == {("sixty", "sixteen"): 2}
    assert found.deletions == {"and": 1} and found.insertions == {"nine": 1}
    assert sum(map(sum, map(dict.values, word_errors(SAID, SAID)))) == 0


def test_word_errors_add_up_to_the_word_error_rate():
    rng = np.random.default_rng(2)
    said, read = (
        [" ".join(rng.choice(list("abc"), size=rng.integers(1, 9))) for _ in range(40)]
        for _ in range(2)
    )
    errors = sum(counts.total() for counts in word_errors(read, said))
    words = sum(len(text.split()) for text in said)
    assert wer(read, said).value == pytest.approx(100 * errors / words)


@pytest.mark.parametrize("score", [wer, cer, word_errors])
def test_references_that_will_not_do(score):
    with pytest.raises(
        CourseError, match=r"^Reference 2 of 3 has no words.*: leave it out"
    ):
        score(["a", "b", "c"], ["a", "  ", "c"])
    with pytest.raises(CourseError, match="There are no references"):
        score([], [])
    with pytest.raises(ValueError, match="1 transcripts, and references for 2"):
        score(["a"], ["a", "b"])
