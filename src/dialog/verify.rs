//! Verification: the passphrase or a challenge, the engine's verdict, and what the caller wanted.

use jiff::SignedDuration;

use crate::config::ChallengePolicy;
use crate::dialog::state::{Intent, Stage};
use crate::dialog::turn::Turn;
use crate::dialog::{
    Asked, Effect, Event, FreshChallenge, LineFacts, Sentence, Step, Suspicion, TakeOutcome, enroll, finish, menu,
    prompts,
};
use crate::types::{Reason, Timestamp, Verdict};

/// Begins a verification with its own tries.
pub(super) fn start(mut turn: Turn) -> Step {
    turn.state.stage = Stage::Verify;
    turn.state.repeats = 0;
    turn.state.bad_takes = 0;
    turn.state.mismatches = 0;
    turn.state.is_suspected = false;
    ask(turn)
}

/// Asks for the passphrase or a fresh challenge, unless the caller or the number has to wait by now.
fn ask(turn: Turn) -> Step {
    finish::if_clear(turn, |mut turn| {
        let of_call = turn.facts.risk.clone();
        turn.state.risk = if turn.state.is_suspected { of_call.and(Suspicion::LastTake) } else { of_call };
        turn.state.asked = challenge(&turn);
        if turn.state.asked.is_none() && turn.facts.line.challenge == ChallengePolicy::Always {
            return finish::unavailable(turn);
        }
        let sentence = question(&turn.facts.line, turn.state.asked.as_ref());
        turn.sentence(sentence).listen(Stage::Verify)
    })
}

/// A challenge to ask, where the line wants one or what is known of the call does.
fn challenge(turn: &Turn) -> Option<Asked> {
    let is_wanted = match turn.facts.line.challenge {
        ChallengePolicy::Never => false,
        ChallengePolicy::Risk => turn.state.risk.asks_for_challenge(),
        ChallengePolicy::Always => true,
    };
    let FreshChallenge { code, spoken } = turn.facts.fresh_challenge.clone().filter(|_| is_wanted)?;
    let ttl = SignedDuration::from_secs(turn.facts.line.verification.challenge_ttl_s.cast_signed());
    Some(Asked { code, spoken, until: turn.now.saturating_add(ttl).unwrap_or(Timestamp::MAX) })
}

/// Asks for the challenge, or for the passphrase where there is none.
pub(super) fn question(line: &LineFacts, asked: Option<&Asked>) -> Sentence {
    match asked {
        Some(asked) => prompts::VERIFY_CHALLENGE.sentence().with("challenge", asked.spoken.clone()),
        None if line.own_passphrase => prompts::VERIFY_OWN.sentence(),
        None => prompts::VERIFY_SAY.sentence().with("passphrase", line.passphrase.clone()),
    }
}

/// Takes what came of a verification take.
pub(super) fn answer(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Take(TakeOutcome::Verified(verdict)) => judged(turn, *verdict),
        Event::Take(_) | Event::Lost => lost(turn, true),
        Event::Keys(keys) if keys == "*" && turn.may_repeat() => ask(turn),
        _ => unheard(turn),
    }
}

fn judged(turn: Turn, verdict: Verdict) -> Step {
    match verdict {
        Verdict::Accept => accepted(turn),
        Verdict::Retry { reason: Reason::Unavailable } => lost(turn, false),
        Verdict::Retry { reason } => retry(turn, reason),
        Verdict::Reject { reason } => rejected(turn, reason),
        Verdict::Cooldown { until } => finish::cooldown_recorded(turn, until),
    }
}

/// Does what the caller wanted. An accept without a voiceprint, or during a cooldown, is not one.
fn accepted(turn: Turn) -> Step {
    if !turn.is_enrolled() {
        return finish::unavailable(turn);
    }
    finish::if_clear(turn, |mut turn| {
        turn.state.is_verified = true;
        match turn.state.intent {
            Intent::Login => finish::accept(turn),
            Intent::Reenroll => enroll::start(turn.say(prompts::VERIFIED)),
            Intent::OptOut => menu::confirm_opt_out(turn.say(prompts::VERIFIED)),
        }
    })
}

/// Once more with a hint. The engine rejects on the last try; this holds even if it did not.
fn retry(mut turn: Turn, reason: Reason) -> Step {
    let last = turn.state.last_try(&turn.facts.line);
    let is_last = if reason.is_quality() { last.bad_take } else { last.mismatch };
    if is_last {
        return rejected(turn, reason);
    }
    if reason.is_quality() {
        turn.state.bad_takes += 1;
    } else {
        turn.state.mismatches += 1;
    }
    turn.state.last_fault = Some(reason);
    // A recording cannot answer what is only now made up.
    turn.state.is_suspected |= matches!(reason, Reason::ReplaySuspected | Reason::SyntheticSuspected);
    ask(turn.say(prompts::hint(reason)))
}

/// The caller was silent: a bad take that no engine has seen, so that its verdict is made and recorded here.
fn unheard(turn: Turn) -> Step {
    let reason = Reason::NoSpeech;
    let is_last = turn.state.last_try(&turn.facts.line).bad_take;
    let verdict = if is_last { Verdict::Reject { reason } } else { Verdict::Retry { reason } };
    judged(turn.effect(Effect::RecordVerdict(verdict)), verdict)
}

fn rejected(turn: Turn, reason: Reason) -> Step {
    // The reason of a mismatch is not told: it would help an impostor who tries another voice.
    let turn = if reason.is_quality() { turn.say(prompts::hint(reason)) } else { turn };
    finish::reject_recorded(turn.say(prompts::REJECTED), reason)
}

fn lost(mut turn: Turn, must_record: bool) -> Step {
    let reason = Reason::Unavailable;
    if !turn.may_lose_another() {
        return finish::unavailable(turn);
    }
    let turn = if must_record { turn.effect(Effect::RecordVerdict(Verdict::Retry { reason })) } else { turn };
    ask(turn.say(prompts::hint(reason)))
}
