"""The picture of a noise sweep: how far scores are off at each level, and how much of the text is simulated."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

STYLES = {
    "transcript": ("transcript only", "#b5541c", "--"),
    "simulated": ("simulated text only", "#2a7f9e", "--"),
    "auto": ("auto: the gate decides", "#1b1b1b", "-"),
}


def noise_sweep(picture, levels, errors, constant, simulated, measure):
    """`errors`: of each source of text, at each level; `constant`: those of one score for all, and what that is called;
    `simulated`: per cent of the texts with `auto`; `measure`: what the errors are."""
    # The same file from the same table: no date, no random ids; text stays text.
    plt.rcParams |= {"svg.hashsalt": "undertone", "svg.fonttype": "none", "font.family": "sans-serif"}
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(7, 5.2), sharex=True, height_ratios=(2.4, 1))
    for source, (label, colour, line) in STYLES.items():
        upper.plot(levels, errors[source], line, color=colour, marker="o", markersize=4, label=label)
    upper.plot(levels, constant[0], ":", color="#999999", label=constant[1])
    upper.set_ylabel(measure)
    upper.set_ylim(bottom=0)
    upper.legend(frameon=False, loc="lower right")
    lower.bar(levels, simulated, color="#2a7f9e", width=0.5)
    lower.set_ylabel("% simulated\n(auto)")
    lower.set_ylim(0, 100)
    lower.set_xlabel("speech over noise")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})
