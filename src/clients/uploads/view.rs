//! A verified attempt as the client may see it.

use super::Uploads;
use super::error::advice;
use crate::clients::client::Client;
use crate::clients::permission::{ByKey, Permission, Scores, Verify};
use crate::clients::uploads::Verified;
use crate::dialog::Suspicion;
use crate::engine::{Asked, Finding, Findings, Tier};
use crate::types::{Reason, Timestamp, Verdict};
use crate::wire::{CalibrationView, Detail, QualityView, RetriesView, ScoreView, SignalTiers, SpoofView, VerifyView};

impl Uploads {
    /// An attempt as the client may know it; in full for a client that may see scores, if it asks for that.
    pub fn verify_view(
        &self,
        client: &Client<Verify>,
        verified: &Verified,
        in_full: Option<&Client<ByKey<Scores>>>,
    ) -> VerifyView {
        let in_full = in_full.is_some();
        let (verdict, findings) = (verified.verdict, verified.findings());
        let is_accept = verdict.is_accept();
        let is_cooldown = matches!(verdict, Verdict::Cooldown { .. });
        VerifyView {
            decision: verdict.code(),
            confidence: (!is_cooldown).then(|| confidence(verified, client.sees_scores())),
            reason: if is_cooldown { Some("cooldown") } else { verdict.reason().map(Reason::code) },
            signals: findings.filter(|_| is_accept || in_full).map(|findings| tiers(&findings)),
            learning_progress: (is_accept || in_full).then_some(verified.learning_progress),
            retry_after_ms: verified.retry_after_ms(self.cx.now()),
            detail: in_full.then(|| self.detail(verified)),
        }
    }

    fn detail(&self, verified: &Verified) -> Detail {
        let Verified { attempt, verdict, measured, .. } = verified;
        let findings = verified.findings();
        let strictness = self.cx.config.api.strictness;
        let quality = measured.signals.map(|signals| QualityView {
            net_speech_ms: signals.quality.net_speech_ms,
            level_dbfs: signals.quality.level_dbfs,
            snr_db: signals.quality.snr_db,
            clipped_fraction: signals.quality.clipped_fraction,
        });
        let lockout = &self.cx.config.lockout;
        Detail {
            attempt: attempt.to_string(),
            asked: match measured.signals.map(|signals| signals.asked) {
                Some(Asked::Challenge) => "challenge",
                _ => "passphrase",
            },
            calibration: CalibrationView {
                source: self.judge.engine().calibrated_by().to_owned(),
                model: self.judge.engine().model().to_string(),
                strictness: strictness.to_string(),
                is_of_site: self.judge.own_threshold(strictness).is_some(),
            },
            spoof: spoof(findings.as_ref()),
            thresholds: scores(findings.as_ref(), |finding| finding.threshold.0),
            scores: scores(findings.as_ref(), |finding| finding.llr.0),
            fused: measured.signals.and_then(|signals| signals.fused).map(|fused| fused.0),
            quality,
            retries: RetriesView {
                suggested: matches!(verdict, Verdict::Retry { .. }),
                allowed: lockout.caller_failures,
                window_s: lockout.window_s,
            },
            insights: insights(verified),
        }
    }
}

impl Verified {
    fn findings(&self) -> Option<Findings> {
        // A client in a cooldown learns nothing of how the take sounded.
        let is_told = !matches!(self.verdict, Verdict::Cooldown { .. });
        self.measured.signals.and_then(|signals| signals.findings).filter(|_| is_told)
    }

    /// The odds of an accept as a share; in steps for a client that must not see scores.
    pub fn confidence<P: Permission>(&self, client: &Client<P>) -> f32 {
        confidence(self, client.sees_scores())
    }

    /// How long a cooldown lasts from now on, in milliseconds.
    pub fn retry_after_ms(&self, now: Timestamp) -> Option<u64> {
        match self.verdict {
            Verdict::Cooldown { until } => Some(until.duration_since(now).as_millis().max(0) as u64),
            _ => None,
        }
    }
}

/// The odds of an accept as a share; in steps where scores are not to be seen.
fn confidence(verified: &Verified, sees_scores: bool) -> f32 {
    let fused = verified.findings().map(|findings| findings.fused().0);
    match (sees_scores, fused) {
        (true, Some(fused)) if fused.is_finite() => (100.0 / (1.0 + (-fused).exp())).round() / 100.0,
        _ => match (verified.verdict, verified.findings().map(|findings| tiers(&findings))) {
            (Verdict::Accept, Some(SignalTiers { voice: "high", phrase: "high", .. })) => 0.95,
            (Verdict::Accept, _) => 0.8,
            (Verdict::Retry { .. }, _) => 0.4,
            _ => 0.1,
        },
    }
}

const fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Low => "low",
        Tier::Medium => "medium",
        Tier::High => "high",
    }
}

/// A signal that was not measured is no better than one that is just accepted.
fn tiers(findings: &Findings) -> SignalTiers {
    let of = |finding: Option<Finding>| finding.map_or(Tier::Medium, Finding::tier);
    let liveness = match (of(findings.replay), findings.synthetic.map(Finding::tier)) {
        (Tier::Low, _) | (_, Some(Tier::Low)) => Tier::Low,
        (replay, None) => replay,
        (Tier::High, Some(Tier::High)) => Tier::High,
        _ => Tier::Medium,
    };
    SignalTiers { voice: word(findings.voice.tier()), phrase: word(of(findings.words)), liveness: word(liveness) }
}

fn spoof(findings: Option<&Findings>) -> SpoofView {
    let label = |finding: Option<Finding>, good| match finding {
        None => "not_measured",
        Some(finding) if finding.margin() >= 0.0 => good,
        Some(_) => "suspected",
    };
    SpoofView {
        replay: label(findings.and_then(|findings| findings.replay), "fresh"),
        synthetic: label(findings.and_then(|findings| findings.synthetic), "human"),
    }
}

fn scores(findings: Option<&Findings>, of: impl Fn(Finding) -> f32) -> ScoreView {
    let Some(findings) = findings else { return ScoreView::default() };
    ScoreView {
        voice: Some(of(findings.voice)),
        phrase: findings.words.map(&of),
        replay: findings.replay.map(&of),
        synthetic: findings.synthetic.map(&of),
    }
}

fn insights(verified: &Verified) -> Vec<String> {
    let mut told = Vec::new();
    for lacking in verified.findings().map(|findings| findings.lacking()).unwrap_or_default() {
        told.push(format!("{} was short by {:.1} of what is accepted", lacking.signal.as_str(), lacking.short_by));
    }
    if let Some(reason) = verified.verdict.reason() {
        told.push(advice(reason).to_owned());
    }
    if verified.measured.risk.suspicions().contains(&Suspicion::RecentFailures) {
        told.push("more was asked of the voice than usual, as there were mismatches in the last day".to_owned());
    }
    told
}
