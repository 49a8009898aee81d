//! Figures of an evaluation, printed for people.

use super::by_speaker::SpeakerRow;
use super::figures::{Figures, Rates};
use super::stream::{Ends, Paused};
use crate::command::say;
use crate::lab::voices::VoiceFault;
use crate::scoring::metrics::Interval;

/// Prints the figures for people.
pub(super) fn table(found: &Figures) {
    if !found.set.is_empty() {
        say!("\n{}", found.set);
    }
    say!("                targets  impostors    EER   FRR at FAR 1 %   at 0.1 %   minDCF    Cllr   unscored");
    row("all", &found.all);
    for (name, rates) in &found.by_phrase {
        row(&format!("{name} phrase"), rates);
    }
    if let (Some(cllr), Some(least)) = (found.all.cllr, found.min_cllr) {
        say!("\nCllr {cllr:.3}; these scores calibrated at best: {least:.3}");
    }
    if let Some(found) = &found.intervals {
        let range = |interval: Interval| format!("{:.2}–{:.2} %", interval.low * 100.0, interval.high * 100.0);
        say!("95 % intervals over {} speakers, resampled:", found.speakers);
        say!(
            "  EER {}   FRR at FAR 1 % {}   at 0.1 % {}   Cllr {:.3}–{:.3}",
            range(found.eer),
            range(found.frr_at_far_1pct),
            range(found.frr_at_far_0_1pct),
            found.cllr.low,
            found.cllr.high
        );
    }
    speakers(&found.by_speaker);
    say!("\nAt the thresholds in use:");
    for at in &found.at_threshold {
        let (aim, far, frr) = (at.strictness.to_string(), percent(at.far), percent(at.frr));
        say!("  aiming at FAR {aim:<5}  LLR ≥ {:5.2}   FAR {far}   FRR {frr}", at.llr);
    }
    if !found.fused.is_empty() {
        say!("\nAccepted by voice and words together, aiming at FAR 0.1 %:");
        for (who, one) in &found.fused {
            let rate = percent(one.accepted as f64 / one.trials as f64);
            say!("  {:<28} {:>6} of {:>6}  {rate}", who.replace('_', " "), one.accepted, one.trials);
        }
    }
    say!(
        "\n{} voiceprints, {} recordings with {:.0} s of audio, heard in {:.1} s; {:.0} ms a recording on one thread",
        found.voiceprints,
        found.recordings,
        found.audio_seconds,
        found.wall_seconds,
        found.seconds_per_probe * 1000.0
    );
    if let Some(streamed) = &found.streamed {
        turns(&streamed.pauses);
    }
    say!("Ranked by the calibrated log-likelihood ratio of {}; minDCF at a target prior of 0.01", found.model);
}

/// The speakers, the worst first.
fn speakers(rows: &[SpeakerRow]) {
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|row| row.speaker.chars().count()).max().unwrap_or_default().max(7);
    say!(
        "\n{:<width$}  own      FRR   against: others      FAR   by them: trials      FAR   mean own  others",
        "speaker"
    );
    for row in rows {
        let mean = |mean: Option<f64>| mean.map_or("–".to_owned(), |mean| format!("{mean:.1}"));
        say!(
            "{:<width$} {:>4}  {}            {:>6}  {}            {:>6}  {}     {:>6}  {:>6}",
            row.speaker,
            row.targets,
            percent(row.frr),
            row.impostors_against,
            percent(row.far_against),
            row.impostors_by,
            percent(row.far_by),
            mean(row.mean_target),
            mean(row.mean_impostor)
        );
    }
}

/// The turns of streams; waits are from the end of speech to that of the turn.
fn turns(pauses: &[Paused]) {
    say!("\n   pause  turns                 cut off   speech lost   wait p50      p95      EER   FRR at 0.1 %   ended");
    for paused in pauses {
        for (name, ends) in &paused.turns {
            let name = if *name == "all" { "enrolled".to_owned() } else { format!("  {name} phrase") };
            say!("{:>5} ms  {name:<16}{}", paused.pause_ms, self::ends(ends, Some(&paused.rates)));
        }
        say!("{:>5} ms  {:<16}{}", paused.pause_ms, "others", ends(&paused.impostor_turns, None));
    }
    say!();
}

fn ends(ends: &Ends, rates: Option<&Rates>) -> String {
    let reasons: Vec<String> = ends.ended.iter().map(|(reason, turns)| format!("{reason} {turns}")).collect();
    let rates =
        rates.map_or(String::new(), |rates| format!("{}     {}", percent(rates.eer), percent(rates.frr_at_far_0_1pct)));
    format!(
        "{:>5}  {}      {}    {:>4} ms  {:>4} ms  {rates:<20}  {}",
        ends.turns,
        percent(ends.cut_off),
        percent(ends.speech_lost),
        ends.wait_ms_p50,
        ends.wait_ms_p95,
        reasons.join(", ")
    )
}

fn row(name: &str, rates: &Rates) {
    let cllr = rates.cllr.map_or("–".to_owned(), |cllr| format!("{cllr:.3}"));
    say!(
        "{name:<13} {:>9}  {:>9} {}         {}   {}   {:6.3} {cllr:>7}   {:>8}",
        rates.targets,
        rates.impostors,
        percent(rates.eer),
        percent(rates.frr_at_far_1pct),
        percent(rates.frr_at_far_0_1pct),
        rates.min_dcf,
        rates.failures
    );
}

fn percent(fraction: f64) -> String {
    format!("{:5.2} %", fraction * 100.0)
}

/// Reports, on standard error, what could not be used.
pub(super) fn complaints(found: &Figures) {
    faults("could not be scored and counts as rejected", &found.failed_probes);
    faults("is left out of its voiceprint", &found.failed_takes);
    for row in &found.takes_differ {
        eprintln!("takes_differ: {row}: a caller would be asked to repeat them; scored all the same");
    }
}

fn faults(consequence: &str, faults: &[VoiceFault]) {
    for fault in faults {
        eprintln!("{}: {} {consequence}", fault.reason, fault.recording);
    }
}
