use std::fmt;

use super::{Form, FormError};
use crate::types::{AccountSid, Attestation, BadSid, CallSid, E164, Origin, RecordingSid};

/// The names of a withheld number: as a word, or as that word typed on a keypad, without its `+`.
const WITHHELD: &[&str] = &[
    "",
    "anonymous",
    "unknown",
    "unavailable",
    "restricted",
    "private",
    "blocked",
    "withheld",
    "266696687",
    "7378742833",
    "2562533",
    "8656696",
    "86282452253",
];

/// Keys a phone can send, the fourth column of the keypad included.
const KEYPAD: &str = "0123456789*#ABCD";

/// Longest run of keys taken; an account number has 8, an enrollment code fewer than 20.
const MAX_KEYS: usize = 64;

/// The content of a webhook about a call, in our words.
#[derive(Clone, PartialEq, Eq)]
pub struct CallForm {
    /// The call leg: the key of everything we keep about it.
    pub call_sid: CallSid,
    /// The account it came through; the caller of this checks that it is ours.
    pub account_sid: AccountSid,
    /// Where the call says it comes from.
    pub origin: Origin,
    /// The called number, as the provider spells it.
    pub to: String,
    /// How far the call is.
    pub status: CallStatus,
    /// The carrier's word about the number.
    pub attestation: Attestation,
    /// Who forwarded the call here, when the carrier says so.
    pub forwarded_from: Option<String>,
    /// Keys pressed since the last reply.
    pub keys: Option<KeysPressed>,
    /// The recording made since the last reply.
    pub recording_sid: Option<RecordingSid>,
    /// Its length in whole seconds, before any trimming.
    pub recording_duration_s: Option<u32>,
}

/// The caller's act at the keypad: keys, or hanging up.
#[derive(Clone, PartialEq, Eq)]
pub enum KeysPressed {
    /// Digits, `*` and `#`.
    Keys(String),
    /// The caller hung up while being recorded.
    HungUp,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// Waiting to be placed.
    Queued,
    /// Being placed.
    Initiated,
    /// Ringing here; the first webhook of an inbound call.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended normally.
    Completed,
    /// The other end was busy.
    Busy,
    /// Could not be connected.
    Failed,
    /// The call was not answered.
    NoAnswer,
    /// Ended before it was answered.
    Canceled,
    /// Nothing, or something the provider did not have when this was written.
    Unknown,
}

impl CallStatus {
    /// Whether the call is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled)
    }

    fn from_provider(text: &str) -> Self {
        match text {
            "queued" => Self::Queued,
            "initiated" => Self::Initiated,
            "ringing" => Self::Ringing,
            "in-progress" => Self::InProgress,
            "completed" => Self::Completed,
            "busy" => Self::Busy,
            "failed" => Self::Failed,
            "no-answer" => Self::NoAnswer,
            "canceled" => Self::Canceled,
            _ => Self::Unknown,
        }
    }
}

impl CallForm {
    /// Reads what the call flow needs; everything else stays in the form.
    ///
    /// # Errors
    /// [`FormError::Missing`] for no `CallSid` or `AccountSid`, [`FormError::Malformed`] for a misshapen id or key.
    pub fn from(form: &Form) -> Result<Self, FormError> {
        Ok(Self {
            call_sid: required(form, "CallSid", CallSid::parse)?,
            account_sid: required(form, "AccountSid", AccountSid::parse)?,
            origin: origin(form.get("From").unwrap_or_default()),
            to: with_plus(form.get("To").unwrap_or_default()),
            status: CallStatus::from_provider(form.get("CallStatus").unwrap_or_default()),
            attestation: attestation(form.get("StirVerstat").unwrap_or_default()),
            forwarded_from: form.get("ForwardedFrom").filter(|text| !text.trim().is_empty()).map(with_plus),
            keys: keys(form.get("Digits").unwrap_or_default())?,
            recording_sid: recording_sid(form)?,
            // "-1" stands for a recording that is still in the works.
            recording_duration_s: form.get("RecordingDuration").and_then(|text| text.trim().parse().ok()),
        })
    }
}

/// Numbers masked and keys counted, so that neither reaches a log by `{:?}`.
impl fmt::Debug for CallForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallForm")
            .field("call_sid", &self.call_sid)
            .field("origin", &self.origin)
            .field("status", &self.status)
            .field("attestation", &self.attestation)
            .field("is_forwarded", &self.forwarded_from.is_some())
            .field("keys", &self.keys)
            .field("recording_sid", &self.recording_sid)
            .field("recording_duration_s", &self.recording_duration_s)
            .finish_non_exhaustive()
    }
}

/// Keys may be an account number or a code: only their count is shown.
impl fmt::Debug for KeysPressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(keys) => write!(f, "Keys({})", keys.len()),
            Self::HungUp => f.write_str("HungUp"),
        }
    }
}

fn required<T>(form: &Form, name: &'static str, parse: fn(&str) -> Result<T, BadSid>) -> Result<T, FormError> {
    let text = form.get(name).ok_or(FormError::Missing { name })?;
    parse(text).map_err(|_| FormError::Malformed { name })
}

/// A space stands where a proxy on the way decoded a `+` twice.
fn with_plus(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("+{}", rest.trim()),
        _ => text.trim().to_owned(),
    }
}

fn origin(from: &str) -> Origin {
    let number = with_plus(from);
    let bare = number.strip_prefix('+').unwrap_or(&number).to_ascii_lowercase();
    if WITHHELD.contains(&bare.as_str()) {
        return Origin::Withheld;
    }
    E164::parse(&number).map_or(Origin::Foreign, Origin::Number)
}

/// Only a full pass raises trust and any failure raises risk; an unknown value says nothing.
fn attestation(verstat: &str) -> Attestation {
    if verstat.starts_with("TN-Validation-Failed") {
        return Attestation::Failed;
    }
    let Some(passed) = verstat.strip_prefix("TN-Validation-Passed-") else {
        return Attestation::Absent;
    };
    let (level, suffix) = passed.split_at_checked(1).unwrap_or((passed, ""));
    match (level, suffix) {
        ("A", "") => Attestation::Full,
        ("A" | "B" | "C", "" | "-Diverted" | "-Passthrough") => Attestation::Partial,
        _ => Attestation::Absent,
    }
}

fn keys(digits: &str) -> Result<Option<KeysPressed>, FormError> {
    match digits {
        "" => Ok(None),
        "hangup" => Ok(Some(KeysPressed::HungUp)),
        keys if keys.len() <= MAX_KEYS && keys.chars().all(|key| KEYPAD.contains(key)) => {
            Ok(Some(KeysPressed::Keys(keys.to_owned())))
        }
        _ => Err(FormError::Malformed { name: "Digits" }),
    }
}

/// The id stands in the URL as well; nothing else of the URL is ever used.
fn recording_sid(form: &Form) -> Result<Option<RecordingSid>, FormError> {
    let from_url = || form.get("RecordingUrl").and_then(|url| url.rsplit('/').next());
    let text = form.get("RecordingSid").filter(|sid| !sid.is_empty()).or_else(from_url);
    let parse = |text| RecordingSid::parse(text).map_err(|_| FormError::Malformed { name: "RecordingSid" });
    text.filter(|text| !text.is_empty()).map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALL: &str = "CA00000000000000000000000000000001";
    const ACCOUNT: &str = "AC00000000000000000000000000000002";
    const RECORDING: &str = "RE0123456789abcdef0123456789abcdef";

    fn webhook() -> Form {
        Form::default().with("CallSid", CALL).with("AccountSid", ACCOUNT)
    }

    fn read(form: &Form) -> CallForm {
        CallForm::from(form).expect("a webhook")
    }

    #[test]
    fn a_callers_first_webhook_is_read() {
        let form = webhook()
            .with("From", "+4915112345678")
            .with("To", "+18005551212")
            .with("CallStatus", "ringing")
            .with("StirVerstat", "TN-Validation-Passed-A")
            .with("ForwardedFrom", "+14158675309")
            .with("SomethingNew", "kept in the form");
        let call = read(&form);
        assert_eq!((call.call_sid.as_str(), call.account_sid.as_str()), (CALL, ACCOUNT));
        assert_eq!(call.origin.number().map(E164::as_str), Some("+4915112345678"));
        assert_eq!(call.to, "+18005551212");
        assert_eq!(call.status, CallStatus::Ringing);
        assert_eq!(call.attestation, Attestation::Full);
        assert_eq!(call.forwarded_from.as_deref(), Some("+14158675309"));
        assert_eq!((call.keys, call.recording_sid, call.recording_duration_s), (None, None, None));
    }

    #[test]
    fn every_spelling_of_a_withheld_number_is_withheld() {
        for word in WITHHELD {
            let spellings = [
                (*word).to_owned(),
                word.to_uppercase(),
                format!("+{word}"),
                format!(" {word}"),
                format!(" {word} "),
                format!("+{}", word.to_uppercase()),
            ];
            for from in spellings {
                assert_eq!(read(&webhook().with("From", from.clone())).origin, Origin::Withheld, "{from:?}");
            }
        }
        assert_eq!(read(&webhook()).origin, Origin::Withheld, "no From at all");
    }

    #[test]
    fn only_a_whole_e164_number_is_a_number() {
        let rows = [
            ("+14158675309", Some("+14158675309")),
            (" 14158675309", Some("+14158675309")),
            ("+14158675309 ", Some("+14158675309")),
            ("14158675309", None),
            ("+04158675309", None),
            ("+1415", None),
            ("+1234567890123456", None),
            ("client:jo", None),
            ("sip:+14158675309@example.com", None),
            ("+1415867530９", None),
        ];
        for (from, expected) in rows {
            let origin = read(&webhook().with("From", from)).origin;
            let expected = expected.map_or(Origin::Foreign, |text| Origin::Number(E164::parse(text).expect("valid")));
            assert_eq!(origin, expected, "{from:?}");
        }
    }

    #[test]
    fn stir_verstat_is_read_as_the_table_says() {
        use Attestation::{Absent, Failed, Full, Partial};
        let rows = [
            ("TN-Validation-Passed-A", Full),
            ("TN-Validation-Passed-B", Partial),
            ("TN-Validation-Passed-C", Partial),
            ("TN-Validation-Passed-A-Diverted", Partial),
            ("TN-Validation-Passed-A-Passthrough", Partial),
            ("TN-Validation-Passed-B-Diverted", Partial),
            ("TN-Validation-Passed-C-Passthrough", Partial),
            ("TN-Validation-Failed", Failed),
            ("TN-Validation-Failed-A", Failed),
            ("TN-Validation-Failed-B", Failed),
            ("TN-Validation-Failed-C-Diverted", Failed),
            ("TN-Validation-Failed-A-Passthrough", Failed),
            ("No-TN-Validation", Absent),
            ("NULL", Absent),
            ("", Absent),
            ("TN-Validation-Passed-", Absent),
            ("TN-Validation-Passed-D", Absent),
            ("TN-Validation-Passed-A-Unheard", Absent),
            ("TN-Validation-Passed-Ä", Absent),
        ];
        for (verstat, expected) in rows {
            assert_eq!(read(&webhook().with("StirVerstat", verstat)).attestation, expected, "{verstat}");
        }
        assert_eq!(read(&webhook()).attestation, Absent);
    }

    #[test]
    fn keys_are_keys_or_a_hang_up() {
        let rows = [
            ("1", Some(KeysPressed::Keys("1".to_owned()))),
            ("12345678", Some(KeysPressed::Keys("12345678".to_owned()))),
            ("*#", Some(KeysPressed::Keys("*#".to_owned()))),
            ("hangup", Some(KeysPressed::HungUp)),
            ("", None),
        ];
        for (digits, expected) in rows {
            assert_eq!(read(&webhook().with("Digits", digits)).keys, expected, "{digits}");
        }
    }

    #[test]
    fn a_recording_is_known_by_its_id_alone() {
        let by_sid = webhook().with("RecordingSid", RECORDING).with("RecordingDuration", "4");
        assert_eq!(read(&by_sid).recording_sid.as_ref().map(RecordingSid::as_str), Some(RECORDING));
        assert_eq!(read(&by_sid).recording_duration_s, Some(4));

        let by_url =
            webhook().with("RecordingUrl", format!("https://evil.example/{RECORDING}")).with("RecordingDuration", "-1");
        assert_eq!(read(&by_url).recording_sid.as_ref().map(RecordingSid::as_str), Some(RECORDING));
        assert_eq!(read(&by_url).recording_duration_s, None);
    }

    #[test]
    fn a_missing_or_misshapen_id_gets_its_code() {
        let rows = [
            (Form::default().with("AccountSid", ACCOUNT), "form_missing"),
            (Form::default().with("CallSid", CALL), "form_missing"),
            (Form::default().with("CallSid", "CA1").with("AccountSid", ACCOUNT), "form_malformed"),
            (Form::default().with("CallSid", CALL).with("AccountSid", "../../etc"), "form_malformed"),
            (webhook().with("RecordingSid", "RE/../x"), "form_malformed"),
            (webhook().with("Digits", "1<2"), "form_malformed"),
            (webhook().with("Digits", "1".repeat(MAX_KEYS + 1)), "form_malformed"),
        ];
        for (form, code) in rows {
            assert_eq!(CallForm::from(&form).expect_err(code).code(), code);
        }
    }

    #[test]
    fn every_status_is_known_and_five_of_them_are_the_end() {
        let rows = [
            ("queued", false),
            ("initiated", false),
            ("ringing", false),
            ("in-progress", false),
            ("completed", true),
            ("busy", true),
            ("failed", true),
            ("no-answer", true),
            ("canceled", true),
        ];
        for (text, is_over) in rows {
            let status = read(&webhook().with("CallStatus", text)).status;
            assert_ne!(status, CallStatus::Unknown, "{text}");
            assert_eq!(status.is_over(), is_over, "{text}");
        }
    }

    #[test]
    fn debug_shows_neither_numbers_nor_keys() {
        let form = webhook().with("From", "+14158675309").with("To", "+18005551212").with("Digits", "4711");
        let shown = format!("{:?}", read(&form.with("ForwardedFrom", "+442071838750")));
        for secret in ["4158675309", "8005551212", "4711", "2071838750"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn any_values_are_read_or_refused(from in ".*", verstat in ".*", digits in ".*", sid in ".*", url in ".*") {
            let form = webhook()
                .with("From", from)
                .with("StirVerstat", verstat)
                .with("Digits", digits)
                .with("RecordingSid", sid)
                .with("RecordingUrl", url);
            let _ = CallForm::from(&form);
        }
    }
}
