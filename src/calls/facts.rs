//! Facts about a call, its caller and its line, as the dialogue is told them.

use super::Calls;
use crate::config::{ChallengeForm, ChallengePolicy, Line};
use crate::dialog::{CallSigns, CallerFacts, Facts, FreshChallenge, LineFacts, Risk};
use crate::phrase::Challenge;
use crate::store::{Call, CheckedCode, StoreError, TurnFacts, Typed};
use crate::twilio;
use crate::types::{E164, Origin, Timestamp};

/// Fewest digits of a phone number in E.164, and fewer than an account number has.
const MIN_CLAIM_DIGITS: usize = 7;
/// Most digits of a phone number in E.164.
const MAX_CLAIM_DIGITS: usize = 15;

/// Facts of a turn, with the meaning of the keys just typed.
pub(super) struct KnownTurn {
    /// Facts for the dialogue.
    pub(super) facts: Facts,
    /// The digits just typed, when they led to no caller.
    pub(super) claim: Option<String>,
    /// The worth of the code just typed.
    pub(super) code: Option<CheckedCode>,
}

impl Calls {
    /// Facts about a call's caller, line and number as of now, with the keys just typed.
    pub(super) async fn facts(
        &self,
        call: &Call,
        line: &Line,
        typed: Typed,
        now: Timestamp,
    ) -> Result<KnownTurn, StoreError> {
        let TurnFacts { caller, claim, code, standings, history } =
            self.0.cx.store.turn_facts(call, typed, now).await?;
        let has_number_hint = number_hint(line, &call.origin).is_some();
        let signs = CallSigns {
            attestation: call.attestation,
            is_withheld: call.origin.number().is_none(),
            is_forwarded: call.forwarded_from.is_some(),
            callers_of_number: history.callers_of_number,
            // A typed account number that exists must answer like one that does not.
            numbers_of_caller: if has_number_hint { history.numbers_of_caller } else { 0 },
            recent_failures: history.recent_failures,
            is_first_call: has_number_hint && history.is_first_call,
        };
        let facts = Facts {
            line: self.line_facts(line),
            has_number_hint,
            risk: Risk::of(&signs),
            fresh_challenge: fresh_challenge(line),
            caller: caller.map(|caller| CallerFacts {
                id: caller.id,
                consent: caller.consent,
                is_enrolled: caller.is_enrolled,
                standing: standings.caller,
                account_number: caller.account_number,
            }),
            number_standing: standings.number,
            claim_standing: standings.claim,
        };
        Ok(KnownTurn { facts, claim, code })
    }

    /// Facts about a line alone.
    pub(super) fn line_facts(&self, line: &Line) -> LineFacts {
        LineFacts::new(line, self.0.cx.config.enrollment, self.0.cx.config.verification)
    }
}

/// A fresh challenge, where the line may ask for one and the models can hear it.
fn fresh_challenge(line: &Line) -> Option<FreshChallenge> {
    let is_heard = line.challenge != ChallengePolicy::Never && line.is_english();
    is_heard.then(|| {
        let challenge = match line.challenge_form {
            ChallengeForm::Digits => Challenge::digits(rand::random()),
            ChallengeForm::Mixed => Challenge::mixed(rand::random()),
        };
        FreshChallenge { code: challenge.to_string(), spoken: challenge.spoken() }
    })
}

/// The number, where it may stand for an account: shown, and of a country the line allows.
pub(super) fn number_hint<'o>(line: &Line, origin: &'o Origin) -> Option<&'o E164> {
    let number = origin.number()?;
    let is_allowed =
        line.countries.is_empty() || twilio::country(number).is_some_and(|country| line.countries.contains(&country));
    is_allowed.then_some(number)
}

/// The digits that could name an account, if the keys are any.
pub(super) fn claimed_digits(keys: &str) -> Option<String> {
    let digits: String = keys.chars().filter(char::is_ascii_digit).collect();
    (MIN_CLAIM_DIGITS..=MAX_CLAIM_DIGITS).contains(&digits.len()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_could_be_an_account_or_a_number_are_looked_up() {
        for (keys, digits) in [
            ("12345678", Some("12345678")),
            ("*1555 010 0123#", Some("15550100123")),
            ("123456", None),
            ("0", None),
            ("", None),
            ("1234567890123456", None),
        ] {
            assert_eq!(claimed_digits(keys).as_deref(), digits, "{keys}");
        }
    }
}
