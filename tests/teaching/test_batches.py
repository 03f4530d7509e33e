"""Windows continue where the last one ended, and no pipeline gives more than asked for."""

import numpy as np
import pytest

from course.data.batches import repeat, streams


def test_windows_continue_row_by_row_and_targets_are_one_step_ahead():
    inputs, targets = streams(np.arange(1001), batch=4, steps=25)
    assert inputs.shape == targets.shape == (10, 4, 25)
    assert np.array_equal(targets, inputs + 1)
    assert np.array_equal(inputs[1:, :, 0], targets[:-1, :, -1])
    assert inputs[0, :, 0].tolist() == [0, 250, 500, 750]


def test_what_fills_no_window_is_left_out():
    inputs, _ = streams(np.arange(1000), batch=4, steps=25)
    assert inputs.shape == (9, 4, 25)


def test_a_sequence_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="do not fill one window"):
        streams(np.arange(100), batch=4, steps=25)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_repeat_gives_exactly_count_batches_in_order(count):
    inputs, targets = streams(np.arange(31), batch=2, steps=5)
    got = [int(x[0, 0]) for x, _ in repeat(inputs, targets, count)]
    assert got == [[0, 5, 10][i % 3] for i in range(count)]
