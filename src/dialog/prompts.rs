//! Every sentence the product says, by key; the words are in `twiml/prompts/<locale>.toml`.

use crate::dialog::Sentence;
use crate::types::Reason;

/// A sentence's key and the places it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Key in the prompts file.
    pub key: &'static str,
    /// Names of its `{name}` places.
    pub args: &'static [&'static str],
}

impl Prompt {
    /// The sentence without its places filled.
    pub fn sentence(self) -> Sentence {
        Sentence::new(self.key)
    }
}

macro_rules! prompts {
    ($($(#[$doc:meta])* $name:ident = $key:literal [$($arg:literal),*];)*) => {
        $($(#[$doc])* pub const $name: Prompt = Prompt { key: $key, args: &[$($arg),*] };)*

        /// Every prompt; each prompts file must have exactly these.
        pub const ALL: &[Prompt] = &[$($name),*];
    };
}

prompts! {
    /// First words of every call.
    GREETING = "greeting" ["service"];

    /// Asks for the account number, because the number is not known or not to be trusted.
    ASK_ACCOUNT = "ask_account" [];
    /// After `ask_account`, where new callers may enroll: zero and pound for no account number.
    ASK_ACCOUNT_NEW = "ask_account_new" [];
    /// The keys were not an account number, or there were none.
    ACCOUNT_AGAIN = "account_again" [];

    /// Asks for the enrollment code.
    ASK_CODE = "ask_code" [];
    /// The code was wrong or missing.
    CODE_AGAIN = "code_again" [];
    /// The last code was wrong too.
    CODE_FAILED = "code_failed" [];

    /// Which data is kept and why; 1 agrees, 2 refuses.
    ASK_CONSENT = "ask_consent" [];
    /// Neither 1 nor 2 was pressed.
    CONSENT_AGAIN = "consent_again" [];
    /// Thanks for the consent.
    CONSENT_GIVEN = "consent_given" [];
    /// Consent was refused: nothing is kept.
    CONSENT_REFUSED = "consent_refused" [];
    /// No answer to the question for consent.
    CONSENT_MISSING = "consent_missing" [];
    /// The caller opted out earlier; 1 agrees again.
    OPTED_OUT = "opted_out" [];

    /// The enrolled caller's choices: 1 enroll again, 2 code, 9 delete, star repeats, silence goes on.
    MENU = "menu" [];

    /// Three takes follow.
    ENROLL_INTRO = "enroll_intro" [];
    /// Three takes of a sentence that the caller makes up.
    ENROLL_OWN_INTRO = "enroll_own_intro" [];
    /// Asks for the caller's own sentence, take `take` of 3.
    ENROLL_OWN = "enroll_own" ["take"];
    /// Asks for the passphrase, take `take` of 3.
    ENROLL_SAY = "enroll_say" ["passphrase", "take"];
    /// An enrollment take was good, more follow.
    ENROLL_GOOD = "enroll_good" [];
    /// The three takes do not agree: from the start.
    ENROLL_RESTART = "enroll_restart" [];
    /// The voiceprint is kept.
    ENROLLED = "enrolled" [];
    /// The account number, digit by digit.
    ACCOUNT_NUMBER = "account_number" ["digits"];
    /// Enrollment was given up.
    ENROLL_FAILED = "enroll_failed" [];
    /// The first verification follows the enrollment at once.
    ENROLL_VERIFY = "enroll_verify" [];

    /// Asks for the passphrase to verify.
    VERIFY_SAY = "verify_say" ["passphrase"];
    /// Asks for the caller's own sentence to verify.
    VERIFY_OWN = "verify_own" [];
    /// Asks for something random, never asked before.
    VERIFY_CHALLENGE = "verify_challenge" ["challenge"];
    /// Before enrolling again or deleting, the caller is verified.
    VERIFY_FIRST = "verify_first" [];
    /// The verification was passed.
    VERIFIED = "verified" [];
    /// The verification was not passed; without saying why.
    REJECTED = "rejected" [];

    /// Asks to confirm the deletion with 1.
    CONFIRM_OPT_OUT = "confirm_opt_out" [];
    /// The voiceprint is deleted and stays so.
    OPT_OUT_DONE = "opt_out_done" [];
    /// The voiceprint stays.
    OPT_OUT_KEPT = "opt_out_kept" [];

    /// Too many failures: wait a minute.
    COOLDOWN_MINUTE = "cooldown_minute" [];
    /// Too many failures: wait some minutes.
    COOLDOWN_MINUTES = "cooldown_minutes" ["minutes"];
    /// Too many failures: wait some hours.
    COOLDOWN_HOURS = "cooldown_hours" ["hours"];
    /// Too many failures: only the operator helps.
    LOCKED = "locked" [];
    /// There is no voiceprint, and this line makes none.
    NOT_ENROLLED = "not_enrolled" [];
    /// The call took too many turns.
    TOO_LONG = "too_long" [];

    /// Hint: nothing was heard.
    HINT_NO_SPEECH = "hint_no_speech" [];
    /// Hint: not enough was said.
    HINT_TOO_SHORT = "hint_too_short" [];
    /// Hint: speak up.
    HINT_TOO_QUIET = "hint_too_quiet" [];
    /// Hint: speak more softly.
    HINT_TOO_LOUD = "hint_too_loud" [];
    /// Hint: find a quieter place.
    HINT_TOO_NOISY = "hint_too_noisy" [];
    /// Hint: hold the phone further away.
    HINT_CLIPPED = "hint_clipped" [];
    /// Hint: say exactly the sentence.
    HINT_PHRASE_MISMATCH = "hint_phrase_mismatch" [];
    /// Hint: say all takes the same way.
    HINT_TAKES_DIFFER = "hint_takes_differ" [];
    /// Hint: the voice was not recognised.
    HINT_VOICE_MISMATCH = "hint_voice_mismatch" [];
    /// Hint: speak live; says no more than `hint_voice_mismatch`.
    HINT_REPLAY_SUSPECTED = "hint_replay_suspected" [];
    /// Hint: speak live; says no more than `hint_voice_mismatch`.
    HINT_SYNTHETIC_SUSPECTED = "hint_synthetic_suspected" [];
    /// Hint: answer sooner.
    HINT_CHALLENGE_EXPIRED = "hint_challenge_expired" [];
    /// Hint: too many failures.
    HINT_LOCKED_OUT = "hint_locked_out" [];
    /// Hint: consent was withdrawn.
    HINT_OPTED_OUT = "hint_opted_out" [];
    /// Hint: there is no voiceprint.
    HINT_NOT_ENROLLED = "hint_not_enrolled" [];
    /// Hint: our fault, once more.
    HINT_UNAVAILABLE = "hint_unavailable" [];

    /// After an accept, where the line just says so.
    AFTER_ACCEPT = "after_accept" [];
    /// After the last reject, where the line just says so.
    AFTER_REJECT = "after_reject" [];
    /// Before the call goes on at the operator's application.
    CONTINUE = "continue" [];
    /// Before an agent is dialled.
    CONNECT_AGENT = "connect_agent" [];
    /// Last words before we hang up.
    GOODBYE = "goodbye" [];

    /// Said by the session while a take is being judged.
    PLEASE_WAIT = "please_wait" [];
    /// Said when something failed on our side.
    APOLOGY = "apology" [];
    /// Said when the called number has no line.
    NO_LINE = "no_line" [];
}

/// The spoken hint of a reason.
pub const fn hint(reason: Reason) -> Prompt {
    match reason {
        Reason::NoSpeech => HINT_NO_SPEECH,
        Reason::TooShort => HINT_TOO_SHORT,
        Reason::TooQuiet => HINT_TOO_QUIET,
        Reason::TooLoud => HINT_TOO_LOUD,
        Reason::TooNoisy => HINT_TOO_NOISY,
        Reason::Clipped => HINT_CLIPPED,
        Reason::PhraseMismatch => HINT_PHRASE_MISMATCH,
        Reason::TakesDiffer => HINT_TAKES_DIFFER,
        Reason::VoiceMismatch => HINT_VOICE_MISMATCH,
        Reason::ReplaySuspected => HINT_REPLAY_SUSPECTED,
        Reason::SyntheticSuspected => HINT_SYNTHETIC_SUSPECTED,
        Reason::ChallengeExpired => HINT_CHALLENGE_EXPIRED,
        Reason::LockedOut => HINT_LOCKED_OUT,
        Reason::OptedOut => HINT_OPTED_OUT,
        Reason::NotEnrolled => HINT_NOT_ENROLLED,
        Reason::Unavailable => HINT_UNAVAILABLE,
    }
}
