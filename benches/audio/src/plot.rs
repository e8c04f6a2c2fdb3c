//! Line charts as SVG.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::RGBColor;

/// One line of a chart.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) label: String,
    /// Which of the colours.
    pub(crate) color: usize,
    /// Drawn thin and with hollow points.
    pub(crate) is_peer: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Distinguishable by people who do not see all colours, too (Okabe and Ito's).
const COLORS: [RGBColor; 6] = [
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
];

pub(crate) fn lines(
    path: &Path,
    caption: &str,
    x_name: &str,
    y_name: &str,
    y_range: Range<f64>,
    curves: &[Curve],
) -> anyhow::Result<()> {
    let widest = curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| point.0))
        .fold(1.0, f64::max);
    let area = SVGBackend::new(path, (760, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(52)
        // With room for the names of the curves.
        .build_cartesian_2d(0.0..widest * 1.36, y_range)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_label_formatter(&|x| {
            if *x > widest {
                String::new()
            } else {
                format!("{x:.0}")
            }
        })
        .x_desc(x_name)
        .y_desc(y_name)
        .label_style(("sans-serif", 14))
        .draw()?;
    for curve in curves {
        let color = COLORS[curve.color % COLORS.len()];
        let style = color.stroke_width(if curve.is_peer { 1 } else { 3 });
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), style))?
            .label(&curve.label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        let fill = if curve.is_peer {
            WHITE.filled()
        } else {
            color.filled()
        };
        chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 4, fill)))?;
        chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 4, color)))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()?;
    area.present()?;
    Ok(())
}
