"""How the figures of `python3 -m course bench` are shown and kept."""

import io
import json
from statistics import median

from course.bench import contenders
from course.bench.contenders import Case
from course.files import write

TICKS = (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 30, 50, 100)


def times(case, kind):
    """Return the median milliseconds of ours, the better Keras, the limit, and PyTorch.

    Args:
        case: an entry of the report's "cases".
        kind: "step" or "forward".
    """
    ms = {name: median(kinds[kind]["ms"]) for name, kinds in case["contenders"].items()}
    return ms | {"keras": min(ms.pop("keras_xla"), ms["keras"])}


def show(report, console):
    """Print all tables."""
    for kind in contenders.KINDS:
        console.print(times_table(report, kind))
    console.print(costs_table(report))


def times_table(report, kind):
    """Return a table of times and their ratios, a row for each case."""
    columns = ["ours", "Keras", "PyTorch", "limit"]
    columns += ["Keras\n/ ours", "PyTorch\n/ ours", "limit\n/ ours"]
    table = _table(f"{contenders.KINDS[kind]}, ms", "batch×time×units", *columns)
    for case in report["cases"]:
        ms = times(case, kind)
        ours, keras, torch, limit = (
            ms.get(name) for name in ("ours", "keras", "torch", "limit")
        )
        table.add_row(
            str(Case(*(case[field] for field in Case._fields))),
            *(_figures(value) for value in (ours, keras, torch, limit)),
            *(f"{value / ours:.2f}" if value else "–" for value in (keras, torch)),
            f"{limit / ours:.0%}",
        )
    return table


def _figures(value):
    """Return a number with three figures, or a dash for None."""
    return "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def costs_table(report):
    """Return a table of what else a contender takes: time to compile, and memory."""
    batch, time, units = report["memory_shape"]
    cells = [f"{cell}, MB" for cell in report["memory_mb"]]
    table = _table("First step, and memory", "contender", "first step, s", *cells)
    for name in report["cases"][0]["contenders"]:
        first = median(
            case["contenders"][name]["step"]["first_s"] for case in report["cases"]
        )
        memory = [of_cell.get(name) for of_cell in report["memory_mb"].values()]
        table.add_row(
            contenders.TITLES[name],
            f"{first:.1f}",
            *(f"{one['step']} + {one['compile']}" if one else "–" for one in memory),
        )
    if cells:
        table.caption = (
            f"MB at {batch}×{time}×{units}: of training + of compiling before it"
        )
    return table


def _table(title, *columns):
    from rich import box
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE, padding=(0, 0, 0, 1), title_justify="left")
    table.caption_justify = "left"
    for column in columns:
        table.add_column(
            column, justify="left" if column == columns[0] else "right", no_wrap=True
        )
    return table


def figure(report):
    """Return the picture: a step's time in those of its matrix products, a panel a cell."""
    import matplotlib.pyplot as plt

    from course import plots

    plots.style()
    cells = list(dict.fromkeys(case["cell"] for case in report["cases"]))
    fig, axes = plt.subplots(
        1, len(cells), figsize=(9, 4), sharex=True, sharey=True, squeeze=False
    )
    looks = {"keras": ("Keras", "orange", "s"), "torch": ("PyTorch", "green", "^")}
    looks["ours"] = ("ours", "blue", "o")
    for ax, cell in zip(axes[0], cells):
        steps = [times(case, "step") for case in report["cases"] if case["cell"] == cell]
        for name, (label, color, marker) in looks.items():
            if name in steps[0]:
                x = [ms["limit"] for ms in steps]
                y = [ms[name] / ms["limit"] for ms in steps]
                ax.scatter(x, y, 22, plots.OKABE_ITO[color], marker=marker, label=label)
        ax.axhline(1, color="black", linewidth=1, label="limit")
        ax.set_title(cell, fontweight="normal")
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_formatter("{x:g}")
    low, high = ax.get_ylim()
    ax.set_yticks([tick for tick in TICKS if low <= tick <= high], minor=False)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(plt.NullLocator())
    fig.supxlabel("matrix products of a training step (ms)", fontsize=10)
    axes[0, 0].set_ylabel("whole training step / its products")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    fig.suptitle(_finding(report), x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


def _finding(report):
    steps = [times(case, "step") for case in report["cases"]]
    faster = median(ms["keras"] / ms["ours"] for ms in steps)
    share = median(ms["limit"] / ms["ours"] for ms in steps)
    shapes = "1 shape" if len(steps) == 1 else f"{len(steps)} shapes, median"
    speed = f"Our layers train {faster:.1f} times as fast as Keras'"
    return f"{speed}, at {share:.0%} of the limit ({shapes})"


def keep(report, figures, picture):
    """Write the report, a case a line, and draw the picture."""
    import matplotlib.pyplot as plt

    lines = ",\n".join(json.dumps(case) for case in report["cases"])
    head = json.dumps(report | {"cases": []}, indent=1, ensure_ascii=False)
    write(figures, head.replace('"cases": []', f'"cases": [\n{lines}\n]') + "\n")
    fig, png = figure(report), io.BytesIO()
    fig.savefig(png, format="png")
    plt.close(fig)
    write(picture, png.getvalue())
