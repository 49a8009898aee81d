use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use super::Material;
use crate::cli::desk;
use crate::cli::eval::lists::Table;
use crate::cli::eval::speakers::Roll;
use crate::cli::settings::ConfigArgs;
use crate::scoring::fit::{Counts, Sample};
use crate::store::{Attempt, AttemptFilter};

/// Reads an operator's labels, and the ratios of the attempts they speak of.
///
/// Attempts without a ratio, of takes too poor to score, are left out. Who an impostor is nobody knows: a number counts as one.
///
/// # Errors
/// A label or attempt that cannot be used, by line.
pub(super) fn read(labels: &Path, config: &ConfigArgs) -> anyhow::Result<Material> {
    let labels = labels_of(&Table::read(labels)?)?;
    let attempts = desk::with_store(config, async |store| {
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
