//! The progress line: on standard error, and only on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A line that shows how far it is.
#[derive(Clone)]
pub(super) struct Watch(ProgressBar);

impl Watch {
    pub(super) fn enrolling(voices: usize) -> anyhow::Result<Self> {
        Self::new(voices as u64, "enrolling {bar:40} {pos}/{len} voices")
    }

    pub(super) fn calling(calls: u64) -> anyhow::Result<Self> {
        Self::new(calls, "{elapsed} {bar:40} {pos}/{len} calls{msg}")
    }

    fn new(length: u64, template: &str) -> anyhow::Result<Self> {
        let bar = ProgressBar::new(length).with_style(ProgressStyle::with_template(template)?);
        bar.tick();
        Ok(Self(bar))
    }

    pub(super) fn advance(&self) {
        self.0.inc(1);
    }

    /// Says what is open, and how it goes.
    pub(super) fn say(&self, open: usize, lost: usize, verdict_ms: Option<f64>) {
        let verdict = verdict_ms.map_or_else(String::new, |ms| format!(", last verdict after {ms:.0} ms"));
        self.0.set_message(format!(", {open} open, {lost} lost{verdict}"));
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
