use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::hear::Hearing;
use super::super::turn::{Due, Turn};
use super::super::{SessionError, Xml, meters};
use super::Service;
use super::say::Speech;
use super::take::{Listening, expected_ms};
use crate::config::Line;
use crate::dialog::{self, Event, Next, Purpose, Reply, State};
use crate::engine::{Engine, Enrolled, EnrolledTake};
use crate::scoring::Voiceprint;
use crate::session::judge::Job;
use crate::store::{Call, NewStream, OpenStream};
use crate::twilio::{CallForm, KeysPressed};
use crate::types::{Source, StreamId, Timestamp};

/// 128 bits that nobody can guess.
const TOKEN_BYTES: usize = 16;

impl Service {
    /// The stream that a reply asks for, where it listens and streams are to be had.
    pub(in crate::session) fn invitation(
        &self,
        call: &Call,
        line: &Line,
        reply: &Reply,
        now: Timestamp,
    ) -> Option<NewStream> {
        let listens = matches!(reply.next, Next::Listen { .. });
        if !listens || call.is_recorded || !self.config().is_streamed(line) || !self.places().has_room() {
            return None;
        }
        let token: [u8; TOKEN_BYTES] = rand::random();
        let within = Duration::from_secs(self.config().streams.start_within_s);
        Some(NewStream {
            id: StreamId::new(),
            token: URL_SAFE_NO_PAD.encode(token),
            plays: self.voices().played(line, reply),
            expires_at: now.saturating_add(within).unwrap_or(Timestamp::MAX),
        })
    }

    /// What a stream that has shown its token is heard for.
    pub(super) async fn heard_for(&self, stream: OpenStream) -> Result<Listening, SessionError> {
        let OpenStream { id, call, plays } = stream;
        let line = self.config().line(&call.line).ok_or(SessionError::NoLine)?;
        let state = State::from_json(call.state.as_deref().ok_or(SessionError::UnknownCall)?)?;
        let purpose = state.purpose().ok_or(SessionError::UnknownCall)?;
        let voiceprint = self.voiceprint_for(&call, purpose).await?;
        let expected_ms = match purpose {
            // How long a challenge takes is anybody's guess.
            Purpose::Verify if state.asked().is_some() => None,
            Purpose::Verify => Some(expected_ms(voiceprint.as_ref(), &line.passphrase)),
            // What the first takes of an enrollment have shown.
            Purpose::Enroll { .. } => voiceprint.as_ref().and_then(Engine::expected_ms),
        };
        let sounds = plays.iter().filter_map(|key| self.voices().sound(line, key)).cloned().collect();
        Ok(Listening {
            job: Job::new(&call, line, &state, &self.line_facts(line), purpose, Source::Stream(id)),
            voiceprint: voiceprint.filter(|_| purpose == Purpose::Verify),
            expected_ms,
            speech: Speech::new(sounds, self.config().streams.tone),
        })
    }

    /// What a take is expected to sound like: the caller's voiceprint, or what this enrollment has so far.
    async fn voiceprint_for(&self, call: &Call, purpose: Purpose) -> Result<Option<Voiceprint>, SessionError> {
        let found = match (purpose, call.caller) {
            (Purpose::Verify, Some(caller)) => {
                let stored = self.store().voiceprint(caller).await?;
                let enrolled = stored.and_then(|stored| Enrolled::from_bytes(&stored.bytes).ok());
                enrolled.map(|enrolled| enrolled.voiceprint().clone())
            }
            (Purpose::Verify, None) => None,
            (Purpose::Enroll { .. }, _) => {
                let takes = self.store().enrollment_takes(&call.sid).await?;
                let takes: Vec<_> =
                    takes.iter().filter_map(|bytes| Some(EnrolledTake::from_bytes(bytes).ok()?.voice)).collect();
                Voiceprint::new(takes).ok()
            }
        };
        // One that cannot be read or compared is dealt with when the take is judged.
        Ok(found.filter(|voiceprint| voiceprint.model() == self.engine().model()))
    }

    /// Answers the end of turn `n`'s stream: with the take's outcome, or by asking once more for a recording.
    ///
    /// # Errors
    /// [`SessionError`]; nothing was kept then, and the same webhook may come again.
    pub async fn streamed(&self, n: u32, form: &CallForm) -> Result<Xml, SessionError> {
        let (turn, state) = match self.due(n, form).await? {
            Due::Now(turn, state) => (turn, state),
            Due::Settled(reply) => return Ok(reply),
        };
        if form.status.is_over() || matches!(form.keys, Some(KeysPressed::HungUp)) {
            return self.step(&turn, state, Event::HungUp).await;
        }
        match self.store().take(&turn.call.sid, n).await? {
            Some(take) => self.hear(Hearing::awaited(*turn, state, take, 0)).await,
            None => self.record_instead(&turn, state).await,
        }
    }

    /// Asks for the same take as a recording, and has the rest of the call recorded as well. No turn of its own.
    async fn record_instead(&self, turn: &Turn<'_>, state: State) -> Result<Xml, SessionError> {
        let Some(reply) = dialog::ask_again(&state, &self.line_facts(turn.line)) else {
            return self.step(turn, state, Event::Silence).await;
        };
        metrics::counter!(meters::STREAM_FALLBACKS).increment(1);
        tracing::warn!(call = %turn.call.sid, turn = turn.call.turn, "no take by stream: asking for a recording");
        self.store().record_from_now_on(&turn.call.sid).await?;
        Ok(self.voices().recording(turn.line, turn.call.turn, &reply)?)
    }
}
