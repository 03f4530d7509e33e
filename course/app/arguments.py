"""What may be typed after `python3 -m course`: the commands, their options, their help.

Only the standard library is used, so that `--help` answers before anything is set up.
"""

import argparse

from course import __version__

CELLS = ("SimpleRNN", "LSTM", "GRU")


def parser():
    """Return the parser of the command line; it names the command in `command`."""
    found = argparse.ArgumentParser(
        prog="python3 -m course",
        description="A course on recurrent neural networks, in notebooks. The first "
        "command sets up what the course needs; 'run' runs the lessons, 'lab' opens them.",
        epilog="'python3 -m course COMMAND --help' says more about a command.",
    )
    found.add_argument("--version", action="version", version=f"rnn-course {__version__}")
    commands = found.add_subparsers(title="commands", metavar="COMMAND", dest="command")

    def add(name, summary, description="", arguments=lambda command: None):
        described = f"{summary[0].upper()}{summary[1:]}. {description}"
        arguments(commands.add_parser(name, help=summary, description=described))

    add(
        "run",
        "run lessons from top to bottom",
        "Each runs in a fresh kernel, several side by side. The executed copies, readable "
        "as HTML, go to build/; the notebooks stay as they are. The exit status is 1 if a "
        "lesson fails.",
        _run,
    )
    add(
        "test",
        "run every test, and every notebook against its stored outputs",
        "All other arguments go to pytest: '-x' stops at the first failure, '-k WORDS' "
        "chooses tests by name, and paths run nothing else.",
        _test,
    )
    add(
        "check",
        "check one lesson: the course's rules, its exercises, its stored outputs",
        "For those who write lessons: CONTRIBUTING.md says more.",
        _check,
    )
    add(
        "site",
        "build the course as a website in build/site/",
        "It shows the notebooks with the outputs that are stored in them, has a cheat "
        "sheet to print on two pages, needs no network, and can be opened from the disk or "
        "put on any web server.",
    )
    add("lab", "open the lessons in JupyterLab", "Ctrl-C in the terminal ends it.")
    add("list", "list the lessons, their minutes, and which you have done")
    add(
        "doctor",
        "check this machine",
        "Each line says ok or, after !!, what to do. The exit status is 1 if something "
        "keeps the course from running.",
    )
    add("data", "list, fetch or check the course's data", arguments=_data)
    add("progress", "show which exercises you have answered")
    add(
        "bench",
        "measure how fast the recurrent layers are on this machine",
        "Ours, Keras' and PyTorch's, where that is installed, are timed in turns, beside "
        "the matrix products alone. The options make the grid of shapes smaller.",
        _bench,
    )
    add(
        "badges",
        "stamp launch badges for a repository into the notebooks",
        "For teachers with a copy of the course on GitHub: readers can then open each "
        "lesson in Colab with one click.",
        _badges,
    )
    return found


def of_the_test_command(arguments):
    """Return those of `test`'s arguments that are the course's own, and pytest's.

    Args:
        arguments: such as ["-x", "--jobs", "2", "tests"].
    """
    ours, others, value_follows = [], [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        known = value_follows or name in ("--quick", "-h", "--help", "--jobs", "--threads")
        (ours if known else others).append(argument)
        value_follows = name in ("--jobs", "--threads") and not equals and not value_follows
    return ours, others


def _run(command):
    command.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="a number such as 08; all by default"
    )
    command.add_argument(
        "-p",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="set a lesson's parameter, such as text_file=my.txt; may come several times",
    )
    command.add_argument(
        "--brief",
        action="store_true",
        help="a quick look: every training is cut short, so that no result means anything",
    )
    _side_by_side(command)
    command.add_argument(
        "--seeds",
        type=_positive,
        default=1,
        metavar="N",
        help="run each lesson N times, all but the first with other random numbers",
    )
    command.add_argument(
        "--profile", action="store_true", help="show where the seconds of each lesson go"
    )
    command.add_argument(
        "--save",
        action="store_true",
        help="write outputs into notebooks/, results into course/results.json and README",
    )
    command.add_argument(
        "--save-results",
        action="store_true",
        help="write the results and leave notebooks/; with --jobs 1 the minutes alone",
    )


def _side_by_side(command):
    command.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="how many lessons run side by side; by default one for each core, up to four, "
        "as memory allows",
    )
    command.add_argument(
        "--threads",
        type=_positive,
        metavar="N",
        help="how many threads each has; by default its share of the cores",
    )


def _test(command):
    command.usage = (
        "python3 -m course test [-h] [--quick] [--jobs N] [--threads N] "
        "[PYTEST ARGUMENT ...]"
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="leave out what needs more than a minute, and say what that is",
    )
    _side_by_side(command)


def _check(command):
    command.add_argument("lesson", metavar="LESSON", help="a number such as 08")


def _data(command):
    command.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=["list", "fetch", "verify", "where", "licences"],
        help="list (the default): what there is; fetch: download it all, or NAME only, to "
        "work offline later; verify: check what was fetched; where: the folder it is in; "
        "licences: whose it is",
    )
    command.add_argument(
        "name", nargs="?", metavar="NAME", help="one of the names that list shows"
    )


def _bench(command):
    command.add_argument(
        "--cells",
        nargs="+",
        choices=CELLS,
        default=list(CELLS),
        metavar="CELL",
        help="some of SimpleRNN, LSTM and GRU",
    )
    shapes = {"batch": [16, 64, 256], "time": [25, 100, 400], "units": [64, 256, 512]}
    for option, sizes in shapes.items():
        usual = "by default " + " ".join(map(str, sizes))
        command.add_argument(
            f"--{option}", nargs="+", type=_positive, default=sizes, metavar="N", help=usual
        )
    command.add_argument(
        "--rounds",
        type=_positive,
        default=5,
        metavar="N",
        help="how many turns each contender gets; 5 by default",
    )
    command.add_argument(
        "--save",
        action="store_true",
        help="also write course/bench/bench.json and the README's figure",
    )


def _badges(command):
    command.add_argument(
        "repository", metavar="OWNER/REPO", help="the repository on GitHub"
    )
    command.add_argument(
        "--check",
        action="store_true",
        help="change nothing; fail if a notebook lacks its badge",
    )


def _positive(text):
    """Return a size from the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above zero")
    return int(text)
