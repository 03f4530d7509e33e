"""CTC's prefix beam search, against adding up every path of every text."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.decoding import PrefixBeam, collapse, ctc_beam, ctc_greedy, prefix_beam_search
from course.ngrams import TextModel
from course.scratch.ctc import log_softmax

ALL = 1_000  # more than there are prefixes in the cases that are searched in full


def utterance(seed, steps, classes):
    return log_softmax(2 * np.random.default_rng(seed).normal(size=(steps, classes)))


def random_language_model(seed, classes):
    """Return a function that gives every prefix a distribution of its own."""

    def log_p(prefix):
        rng = np.random.default_rng([seed, len(prefix), *prefix])
        return log_softmax(2 * rng.normal(size=classes))

    return log_p


def by_enumeration(log_probs, language_model=None, alpha=0.0, beta=0.0):
    """Return log p and the score of every text, from all paths."""
    steps, classes = log_probs.shape
    totals = {}
    for path in itertools.product(range(classes), repeat=steps):
        text = tuple(collapse(path))
        totals.setdefault(text, []).append(log_probs[range(steps), path].sum())
    found = {}
    for text, values in totals.items():
        log_p = np.logaddexp.reduce(values)
        score = log_p + beta * len(text)
        if language_model:
            symbols = (*text, 0)
            terms = (language_model(text[:i])[symbol] for i, symbol in enumerate(symbols))
            score += alpha * sum(terms)
        found[text] = log_p, score
    return found


@settings(deadline=None, max_examples=40)
@given(
    steps=st.integers(1, 6),
    classes=st.integers(2, 3),
    seed=st.integers(0, 2**32 - 1),
    alpha=st.sampled_from([None, 0.0, 0.7, 2.0]),
    beta=st.sampled_from([0.0, 1.5, -1.0]),
)
def test_a_wide_beam_finds_every_text_with_its_probability(
    steps, classes, seed, alpha, beta
):
    log_probs = utterance(seed, steps, classes)
    options = {"beta": beta}
    if alpha is not None:
        options |= {"alpha": alpha, "language_model": random_language_model(seed, classes)}
    expected = by_enumeration(log_probs, **options)
    found = prefix_beam_search(log_probs, width=ALL, least=0, **options)
    assert {tuple(one.symbols) for one in found} == set(expected)
    for one in found:
        log_p, score = expected[tuple(one.symbols)]
        assert one.log_p == pytest.approx(log_p) and one.score == pytest.approx(score)
    assert found[0].score == pytest.approx(max(score for _, score in expected.values()))
    assert [one.score for one in found] == sorted(
        (one.score for one in found), reverse=True
    )


def test_all_texts_together_have_probability_one():
    found = prefix_beam_search(utterance(0, 5, 3), width=ALL, least=0)
    assert sum(math.exp(one.log_p) for one in found) == pytest.approx(1)


def test_it_finds_what_greedy_misses():
    # The best path is blank, blank: 0.36. The three paths that spell 1 have 0.64 together.
    log_probs = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert ctc_greedy(log_probs[None], [2]) == [[]]
    best, second = prefix_beam_search(log_probs, width=2)
    assert best.symbols == [1] and best.log_p == pytest.approx(math.log(0.64))
    assert second.symbols == [] and second.log_p == pytest.approx(math.log(0.36))


@pytest.mark.parametrize("width", [1, 2, 4, 16])
def test_a_narrow_beam_never_claims_more_than_there_is(width):
    for seed in range(20):
        log_probs = utterance(seed, 6, 3)
        expected = by_enumeration(log_probs)
        for one in prefix_beam_search(log_probs, width=width, least=0):
            assert one.log_p <= expected[tuple(one.symbols)][0] + 1e-9


def test_a_symbol_comes_twice_only_after_a_blank():
    # Symbol 1 throughout, then with a blank that is certain in between.
    assert prefix_beam_search(np.log([[0.01, 0.99]] * 3))[0].symbols == [1]
    with_blank = np.log([[0.01, 0.99], [0.99, 0.01], [0.01, 0.99]])
    assert prefix_beam_search(with_blank)[0].symbols == [1, 1]


def test_the_language_model_decides_where_the_sound_does_not():
    log_probs = np.log([[0.02, 0.49, 0.49], [0.96, 0.02, 0.02], [0.02, 0.5, 0.48]])
    model = TextModel([[2, 2]] * 9 + [[1, 1]] * 2, classes=3, order=3)
    assert prefix_beam_search(log_probs)[0].symbols[-1] == 1
    assert prefix_beam_search(log_probs, language_model=model.log_p)[0].symbols == [2, 2]


def test_the_end_counts_for_what_has_ended_alone():
    # No text ends after 1.
    ends_badly = np.log([[1e-9, 0.5, 0.5 - 1e-9], [0.5, 0.25, 0.25]])

    def log_p(prefix):
        return ends_badly[0] if prefix[-1:] == (1,) else ends_badly[1]

    beam = PrefixBeam(language_model=log_p)
    beam.read(np.log([[0.01, 0.9, 0.09]]))
    assert beam.best(ended=False)[0].symbols == [1]
    assert beam.best()[0].symbols == [2]


def test_the_bonus_makes_texts_longer():
    log_probs = utterance(3, 12, 4)
    lengths = [
        len(prefix_beam_search(log_probs, beta=beta)[0].symbols) for beta in (-3, 0, 3)
    ]
    assert lengths[0] < lengths[1] < lengths[2]


def test_frames_can_come_in_parts():
    log_probs = utterance(1, 30, 6)
    beam = PrefixBeam(width=8)
    for part in np.split(log_probs, [0, 1, 17]):
        beam.read(part)
    assert beam.best() == prefix_beam_search(log_probs, width=8)


def test_many_utterances_with_true_lengths():
    log_probs = np.stack([utterance(seed, 20, 5) for seed in range(4)])
    steps = [20, 7, 1, 0]
    alone = [prefix_beam_search(one[:k])[0].symbols for one, k in zip(log_probs, steps)]
    assert ctc_beam(log_probs, steps) == alone and alone[3] == []
    with pytest.raises(ValueError, match="zip"):
        ctc_beam(log_probs, steps[:3])


def test_skipping_what_is_improbable_changes_nothing_where_frames_are_clear():
    rng = np.random.default_rng(0)
    for _ in range(20):
        logits = rng.normal(size=(40, 30))
        logits[np.arange(40), rng.integers(0, 30, 40)] += 12
        log_probs = log_softmax(logits)
        fast, full = (
            prefix_beam_search(log_probs, width=8, least=least)[0] for least in (1e-3, 0)
        )
        assert fast.symbols == full.symbols
        assert fast.log_p == pytest.approx(full.log_p, abs=0.05)


def test_logits_are_refused():
    with pytest.raises(ValueError, match="log_softmax"):
        prefix_beam_search(np.zeros((4, 3)))
