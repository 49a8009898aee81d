use super::figures::{Fault, Figures, Rates};

/// Prints the figures for people.
pub(super) fn table(found: &Figures) {
    say!("                targets  impostors    EER   FRR at FAR 1 %   at 0.1 %   minDCF    Cllr   unscored");
    row("all", &found.all);
    for (name, rates) in &found.by_phrase {
        row(&format!("{name} phrase"), rates);
    }
    say!("\nAt the model's own thresholds:");
    for at in &found.at_threshold {
        let (aim, far, frr) = (at.strictness.to_string(), percent(at.far), percent(at.frr));
        say!("  aiming at FAR {aim:<5}  LLR ≥ {:5.2}   FAR {far}   FRR {frr}", at.llr);
    }
    say!(
        "\n{} voiceprints, {} recordings with {:.0} s of audio, heard in {:.1} s; {:.0} ms a recording on one thread",
        found.voiceprints,
        found.recordings,
        found.audio_seconds,
        found.wall_seconds,
        found.seconds_per_probe * 1000.0
    );
    say!("Ranked by the calibrated log-likelihood ratio of {}; minDCF at a target prior of 0.01", found.model);
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

fn faults(consequence: &str, faults: &[Fault]) {
    for fault in faults {
        eprintln!("{}: {} {consequence}", fault.reason, fault.recording);
    }
}
