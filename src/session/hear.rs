use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::judge::{self, Job, LEASE};
use super::outcome::Outcome;
use super::service::Service;
use super::turn::Turn;
use super::{SessionError, Xml};
use crate::dialog::{LineFacts, Purpose, State};
use crate::store::{TakeClaim, TakeStatus};
use crate::types::{RecordingSid, Source, Timestamp};

/// How long a webhook waits for a verdict before the caller is asked to hold: with it every turn answers within 1 s.
const WINDOW: Duration = Duration::from_millis(600);
/// How often a take judged by another node is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How long a take may take once its recording is there, in milliseconds: a full house of takes, and a node's death.
const JUDGING_MS: u64 = 8_000;

/// A turn whose take is being judged.
pub(super) struct Hearing<'s> {
    turn: Turn<'s>,
    state: State,
    purpose: Purpose,
    source: Source,
    /// How many times the caller was asked to hold.
    poll: u32,
    since: Timestamp,
}

/// What waiting for a take came to.
enum Heard {
    Judged(Outcome),
    NotYet,
    /// The recording is another turn's, or the turn has another recording.
    Elsewhere,
}

impl<'s> Hearing<'s> {
    /// A take whose recording was just announced.
    pub(super) fn announced(turn: Turn<'s>, state: State, purpose: Purpose, recording: RecordingSid) -> Self {
        let since = turn.now;
        Self { turn, state, purpose, source: Source::Recording(recording), poll: 0, since }
    }

    /// A take that is asked about again.
    pub(super) fn awaited(turn: Turn<'s>, state: State, take: TakeStatus, poll: u32) -> Self {
        Self { turn, state, purpose: take.purpose, source: take.source, poll, since: take.opened_at }
    }

    fn job(&self, facts: &LineFacts) -> Job {
        let Turn { call, line, .. } = &self.turn;
        Job::new(call, line, &self.state, facts, self.purpose, self.source.clone())
    }

    fn is_overdue(&self, recording_wait_ms: u64) -> bool {
        let waited = self.turn.now.duration_since(self.since).as_millis();
        waited > i128::from(recording_wait_ms + JUDGING_MS)
    }
}

impl Service {
    /// Answers with the take's outcome if it falls soon, else asks the caller to hold.
    pub(super) async fn hear(&self, hearing: Hearing<'_>) -> Result<Xml, SessionError> {
        let job = hearing.job(&self.line_facts(hearing.turn.line));
        let hold = || Ok(self.voices().holding(hearing.turn.line, job.turn, hearing.poll + 1)?);
        let outcome = match self.heard(&job).await? {
            Heard::Judged(outcome) => outcome,
            Heard::NotYet if hearing.is_overdue(self.config().twilio.recording_wait_ms) => {
                judge::give_up(self, &job).await?
            }
            Heard::NotYet => return hold(),
            Heard::Elsewhere => {
                if self.store().take(&job.call, job.turn).await?.is_some() {
                    // A second recording of a turn whose first one is being judged.
                    self.discard(job.source.recording()).await?;
                    return hold();
                }
                return self.settled(&hearing.turn.call, job.turn + 1).await?.ok_or(SessionError::UnknownCall);
            }
        };
        self.step(&hearing.turn, hearing.state, outcome.event()).await
    }

    /// The take's outcome if it falls within the window; starts the judging when nobody is at it.
    async fn heard(&self, job: &Job) -> Result<Heard, SessionError> {
        let deadline = Instant::now() + WINDOW;
        loop {
            if let Some(mut news) = self.takes().news(&job.call, job.turn) {
                if news.source != job.source {
                    return Ok(Heard::Elsewhere);
                }
                match timeout_at(deadline, news.outcome.wait_for(Option::is_some)).await {
                    Ok(Ok(outcome)) => return Ok(outcome.map_or(Heard::NotYet, Heard::Judged)),
                    Err(_) => return Ok(Heard::NotYet),
                    // It died untold: the store knows more.
                    Ok(Err(_)) => {}
                }
            }
            let claim = self.store().open_take(&job.call, job.turn, &job.source, job.purpose, self.now(), LEASE);
            match claim.await? {
                TakeClaim::Done(outcome) => return Ok(Heard::Judged(Outcome::from_json(&outcome)?)),
                TakeClaim::Mine => self.start_judging(job).await?,
                TakeClaim::Running if Instant::now() >= deadline => return Ok(Heard::NotYet),
                TakeClaim::Running => sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await,
                TakeClaim::Elsewhere => return Ok(Heard::Elsewhere),
            }
        }
    }

    async fn start_judging(&self, job: &Job) -> Result<(), SessionError> {
        let Some(recording) = job.source.recording() else {
            // Whoever heard the stream is gone, and what was said with them.
            tracing::error!(call = %job.call, turn = job.turn, "a streamed take was lost with the process that heard it");
            judge::give_up(self, job).await?;
            return Ok(());
        };
        if let Some(running) = self.takes().enter(&job.call, job.turn, &job.source) {
            let take = judge::recorded(self.clone(), job.clone(), recording.clone());
            self.tasks().spawn(judge::run(self.clone(), job.clone(), running, take));
        } else {
            tracing::error!(call = %job.call, "more takes at once than can be judged");
            judge::give_up(self, job).await?;
        }
        Ok(())
    }
}
