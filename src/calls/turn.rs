//! Turns of a call: which webhook is about which turn, and the event that it brings.

use super::await_take::AwaitedTake;
use super::facts::number_hint;
use super::{CallError, Calls, Xml};
use crate::config::Line;
use crate::dialog::{self, Event, State};
use crate::store::{Call, NewCall, Typed};
use crate::twilio::{CallForm, KeysPressed};
use crate::types::{RecordingSid, Timestamp};

/// The key to go back instead of speaking; a recording that ends with it is not judged.
const STAR: &str = "*";

/// The next turn of a call, to be answered now.
pub(super) struct DueTurn<'s> {
    pub call: Call,
    pub line: &'s Line,
    pub now: Timestamp,
}

/// Whether a webhook is about the call's next turn.
pub(super) enum Due<'s> {
    /// It is: the turn, and where the conversation stands.
    Now(Box<DueTurn<'s>>, State),
    /// It was answered before, or cannot be: the reply that counts.
    Settled(Xml),
}

impl Calls {
    /// Answers a new call.
    ///
    /// # Errors
    /// [`CallError`]; nothing was kept then, and the same webhook may come again.
    pub async fn incoming(&self, form: &CallForm) -> Result<Xml, CallError> {
        let Some(line) = self.0.cx.config.line_for(&form.to) else {
            return Ok(self.0.documents.no_line.clone());
        };
        let now = self.0.cx.now();
        let caller = match number_hint(line, &form.origin) {
            Some(number) => self.0.cx.store.caller_by_number(number).await?.map(|caller| caller.id),
            None => None,
        };
        let call = NewCall {
            sid: form.call_sid.clone(),
            line: line.name.clone(),
            origin: form.origin.clone(),
            to: form.to.clone(),
            attestation: form.attestation,
            forwarded_from: form.forwarded_from.clone(),
            caller,
            at: now,
        };
        let call = self.0.cx.store.begin_call(call).await?;
        self.heard_of(&call.sid, false);
        if let Some(reply) = self.settled(&call, 0).await? {
            return Ok(reply);
        }
        let facts = self.facts(&call, line, Typed::Nothing, now).await?.facts;
        let step = dialog::begin(&facts, now);
        self.keep(&DueTurn { call, line, now }, &facts, None, step).await
    }

    /// Answers what the caller did in turn `n`: keys, a take, or nothing.
    ///
    /// # Errors
    /// [`CallError`]; nothing was kept then, and the same webhook may come again.
    pub async fn turn(&self, n: u32, silent: bool, form: &CallForm) -> Result<Xml, CallError> {
        let (turn, state) = match self.due(n, form).await? {
            Due::Now(turn, state) => (turn, state),
            Due::Settled(reply) => return Ok(reply),
        };
        let recording = form.recording_sid.as_ref();
        let keys = match &form.keys {
            _ if form.status.is_over() => return self.hung_up(&turn, state, recording).await,
            Some(KeysPressed::HungUp) => return self.hung_up(&turn, state, recording).await,
            Some(KeysPressed::Keys(keys)) => Some(keys.as_str()),
            None => None,
        };
        if let (Some(purpose), Some(recording), false) = (state.purpose(), recording, silent || keys == Some(STAR)) {
            let awaited = AwaitedTake::announced(*turn, state, purpose, recording.clone());
            return self.await_take(awaited).await;
        }
        self.discard(recording).await?;
        match keys {
            Some(keys) if !silent => self.keyed(&turn, state, keys).await,
            _ => self.step(&turn, state, Event::Silence).await,
        }
    }

    /// Asks for the outcome of turn `n`'s take, for the `poll`th time.
    ///
    /// # Errors
    /// [`CallError`]; nothing was kept then, and the same webhook may come again.
    pub async fn wait(&self, n: u32, poll: u32, form: &CallForm) -> Result<Xml, CallError> {
        let (turn, state) = match self.due(n, form).await? {
            Due::Now(turn, state) => (turn, state),
            Due::Settled(reply) => return Ok(reply),
        };
        match self.0.cx.store.take(&turn.call.sid, n).await? {
            Some(take) => self.await_take(AwaitedTake::awaited(*turn, state, take, poll)).await,
            None => self.step(&turn, state, Event::Lost).await,
        }
    }

    /// Takes note of how far a call is; one that is over ends here as well.
    ///
    /// # Errors
    /// [`CallError`]; the same webhook may come again.
    pub async fn status(&self, form: &CallForm) -> Result<Xml, CallError> {
        if form.status.is_over()
            && let Some(call) = self.0.cx.store.call(&form.call_sid).await?
            && call.ended_at.is_none()
        {
            if call.state.is_some()
                && let Due::Now(turn, state) = self.due(call.turn, form).await?
            {
                self.step(&turn, state, Event::HungUp).await?;
            }
            self.0.cx.store.end_call(&form.call_sid, self.0.cx.now()).await?;
            self.heard_of(&form.call_sid, true);
        }
        Ok(self.0.documents.nothing.clone())
    }

    /// Ends the conversation; what was said last is not listened to.
    async fn hung_up(
        &self,
        turn: &DueTurn<'_>,
        state: State,
        recording: Option<&RecordingSid>,
    ) -> Result<Xml, CallError> {
        self.discard(recording).await?;
        self.step(turn, state, Event::HungUp).await
    }

    /// Finds the call and checks that the webhook is about its next turn.
    pub(super) async fn due(&self, n: u32, form: &CallForm) -> Result<Due<'_>, CallError> {
        let call = self.0.cx.store.call(&form.call_sid).await?.ok_or(CallError::UnknownCall)?;
        self.heard_of(&call.sid, call.ended_at.is_some());
        if let Some(reply) = self.settled(&call, n).await? {
            return Ok(Due::Settled(reply));
        }
        let line = self.0.cx.config.line(&call.line).ok_or(CallError::NoLine)?;
        let turn = Box::new(DueTurn { call, line, now: self.0.cx.now() });
        match State::from_json(turn.call.state.as_deref().ok_or(CallError::UnknownCall)?) {
            Ok(state) => Ok(Due::Now(turn, state)),
            Err(error) => {
                tracing::error!(call = %turn.call.sid, code = error.code(), "a call had to be given up: {error}");
                let facts = self.facts(&turn.call, line, Typed::Nothing, turn.now).await?.facts;
                let step = dialog::give_up(&facts);
                Ok(Due::Settled(self.keep(&turn, &facts, None, step).await?))
            }
        }
    }

    /// The reply that counts when `n` is not the call's next turn: the turn's own, else the latest.
    pub(super) async fn settled(&self, call: &Call, n: u32) -> Result<Option<Xml>, CallError> {
        if n == call.turn {
            return Ok(None);
        }
        let own = if n < call.turn { self.0.cx.store.turn_reply(&call.sid, n).await? } else { None };
        own.or_else(|| call.last_reply.clone()).map(|reply| Some(Xml(reply))).ok_or(CallError::UnknownCall)
    }

    /// Queues the deletion of a recording that is not judged.
    pub(super) async fn discard(&self, recording: Option<&RecordingSid>) -> Result<(), CallError> {
        if let (Some(recording), true) = (recording, self.0.cx.config.twilio.delete_recordings) {
            self.0.cx.store.queue_deletion(recording, self.0.cx.now()).await?;
            self.0.job_queued.notify_one();
        }
        Ok(())
    }
}
