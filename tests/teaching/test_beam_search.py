"""Beam search and greedy search, against trying every sequence."""

from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from course.decoding import beam_alternatives, beam_search, greedy_search, softmax

START, END, PIECES, UNITS = 0, 1, 4, 6


def network(seed):
    """Return a small random recurrent network, with large weights, as a step."""
    rng = np.random.default_rng(seed)
    U, E, V = (
        rng.normal(size=size) for size in [(UNITS, UNITS), (PIECES, UNITS), (UNITS, PIECES)]
    )

    def step(pieces, states):
        h = np.tanh(np.asarray(states[0]) @ U + E[pieces])
        with np.errstate(divide="ignore"):
            log_p = np.log(softmax(2 * h @ V) * (np.arange(PIECES) != START))
        return log_p, [h]

    return step, rng.normal(size=(5, UNITS))


def log_probability(step, state, pieces):
    total, states = 0.0, [state[None]]
    for before, piece in zip([START, *pieces], pieces):
        log_p, states = step(np.array([before]), states)
        total += log_p[0, piece]
    return total


def exhaustive(step, state, max_length, alpha):
    """Return all sequences that end within so many pieces, with scores, the best first."""
    others = [piece for piece in range(PIECES) if piece not in (START, END)]
    every = [
        (*body, END)
        for length in range(max_length)
        for body in product(others, repeat=length)
    ]
    scores = [log_probability(step, state, one) / len(one) ** alpha for one in every]
    ranked = sorted(zip(every, scores), key=lambda one: -one[1])
    return [(list(one[:-1]), score) for one, score in ranked]


@pytest.mark.parametrize("alpha", [0, 0.6, 1])
@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_what_exhaustive_search_finds(seed, alpha):
    step, states = network(seed)
    # With two pieces to go on with, 16 beginnings are all that there are after four steps.
    found, scores = beam_search(
        step, [states], START, END, width=16, max_length=5, alpha=alpha
    )
    for state, sequence, score in zip(states, found, scores):
        expected, best = exhaustive(step, state, 5, alpha)[0]
        assert sequence == expected
        assert np.isclose(score, best)


@pytest.mark.parametrize("alpha", [0, 1])
def test_alternatives_are_the_best_of_all_in_their_order(alpha):
    step, states = network(2)
    found = beam_alternatives(
        step, [states], START, END, 16, max_length=5, alpha=alpha, count=6
    )
    for state, alternatives in zip(states, found):
        expected = exhaustive(step, state, 5, alpha)[:6]
        assert [pieces for pieces, _ in alternatives] == [pieces for pieces, _ in expected]
        assert np.allclose([one[1] for one in alternatives], [one[1] for one in expected])
        assert len({tuple(pieces) for pieces, _ in alternatives}) == 6


@pytest.mark.parametrize("width", [1, 2, 3])
def test_scores_are_those_of_the_sequences_and_a_wider_beam_is_no_worse_on_average(width):
    step, states = network(7)
    found, scores = beam_search(step, [states], START, END, width, max_length=8)
    for state, sequence, score in zip(states, found, scores):
        one = [*sequence, END]
        assert np.isclose(score, log_probability(step, state, one) / len(one))
    wider = beam_search(step, [states], START, END, width + 5, max_length=8)[1]
    assert wider.mean() >= scores.mean() - 1e-12


def test_sequences_of_a_batch_do_not_disturb_each_other():
    step, states = network(3)
    together, scores = beam_search(step, [states], START, END, 3, max_length=9)
    for i in range(len(states)):
        alone, score = beam_search(step, [states[i : i + 1]], START, END, 3, max_length=9)
        assert alone[0] == together[i] and np.isclose(score[0], scores[i])


def test_tensors_as_states_give_the_same():
    step, states = network(4)
    assert (
        beam_search(step, [states], START, END)[0]
        == (beam_search(step, [tf.constant(states)], START, END)[0])
    )


def table(rows):
    """Return a step that looks the probabilities up by what was written so far."""

    def step(pieces, states):
        texts = [text + "^$ab"[piece] for text, piece in zip(states[0], pieces)]
        p = np.array([rows.get(text, [0, 1, 0, 0]) for text in texts])
        with np.errstate(divide="ignore"):
            return np.log(p), [np.array(texts, dtype=object)]

    return step


GARDEN_PATH = table(
    {"^": [0, 0, 0.6, 0.4], "^a": [0, 0.4, 0.3, 0.3], "^b": [0, 0.9, 0.1, 0]}
)
NOTHING_WRITTEN = [np.array([""], dtype=object)]


def test_greedy_takes_the_garden_path_and_a_beam_of_two_does_not():
    assert greedy_search(GARDEN_PATH, NOTHING_WRITTEN, START, END) == [[2]]  # 0.6 * 0.4
    found, scores = beam_search(GARDEN_PATH, NOTHING_WRITTEN, START, END, width=2, alpha=0)
    assert found == [[3]] and np.isclose(scores[0], np.log(0.4 * 0.9))


def test_length_normalisation_prefers_longer_sequences():
    # "$" at once has 0.3; "aaa$" has 0.7 * 0.7 * 0.7 * 0.7, a mean factor of 0.7.
    p = dict.fromkeys(["^", "^a", "^aa"], [0, 0.3, 0.7, 0]) | {"^aaa": [0, 0.7, 0.3, 0]}
    assert beam_search(table(p), NOTHING_WRITTEN, START, END, alpha=0)[0] == [[]]
    assert beam_search(table(p), NOTHING_WRITTEN, START, END, alpha=1)[0] == [[2, 2, 2]]


def test_what_never_ends_is_cut_off():
    endless = table({"^" + "a" * n: [0, 0, 0.9, 0.1] for n in range(9)})
    assert greedy_search(endless, NOTHING_WRITTEN, START, END, max_length=3) == [[2, 2, 2]]
    found, scores = beam_search(endless, NOTHING_WRITTEN, START, END, 1, max_length=3)
    assert found == [[2, 2, 2]] and scores[0] == -np.inf


def test_greedy_goes_on_until_every_sequence_has_ended():
    step, states = network(5)
    together = greedy_search(step, [states], START, END, max_length=12)
    alone = [
        greedy_search(step, [states[[i]]], START, END, max_length=12)[0] for i in range(5)
    ]
    assert together == alone and len(set(map(len, together))) > 1
