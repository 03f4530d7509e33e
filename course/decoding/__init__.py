"""From probabilities to text: sampling, greedy and beam search, and reading CTC."""

from course.decoding.ctc import (
    Hypothesis,
    PrefixBeam,
    collapse,
    ctc_beam,
    ctc_greedy,
    prefix_beam_search,
)
from course.decoding.sampling import nucleus, sample, softmax, top_k
from course.decoding.search import beam_alternatives, beam_search, greedy_search

__all__ = [
    "Hypothesis",
    "PrefixBeam",
    "beam_alternatives",
    "beam_search",
    "collapse",
    "ctc_beam",
    "ctc_greedy",
    "greedy_search",
    "nucleus",
    "prefix_beam_search",
    "sample",
    "softmax",
    "top_k",
]
