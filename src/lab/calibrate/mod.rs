//! `callprint calibrate`: a calibration of the scores by lists or by labelled attempts.

mod attempts;
mod file;
mod measure;

use std::path::PathBuf;

use anyhow::Context;

use super::lists::ListArgs;
use crate::command::models::ModelArgs;
use crate::command::settings::ConfigArgs;
use crate::command::{Exit, say};
use crate::engine::{CALIBRATION_SCHEMA, CalibrationFile, Engine, FittedOn, Measured, Thresholds, revision};
use crate::scoring::fit::{self, Counts, NOMINAL, Sample, Tail};
use crate::scoring::{Calibration, metrics};
use crate::types::Timestamp;

/// How strongly the shipped weights hold: see `scoring::fit::logistic`.
///
/// Weak, since it is there for what trials hardly vary. With it `crowd`, `sentences` and `digits` in `var`, fitted
/// together, cost 0.069 bits on held-out speakers, at best 0.063, with the shipped weights 0.086.
const PULL: f64 = 0.002;
/// Parts that speakers are split into, and how often: nine fits, each measured on a third of the speakers.
///
/// More parts leave too few pairs of speakers to measure on: of 30 speakers, a tenth are 3, with 6 pairs.
const FOLDS: usize = 3;
const REPETITIONS: u64 = 3;

/// Fit weights and thresholds to your own line, and check them on speakers they were not fitted on
#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
pub(crate) struct Args {
    #[command(flatten)]
    lists: ListArgs,
    /// Tab-separated list of your own attempts: attempt (its id), label (`genuine` or `impostor`)
    #[arg(long, value_name = "TSV", conflicts_with_all = ["enroll", "sets"])]
    from_attempts: Option<PathBuf>,
    /// Where to write the calibration
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The day to write into it [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
    /// Recordings listened to at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    models: ModelArgs,
}

const MORE: &str = "\
The lists are those of `callprint eval`. Several --set are fitted together; speakers of the same name are the same.

With --from-attempts the stored ratios of attempts are scaled and shifted, and thresholds set; what the ratios are \
made of
stays. `callprint attempts --json` shows ids. Label all attempts of a period, not the ones that stand out, and only \
those
made since the model or calibration last changed.

Examples:
  callprint calibrate --enroll enroll.tsv --trials trials.tsv --audio recordings --out calibration.toml
  callprint calibrate --from-attempts labels.tsv --config callprint.toml --out calibration.toml

Then set models.calibration = \"calibration.toml\", and ask `callprint doctor`.";

/// The samples to fit on, and the weights to start from.
struct Material {
    samples: Vec<Sample>,
    counts: Counts,
    source: String,
    /// Where the data say nothing; as many as there are features.
    prior: Vec<f64>,
}

/// Error rates on speakers who were not fitted on.
struct HeldOut {
    rates: Vec<Measured>,
    cllr: f64,
    min_cllr: f64,
    /// That of the calibration in use, on the same trials.
    cllr_before: f64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.map_or_else(cores, usize::from);
    let engine = args.models.engine(threads)?;
    let material = match &args.from_attempts {
        Some(labels) => attempts::read(labels, &args.config)?,
        None => measure::listen(&engine, &args.lists.sets()?, threads)?,
    };
    let coded = |error: fit::FitError| anyhow::anyhow!("{}: {error}", error.code());
    fit::is_enough(material.counts).map_err(coded)?;
    let weights = weights(&material.samples, &material.prior).map_err(coded)?;
    let tails = fit::thresholds(&fit::scored(&material.samples, &weights), 1).context("there are no impostors")?;
    let held_out = validate(&material)?;
    let composed = if args.from_attempts.is_some() { compose(engine.calibration(), &weights) } else { weights };
    let found = written(args, &engine, &material, &composed, tails, &held_out);
    std::fs::write(&args.out, file::render(&found, &held_out))
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    print(&engine, &found, &held_out, args);
    Ok(Exit::Yes)
}

/// The weights, of which the first, the score's, must be above 0.
fn weights(samples: &[Sample], prior: &[f64]) -> Result<Vec<f64>, fit::FitError> {
    let weights = fit::logistic(samples, prior, PULL)?;
    if weights.first().is_some_and(|score| *score > 0.0) { Ok(weights) } else { Err(fit::FitError::Backwards) }
}

/// The weights of a ratio that was scaled and shifted.
fn compose(before: Calibration, affine: &[f64]) -> Vec<f64> {
    let (scale, shift) = (affine[0], affine[1]);
    let mut weights: Vec<f64> = before.weights().iter().map(|weight| f64::from(*weight) * scale).collect();
    if let Some(offset) = weights.last_mut() {
        *offset += shift;
    }
    weights
}

/// Fits on two thirds of the speakers and measures on the third, several times over.
fn validate(material: &Material) -> anyhow::Result<HeldOut> {
    let (mut hits, mut all) = ([[0_usize; 2]; 3], [0_usize; 2]);
    let (mut fitted, mut before) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for repetition in 0..REPETITIONS {
        for fold in fit::folds(&material.samples, FOLDS, repetition) {
            let Ok(weights) = weights(&fold.fit, &material.prior) else { continue };
            let Some(tails) = fit::thresholds(&fit::scored(&fold.fit, &weights), repetition) else { continue };
            let measured = fit::scored(&fold.measure, &weights);
            for (trial, prior) in measured.iter().zip(fit::scored(&fold.measure, &material.prior)) {
                let kind = usize::from(trial.is_target);
                all[kind] += 1;
                fitted[kind].push(trial.score);
                before[kind].push(prior.score);
                for (hits, tail) in hits.iter_mut().zip(&tails) {
                    hits[kind] += usize::from(trial.score >= tail.threshold);
                }
            }
        }
    }
    let trials = |[impostors, targets]: [Vec<f32>; 2]| {
        metrics::Trials::new(targets, impostors).context("held-out speakers have no targets or no impostors")
    };
    let (fitted, before) = (trials(fitted)?, trials(before)?);
    let rate = |hits: usize, all: usize| hits as f64 / all as f64;
    let measured = |(nominal, [impostors, targets]): (&f64, &[usize; 2])| Measured {
        nominal: percent(*nominal),
        far: rate(*impostors, all[0]),
        frr: 1.0 - rate(*targets, all[1]),
    };
    Ok(HeldOut {
        rates: NOMINAL.iter().zip(&hits).map(measured).collect(),
        cllr: fitted.cllr(),
        min_cllr: fitted.min_cllr(),
        cllr_before: before.cllr(),
    })
}

fn written(
    args: &Args,
    engine: &Engine,
    material: &Material,
    weights: &[f64],
    tails: [Tail; 3],
    held_out: &HeldOut,
) -> CalibrationFile {
    let round = |value: f64| ((value * 1000.0).round() / 1000.0) as f32;
    let [one, tenth, hundredth] = tails.map(|tail| round(f64::from(tail.threshold)));
    let extrapolated = NOMINAL.iter().zip(&tails).filter(|(_, tail)| tail.is_extrapolated);
    CalibrationFile {
        schema: CALIBRATION_SCHEMA,
        model: engine.model().to_string(),
        revision: revision(engine.models()),
        made: args.date.clone().unwrap_or_else(|| Timestamp::now().strftime("%Y-%m-%d").to_string()),
        weights: Calibration::FEATURES
            .iter()
            .map(|name| (*name).to_owned())
            .zip(weights.iter().map(|w| round(*w)))
            .collect(),
        thresholds: Thresholds {
            llr_at_far_1pct: one,
            llr_at_far_0_1pct: tenth.max(one),
            llr_at_far_0_01pct: hundredth.max(tenth).max(one),
        },
        data: FittedOn {
            source: material.source.clone(),
            speakers: material.counts.speakers,
            targets: material.counts.targets,
            impostors: material.counts.impostors,
            extrapolated: extrapolated.map(|(nominal, _)| percent(*nominal)).collect(),
        },
        validation: held_out.rates.clone(),
    }
}

/// A nominal rate as `strictness` spells it.
fn percent(rate: f64) -> String {
    format!("{}%", (rate * 1e4).round() / 1e2)
}

fn print(engine: &Engine, found: &CalibrationFile, held_out: &HeldOut, args: &Args) {
    let data = &found.data;
    say!("fitted on {} speakers, {} targets, {} impostors", data.speakers, data.targets, data.impostors);
    say!("\n                     in use    fitted");
    let before = engine.calibration();
    for (name, weight) in Calibration::FEATURES.iter().zip(before.weights()) {
        say!("{name:<18} {weight:>8.2}  {:>8.2}", found.weights.get(*name).copied().unwrap_or_default());
    }
    for ((nominal, before), fitted) in NOMINAL.iter().zip(before.thresholds()).zip(found.thresholds.rising()) {
        say!("{:<18} {before:>8.2}  {fitted:>8.2}", format!("LLR at FAR {}", percent(*nominal)));
    }
    say!("\nOn speakers not fitted on ({REPETITIONS} times {FOLDS} parts):");
    for measured in &held_out.rates {
        let Measured { nominal, far, frr } = measured;
        say!("  aiming at FAR {nominal:<5}   FAR {:6.3} %   FRR {:6.2} %", far * 100.0, frr * 100.0);
    }
    say!(
        "  Cllr {:.3}, at best {:.3}; with the calibration in use {:.3}",
        held_out.cllr,
        held_out.min_cllr,
        held_out.cllr_before
    );
    if held_out.cllr >= held_out.cllr_before {
        eprintln!("the calibration in use costs no more on unseen speakers: these weights are no gain");
    }
    if !data.extrapolated.is_empty() {
        eprintln!("extrapolated, as too few impostors came so high: FAR {}", data.extrapolated.join(", "));
    }
    say!("\nwritten to {0}; models.calibration = \"{0}\" puts it to use", args.out.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty speakers with twenty voices of difficulty each, whose ratios are twice too large and shifted.
    fn material() -> Material {
        let mut state = 5_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % 2_001) as f64 / 1_000.0 - 1.0
        };
        let pairs = (0..30).flat_map(|model| (0..30).map(move |probe| (model, probe)));
        let mut samples = Vec::new();
        for (model, probe) in pairs {
            for _ in 0..if model == probe { 5 } else { 1 } {
                let level = if model == probe { 5.0 } else { -5.0 };
                let ratio = level + 4.0 * (noise() + noise()) + noise();
                samples.push(Sample {
                    features: vec![2.0 * ratio + 3.0, 1.0],
                    is_target: model == probe,
                    model,
                    probe,
                });
            }
        }
        let counts = fit::count(&samples);
        Material { samples, counts, source: "made up".to_owned(), prior: vec![1.0, 0.0] }
    }

    #[test]
    fn ratios_that_were_scaled_and_shifted_cost_less_on_unseen_speakers() {
        let held_out = validate(&material()).unwrap();
        assert!(held_out.cllr < held_out.cllr_before && held_out.cllr < held_out.min_cllr * 1.5 + 0.02);
        assert!(held_out.rates[0].far < 0.02 && held_out.rates[0].frr < 0.5, "{:?}", held_out.rates);
        assert!(held_out.rates[1].far <= held_out.rates[0].far);
    }

    #[test]
    fn labels_the_wrong_way_round_are_refused() {
        let mut material = material();
        for sample in &mut material.samples {
            sample.is_target = !sample.is_target;
        }
        assert_eq!(weights(&material.samples, &material.prior).unwrap_err(), fit::FitError::Backwards);
    }

    #[test]
    fn a_scaled_ratio_has_scaled_weights() {
        let shipped = Calibration {
            score: 30.0,
            score_by_ln_s: 0.0,
            ln_net_speech_s: -4.0,
            take_agreement: -9.0,
            offset: -4.0,
            llr_at_far_1pct: 0.0,
            llr_at_far_0_1pct: 2.0,
            llr_at_far_0_01pct: 4.0,
        };
        assert_eq!(compose(shipped, &[0.5, 1.0]), [15.0, 0.0, -2.0, -4.5, -1.0]);
    }
}
