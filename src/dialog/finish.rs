//! The ways a call ends: accepted, rejected, made to wait, given up.

use crate::config::AfterVerdict;
use crate::dialog::prompts::{self, Prompt};
use crate::dialog::state::Stage;
use crate::dialog::turn::Turn;
use crate::dialog::{Effect, Next, Sentence, Standing, Step};
use crate::types::{Reason, Timestamp, Verdict};

/// Minutes up to which a cooldown is spoken in minutes; above, in hours.
///
/// "Ninety minutes" is still said that way, "two hundred minutes" is not.
const MAX_SPOKEN_MINUTES: i64 = 90;

/// Goes on as the line wants after an accept. The attempt is recorded already.
pub(super) fn accept(mut turn: Turn) -> Step {
    turn.state.verdict = Some(Verdict::Accept);
    let after = turn.facts.line.after_accept.clone();
    let turn = match after {
        AfterVerdict::Say => turn,
        AfterVerdict::Redirect(_) | AfterVerdict::Dial(_) => turn.say(prompts::VERIFIED),
    };
    way_on(turn, after, prompts::AFTER_ACCEPT)
}

/// Rejects without a judged take, so that the attempt has to be recorded.
pub(super) fn reject(turn: Turn, reason: Reason) -> Step {
    reject_recorded(turn.effect(Effect::RecordVerdict(Verdict::Reject { reason })), reason)
}

/// Rejects after the attempt was recorded together with its take.
pub(super) fn reject_recorded(mut turn: Turn, reason: Reason) -> Step {
    turn.state.verdict = Some(Verdict::Reject { reason });
    let after = turn.facts.line.after_reject.clone();
    way_on(turn, after, prompts::AFTER_REJECT)
}

/// Goes on, unless the caller or the number has to wait.
pub(super) fn if_clear<'a>(turn: Turn<'a>, go_on: impl FnOnce(Turn<'a>) -> Step) -> Step {
    match turn.facts.standing() {
        Standing::Clear => go_on(turn),
        Standing::Locked => {
            let turn = discard_takes(turn).say(prompts::LOCKED);
            reject(turn, Reason::LockedOut)
        }
        Standing::Cooldown { until } => {
            let verdict = Verdict::Cooldown { until };
            cooldown_recorded(discard_takes(turn).effect(Effect::RecordVerdict(verdict)), until)
        }
    }
}

/// Turns the caller away until then, after the attempt was recorded.
pub(super) fn cooldown_recorded(mut turn: Turn, until: Timestamp) -> Step {
    turn.state.verdict = Some(Verdict::Cooldown { until });
    let sentence = spoken_wait(turn.now, until);
    let after = turn.facts.line.after_reject.clone();
    way_on(turn.sentence(sentence), after, prompts::AFTER_REJECT)
}

/// Ends a call that could not be served: never a pass.
pub(super) fn unavailable(turn: Turn) -> Step {
    reject(discard_takes(turn).say(prompts::APOLOGY), Reason::Unavailable)
}

/// Ends a call that took too many turns, with the last fault as its reason.
pub(super) fn too_long(turn: Turn) -> Step {
    let reason = turn.state.last_fault.unwrap_or(Reason::NoSpeech);
    reject(discard_takes(turn).say(prompts::TOO_LONG), reason)
}

/// Ends a call with a goodbye and nothing decided.
pub(super) fn goodbye(turn: Turn) -> Step {
    turn.say(prompts::GOODBYE).end(Next::Hangup)
}

/// Ends a call whose caller is gone.
pub(super) fn hung_up(turn: Turn) -> Step {
    discard_takes(turn).end(Next::Nothing)
}

/// Drops the takes of an enrollment that does not come to its end.
pub(super) fn discard_takes(turn: Turn) -> Turn {
    match turn.state.stage {
        Stage::Enroll { .. } => turn.effect(Effect::DiscardTakes),
        _ => turn,
    }
}

fn way_on(turn: Turn, after: AfterVerdict, last_words: Prompt) -> Step {
    match after {
        AfterVerdict::Say => goodbye(turn.say(last_words)),
        AfterVerdict::Redirect(url) => turn.say(prompts::CONTINUE).end(Next::Redirect { url }),
        AfterVerdict::Dial(number) => turn.say(prompts::CONNECT_AGENT).end(Next::Dial { number }),
    }
}

/// The rest of a cooldown, rounded up, in the unit people would use.
fn spoken_wait(now: Timestamp, until: Timestamp) -> Sentence {
    let seconds = until.duration_since(now).as_secs().max(0);
    let minutes = (seconds + 59) / 60;
    match minutes {
        0 | 1 => prompts::COOLDOWN_MINUTE.sentence(),
        2..=MAX_SPOKEN_MINUTES => prompts::COOLDOWN_MINUTES.sentence().with("minutes", minutes.to_string()),
        _ => prompts::COOLDOWN_HOURS.sentence().with("hours", ((minutes + 59) / 60).to_string()),
    }
}
