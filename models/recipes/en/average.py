"""Averages the weights of checkpoints that began as the same one: what hears people better than each of them.

    python average.py fixed changed --name en

One without changes to the encoder counts as one whose changes are none. Source: Wortsman et al., *Robust fine-tuning
of zero-shot models* (arXiv 2109.01903).
"""

import torch

import place


def mean(states, part):
    return {name: sum(state[part][name].float() for state in states) / len(states) for name in states[0][part]}


def changes(states):
    """Of one state at most: the others' are none."""
    own = next((state["changes"] for state in states if state.get("changes")), {})
    return {name: tensor.float() / len(states) if name.endswith(".up") else tensor for name, tensor in own.items()}


def main():
    options = place.parser(__doc__)
    options.add_argument("checkpoints", nargs="+")
    options.add_argument("--name", required=True)
    options = options.parse_args()
    folder = options.work / "projector"
    states = [torch.load(folder / name / "checkpoint.pt") for name in options.checkpoints]
    if sum(bool(state.get("changes")) for state in states) > 1:
        raise SystemExit("several of these change the encoder: their changes have no average of the same rank")
    (folder / options.name).mkdir(exist_ok=True)
    averaged = states[0] | {part: mean(states, part) for part in ("projector", "letters")} | {"changes": changes(states)}
    torch.save(averaged, folder / options.name / "checkpoint.pt")


if __name__ == "__main__":
    main()
