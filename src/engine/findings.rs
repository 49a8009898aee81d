use serde::{Deserialize, Serialize};

use crate::types::{Llr, Reason};

/// The margin above its threshold that makes an accept clear, and a signal high.
///
/// About as much as lies between the thresholds for a false-accept rate of 0.1 % and 0.01 % in the default model's
/// calibration.
pub(super) const CLEAR: f32 = 2.6;

/// One thing that is measured of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Who is speaking.
    Voice,
    /// The words: the passphrase or the challenge.
    Words,
    /// Whether it was heard before.
    Replay,
    /// Whether a machine speaks.
    Synthetic,
}

impl Signal {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Words => "words",
            Self::Replay => "replay",
            Self::Synthetic => "synthetic",
        }
    }

    /// Why a probe that fails by this signal is not accepted.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Voice => Reason::VoiceMismatch,
            Self::Words => Reason::PhraseMismatch,
            Self::Replay => Reason::ReplaySuspected,
            Self::Synthetic => Reason::SyntheticSuspected,
        }
    }
}

/// How much one signal speaks for the caller, and how much it has to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The caller, here and now, against what this signal tells them from.
    pub llr: Llr,
    /// The lowest that is accepted.
    pub threshold: Llr,
}

/// How good a signal is, for people and for applications that must not see scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Not accepted.
    Low,
    /// Accepted.
    Medium,
    /// Accepted beyond doubt.
    High,
}

impl Finding {
    /// The distance above the threshold; below 0 the signal is not accepted.
    pub fn margin(self) -> f32 {
        self.llr.0 - self.threshold.0
    }

    /// How good that is; a score that is not a number is low.
    pub fn tier(self) -> Tier {
        match self.margin() {
            margin if margin >= CLEAR => Tier::High,
            margin if margin >= 0.0 => Tier::Medium,
            _ => Tier::Low,
        }
    }
}

/// The measurements of a probe, signal by signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Who is speaking.
    pub voice: Finding,
    /// The words; none where they could not be told.
    pub words: Option<Finding>,
    /// Whether it was heard before; none where there is nothing to compare with.
    pub replay: Option<Finding>,
    /// Whether a machine speaks; none where the engine does not listen for machines.
    pub synthetic: Option<Finding>,
}

/// A signal that an accept would have needed more of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lacking {
    /// The signal.
    pub signal: Signal,
    /// How much more, as a log-likelihood ratio.
    pub short_by: f32,
}

impl Findings {
    /// All signals in one number: what the attacks together leave above what is tolerated.
    ///
    /// Each signal tells the caller from one kind of attack: an impostor, another sentence, a recording, a machine. The
    /// odds of each attack, relative to those its threshold tolerates, are `e^−margin`; the caller may be any of them,
    /// so the odds add up: `−ln Σ e^−margin`. It is never more than the weakest signal's margin: none makes up for
    /// another.
    pub fn fused(&self) -> Llr {
        let odds: f32 = self.measured().map(|(_, finding)| (-finding.margin()).exp()).sum();
        Llr(-odds.ln())
    }

    /// The signal with the least above its threshold.
    pub fn weakest(&self) -> Signal {
        let margin = |finding: Finding| if finding.margin().is_nan() { f32::NEG_INFINITY } else { finding.margin() };
        let weakest = self.measured().min_by(|(_, a), (_, b)| margin(*a).total_cmp(&margin(*b)));
        weakest.map_or(Signal::Voice, |(signal, _)| signal)
    }

    /// The change that would have had a refused probe accepted.
    pub fn lacking(&self) -> Vec<Lacking> {
        let short = |(signal, finding): (Signal, Finding)| {
            (finding.margin() < 0.0).then(|| Lacking { signal, short_by: -finding.margin() })
        };
        let below: Vec<Lacking> = self.measured().filter_map(short).collect();
        if below.is_empty() && self.fused().0 < 0.0 {
            // Each alone would do; together they leave too much to chance.
            return vec![Lacking { signal: self.weakest(), short_by: -self.fused().0 }];
        }
        below
    }

    /// The signals there are, in order.
    pub fn measured(&self) -> impl Iterator<Item = (Signal, Finding)> {
        let all = [
            (Signal::Voice, Some(self.voice)),
            (Signal::Words, self.words),
            (Signal::Replay, self.replay),
            (Signal::Synthetic, self.synthetic),
        ];
        all.into_iter().filter_map(|(signal, finding)| Some((signal, finding?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finding(margin: f32) -> Finding {
        Finding { llr: Llr(3.0 + margin), threshold: Llr(3.0) }
    }

    fn findings(voice: f32, words: f32, replay: f32) -> Findings {
        let [words, replay] = [words, replay].map(|margin| Some(finding(margin)));
        Findings { voice: finding(voice), words, replay, synthetic: None }
    }

    #[test]
    fn the_odds_of_the_attacks_add_up() {
        // −ln(e^−2 + e^−3 + e^−4), by hand.
        assert!((findings(2.0, 3.0, 4.0).fused().0 - 1.5924).abs() < 1e-3);
        assert!((findings(50.0, -5.0, 50.0).fused().0 + 5.0).abs() < 1e-3);
        let alone = Findings { words: None, replay: None, ..findings(1.5, 0.0, 0.0) };
        assert!((alone.fused().0 - 1.5).abs() < 1e-6);
    }

    #[test]
    fn the_weakest_signal_gives_the_reason() {
        for (found, signal) in [
            (findings(-1.0, 3.0, 3.0), Signal::Voice),
            (findings(1.0, -3.0, 3.0), Signal::Words),
            (findings(1.0, 3.0, 0.5), Signal::Replay),
            (findings(1.0, f32::NAN, -9.0), Signal::Words),
        ] {
            assert_eq!(found.weakest(), signal, "{found:?}");
        }
    }

    #[test]
    fn what_is_lacking_is_told_with_how_much() {
        assert_eq!(findings(3.0, 3.0, 3.0).lacking(), []);
        let lacking = findings(-1.5, 3.0, -0.5).lacking();
        assert_eq!(lacking.iter().map(|one| one.signal).collect::<Vec<_>>(), [Signal::Voice, Signal::Replay]);
        assert!((lacking[0].short_by - 1.5).abs() < 1e-6);
        // Each is just above its threshold, all three together are not.
        assert_eq!(findings(0.2, 0.1, 0.3).lacking()[0].signal, Signal::Words);
    }

    #[test]
    fn tiers_tell_how_good_without_a_number() {
        let tier = |margin| finding(margin).tier();
        assert_eq!([tier(-0.1), tier(0.0), tier(2.5), tier(2.7)], [Tier::Low, Tier::Medium, Tier::Medium, Tier::High]);
        assert_eq!(tier(f32::NAN), Tier::Low);
    }

    proptest! {
        /// No signal makes up for another, and one that is measured never helps.
        #[test]
        fn the_whole_is_never_better_than_its_weakest_part(
            voice in -50.0..50.0_f32,
            words in -50.0..50.0_f32,
            replay in -50.0..50.0_f32,
        ) {
            let all = findings(voice, words, replay);
            prop_assert!(all.fused().0 <= voice.min(words).min(replay) + 1e-3);
            let fewer = Findings { words: None, ..all };
            prop_assert!(all.fused().0 <= fewer.fused().0 + 1e-3);
        }
    }
}
