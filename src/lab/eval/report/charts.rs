//! Charts of the report: DET curves and histograms.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

use super::{Chart, Kind, SignalScores, Table, percent};
use crate::scoring::metrics::{Trials, probit, reliability};

/// Two charts stand beside each other on a page of 1,120 pixels.
const SIZE: (u32, u32) = (540, 380);
/// Rates that the axes of a DET curve name.
const RATES: [f64; 9] = [0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
/// Bars of a histogram: about three scores in each where a set is smallest.
const BARS: usize = 40;
/// Points of a curve over thresholds.
const STEPS: usize = 120;

/// A drawn thing, and the page's colour for it in the light and in the dark.
const INK: RGBColor = RGBColor(0, 0, 0);
const GRID: RGBColor = RGBColor(1, 1, 1);
const KINDS: [RGBColor; 4] = [RGBColor(1, 0, 0), RGBColor(2, 0, 0), RGBColor(3, 0, 0), RGBColor(4, 0, 0)];
const COLOURS: [(&str, &str); 6] = [
    ("#000000", "currentColor"),
    ("#010101", "var(--grid)"),
    ("#010000", "var(--target)"),
    ("#020000", "var(--impostor)"),
    ("#030000", "var(--owner)"),
    ("#040000", "var(--other)"),
];

/// An axis of rates by their normal deviates, on which normally distributed scores give straight lines.
struct Deviates(Range<f64>);

impl Ranged for Deviates {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.0.start) / (self.0.end - self.0.start);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        RATES.map(probit).into()
    }

    fn range(&self) -> Range<f64> {
        self.0.clone()
    }
}

impl ValueFormatter<f64> for Deviates {
    fn format(value: &f64) -> String {
        let nearest = RATES.iter().min_by(|a, b| (probit(**a) - value).abs().total_cmp(&(probit(**b) - value).abs()));
        nearest.map_or(String::new(), |rate| format!("{}", (rate * 1e4).round() / 1e2))
    }
}

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Every chart there is enough data for.
pub(super) fn all(signal: &SignalScores) -> Vec<Chart> {
    let Some(trials) = signal.scores(true) else { return Vec::new() };
    let scored = signal.scores(false);
    let mut charts = vec![det(&trials), histogram(signal), rates(signal, &trials)];
    if let Some(scored) = scored.filter(|_| signal.is_llr) {
        charts.push(calibration(&scored));
    }
    charts
}

/// Draws into a string; a failed drawing is an empty one, its table is there all the same.
fn draw(title: &str, work: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        work(&area).is_ok() && area.present().is_ok()
    };
    if !drawn {
        return String::new();
    }
    for (drawn, shown) in COLOURS {
        svg = svg.replace(&format!("\"{drawn}\""), &format!("\"{shown}\""));
    }
    let (width, height) = SIZE;
    let plain = format!("<svg width=\"{width}\" height=\"{height}\" ");
    svg.replacen(&plain, &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1)
}

fn text() -> TextStyle<'static> {
    ("sans-serif", 13).into_font().color(&INK)
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows }
}

fn det(trials: &Trials) -> Chart {
    let ends = (probit(RATES[0] * 0.6), probit(0.5));
    let clamp = |rate: f64| probit(rate).clamp(ends.0, ends.1);
    let title = "Detection error trade-off";
    let svg = draw(title, |area| {
        let axis = || Deviates(ends.0..ends.1);
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(axis(), axis())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text())
            .axis_desc_style(text())
            .x_desc("false accepts, %")
            .y_desc("false rejects, %")
            .draw()?;
        let diagonal = [(ends.0, ends.0), (ends.1, ends.1)];
        chart.draw_series(LineSeries::new(diagonal, GRID))?;
        let points = trials.curve().into_iter().map(|point| (clamp(point.far), clamp(point.frr)));
        chart.draw_series(LineSeries::new(points, KINDS[0].stroke_width(2)))?;
        Ok(())
    });
    let rows = RATES.iter().rev().map(|&far| vec![percent(far), percent(trials.frr_at_far(far))]).collect();
    Chart {
        title,
        about: "Nearer to the lower left is better; the straight line is where both rates are equal.",
        svg,
        table: table(&["FAR at most", "FRR"], rows),
    }
}

/// Where scores begin and end, without those that are no numbers.
fn extent(signal: &SignalScores) -> (f32, f32) {
    let scores = signal.trials.iter().filter_map(|trial| trial.score).filter(|score| score.is_finite());
    let (low, high) =
        scores.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), score| (low.min(score), high.max(score)));
    match low.partial_cmp(&high) {
        Some(std::cmp::Ordering::Less) => (low, high),
        Some(std::cmp::Ordering::Equal) => (low - 1.0, high + 1.0),
        // There are none.
        _ => (-1.0, 1.0),
    }
}

fn histogram(signal: &SignalScores) -> Chart {
    let (low, high) = extent(signal);
    let width = (high - low) / BARS as f32;
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| signal.trials.iter().any(|t| t.kind == *kind)).collect();
    let mut counts = vec![[0_usize; 4]; BARS];
    for trial in &signal.trials {
        if let Some(score) = trial.score.filter(|score| score.is_finite()) {
            counts[(((score - low) / width) as usize).min(BARS - 1)][trial.kind as usize] += 1;
        }
    }
    let all = |kind: Kind| signal.trials.iter().filter(|trial| trial.kind == kind).count().max(1) as f32;
    let share = |bar: usize, kind: Kind| counts[bar][kind as usize] as f32 / all(kind) * 100.0;
    let top = (0..BARS).flat_map(|bar| kinds.iter().map(move |&kind| share(bar, kind))).fold(1.0, f32::max) * 1.08;
    let title = "Score histograms";
    let svg = draw(title, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(low..high, 0.0..top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text())
            .axis_desc_style(text())
            .x_desc(signal.unit)
            .y_desc("% of its kind")
            .draw()?;
        for &kind in &kinds {
            let mut steps = vec![(low, 0.0)];
            for bar in 0..BARS {
                let (from, to) = (low + width * bar as f32, low + width * (bar + 1) as f32);
                steps.extend([(from, share(bar, kind)), (to, share(bar, kind))]);
            }
            steps.push((high, 0.0));
            let colour = KINDS[kind as usize];
            chart.draw_series(AreaSeries::new(steps, 0.0, colour.mix(0.18)).border_style(colour.stroke_width(2)))?;
        }
        for (_, threshold) in &signal.thresholds {
            chart.draw_series(DashedLineSeries::new(
                [(*threshold, 0.0), (*threshold, top)],
                5,
                4,
                INK.stroke_width(1),
            ))?;
        }
        Ok(())
    });
    let head: Vec<String> =
        ["from", "to"].map(str::to_owned).into_iter().chain(kinds.iter().map(|kind| kind.name().to_owned())).collect();
    let row = |bar: usize| {
        let ends = [bar, bar + 1].map(|bar| format!("{:.2}", low + width * bar as f32));
        ends.into_iter().chain(kinds.iter().map(|&kind| counts[bar][kind as usize].to_string())).collect()
    };
    let about = "Each kind of trial on its own scale; dashed lines are the thresholds, the loosest on the left.";
    Chart { title, about, svg, table: Table { head, rows: (0..BARS).map(row).collect() } }
}

fn rates(signal: &SignalScores, trials: &Trials) -> Chart {
    // Below one in the trials there is nothing to see.
    let least = 100.0 * 0.5 / trials.targets().len().max(trials.impostors().len()) as f64;
    let (low, high) = extent(signal);
    let at = |step: usize| low + (high - low) * step as f32 / STEPS as f32;
    let points: Vec<_> = (0..=STEPS).map(|step| trials.at(at(step))).collect();
    let title = "False accepts and false rejects by threshold";
    let svg = draw(title, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(low..high, (least..100.0).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text())
            .axis_desc_style(text())
            .x_desc(format!("threshold, {}", signal.unit))
            .y_desc("%, logarithmic")
            .y_label_formatter(&|rate: &f64| format!("{}", (rate * 1e3).round() / 1e3))
            .draw()?;
        let line = |rate: fn(&crate::scoring::metrics::Point) -> f64| {
            points.iter().map(move |point| (point.threshold, (100.0 * rate(point)).max(least))).collect::<Vec<_>>()
        };
        chart.draw_series(LineSeries::new(line(|point| point.far), KINDS[1].stroke_width(2)))?;
        chart.draw_series(LineSeries::new(line(|point| point.frr), KINDS[0].stroke_width(2)))?;
        for (_, threshold) in &signal.thresholds {
            let line = [(*threshold, least), (*threshold, 100.0)];
            chart.draw_series(DashedLineSeries::new(line, 5, 4, INK.stroke_width(1)))?;
        }
        Ok(())
    });
    let row = |point: &crate::scoring::metrics::Point| {
        vec![format!("{:.2}", point.threshold), percent(point.far), percent(point.frr)]
    };
    let rows = points.iter().step_by(6).map(row).collect();
    let about = "False accepts fall and false rejects rise with the threshold; dashed lines are the thresholds in use.";
    Chart { title, about, svg, table: table(&["threshold", "FAR", "FRR"], rows) }
}

fn calibration(trials: &Trials) -> Chart {
    let bins = reliability(trials.targets(), trials.impostors());
    let title = "Reliability";
    let svg = draw(title, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text())
            .axis_desc_style(text())
            .x_desc("probability claimed at even odds")
            .y_desc("share of right speakers found")
            .draw()?;
        chart.draw_series(DashedLineSeries::new([(0.0, 0.0), (1.0, 1.0)], 5, 4, INK.stroke_width(1)))?;
        let points: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.predicted, bin.observed)).collect();
        chart.draw_series(LineSeries::new(points.clone(), KINDS[0].stroke_width(2)))?;
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 4, KINDS[0].filled())))?;
        Ok(())
    });
    let row = |bin: &crate::scoring::metrics::Bin| {
        let rates = [bin.predicted, bin.observed].map(|share| format!("{share:.4}"));
        rates.into_iter().chain([bin.targets.to_string(), bin.impostors.to_string()]).collect()
    };
    let rows = bins.iter().map(row).collect();
    let about = "One point for each unit of the log-likelihood ratio. On the dashed line ratios mean what they say; \
    above it \
                 they are too cautious, below it too sure.";
    Chart { title, about, svg, table: table(&["claimed", "found", "targets", "impostors"], rows) }
}
