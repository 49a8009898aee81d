use callprint::phone::{Answer, DigitVoice, Report, Then, Utterance};

use crate::house::{House, fixture};

/// What a scenario's caller has come to know by listening, or from the operator.
#[derive(Default)]
pub(super) struct Learned {
    /// The account number last read out.
    pub(super) account: String,
    /// The enrollment code last made.
    pub(super) code: String,
}

impl Learned {
    /// Remembers an account number, which is read out twice, digit by digit.
    pub(super) fn listen(&mut self, report: &Report) {
        for said in report.said() {
            let digits: String = said.chars().filter(char::is_ascii_digit).collect();
            if digits.len() == 16 && digits[..8] == digits[8..] {
                digits[..8].clone_into(&mut self.account);
            }
        }
    }
}

/// Reads `nothing`, `hang up`, `press KEYS`, `read VOICE`, `say TAKE`, `say TAKE, press KEY`, `say TAKE, hang up`.
///
/// In keys, `{code}` is the code made last, `{account}` the account number read out last, and `{account of NUMBER}`
/// that caller's.
pub(super) async fn understood(house: &House, text: &str, learned: &Learned) -> Result<Answer, String> {
    match text.split_once(' ') {
        _ if text == "nothing" => Ok(Answer::Nothing),
        _ if text == "hang up" => Ok(Answer::HangUp),
        Some(("press", keys)) => Ok(Answer::Keys(filled(house, keys, learned).await?)),
        Some(("read", voice)) => {
            let digits = std::array::from_fn(|digit| fixture(&format!("{voice}_digit_{digit}")));
            Ok(Answer::ReadBack(DigitVoice::new(voice, digits)))
        }
        Some(("say", take)) => {
            let (take, then) = match take.split_once(", ") {
                None => (take, Then::Wait),
                Some((take, "hang up")) => (take, Then::HangUp),
                Some((take, press)) => {
                    let key = press.strip_prefix("press ").and_then(|keys| keys.chars().next());
                    (take, Then::Press(key.ok_or(format!("cannot read `{text}`"))?))
                }
            };
            Ok(Answer::Say(Utterance { name: take.to_owned(), words: None, clip: fixture(take), then }))
        }
        _ => Err(format!("cannot read `{text}`")),
    }
}

async fn filled(house: &House, keys: &str, learned: &Learned) -> Result<String, String> {
    let keys = keys.replace("{code}", &learned.code).replace("{account}", &learned.account);
    let Some((before, rest)) = keys.split_once("{account of ") else { return Ok(keys) };
    let (number, after) = rest.split_once('}').ok_or("no closing brace")?;
    let caller = house.caller(number).await.ok_or(format!("nobody has {number}"))?;
    Ok(format!("{before}{}{after}", caller.account_number))
}
