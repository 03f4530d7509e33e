"""How much of a result is chance: a lesson run again with other random numbers.

A lesson gives its seeds by hand, so that it says the same every time. `python3 -m course
run --seeds 3` runs it twice more. Each time the runner puts a call of `vary` before the
first cell; the lesson itself does not change.
"""

import ast
import functools

STEP = 1000  # more than any seed in a lesson, so that no two runs share one


def vary(seed):
    """Let the rest of a notebook draw other random numbers, and go on where a claim fails.

    Each seed that goes to NumPy's `default_rng` or Keras' `set_random_seed` is raised by
    1000 * seed: initial weights, batches, synthetic data and what a lesson itself draws
    from real data change, the parts that `course.data` splits real data into do not. An
    `assert` is checked and reported, and ends nothing.

    Args:
        seed: which run this is, from 1; a lesson's own seeds are those of run 0.
    """
    import keras
    import numpy as np
    from IPython import get_ipython

    np.random.default_rng = raised(np.random.default_rng, seed)
    keras.utils.set_random_seed = raised(keras.utils.set_random_seed, seed)
    shell = get_ipython()
    shell.user_ns["_claim_fails"] = claim_fails
    shell.ast_transformers.append(Claims())


def raised(function, run):
    """Return a function, such as `default_rng`, that takes a higher seed instead."""

    @functools.wraps(function)
    def higher(seed=None, *arguments, **named):
        # None asks for chance itself, and a generator has a seed already.
        return function(
            seed + STEP * run if isinstance(seed, int) else seed, *arguments, **named
        )

    return higher


class Claims(ast.NodeTransformer):
    """Turns `assert claim, …` into `if not claim: _claim_fails("claim")`."""

    def visit_Assert(self, node):
        report = ast.parse(f"_claim_fails({ast.unparse(node.test)!r})").body
        branch = ast.If(ast.UnaryOp(ast.Not(), node.test), report, [])
        return ast.fix_missing_locations(ast.copy_location(branch, node))


def claim_fails(claim):
    """Show that a claim does not hold in this run; `failed_claims` finds it there."""
    from IPython.display import display

    text = f"With these seeds it does not hold that {claim}"
    display({"text/plain": text}, raw=True, metadata={"course_claim": claim})


def failed_claims(notebook):
    """Return the claims, as source code, that failed in an executed notebook, each once."""
    found = [
        output.get("metadata", {}).get("course_claim")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    return list(dict.fromkeys(filter(None, found)))
