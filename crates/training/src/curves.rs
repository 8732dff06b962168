//! The curves of a run as a picture.

use std::path::Path;

use plotters::prelude::*;

use super::{EpochReport, TrainError};
use crate::files::write_file;

/// Pixels.
const SIZE: (u32, u32) = (900, 720);
const FONT: &str = "sans-serif";

/// The value of an epoch that a curve shows, if it has one.
type Of = fn(&EpochReport) -> Option<f64>;

/// A curve: its name, its colour, its values.
type Curve = (&'static str, RGBColor, Of);

const LOSSES: [Curve; 4] = [
    ("total loss", BLACK, |report| Some(report.loss.total)),
    ("complete", BLUE, |report| Some(report.loss.complete)),
    ("text-missing", RED, |report| Some(report.loss.missing)),
    ("Rank-N-Contrast", MAGENTA, |report| {
        Some(report.loss.contrast)
    }),
];
const ERRORS: [Curve; 2] = [
    ("complete", BLUE, |report| {
        Some(report.validation.complete.mae)
    }),
    ("text-missing", RED, |report| {
        Some(report.validation.simulated?.mae)
    }),
];

/// Draws loss and validation error over the epochs into an SVG file; without epochs it draws
/// nothing.
///
/// # Errors
/// When it cannot be drawn or written.
pub(super) fn draw(reports: &[EpochReport], path: &Path) -> Result<(), TrainError> {
    if reports.is_empty() {
        return Ok(());
    }
    let mut svg = String::new();
    paint(reports, &mut svg).map_err(|source| TrainError::Picture {
        path: path.to_owned(),
        source,
    })?;
    Ok(write_file(path, svg.as_bytes())?)
}

fn paint(
    reports: &[EpochReport],
    svg: &mut String,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (above, below) = area.split_vertically(SIZE.1 / 2);
    chart(&above, "Training loss", &LOSSES, reports, None)?;
    let best = reports.iter().rfind(|report| report.best);
    let title = "Validation error (MAE); the dashed line is the epoch that was kept";
    chart(&below, title, &ERRORS, reports, best.map(|best| best.epoch))?;
    area.present()?;
    Ok(())
}

fn chart(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    curves: &[Curve],
    reports: &[EpochReport],
    marked: Option<u32>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let values = || {
        curves
            .iter()
            .flat_map(|(_, _, of)| reports.iter().filter_map(of))
    };
    let top = values().fold(0.0, f64::max) * 1.05;
    let bottom = values().fold(f64::INFINITY, f64::min) * 0.95;
    let last = f64::from(reports.last().map_or(1, |report| report.epoch).max(2));
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(1.0..last, bottom..top.max(bottom + 1e-6))?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("epoch")
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .label_style((FONT, 13))
        .draw()?;
    if let Some(epoch) = marked.map(f64::from) {
        let line = [(epoch, bottom), (epoch, top)];
        chart.draw_series(DashedLineSeries::new(line, 6, 4, BLACK.mix(0.5).into()))?;
    }
    for &(name, colour, of) in curves {
        let points = reports
            .iter()
            .filter_map(|report| Some((f64::from(report.epoch), of(report)?)));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 13))
        .draw()?;
    Ok(())
}
