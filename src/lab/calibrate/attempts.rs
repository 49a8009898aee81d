//! An operator's labels of past attempts, as calibration data.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use super::Material;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::lab::lists::Table;
use crate::lab::speakers::Roll;
use crate::scoring::fit::{Counts, Sample};
use crate::store::{Attempt, AttemptFilter};

/// Reads an operator's labels, and the ratios of the attempts they speak of.
///
/// Attempts without a ratio, of takes too poor to score, are left out. An impostor's identity is unknown: a number
/// counts as one speaker.
///
/// # Errors
/// A label or attempt that cannot be used, by line.
pub(super) fn read(labels: &Path, config: &ConfigArgs) -> anyhow::Result<Material> {
    let labels = labels_of(&Table::read(labels)?)?;
    let attempts = with_store(config, async |store| {
        let filter = AttemptFilter { caller: None, line: None, since: None, limit: u32::MAX };
        Ok(store.attempts(filter).await?)
    })?;
    material(&labels, &attempts)
}

/// Whether each labelled attempt is genuine, and where the list says so.
fn labels_of(table: &Table) -> anyhow::Result<BTreeMap<i64, (bool, String)>> {
    let (attempt, label) = (table.column("attempt")?, table.column("label")?);
    let mut labels = BTreeMap::new();
    for row in &table.rows {
        let id = row[attempt].parse().ok().with_context(|| format!("{}: an attempt's id is a number", row.origin))?;
        let is_genuine = match row[label].as_str() {
            "genuine" => true,
            "impostor" => false,
            other => bail!("{}: expected genuine or impostor, found {other:?}", row.origin),
        };
        let before = labels.insert(id, (is_genuine, row.origin.clone()));
        ensure!(before.is_none_or(|before| before.0 == is_genuine), "{}: contradicts an earlier row", row.origin);
    }
    Ok(labels)
}

fn material(labels: &BTreeMap<i64, (bool, String)>, attempts: &[Attempt]) -> anyhow::Result<Material> {
    let by_id: BTreeMap<i64, &Attempt> = attempts.iter().map(|attempt| (attempt.id, attempt)).collect();
    let (mut samples, mut roll) = (Vec::new(), Roll::default());
    for (id, (is_target, origin)) in labels {
        let attempt = by_id.get(id).with_context(|| format!("{origin}: there is no attempt {id}"))?;
        let llr = attempt.signals.as_ref().and_then(|signals| signals.get("llr")?.as_f64());
        let (Some(llr), Some(caller)) = (llr.filter(|llr| llr.is_finite()), attempt.caller) else { continue };
        let model = roll.index(&format!("caller {caller}"));
        let stranger = || match &attempt.number {
            Some(number) => format!("number {}", number.as_str()),
            None => format!("attempt {id}"),
        };
        let probe = if *is_target { model } else { roll.index(&stranger()) };
        samples.push(Sample { features: vec![llr, 1.0], is_target: *is_target, model, probe });
    }
    let mut callers: Vec<usize> = samples.iter().map(|sample| sample.model).collect();
    callers.sort_unstable();
    callers.dedup();
    let targets = samples.iter().filter(|sample| sample.is_target).count();
    let counts = Counts { speakers: callers.len(), targets, impostors: samples.len() - targets };
    Ok(Material { samples, counts, source: "labelled attempts".to_owned(), prior: vec![1.0, 0.0] })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Via;
    use crate::types::{CallSid, CallerId, LineName, Timestamp, Verdict};

    fn attempt(id: i64, caller: Option<CallerId>, signals: serde_json::Value) -> Attempt {
        Attempt {
            id,
            at: Timestamp::UNIX_EPOCH,
            via: Via::Call { call: CallSid::parse(SID).unwrap(), turn: 1, line: LineName("main".to_owned()) },
            caller,
            number: None,
            verdict: Verdict::Accept,
            signals: Some(signals),
        }
    }

    const SID: &str = "CA00000000000000000000000000000000";

    fn labels(text: &str) -> anyhow::Result<BTreeMap<i64, (bool, String)>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("labels.tsv");
        std::fs::write(&path, text)?;
        labels_of(&Table::read(&path)?)
    }

    #[test]
    fn labelled_ratios_are_samples_and_attempts_without_one_are_left_out() {
        let (ann, ben) = (CallerId::new(), CallerId::new());
        let attempts = [
            attempt(1, Some(ann), json!({ "llr": 4.0 })),
            attempt(2, Some(ann), json!({ "llr": -6.0 })),
            attempt(3, Some(ben), json!({ "llr": 5.5 })),
            attempt(4, Some(ben), json!({ "llr": null })),
            attempt(5, None, json!({ "llr": 1.0 })),
        ];
        let labels = labels("attempt\tlabel\n1\tgenuine\n2\timpostor\n3\tgenuine\n4\tgenuine\n5\timpostor\n").unwrap();
        let found = material(&labels, &attempts).unwrap();
        assert_eq!(found.counts, Counts { speakers: 2, targets: 2, impostors: 1 });
        assert_eq!(found.samples[1].features, [-6.0, 1.0]);
        assert!(found.samples[0].model == found.samples[0].probe && found.samples[1].model != found.samples[1].probe);
        assert!(material(&labels, &attempts[1..]).err().unwrap().to_string().contains("no attempt 1"));
    }

    #[test]
    fn labels_that_cannot_be_used_are_refused_by_line() {
        for (rows, names) in [
            ("1\tmaybe", "labels.tsv:2: expected genuine"),
            ("one\tgenuine", "labels.tsv:2: an attempt's id"),
            ("1\tgenuine\n1\timpostor", "labels.tsv:3: contradicts"),
        ] {
            let complaint = labels(&format!("attempt\tlabel\n{rows}\n")).unwrap_err().to_string();
            assert!(complaint.contains(names), "{complaint}");
        }
    }
}
