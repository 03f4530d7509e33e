"""Exercises with hints, solutions and checks: one module a lesson.

In a notebook:

    from course.exercises import lesson_02 as exercises
    exercises.q1.check(my_answer)
"""

import importlib
import pkgutil


def lessons():
    """Return the lessons that have exercises, such as ["00", "01"]."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(
        name.removeprefix("lesson_") for name in names if name.startswith("lesson_")
    )


def questions(lesson):
    """Return the questions of a lesson such as "02", in order; empty if it has none."""
    if lesson not in lessons():
        return []
    module = importlib.import_module(f"course.exercises.lesson_{lesson}")
    return [getattr(module, name) for name in sorted(vars(module)) if _is_question(name)]


def _is_question(name):
    return name.startswith("q") and name[1:].isdigit()
