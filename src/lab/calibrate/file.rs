//! The calibration file that `callprint calibrate` writes.

use std::fmt::Write;

use super::HeldOut;
use crate::engine::CalibrationFile;
use crate::scoring::Calibration;

/// A calibration as a commented file that [`CalibrationFile::parse`] reads.
pub(super) fn render(found: &CalibrationFile, held_out: &HeldOut) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(format_args!("# Written by `callprint calibrate`; used where models.calibration names this file."));
    line(format_args!("# It holds for one revision of one model, and is refused with any other.\n"));
    line(format_args!("schema = {}", found.schema));
    line(format_args!("model = {}", quoted(&found.model)));
    line(format_args!("revision = {}", quoted(&found.revision)));
    line(format_args!("made = {}", quoted(&found.made)));
    line(format_args!(
        "\n# llr = score · cosine + ln_net_speech_s · ln(speech in s) + take_agreement · (takes' cosine) + offset"
    ));
    line(format_args!("[weights]"));
    for name in Calibration::FEATURES {
        line(format_args!("{name} = {:?}", found.weights.get(name).copied().unwrap_or_default()));
    }
    line(format_args!("\n# The lowest llr that is accepted, with a margin of one standard error between speakers."));
    line(format_args!("[thresholds]"));
    line(format_args!("llr_at_far_1pct = {:?}", found.thresholds.llr_at_far_1pct));
    line(format_args!("llr_at_far_0_1pct = {:?}", found.thresholds.llr_at_far_0_1pct));
    line(format_args!("llr_at_far_0_01pct = {:?}", found.thresholds.llr_at_far_0_01pct));
    let data = &found.data;
    line(format_args!("\n[data]"));
    line(format_args!("source = {}", quoted(&data.source)));
    line(format_args!("speakers = {}", data.speakers));
    line(format_args!("targets = {}", data.targets));
    line(format_args!("impostors = {}", data.impostors));
    line(format_args!("# Aims for which too few impostors came so high: thresholds lie along a normal tail."));
    let extrapolated: Vec<String> = data.extrapolated.iter().map(|name| quoted(name)).collect();
    line(format_args!("extrapolated = [{}]", extrapolated.join(", ")));
    line(format_args!(
        "\n# Measured on speakers who were not fitted on. Cllr {:.3}, at best {:.3};",
        held_out.cllr, held_out.min_cllr
    ));
    line(format_args!("# with the calibration in use before {:.3}.", held_out.cllr_before));
    for measured in &found.validation {
        line(format_args!("[[validation]]"));
        line(format_args!("nominal = {}", quoted(&measured.nominal)));
        line(format_args!("far = {:?}", measured.far));
        line(format_args!("frr = {:?}", measured.frr));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FittedOn, Measured, Thresholds};

    #[test]
    fn what_is_written_is_what_is_read() {
        let rates = vec![Measured { nominal: "1%".to_owned(), far: 0.01, frr: 0.0 }];
        let found = CalibrationFile {
            schema: 1,
            model: "m \"quoted\"".to_owned(),
            revision: "00ff".to_owned(),
            made: "2026-01-01".to_owned(),
            weights: Calibration::FEATURES.iter().map(|name| ((*name).to_owned(), 1.5)).collect(),
            thresholds: Thresholds { llr_at_far_1pct: 0.0, llr_at_far_0_1pct: 2.5, llr_at_far_0_01pct: 1e1 },
            data: FittedOn {
                source: "lists: digits\\var".to_owned(),
                speakers: 20,
                targets: 100,
                impostors: 380,
                extrapolated: vec!["0.1%".to_owned(), "0.01%".to_owned()],
            },
            validation: rates.clone(),
        };
        let held_out = HeldOut { rates, cllr: 0.1, min_cllr: 0.09, cllr_before: 0.2 };
        assert_eq!(CalibrationFile::parse(&render(&found, &held_out)), Ok(found));
    }
}
