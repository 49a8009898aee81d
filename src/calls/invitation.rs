//! Streams of a call: the invitation that a reply carries, and the order of a stream that has shown its token.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::await_take::AwaitedTake;
use super::take::Job;
use super::turn::{Due, DueTurn};
use super::{CallError, Calls, Xml};
use crate::config::Line;
use crate::dialog::{self, Event, Next, Purpose, Reply, State};
use crate::engine::{Engine, Enrolled, EnrolledTake};
use crate::judging::meters;
use crate::scoring::Voiceprint;
use crate::store::{Call, NewStream, OpenStream};
use crate::twilio::{CallForm, KeysPressed};
use crate::twiml::Sound;
use crate::types::{Source, StreamId, Timestamp};

/// 128 bits cannot be guessed.
const TOKEN_BYTES: usize = 16;

/// The order of a stream: the take, what it may sound like, and the sounds to play first.
pub(crate) struct TakeOrder {
    pub(crate) job: Job,
    /// The caller's voiceprint, where the take is a verification.
    pub(crate) voiceprint: Option<Voiceprint>,
    /// Net speech that is expected, in milliseconds, where it is known.
    pub(crate) expected_ms: Option<u32>,
    /// Prompts that are played into the stream before the caller speaks.
    pub(crate) sounds: Vec<Sound>,
}

impl Calls {
    /// The stream that a reply asks for, where it listens and streams are to be had.
    pub(super) fn invitation(&self, call: &Call, line: &Line, reply: &Reply, now: Timestamp) -> Option<NewStream> {
        let listens = matches!(reply.next, Next::Listen { .. });
        if !listens || call.is_recorded || !self.0.cx.config.is_streamed(line) || !self.0.slots.has_room() {
            return None;
        }
        let token: [u8; TOKEN_BYTES] = rand::random();
        let within = Duration::from_secs(self.0.cx.config.streams.start_within_s);
        Some(NewStream {
            id: StreamId::new(),
            token: URL_SAFE_NO_PAD.encode(token),
            plays: self.0.documents.played(line, reply),
            expires_at: now.saturating_add(within).unwrap_or(Timestamp::MAX),
        })
    }

    /// The order of a stream that has shown its token.
    pub(crate) async fn take_order(&self, stream: OpenStream) -> Result<TakeOrder, CallError> {
        let OpenStream { id, call, plays } = stream;
        let line = self.0.cx.config.line(&call.line).ok_or(CallError::NoLine)?;
        let state = State::from_json(call.state.as_deref().ok_or(CallError::UnknownCall)?)?;
        let purpose = state.purpose().ok_or(CallError::UnknownCall)?;
        let voiceprint = self.voiceprint_for(&call, purpose).await?;
        let expected_ms = match purpose {
            // How long a challenge takes is anybody's guess.
            Purpose::Verify if state.asked().is_some() => None,
            Purpose::Verify => Some(expected_ms(voiceprint.as_ref(), &line.passphrase)),
            // What the first takes of an enrollment have shown.
            Purpose::Enroll { .. } => voiceprint.as_ref().and_then(Engine::expected_ms),
        };
        let sounds = plays.iter().filter_map(|key| self.0.documents.sound(line, key)).cloned().collect();
        Ok(TakeOrder {
            job: Job::new(&call, line, &state, &self.line_facts(line), purpose, Source::Stream(id)),
            voiceprint: voiceprint.filter(|_| purpose == Purpose::Verify),
            expected_ms,
            sounds,
        })
    }

    /// The voice that is expected: the caller's voiceprint, or the takes of this enrollment so far.
    async fn voiceprint_for(&self, call: &Call, purpose: Purpose) -> Result<Option<Voiceprint>, CallError> {
        let found = match (purpose, call.caller) {
            (Purpose::Verify, Some(caller)) => {
                let stored = self.0.cx.store.voiceprint(caller).await?;
                let enrolled = stored.and_then(|stored| Enrolled::from_bytes(&stored.bytes).ok());
                enrolled.map(|enrolled| enrolled.voiceprint().clone())
            }
            (Purpose::Verify, None) => None,
            (Purpose::Enroll { .. }, _) => {
                let takes = self.0.cx.store.enrollment_takes(&call.sid).await?;
                let takes: Vec<_> =
                    takes.iter().filter_map(|bytes| Some(EnrolledTake::from_bytes(bytes).ok()?.voice)).collect();
                Voiceprint::new(takes).ok()
            }
        };
        // One that cannot be read or compared is dealt with when the take is judged.
        Ok(found.filter(|voiceprint| voiceprint.model() == self.0.judge.engine().model()))
    }

    /// Answers the end of turn `n`'s stream: with the take's outcome, or by asking once more for a recording.
    ///
    /// # Errors
    /// [`CallError`]; nothing was kept then, and the same webhook may come again.
    pub async fn streamed(&self, n: u32, form: &CallForm) -> Result<Xml, CallError> {
        let (turn, state) = match self.due(n, form).await? {
            Due::Now(turn, state) => (turn, state),
            Due::Settled(reply) => return Ok(reply),
        };
        if form.status.is_over() || matches!(form.keys, Some(KeysPressed::HungUp)) {
            return self.step(&turn, state, Event::HungUp).await;
        }
        match self.0.cx.store.take(&turn.call.sid, n).await? {
            Some(take) => self.await_take(AwaitedTake::awaited(*turn, state, take, 0)).await,
            None => self.record_instead(&turn, state).await,
        }
    }

    /// Asks for the same take as a recording, and has the rest of the call recorded as well. No turn of its own.
    async fn record_instead(&self, turn: &DueTurn<'_>, state: State) -> Result<Xml, CallError> {
        let Some(reply) = dialog::ask_again(&state, &self.line_facts(turn.line)) else {
            return self.step(turn, state, Event::Silence).await;
        };
        metrics::counter!(meters::STREAM_FALLBACKS).increment(1);
        tracing::warn!(call = %turn.call.sid, turn = turn.call.turn, "no take by stream: asking for a recording");
        self.0.cx.store.record_from_now_on(&turn.call.sid).await?;
        Ok(self.0.documents.recording(turn.line, turn.call.turn, &reply)?)
    }
}

/// Net speech of what a caller is to say, by what is known of it.
///
/// A caller without a voiceprint, and an account that does not exist, are taken to need as long as the passphrase takes
/// most people: how soon a turn ends must not tell whether there is a voiceprint.
fn expected_ms(voiceprint: Option<&Voiceprint>, passphrase: &str) -> u32 {
    voiceprint.and_then(Engine::expected_ms).unwrap_or_else(|| passphrase_ms(passphrase))
}

/// Speech of about five letters a third of a second: 150 to 180 words a minute, without pauses.
const MS_PER_LETTER: u32 = 60;

fn passphrase_ms(passphrase: &str) -> u32 {
    passphrase.chars().filter(|letter| letter.is_alphanumeric()).count() as u32 * MS_PER_LETTER
}
