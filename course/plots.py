"""One style for every figure: the Okabe-Ito palette, direct labels, alt text."""

import io

# Okabe and Ito (2008), "Color universal design": told apart by colour-blind readers.
OKABE_ITO = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
# Colours come with line styles, so that a figure printed in grey still reads.
LINE_STYLES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)), "-"]


def style():
    """Set the course's figure style for all figures that follow."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.figsize": (7, 3.5),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.prop_cycle": cycler(color=list(OKABE_ITO.values()))
            + cycler(linestyle=LINE_STYLES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.labelsize": 10,
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "image.cmap": "cividis",
        }
    )


def label_line(ax, line, text, x=None, dx=4, dy=0):
    """Write a line's name beside it, in its colour, instead of in a legend.

    Args:
        ax: the axes.
        line: a `Line2D`, as `ax.plot` returns it (take `[0]`).
        text: the label.
        x: where along the line, in data units; its last point if left out.
        dx, dy: offset of the text in points.
    """
    xs, ys = line.get_data()
    i = len(xs) - 1 if x is None else min(range(len(xs)), key=lambda j: abs(xs[j] - x))
    ax.annotate(
        text,
        (xs[i], ys[i]),
        xytext=(dx, dy),
        textcoords="offset points",
        color=line.get_color(),
        va="center",
        annotation_clip=False,
    )


def show(fig, alt):
    """Display a figure as PNG with alternative text, then close it.

    Args:
        fig: the figure.
        alt: one or two sentences that tell what the figure shows to someone who cannot see
            it.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    png = io.BytesIO()
    fig.savefig(png, format="png")
    plt.close(fig)
    # The text/plain form is what readers without images, and nbval, get to see.
    display(
        {"image/png": png.getvalue(), "text/plain": f"[figure: {alt}]"},
        raw=True,
        metadata={"image/png": {"alt": alt}},
    )


def draw_unrolled(ax, inputs, outputs, title, folded=False):
    """Draw a recurrent network unrolled in time: a box for each step, from left to right.

    Args:
        ax: the axes to draw in.
        inputs: what each step reads, such as ["$x_1$", "$x_2$"]; "" where it reads nothing.
        outputs: what each step gives, of the same length; "" where it gives nothing.
        title: written above the drawing.
        folded: draw a single step whose state comes back to it, as before unrolling.
    """
    from matplotlib.patches import Rectangle

    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
    arrow |= {"linewidth": 1.4, "color": "black"}
    centred = {"ha": "center", "va": "center"}
    small = {**centred, "fontsize": 8, "color": OKABE_ITO["blue"]}
    for t, (read, given) in enumerate(zip(inputs, outputs, strict=True)):
        ax.add_patch(Rectangle((t - 0.25, -0.25), 0.5, 0.5, color=OKABE_ITO["sky"]))
        ax.text(t, 0, "$h_t$" if folded else f"$h_{{{t + 1}}}$", **centred)
        if read:
            ax.annotate(read, (t, -0.25), (t, -0.85), arrowprops=arrow, **centred)
            ax.text(t + 0.13, -0.5, "W", **small)
        if given:
            out = {**arrow, "arrowstyle": "<|-"}
            ax.annotate(given, (t, 0.25), (t, 0.85), arrowprops=out, **centred)
        if t > 0:
            ax.annotate("", (t - 0.25, 0), (t - 0.75, 0), arrowprops=arrow)
            ax.text(t - 0.5, 0.13, "U", **small)
    if folded:
        loop = {**arrow, "connectionstyle": "arc,angleA=0,angleB=0,armA=22,armB=22,rad=8"}
        ax.annotate("", (0.25, -0.14), (0.25, 0.14), arrowprops=loop)
        ax.text(0.65, 0, "U", **small)
    top = 1 if any(outputs) else 0.4
    ax.set(xlim=(-0.5, len(inputs) - 0.5 + 0.3 * folded), ylim=(-1, top), aspect="equal")
    ax.set_title(title, fontsize=10, fontweight="normal")
    ax.axis("off")


def step_table(rows, title):
    """Draw a few numbers of every step as a table whose cells are coloured by value.

    Args:
        rows: {name: one number a step}, read from top to bottom.
        title: the figure's title.
    Returns:
        the figure.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    values = np.array(list(rows.values()), dtype=float)
    limit = max(1.0, np.abs(values).max())
    fig, ax = plt.subplots(figsize=(7, 0.36 * len(values) + 0.8))
    ax.imshow(values, cmap=_diverging(), vmin=-limit, vmax=limit, aspect="auto")
    for (row, step), value in np.ndenumerate(values):
        # Adding zero turns a rounded -0.0 into 0.0.
        ax.text(step, row, f"{round(value, 2) + 0.0:g}", ha="center", va="center", size=9)
    ax.set_xticks(range(values.shape[1]), range(1, values.shape[1] + 1))
    ax.set_yticks(range(len(values)), list(rows))
    ax.set(xlabel="step t", title=title)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


def _diverging():
    """Return a colour map from blue over white to orange."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "diverging", [OKABE_ITO["blue"], "white", OKABE_ITO["orange"]]
    )


def colored_text(text, values, title, width=64):
    """Draw a text with a coloured background behind each character.

    Args:
        text: the characters.
        values: one number a character, from -1 (blue) over 0 (white) to 1 (orange).
        title: the figure's title.
        width: characters in a row; a line of the text that is longer is wrapped.
    Returns:
        the figure.
    """
    import matplotlib.pyplot as plt

    cmap = _diverging()
    places, row, column = [], 0, 0
    for character in text:
        if column == width:
            row, column = row + 1, 0
        places.append((column, row))
        row, column = (row + 1, 0) if character == "\n" else (row, column + 1)
    fig, ax = plt.subplots(figsize=(7, 0.19 * (row + 1) + 0.5))
    for character, value, (x, y) in zip(text, values, places):
        box = plt.Rectangle((x, y), 1, 1, facecolor=cmap((value + 1) / 2), edgecolor="none")
        ax.add_patch(box)
        sign = "↵" if character == "\n" else character
        ax.text(
            x + 0.5, y + 0.5, sign, family="monospace", size=8, ha="center", va="center"
        )
    ax.set(xlim=(0, width + 1), ylim=(row + 1, 0), title=title)
    ax.axis("off")
    return fig


def colored_words(words, values, title, width=64):
    """Draw words one after the other with a coloured background behind each.

    Args:
        words: the words, drawn with a space between them.
        values: one number a word, from -1 (blue) over 0 (white) to 1 (orange).
        title: the figure's title.
        width: characters in a row; a word that does not fit begins a new one.
    Returns:
        the figure.
    """
    import matplotlib.pyplot as plt

    cmap = _diverging()
    places, row, column = [], 0, 0
    for word in words:
        if column and column + len(word) > width:
            row, column = row + 1, 0
        places.append((column, row))
        column += len(word) + 1
    fig, ax = plt.subplots(figsize=(7, 0.3 * (row + 1) + 0.5))
    for word, value, (x, y) in zip(words, values, places, strict=True):
        box = plt.Rectangle(
            (x, y + 0.1), len(word) + 0.6, 0.8, facecolor=cmap((value + 1) / 2)
        )
        ax.add_patch(box)
        middle = x + len(word) / 2 + 0.3
        ax.text(middle, y + 0.5, word, family="monospace", size=9, ha="center", va="center")
    ax.set(xlim=(0, width + 1), ylim=(row + 1, 0), title=title)
    ax.axis("off")
    return fig


def play(audio, rate, description):
    """Display a player for a sound.

    Args:
        audio: between -1 and 1, shape (samples,).
        rate: samples per second.
        description: what is heard, for someone who cannot hear it.
    """
    import base64
    from html import escape

    import soundfile
    from IPython.display import display

    wav = io.BytesIO()
    soundfile.write(wav, audio, rate, format="WAV", subtype="PCM_16")
    source = f"data:audio/wav;base64,{base64.b64encode(wav.getvalue()).decode()}"
    player = f'<audio controls src="{source}" aria-label="{escape(description)}"></audio>'
    data = {"text/html": f"<p>{player}<br>{escape(description)}</p>"}
    display(data | {"text/plain": f"[sound: {description}]"}, raw=True)
