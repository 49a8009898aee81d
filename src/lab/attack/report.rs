//! Figures of an attack run, with their intervals, and their table.

use std::collections::BTreeMap;

use serde::Serialize;

use super::attempt::Judged;
use super::kind::Kind;
use crate::command::say;
use crate::types::Strictness;

/// Two-sided 95 % of the normal distribution, for Wilson's interval.
const Z: f64 = 1.96;

/// Everything the bench found; rates are fractions.
#[derive(Debug, Serialize)]
pub(super) struct AttackReport {
    strictness: Strictness,
    seed: u64,
    /// Voiceprints that were attacked.
    callers: usize,
    /// Rows of the enrollment list that make none.
    not_enrolled: usize,
    pub(super) attacks: Vec<Row>,
    /// Attacks that were not run, with the reason.
    left_out: Vec<LeftOut>,
}

/// One kind of attack.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(skip)]
    kind: Kind,
    pub(super) attack: &'static str,
    pub(super) attempts: usize,
    pub(super) accepted: usize,
    pub(super) rate: f64,
    /// Wilson's 95 % interval of the rate.
    low: f64,
    high: f64,
    /// Attempts whose voice alone would have been accepted.
    pub(super) by_voice: usize,
    /// Attempts that were heard before, whatever their voice.
    pub(super) heard_before: usize,
    /// Reasons of those refused.
    pub(super) stopped_by: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    attack: String,
    why: String,
}

impl AttackReport {
    /// Counts outcomes; those that came to nothing are left away.
    pub(super) fn new(
        made: impl Iterator<Item = (Kind, Option<Judged>)>,
        callers: usize,
        not_enrolled: usize,
        (strictness, seed): (Strictness, u64),
        left_out: Vec<(String, String)>,
    ) -> Self {
        let mut rows: BTreeMap<Kind, Vec<Judged>> = BTreeMap::new();
        for (kind, judged) in made {
            rows.entry(kind).or_default().extend(judged);
        }
        let attacks = rows.into_iter().filter(|(_, judged)| !judged.is_empty()).map(Row::new).collect();
        let left_out = left_out.into_iter().map(|(attack, why)| LeftOut { attack, why }).collect();
        Self { strictness, seed, callers, not_enrolled, attacks, left_out }
    }

    /// Prints the table for people.
    pub(super) fn print(&self) {
        let refused = if self.not_enrolled > 0 {
            format!(" ({} more rows of the list make none)", self.not_enrolled)
        } else {
            String::new()
        };
        say!("{} voiceprints{refused}, voice held to FAR {}, seed {}\n", self.callers, self.strictness, self.seed);
        say!(
            "                                  attempts   voice alone   heard before   accepted     rate   95 % \
            interval     stopped by"
        );
        let mut group = "";
        for row in &self.attacks {
            if row.kind.group() != group {
                group = row.kind.group();
                say!("{group}");
            }
            row.print();
        }
        for LeftOut { attack, why } in &self.left_out {
            say!("\nnot run: {attack}\n  {why}");
        }
    }
}

impl Row {
    fn new((kind, judged): (Kind, Vec<Judged>)) -> Self {
        let attempts = judged.len();
        let accepted = judged.iter().filter(|one| one.verdict.is_accept()).count();
        let (low, high) = wilson(accepted, attempts);
        let mut stopped_by = BTreeMap::new();
        for reason in judged.iter().filter_map(|one| one.verdict.reason()) {
            *stopped_by.entry(reason.code()).or_default() += 1;
        }
        Self {
            kind,
            attack: kind.code(),
            attempts,
            accepted,
            rate: accepted as f64 / attempts as f64,
            low,
            high,
            by_voice: judged.iter().filter(|one| one.by_voice).count(),
            heard_before: judged.iter().filter(|one| one.is_replay).count(),
            stopped_by,
        }
    }

    fn print(&self) {
        let mut reasons: Vec<_> = self.stopped_by.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let reasons: Vec<String> = reasons.into_iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        say!(
            "  {:<31} {:>8} {:>13} {:>14} {:>10} {:>6.1} %  {:>5.1} to {:>5.1} %   {}",
            self.kind.title(),
            self.attempts,
            self.by_voice,
            self.heard_before,
            self.accepted,
            self.rate * 100.0,
            self.low * 100.0,
            self.high * 100.0,
            reasons.join(", ")
        );
    }
}

/// Where the true rate lies, 95 times in 100, after `hits` of `of` (E. B. Wilson 1927).
fn wilson(hits: usize, of: usize) -> (f64, f64) {
    let (n, rate) = (of as f64, hits as f64 / of as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (rate + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // From R: prop.test(x, n, correct = FALSE)$conf.int
        for (hits, of, low, high) in [(0, 100, 0.0, 0.0370), (1, 10, 0.0179, 0.4042), (50, 100, 0.4038, 0.5962)] {
            let (l, h) = wilson(hits, of);
            assert!((l - low).abs() < 1e-3 && (h - high).abs() < 1e-3, "{hits} of {of}: {l} to {h}");
        }
    }
}
