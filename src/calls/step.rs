//! One step of the dialogue: an event becomes a reply, and both are committed with the call's new state.

use super::facts::{KnownTurn, claimed_digits};
use super::turn::DueTurn;
use super::{CallError, Calls, Xml};
use crate::dialog::{self, CodeCheck, Effect, Event, Facts, Lookup, State, Step};
use crate::judging::meters;
use crate::store::{Committed, StoreError, TurnCommit, Typed};
use crate::types::Verdict;

impl Calls {
    /// Answers an event with what is known about the call.
    pub(super) async fn step(&self, turn: &DueTurn<'_>, state: State, event: Event) -> Result<Xml, CallError> {
        let facts = self.known(turn, Typed::Nothing).await?.facts;
        let step = dialog::advance(state, &event, &facts, turn.now);
        self.keep(turn, &facts, None, step).await
    }

    async fn known(&self, turn: &DueTurn<'_>, typed: Typed) -> Result<KnownTurn, StoreError> {
        self.facts(&turn.call, turn.line, typed, turn.now).await
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
        let KnownTurn { facts, claim, .. } = self.known(turn, Typed::Account(claimed_digits(keys))).await?;
        let step = dialog::advance(state, &Event::Keys(keys.to_owned()), &facts, turn.now);
        self.keep(turn, &facts, claim, step).await
    }

    async fn code_typed(&self, turn: &DueTurn<'_>, state: State, keys: &str) -> Result<Xml, CallError> {
        let KnownTurn { facts, code, .. } = self.known(turn, Typed::Code(keys.to_owned())).await?;
        let check = code.map_or(CodeCheck::Wrong, |code| code.check);
        let event = |check| Event::Code { keys: keys.to_owned(), check };
        let step = dialog::advance(state.clone(), &event(check), &facts, turn.now);
        match self.keep(turn, &facts, None, step).await {
            Err(CallError::Store(StoreError::CodeInvalid)) => {
                // Another call redeemed it since we looked.
                let facts = self.known(turn, Typed::Nothing).await?.facts;
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
