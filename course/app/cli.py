"""The commands of `python3 -m course`.

Reading the command line takes the standard library alone, so that `--help` answers before
anything is set up; what a command needs is imported inside it.
"""

import argparse
import os
import sys

from course import ROOT, __version__, environment
from course.errors import CourseError
from course.lessons import notebooks

QUICK_SECONDS = 60
# pytest's options whose value is the next argument, which is then no path.
VALUED = {
    "-k",
    "-m",
    "-p",
    "-o",
    "-c",
    "-n",
    "-r",
    "-W",
    "--deselect",
    "--ignore",
    "--basetemp",
}
VALUED |= {"--rootdir", "--confcutdir", "--junitxml", "--log-file"}


def parse(arguments):
    """Return what the command line asks for; exit with a usage message if it is not understood.

    Args:
        arguments: such as ["run", "08", "-p", "text_file=my.txt"].
    """
    if arguments[:1] == ["test"]:
        # What pytest is given is pytest's: argparse would change its order.
        ours = [
            argument
            for argument in arguments[1:]
            if argument in ("--quick", "-h", "--help")
        ]
        command = _parser().parse_args(["test"] + ours)
        command.pytest = [argument for argument in arguments[1:] if argument not in ours]
        return command
    command = _parser().parse_args(arguments)
    if command.function is None:
        _parser().print_help()
        sys.exit(0)
    return command


def execute(command):
    """Run a command that `parse` returned; return its exit status."""
    # Every process started from here, kernels included, finds the course wherever it
    # starts.
    os.environ.update(environment())
    return command.function(command) or 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python3 -m course",
        description="A course on recurrent neural networks, in notebooks. The first command sets "
        "up what the course needs; 'run' runs the lessons, 'lab' opens them.",
        epilog="'python3 -m course COMMAND --help' says more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"rnn-course {__version__}")
    parser.set_defaults(function=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name, function, summary, description=""):
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}. {description}",
        )
        command.set_defaults(function=function)
        return command

    run = add(
        "run",
        _run,
        "run lessons from top to bottom",
        "Each runs in a fresh kernel. The executed copies, readable as HTML, go to build/; the "
        "notebooks stay as they are. The exit status is 1 if a lesson fails.",
    )
    run.add_argument(
        "lessons",
        nargs="*",
        metavar="LESSON",
        help="a number such as 08; all lessons by default",
    )
    run.add_argument(
        "-p",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="set a lesson's parameter, such as text_file=my.txt; may be given several times",
    )
    run.add_argument(
        "--save", action="store_true", help="write the outputs back into notebooks/ as well"
    )
    run.add_argument(
        "--seeds",
        type=_positive,
        default=1,
        metavar="N",
        help="run each lesson N times, all but the first with other random numbers",
    )
    run.add_argument(
        "--save-results",
        action="store_true",
        help="write the results into course/results.json and the README, and leave notebooks/",
    )

    test = add(
        "test",
        _test,
        "run every test, and every notebook against its stored outputs",
        "All other arguments go to pytest: '-x' stops at the first failure, '-k WORDS' chooses "
        "tests by name, and paths run nothing else.",
    )
    test.usage = "python3 -m course test [-h] [--quick] [PYTEST ARGUMENT ...]"
    test.add_argument(
        "--quick",
        action="store_true",
        help="leave out what needs more than a minute, and say what that is",
    )

    check = add(
        "check",
        _check,
        "check one lesson: the course's rules, its exercises, its stored outputs",
        "For those who write lessons: CONTRIBUTING.md says more.",
    )
    check.add_argument("lesson", metavar="LESSON", help="a number such as 08")

    add(
        "site",
        _site,
        "build the course as a website in build/site/",
        "It shows the notebooks with the outputs that are stored in them, has a cheat sheet to print "
        "on two pages, needs no network, and can be opened from the disk or put on any web server.",
    )

    add("lab", _lab, "open the lessons in JupyterLab", "Ctrl-C in the terminal ends it.")
    add("list", _list, "list the lessons, their minutes, and which you have done")
    add(
        "doctor",
        _doctor,
        "check this machine",
        "Each line says ok or, after !!, what to do. The exit status is 1 if something keeps the "
        "course from running.",
    )

    data = add("data", _data, "list, fetch or check the course's data")
    data.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=["list", "fetch", "verify", "where", "licences"],
        help="list (the default): what there is; fetch: download it all, or NAME only, to work "
        "offline later; verify: check what was fetched; where: the folder it is in; licences: "
        "whose it is",
    )
    data.add_argument(
        "name", nargs="?", metavar="NAME", help="one of the names that list shows"
    )

    add("progress", _progress, "show which exercises you have answered")

    bench = add(
        "bench",
        _bench,
        "measure how fast the recurrent layers are on this machine",
        "Ours, Keras' and PyTorch's, where that is installed, are timed in turns, beside the "
        "matrix products alone. The options make the grid of shapes smaller.",
    )
    cells = ["SimpleRNN", "LSTM", "GRU"]
    bench.add_argument("--cells", nargs="+", choices=cells, default=cells, metavar="CELL",
                       help="some of SimpleRNN, LSTM and GRU")  # fmt: skip
    for option, sizes in (("batch", [16, 64, 256]), ("time", [25, 100, 400]),
                          ("units", [64, 256, 512])):  # fmt: skip
        bench.add_argument(f"--{option}", nargs="+", type=_positive, default=sizes, metavar="N",
                           help="by default " + " ".join(map(str, sizes)))  # fmt: skip
    bench.add_argument("--rounds", type=_positive, default=5, metavar="N",
                       help="how many turns each contender gets; 5 by default")  # fmt: skip
    bench.add_argument(
        "--save",
        action="store_true",
        help="also write course/bench/bench.json and the README's figure",
    )

    badges = add(
        "badges",
        _badges,
        "stamp launch badges for a repository into the notebooks",
        "For teachers with a copy of the course on GitHub: readers can then open each lesson in "
        "Colab with one click.",
    )
    badges.add_argument("repository", metavar="OWNER/REPO", help="the repository on GitHub")
    badges.add_argument(
        "--check",
        action="store_true",
        help="change nothing; fail if a notebook lacks its badge",
    )
    return parser


def _positive(text):
    """Return a size from the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above zero")
    return int(text)


def _run(command):
    from course.app import runner

    return runner.run(
        command.lessons, parameters(command.parameters), command.save,
        runs=command.seeds, save_results=command.save_results,
    )  # fmt: skip


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
                f"'{setting}' is not a parameter: write -p name=value, such as text_file=my.txt."
            )
        is_file = name.endswith("_file")
        values[name] = os.path.abspath(os.path.expanduser(text)) if is_file else text
    return values


def _test(command):
    paths, others = split_paths(command.pytest)
    if command.quick:
        others = ["-m", "not slow", *others]
    if not paths:
        lessons, left_out = notebooks_to_test(command.quick)
        paths = [str(ROOT / "tests"), *map(str, lessons)]
        if left_out:
            names = ", ".join(path.stem for path in left_out)
            print(f"Left out, as they need more than a minute: {names}.")
    if command.quick:
        print("Left out as well: the tests that are marked slow.", flush=True)
    _pytest([*others, *paths])


def _check(command):
    [lesson] = notebooks.choose([command.lesson])
    paths = [
        ROOT / "tests" / "lessons",
        ROOT / "tests" / "teaching" / "test_exercises.py",
        lesson,
    ]
    _pytest(["-k", f"{lesson.stem} or {lesson.name[:2]}.q", *map(str, paths)])


def _pytest(arguments):
    """Run pytest in place of this process, with notebooks compared with their stored outputs."""
    from course.app import bootstrap

    os.chdir(ROOT)
    bootstrap.execute(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
        + ["--rootdir", str(ROOT), "--nbval", "--nbval-current-env"]
        + ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg"), *arguments]
    )


def notebooks_to_test(quick):
    """Return the notebooks to run and those to leave out, none unless `quick`."""
    slow = slow_lessons() if quick else []
    left_out = [path for path in notebooks.paths() if path.name[:2] in slow]
    return [path for path in notebooks.paths() if path not in left_out], left_out


def split_paths(arguments):
    """Return pytest's arguments as (paths made absolute, the others).

    Args:
        arguments: such as ["-x", "-k", "lstm", "tests/teaching/test_layers.py::test_mask"].
    """
    paths, others = [], []
    for previous, argument in zip(["", *arguments], arguments):
        path, separator, test = argument.partition("::")
        if previous not in VALUED and not path.startswith("-") and os.path.exists(path):
            paths.append(os.path.abspath(path) + separator + test)
        else:
            others.append(argument)
    return paths, others


def slow_lessons():
    """Return the lessons, such as ["08"], that need more than a minute or were never timed."""
    from course import results

    timed = results.load()["lessons"]
    numbers = [path.name[:2] for path in notebooks.paths()]
    return [
        number
        for number in numbers
        if timed.get(number, {}).get("seconds", float("inf")) > QUICK_SECONDS
    ]


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
                f"Not here, or not whole: {names}; 'python3 -m course data fetch' gets them."
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
    print(
        f"{source.name}: {'as published' if not damaged else f'{len(damaged)} damaged files'}"
    )
    if damaged:
        print(
            f"  Delete them, such as {damaged[0]}, then run 'python3 -m course data fetch'."
        )
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
