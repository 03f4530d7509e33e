"""Figures of words."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest

from course import plots


@pytest.fixture
def boxes():
    """Return a function that draws words and gives the boxes, in their order."""

    def draw(words, values, **options):
        fig = plots.colored_words(words, values, "A title", **options)
        plt.close(fig)
        return fig.axes[0], list(fig.axes[0].patches)

    return draw


def test_every_word_has_a_box_in_its_colour(boxes):
    ax, (low, middle, high) = boxes(["bad", "a", "good"], [-1, 0, 1])
    assert [text.get_text() for text in ax.texts] == ["bad", "a", "good"]
    assert ax.get_title() == "A title" or ax.get_title(loc="left") == "A title"
    assert middle.get_facecolor()[:3] == pytest.approx((1, 1, 1), abs=0.02)
    assert low.get_facecolor()[2] > low.get_facecolor()[0]  # blue
    assert high.get_facecolor()[0] > high.get_facecolor()[2]  # orange


def test_boxes_do_not_overlap_and_long_texts_are_wrapped(boxes):
    words = ["word" * (1 + k % 3) for k in range(30)]
    _, found = boxes(words, [0] * 30, width=40)
    spans = [(box.get_y(), box.get_x(), box.get_x() + box.get_width()) for box in found]
    for (y, _, end), (next_y, start, _) in pairwise(spans):
        assert next_y > y or start >= end
    assert max(end for *_, end in spans) <= 41 and len({y for y, *_ in spans}) > 4


def test_a_value_for_every_word(boxes):
    with pytest.raises(ValueError, match="zip"):
        boxes(["a", "b"], [0])
