//! Histograms of oriented gradients.

use std::f32::consts::PI;

/// Bins of edge direction over half a turn.
pub(super) const DIRECTIONS: usize = 6;
/// Largest value after normalisation, so that one strong edge does not hide all others.
const CLIP: f32 = 0.3;

/// A region of the crop, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) left: usize,
    pub(super) top: usize,
    /// Width and height of a cell.
    pub(super) cell: usize,
    /// Cells across and down.
    pub(super) across: usize,
    pub(super) down: usize,
}

impl Region {
    /// Values that [`Gradients::describe`] gives.
    pub(super) const fn width(&self) -> usize {
        self.across * self.down * DIRECTIONS
    }
}

/// Strength and direction of the edges of a square grey image.
#[derive(Debug)]
pub(super) struct Gradients {
    side: usize,
    /// Strength, and direction in units of `PI / DIRECTIONS`.
    edges: Vec<(f32, f32)>,
}

impl Gradients {
    pub(super) fn new(luma: &[f32], side: usize) -> Self {
        let at = |x: usize, y: usize| luma[y * side + x];
        let mut edges = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let along = at((x + 1).min(side - 1), y) - at(x.saturating_sub(1), y);
                let down = at(x, (y + 1).min(side - 1)) - at(x, y.saturating_sub(1));
                let direction = down.atan2(along).rem_euclid(PI) / PI * DIRECTIONS as f32;
                edges.push((along.hypot(down), direction));
            }
        }
        Self { side, edges }
    }

    /// Appends the histograms of a region's cells to `row`, normalised together so that
    /// brightness and contrast do not matter.
    pub(super) fn describe(&self, region: Region, row: &mut Vec<f32>) {
        let first = row.len();
        row.resize(first + region.width(), 0.0);
        let histograms = &mut row[first..];
        for y in 0..region.down * region.cell {
            for x in 0..region.across * region.cell {
                let (strength, direction) =
                    self.edges[(region.top + y) * self.side + region.left + x];
                let cell = y / region.cell * region.across + x / region.cell;
                // Shared between the two nearest directions.
                let lower = direction.floor();
                let share = direction - lower;
                let lower = lower as usize % DIRECTIONS;
                let upper = (lower + 1) % DIRECTIONS;
                histograms[cell * DIRECTIONS + lower] += strength * (1.0 - share);
                histograms[cell * DIRECTIONS + upper] += strength * share;
            }
        }
        normalise(histograms);
        histograms
            .iter_mut()
            .for_each(|value| *value = value.min(CLIP));
        normalise(histograms);
        // The values of a vector of length one are small: scale them to about one.
        let scale = (histograms.len() as f32).sqrt();
        histograms.iter_mut().for_each(|value| *value *= scale);
    }
}

fn normalise(values: &mut [f32]) {
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length + 1e-3);
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Region = Region {
        left: 0,
        top: 0,
        cell: 12,
        across: 4,
        down: 4,
    };

    fn stripes(along: usize, down: usize, gain: f32) -> Vec<f32> {
        (0..48 * 48)
            .map(|i| gain * (((i % 48 * along + i / 48 * down) / 4) % 2) as f32)
            .collect()
    }

    fn describe(luma: &[f32]) -> Vec<f32> {
        let mut row = Vec::new();
        Gradients::new(luma, 48).describe(WHOLE, &mut row);
        row
    }

    #[test]
    fn upright_stripes_have_edges_in_one_direction() {
        let row = describe(&stripes(1, 0, 1.0));
        for cell in row.chunks(DIRECTIONS) {
            assert!(
                cell[0] > 0.5 && cell[1..].iter().all(|&v| v < 1e-3),
                "{cell:?}"
            );
        }
        let row = describe(&stripes(0, 1, 1.0));
        assert!(
            row.chunks(DIRECTIONS)
                .all(|cell| cell[DIRECTIONS / 2] > 0.5)
        );
    }

    #[test]
    fn contrast_does_not_matter() {
        let (strong, weak) = (describe(&stripes(1, 1, 1.0)), describe(&stripes(1, 1, 0.3)));
        assert!(strong.iter().zip(&weak).all(|(a, b)| (a - b).abs() < 0.02));
    }
}
