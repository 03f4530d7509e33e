"""The commands of `python3 -m course`: each calls what does the work.

Reading the command line takes the standard library alone, so that `--help` answers before
anything is set up; what a command needs is imported inside it.
"""

import os
import sys

from course import ROOT, environment
from course.app import arguments as typed
from course.errors import CourseError
from course.lessons import notebooks


def parse(arguments):
    """Return what the command line asks for; exit with a usage message if that is unclear.

    Args:
        arguments: such as ["run", "08", "-p", "text_file=my.txt"].
    """
    if arguments[:1] == ["test"]:
        # What pytest is given is pytest's: argparse would change its order.
        ours, others = typed.of_the_test_command(arguments[1:])
        command = typed.parser().parse_args(["test", *ours])
        command.pytest = others
        return command
    command = typed.parser().parse_args(arguments)
    if command.command is None:
        typed.parser().print_help()
        sys.exit(0)
    return command


def execute(command):
    """Run a command that `parse` returned; return its exit status."""
    # Every process started from here, kernels included, finds the course wherever it
    # starts.
    os.environ.update(environment())
    return COMMANDS[command.command](command) or 0


def _run(command):
    from course.app import runner

    settings = parameters(command.parameters)
    for option in ("brief", "profile"):
        if getattr(command, option) and (command.save or command.save_results):
            raise CourseError(f"What is stored is a lesson as it is: leave out --{option}.")
    if command.brief:
        settings["brief"] = "True"
    return runner.run(
        command.lessons,
        settings,
        command.save,
        runs=command.seeds,
        save_results=command.save_results,
        jobs=command.jobs,
        threads=command.threads,
        profile=command.profile,
    )


def parameters(settings):
    """Return {name: text} from settings such as ["epochs=2", "text_file=my.txt"].

    Args:
        settings: each NAME=VALUE. A value whose name ends in _file becomes an absolute
            path, because lessons run elsewhere.
    Raises:
        CourseError: a setting has not that form.
    """
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.isidentifier():
            raise CourseError(
                f"'{setting}' is not a parameter: write -p name=value, such as "
                f"text_file=my.txt."
            )
        is_file = name.endswith("_file")
        values[name] = os.path.abspath(os.path.expanduser(text)) if is_file else text
    return values


def _test(command):
    from course.app import testing

    testing.run(command.pytest, command.quick, command.jobs, command.threads)


def _check(command):
    from course.app import testing

    testing.check(command.lesson)


def _site(_):
    from course import site

    print(f"To read: {site.build()}")


def _lab(_):
    from course.app import bootstrap

    notebooks.paths()  # without any there is nothing to open
    os.chdir(ROOT)
    bootstrap.execute([sys.executable, "-m", "jupyterlab", str(ROOT / "notebooks")])


def _list(_):
    from course import results
    from course.exercises import progress

    timed = results.load()["lessons"]
    table = _table("Lesson", "Title", "Minutes", "Exercises")
    for path in notebooks.paths():
        number = path.name[:2]
        right, total = progress.done(number)
        seconds = timed.get(number, {}).get("seconds")
        done = (
            "done" if total and right == total else f"{right} of {total}" if total else ""
        )
        title = notebooks.title(notebooks.read(path))
        table.add_row(number, title, f"{seconds / 60:.1f}" if seconds else "", done)
    _print(table)


def _progress(_):
    from course.exercises import lessons, progress, questions

    answered = progress.load()
    table = _table("Lesson", "Answered", "Exercises")
    for lesson in lessons():
        right, total = progress.done(lesson)
        marks = []
        for question in questions(lesson):
            entry = answered.get(question.name)
            mark = "right" if entry and entry["right"] else "tried" if entry else "open"
            marks.append(f"{question.name.partition('.')[2]} {mark}")
        table.add_row(lesson, f"{right} of {total}", ", ".join(marks))
    _print(table)
    print(f"Your progress is kept in {progress.path()}.")


def _data(command):
    from course.data import CATALOGUE, wheels

    sources = {source.name: source for source in CATALOGUE}
    if command.name and command.name not in sources:
        raise CourseError(
            f"There is no data named '{command.name}': the names are {', '.join(sources)}."
        )
    chosen = [sources[command.name]] if command.name else list(sources.values())
    if command.action == "where":
        print(wheels.cache_folder())
    elif command.action == "fetch":
        for source in chosen:
            print(f"Fetching {source.name} ({source.size_mb:g} MB) …", flush=True)
            source.fetch()
        print(f"All of it is in {wheels.cache_folder()}.")
    elif command.action == "verify":
        fetched = [source for source in chosen if source.is_cached()]
        absent = [source.name for source in chosen if source not in fetched]
        if absent:
            names = ", ".join(absent)
            print(
                f"Not here, or not whole: {names}; 'python3 -m course data fetch' gets "
                f"them."
            )
        return int(len([source for source in fetched if _is_damaged(source)]) > 0)
    elif command.action == "licences":
        table = _table("Name", "Licence", "Comes in")
        for source in chosen:
            table.add_row(source.name, source.licence, f"{source.wheel} {source.version}")
        _print(table)
    else:
        table = _table("Name", "What it is", "MB", "Here")
        for source in chosen:
            here = "yes" if source.is_cached() else "no"
            table.add_row(source.name, source.description, f"{source.size_mb:g}", here)
        _print(table)
    return 0


def _is_damaged(source):
    """Say whether fetched files have changed, and print what to do about it."""
    damaged = source.verify()
    state = f"{len(damaged)} damaged files" if damaged else "as published"
    print(f"{source.name}: {state}")
    if damaged:
        again = "then run 'python3 -m course data fetch'"
        print(f"  Delete them, such as {damaged[0]}, {again}.")
    return bool(damaged)


def _bench(command):
    from course.bench import contenders, timing

    # The layers are for CPUs: where there is a GPU, no contender gets it.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    cases = contenders.grid(command.cells, command.batch, command.time, command.units)
    return timing.run(cases, command.rounds, command.save)


def _badges(command):
    from course.app import badges

    return badges.stamp(command.repository, command.check)


def _doctor(_):
    from course.app import doctor

    return doctor.examine()


def _table(*columns):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for column in columns:
        number = column in ("Minutes", "MB")
        table.add_column(column, justify="right" if number else "left")
    return table


def _print(table):
    from rich.console import Console

    Console().print(table)


COMMANDS = {
    "run": _run,
    "test": _test,
    "check": _check,
    "site": _site,
    "lab": _lab,
    "list": _list,
    "doctor": _doctor,
    "data": _data,
    "progress": _progress,
    "bench": _bench,
    "badges": _badges,
}
