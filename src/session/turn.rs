use super::facts::number_hint;
use super::hear::Hearing;
use super::service::Service;
use super::{SessionError, Xml};
use crate::config::Line;
use crate::dialog::{self, Event, State};
use crate::store::{Call, NewCall};
use crate::twilio::{CallForm, KeysPressed};
use crate::types::{RecordingSid, Timestamp};

/// What the caller types to go back instead of speaking; that recording is not judged.
const STAR: &str = "*";

/// The next turn of a call, to be answered now.
pub(super) struct Turn<'s> {
    pub call: Call,
    pub line: &'s Line,
    pub now: Timestamp,
}

/// Whether a webhook is about the call's next turn.
pub(super) enum Due<'s> {
    /// It is: the turn, and where the conversation stands.
    Now(Box<Turn<'s>>, State),
    /// It was answered before, or cannot be: the reply that counts.
    Settled(Xml),
}

impl Service {
    /// Answers a new call.
    ///
    /// # Errors
    /// [`SessionError`]; nothing was kept then, and the same webhook may come again.
    pub async fn incoming(&self, form: &CallForm) -> Result<Xml, SessionError> {
        let Some(line) = self.config().line_for(&form.to) else {
            return Ok(self.voices().no_line.clone());
        };
        let now = self.now();
        let caller = match number_hint(line, &form.origin) {
            Some(number) => self.store().caller_by_number(number).await?.map(|caller| caller.id),
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
        let call = self.store().begin_call(call).await?;
        self.heard_of(&call.sid, false);
        if let Some(reply) = self.settled(&call, 0).await? {
            return Ok(reply);
        }
        let facts = self.facts(&call, line, now).await?;
        let step = dialog::begin(&facts, now);
        self.keep(&Turn { call, line, now }, &facts, None, step).await
    }

    /// Answers what the caller did in turn `n`: keys, a take, or nothing.
    ///
    /// # Errors
    /// [`SessionError`]; nothing was kept then, and the same webhook may come again.
    pub async fn turn(&self, n: u32, silent: bool, form: &CallForm) -> Result<Xml, SessionError> {
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
            let hearing = Hearing::announced(*turn, state, purpose, recording.clone());
            return self.hear(hearing).await;
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
    /// [`SessionError`]; nothing was kept then, and the same webhook may come again.
    pub async fn wait(&self, n: u32, poll: u32, form: &CallForm) -> Result<Xml, SessionError> {
        let (turn, state) = match self.due(n, form).await? {
            Due::Now(turn, state) => (turn, state),
            Due::Settled(reply) => return Ok(reply),
        };
        match self.store().take(&turn.call.sid, n).await? {
            Some(take) => self.hear(Hearing::awaited(*turn, state, take, poll)).await,
            None => self.step(&turn, state, Event::Lost).await,
        }
    }

    /// Takes note of how far a call is; one that is over ends here as well.
    ///
    /// # Errors
    /// [`SessionError`]; the same webhook may come again.
    pub async fn status(&self, form: &CallForm) -> Result<Xml, SessionError> {
        if form.status.is_over()
            && let Some(call) = self.store().call(&form.call_sid).await?
            && call.ended_at.is_none()
        {
            if call.state.is_some()
                && let Due::Now(turn, state) = self.due(call.turn, form).await?
            {
                self.step(&turn, state, Event::HungUp).await?;
            }
            self.store().end_call(&form.call_sid, self.now()).await?;
            self.heard_of(&form.call_sid, true);
        }
        Ok(self.voices().nothing.clone())
    }

    /// Ends the conversation; what was said last is not listened to.
    async fn hung_up(
        &self,
        turn: &Turn<'_>,
        state: State,
        recording: Option<&RecordingSid>,
    ) -> Result<Xml, SessionError> {
        self.discard(recording).await?;
        self.step(turn, state, Event::HungUp).await
    }

    /// Finds the call and checks that the webhook is about its next turn.
    pub(super) async fn due(&self, n: u32, form: &CallForm) -> Result<Due<'_>, SessionError> {
        let call = self.store().call(&form.call_sid).await?.ok_or(SessionError::UnknownCall)?;
        self.heard_of(&call.sid, call.ended_at.is_some());
        if let Some(reply) = self.settled(&call, n).await? {
            return Ok(Due::Settled(reply));
        }
        let line = self.config().line(&call.line).ok_or(SessionError::NoLine)?;
        let turn = Box::new(Turn { call, line, now: self.now() });
        match State::from_json(turn.call.state.as_deref().ok_or(SessionError::UnknownCall)?) {
            Ok(state) => Ok(Due::Now(turn, state)),
            Err(error) => {
                tracing::error!(call = %turn.call.sid, code = error.code(), "a call had to be given up: {error}");
                let facts = self.facts(&turn.call, line, turn.now).await?;
                let step = dialog::give_up(&facts);
                Ok(Due::Settled(self.keep(&turn, &facts, None, step).await?))
            }
        }
    }

    /// The reply that counts when `n` is not the call's next turn: the turn's own, else the latest.
    pub(super) async fn settled(&self, call: &Call, n: u32) -> Result<Option<Xml>, SessionError> {
        if n == call.turn {
            return Ok(None);
        }
        let own = if n < call.turn { self.store().turn_reply(&call.sid, n).await? } else { None };
        own.or_else(|| call.last_reply.clone()).map(|reply| Some(Xml(reply))).ok_or(SessionError::UnknownCall)
    }

    /// Sees to it that a recording nobody will listen to does not stay at the provider.
    pub(super) async fn discard(&self, recording: Option<&RecordingSid>) -> Result<(), SessionError> {
        if let (Some(recording), true) = (recording, self.config().twilio.delete_recordings) {
            self.store().queue_deletion(recording, self.now()).await?;
            self.wake_deletions();
        }
        Ok(())
    }
}
