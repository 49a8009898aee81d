//! Who calls: recorded voices, each enrolled once, and many callers who speak with them.

use anyhow::{Context, bail};

use super::watch::Watch;
use crate::command::recording;
use crate::phone::{Answer, Outgoing, Phone, Script, Utterance};

/// The recorded voices.
pub(super) const VOICES: [&str; 10] =
    ["anna", "ben", "carla", "dave", "emma", "frank", "grace", "hugo", "ivan", "jack"];
/// Three to enroll, and the one the server asks for right afterwards.
const ENROLLMENT: std::ops::RangeInclusive<u32> = 1..=4;
/// The takes that verify; the second one, should the server ask again.
const VERIFICATION: [u32; 2] = [5, 6];
/// Shorter runs of digits in what the line says are no account number.
const ACCOUNT_DIGITS: usize = 6;

/// The enrolled voices.
pub(super) struct EnrolledVoices {
    enrolled: Vec<EnrolledVoice>,
}

/// A voice, and whose account it speaks for.
struct EnrolledVoice {
    account: String,
    takes: Vec<Utterance>,
}

impl EnrolledVoices {
    /// Has voices enrolled, each from a fresh number of its own.
    pub(super) async fn enroll(phone: &Phone, outgoing: &Outgoing, voices: usize) -> anyhow::Result<Self> {
        let folder = recording::voices()?;
        let says = |voice: &str, takes: Vec<u32>| {
            takes.into_iter().map(|take| recording::spoken(&folder, voice, take)).collect::<anyhow::Result<Vec<_>>>()
        };
        let watch = Watch::enrolling(voices)?;
        let series = rand::random_range(0..10_000);
        let mut enrolled = Vec::new();
        for (n, voice) in VOICES.iter().take(voices).enumerate() {
            let takes = says(voice, ENROLLMENT.collect())?;
            let script = Script::by_kind([Answer::Keys("1".to_owned())], takes.into_iter().map(Answer::Say));
            let outgoing = Outgoing { from: format!("+1555{series:04}{n:03}"), ..outgoing.clone() };
            let report = phone.call(&outgoing, script).await;
            if !report.is_proper() {
                let faults: Vec<_> = report.violations.iter().map(|fault| fault.message.as_str()).collect();
                bail!("{voice} could not be enrolled: {}", faults.join("; "));
            }
            let account = account_number(&report.said())
                .with_context(|| format!("{voice} was not enrolled; the line said: {}", report.said().join(" ")))?;
            enrolled.push(EnrolledVoice { account, takes: says(voice, VERIFICATION.to_vec())? });
            watch.advance();
        }
        watch.end();
        Ok(Self { enrolled })
    }

    /// The n-th caller's script, and how long the first take is.
    pub(super) fn script(&self, n: usize) -> (Script, u64) {
        let voice = &self.enrolled[n % self.enrolled.len()];
        let keys = [Answer::Keys(format!("{}#", voice.account)), Answer::Nothing];
        let ms = voice.takes.first().map_or(0, |take| take.clip.duration_ms());
        (Script::by_kind(keys, voice.takes.iter().cloned().map(Answer::Say)), ms)
    }
}

/// The account number that the line has said twice, digit by digit, in whatever words.
fn account_number(said: &[&str]) -> Option<String> {
    said.iter().find_map(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let (once, again) = digits.split_at(digits.len() / 2);
        (once == again && once.len() >= ACCOUNT_DIGITS).then(|| once.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_number_is_what_is_said_twice() {
        let said = "Your account number is: 4 8 2 9 0 0 1 7. Once more: 4 8 2 9 0 0 1 7.";
        let spelled = ["Number 1 of 3.", said, "Thank you."];
        assert_eq!(account_number(&spelled).as_deref(), Some("48290017"));
        assert_eq!(account_number(&["Press 1 or 1.", "12345678", ""]), None);
    }
}
