//! One step of the dialogue: an event becomes a reply, and both are committed with the call's new state.

use super::facts::claimed_digits;
use super::turn::DueTurn;
use super::{CallError, Calls, Xml};
use crate::dialog::{self, CodeCheck, Effect, Event, Facts, Lookup, State, Step};
use crate::judging::meters;
use crate::store::{Committed, StoreError, TurnCommit};
use crate::types::Verdict;

impl Calls {
    /// Answers an event with what is known about the call.
    pub(super) async fn step(&self, turn: &DueTurn<'_>, state: State, event: Event) -> Result<Xml, CallError> {
        let facts = self.facts(&turn.call, turn.line, turn.now).await?;
        let step = dialog::advance(state, &event, &facts, turn.now);
        self.keep(turn, &facts, None, step).await
    }

    /// Answers keys, after looking up what they stand for.
    pub(super) async fn keyed(&self, turn: &DueTurn<'_>, state: State, keys: &str) -> Result<Xml, CallError> {
        match state.lookup() {
            Lookup::None => self.step(turn, state, Event::Keys(keys.to_owned())).await,
            Lookup::Account => self.account_typed(turn, state, keys).await,
            Lookup::Code => self.code_typed(turn, state, keys).await,
        }
    }

    async fn account_typed(&self, turn: &DueTurn<'_>, state: State, keys: &str) -> Result<Xml, CallError> {
        let digits = claimed_digits(keys);
        let found = match &digits {
            Some(digits) => self.claimed_caller(digits).await?,
            None => None,
        };
        // An account without a voiceprint is told from one that nobody has as little as that one from any other.
        let found = found.filter(|caller| caller.is_enrolled);
        let claim = if found.is_none() { digits } else { None };
        let facts = self.facts_of(&turn.call, turn.line, found, claim.as_deref(), turn.now).await?;
        let step = dialog::advance(state, &Event::Keys(keys.to_owned()), &facts, turn.now);
        self.keep(turn, &facts, claim, step).await
    }

    async fn code_typed(&self, turn: &DueTurn<'_>, state: State, keys: &str) -> Result<Xml, CallError> {
        let call = &turn.call;
        let checked = self.0.cx.store.check_code(keys, call.caller, turn.now).await?;
        let mut facts = self.facts(call, turn.line, turn.now).await?;
        if let (Some(owner), None, None) = (checked.owner, call.caller, &call.claim) {
            let owner = self.0.cx.store.caller(owner).await?;
            facts = self.facts_of(call, turn.line, owner, None, turn.now).await?;
        }
        let event = |check| Event::Code { keys: keys.to_owned(), check };
        let step = dialog::advance(state.clone(), &event(checked.check), &facts, turn.now);
        match self.keep(turn, &facts, None, step).await {
            Err(CallError::Store(StoreError::CodeInvalid)) => {
                // Another call redeemed it since we looked.
                let facts = self.facts(call, turn.line, turn.now).await?;
                let step = dialog::advance(state, &event(CodeCheck::Wrong), &facts, turn.now);
                self.keep(turn, &facts, None, step).await
            }
            kept => kept,
        }
    }

    /// Commits a step and gives its document; of two commits of one turn the first counts.
    pub(super) async fn keep(
        &self,
        turn: &DueTurn<'_>,
        facts: &Facts,
        claim: Option<String>,
        step: Step,
    ) -> Result<Xml, CallError> {
        match self.commit(turn, facts, claim, step).await {
            Err(CallError::Store(error @ (StoreError::AlreadyEnrolled | StoreError::NoVoiceprint))) => {
                tracing::warn!(call = %turn.call.sid, code = error.code(), "an enrollment was not kept: {error}");
                self.commit(turn, facts, None, dialog::give_up(facts)).await
            }
            kept => kept,
        }
    }

    async fn commit(
        &self,
        turn: &DueTurn<'_>,
        facts: &Facts,
        claim: Option<String>,
        step: Step,
    ) -> Result<Xml, CallError> {
        let DueTurn { call, line, now } = turn;
        let caller = facts.caller.as_ref().map(|caller| caller.id);
        let reply = self.with_result(&call.sid, caller, &step.state, step.reply).await?;
        let stream = self.invitation(call, line, &reply, *now);
        let Xml(document) = self.0.documents.document(line, call.turn, &reply, stream.as_ref())?;
        let verdicts = verdicts(&step.effects);
        let commit = TurnCommit {
            call: call.sid.clone(),
            turn: call.turn,
            state: step.state.to_json(),
            reply: document.clone(),
            effects: step.effects,
            caller,
            claim,
            stream,
            at: *now,
        };
        let committed = self.0.cx.store.commit_turn(commit, &self.0.cx.config.lockout).await?;
        self.heard_of(&call.sid, step.state.is_over());
        match committed {
            Committed::Already(reply) => Ok(Xml(reply)),
            Committed::Fresh => {
                for verdict in verdicts {
                    meters::count_attempt(&verdict);
                }
                Ok(Xml(document))
            }
        }
    }
}

/// The verdicts that fell without a take.
fn verdicts(effects: &[Effect]) -> Vec<Verdict> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::RecordVerdict(verdict) => Some(*verdict),
            _ => None,
        })
        .collect()
}
