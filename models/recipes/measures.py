"""What evaluate.py counts: word errors, inventions and what a linear probe reads from hidden states."""

import numpy as np


def word_errors(said, heard):
    """Edits between two texts in words."""
    said, heard = said.split(), heard.split()
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


def word_error_rate(pairs):
    return sum(word_errors(said, heard) for said, heard in pairs) / sum(len(said.split()) for said, _ in pairs)


class Probe:
    """Ridge regression of the valence on standardised hidden states."""

    def __init__(self, states, valences, strength=10.0):
        self.mean, self.spread = states.mean(0), states.std(0) + 1e-6
        x = (states - self.mean) / self.spread
        self.offset = valences.mean()
        self.weights = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (valences - self.offset))

    def correlation(self, states, valences):
        predicted = (states - self.mean) / self.spread @ self.weights + self.offset
        return float(np.corrcoef(predicted, valences)[0, 1])
