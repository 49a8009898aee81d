use serde::{Deserialize, Serialize};

use crate::types::Attestation;

/// Numbers and callers that may be seen together in a day before it is odd: a household, or a person with two phones.
const USUAL: u32 = 3;

/// Mismatches of the caller or the number within the lock-out's window that make the next attempt suspect.
const FAILURES: u32 = 2;

/// Risk from which a challenge is asked for, where the line may.
const CHALLENGE_FROM: f32 = 1.0;

/// The most that suspicions add up to: about one step of strictness, as the default model's thresholds lie 2.4 apart.
const MOST: f32 = 2.4;

/// Signs of a call besides the words said in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSigns {
    /// The carriers' word about the calling number.
    pub attestation: Attestation,
    /// The number is withheld, or no phone number.
    pub is_withheld: bool,
    /// Another number forwarded the call.
    pub is_forwarded: bool,
    /// Different callers that this number was used for in the last day, this one included.
    pub callers_of_number: u32,
    /// Different numbers that this caller was claimed from in the last day, this one included.
    pub numbers_of_caller: u32,
    /// Mismatches of the caller or the number, the higher, in the last day.
    pub recent_failures: u32,
    /// The voiceprint is from another call and was never accepted.
    pub is_first_call: bool,
}

/// One thing about a call that speaks against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// The carriers' check of the calling number failed.
    AttestationFailed,
    /// The number is not shown.
    NumberWithheld,
    /// The call was forwarded.
    Forwarded,
    /// One number, many callers.
    ManyCallers,
    /// One caller, many numbers.
    ManyNumbers,
    /// It failed lately.
    RecentFailures,
    /// The first verification after enrolling in another call.
    FirstCall,
    /// The last take sounded like a recording or a machine.
    LastTake,
    /// The voice is one that the operator wants to be warned of.
    Watched,
}

/// A suspicion against a call, before a word is said: it never rejects by itself, and never helps.
///
/// Each suspicion raises what the voice must reach, by the natural logarithm of how much more likely an impostor is
/// taken to be. No data here can tell those odds: they are judgements, one for each suspicion, and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk(Vec<Suspicion>);

impl Suspicion {
    /// The amount it adds to the threshold, as a log-likelihood ratio.
    const fn weight(self) -> f32 {
        match self {
            // A forged number, or a number that tries one account after the other: what an attack looks like.
            Self::AttestationFailed | Self::ManyCallers | Self::RecentFailures | Self::LastTake | Self::Watched => 1.0,
            // Many honest callers do the same.
            Self::NumberWithheld | Self::Forwarded | Self::ManyNumbers | Self::FirstCall => 0.5,
        }
    }
}

impl Risk {
    /// The risk that a call's signs amount to.
    pub fn of(signs: &CallSigns) -> Self {
        let table = [
            (signs.attestation == Attestation::Failed, Suspicion::AttestationFailed),
            (signs.is_withheld, Suspicion::NumberWithheld),
            (signs.is_forwarded, Suspicion::Forwarded),
            (signs.callers_of_number > USUAL, Suspicion::ManyCallers),
            (signs.numbers_of_caller > USUAL, Suspicion::ManyNumbers),
            (signs.recent_failures >= FAILURES, Suspicion::RecentFailures),
            (signs.is_first_call, Suspicion::FirstCall),
        ];
        Self(table.into_iter().filter_map(|(holds, suspicion)| holds.then_some(suspicion)).collect())
    }

    /// The same with one thing more.
    #[must_use]
    pub fn and(mut self, suspicion: Suspicion) -> Self {
        if !self.0.contains(&suspicion) {
            self.0.push(suspicion);
        }
        self
    }

    /// The ratio that the voice must reach beyond the line's threshold, as a log-likelihood ratio.
    pub fn raises_by(&self) -> f32 {
        self.0.iter().map(|suspicion| suspicion.weight()).sum::<f32>().min(MOST)
    }

    /// Whether it is enough for a challenge.
    pub fn asks_for_challenge(&self) -> bool {
        self.raises_by() >= CHALLENGE_FROM
    }

    /// The suspicions found.
    pub fn suspicions(&self) -> &[Suspicion] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARMLESS: CallSigns = CallSigns {
        attestation: Attestation::Absent,
        is_withheld: false,
        is_forwarded: false,
        callers_of_number: 1,
        numbers_of_caller: 1,
        recent_failures: 0,
        is_first_call: false,
    };

    #[test]
    fn a_harmless_call_raises_nothing() {
        let risk = Risk::of(&HARMLESS);
        assert!(risk.suspicions().is_empty() && risk.raises_by() == 0.0 && !risk.asks_for_challenge());
        let usual = CallSigns { callers_of_number: 3, numbers_of_caller: 3, recent_failures: 1, ..HARMLESS };
        assert_eq!(Risk::of(&usual), risk);
    }

    #[test]
    fn what_an_attack_looks_like_asks_for_a_challenge_and_what_is_common_does_not() {
        let table = [
            (CallSigns { attestation: Attestation::Failed, ..HARMLESS }, true),
            (CallSigns { callers_of_number: 4, ..HARMLESS }, true),
            (CallSigns { recent_failures: 2, ..HARMLESS }, true),
            (CallSigns { is_withheld: true, ..HARMLESS }, false),
            (CallSigns { is_forwarded: true, ..HARMLESS }, false),
            (CallSigns { numbers_of_caller: 4, ..HARMLESS }, false),
            (CallSigns { is_first_call: true, ..HARMLESS }, false),
            (CallSigns { is_withheld: true, is_first_call: true, ..HARMLESS }, true),
        ];
        for (signs, asks) in table {
            let risk = Risk::of(&signs);
            assert_eq!(risk.asks_for_challenge(), asks, "{signs:?}");
            assert!(risk.raises_by() > 0.0);
        }
    }

    #[test]
    fn suspicions_add_up_within_a_bound_and_each_counts_once() {
        let all = CallSigns {
            attestation: Attestation::Failed,
            is_withheld: true,
            is_forwarded: true,
            callers_of_number: 9,
            numbers_of_caller: 9,
            recent_failures: 9,
            is_first_call: true,
        };
        let risk = Risk::of(&all).and(Suspicion::LastTake).and(Suspicion::LastTake);
        assert_eq!(risk.suspicions().len(), 8);
        assert!((risk.raises_by() - MOST).abs() < 1e-6);
    }
}
