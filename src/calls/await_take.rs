//! The wait for a take's outcome: within the webhook's window, or by asking the caller to hold.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::take::{Job, LEASE};
use super::turn::DueTurn;
use super::{CallError, Calls, Xml};
use crate::dialog::{LineFacts, Purpose, State};
use crate::judging::Outcome;
use crate::store::{TakeClaim, TakeStatus};
use crate::types::{RecordingSid, Source, Timestamp};

/// How long a webhook waits for a verdict before the caller is asked to hold: with it every turn answers within 1 s.
const WINDOW: Duration = Duration::from_millis(600);
/// How often a take judged by another node is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How long a take may take once its recording is there, in milliseconds: a full house of takes, and a node's death.
const JUDGING_MS: u64 = 8_000;

/// A turn whose take is being judged.
pub(super) struct AwaitedTake<'s> {
    turn: DueTurn<'s>,
    state: State,
    purpose: Purpose,
    source: Source,
    /// How many times the caller was asked to hold.
    poll: u32,
    since: Timestamp,
}

/// The end of a wait.
enum Wait {
    Judged(Outcome),
    NotYet,
    /// The recording is another turn's, or the turn has another recording.
    Elsewhere,
}

impl<'s> AwaitedTake<'s> {
    /// A take whose recording was just announced.
    pub(super) fn announced(turn: DueTurn<'s>, state: State, purpose: Purpose, recording: RecordingSid) -> Self {
        let since = turn.now;
        Self { turn, state, purpose, source: Source::Recording(recording), poll: 0, since }
    }

    /// A take that is asked about again.
    pub(super) fn awaited(turn: DueTurn<'s>, state: State, take: TakeStatus, poll: u32) -> Self {
        Self { turn, state, purpose: take.purpose, source: take.source, poll, since: take.opened_at }
    }

    fn job(&self, facts: &LineFacts) -> Job {
        let DueTurn { call, line, .. } = &self.turn;
        Job::new(call, line, &self.state, facts, self.purpose, self.source.clone())
    }

    fn is_overdue(&self, recording_wait_ms: u64) -> bool {
        let waited = self.turn.now.duration_since(self.since).as_millis();
        waited > i128::from(recording_wait_ms + JUDGING_MS)
    }
}

impl Calls {
    /// Answers with the take's outcome if it falls soon, else asks the caller to hold.
    pub(super) async fn await_take(&self, awaited: AwaitedTake<'_>) -> Result<Xml, CallError> {
        let job = awaited.job(&self.line_facts(awaited.turn.line));
        let hold = || Ok(self.0.documents.holding(awaited.turn.line, job.turn, awaited.poll + 1)?);
        let outcome = match self.outcome_of(&job).await? {
            Wait::Judged(outcome) => outcome,
            Wait::NotYet if awaited.is_overdue(self.0.cx.config.twilio.recording_wait_ms) => {
                self.give_up_take(&job).await?
            }
            Wait::NotYet => return hold(),
            Wait::Elsewhere => {
                if self.0.cx.store.take(&job.call, job.turn).await?.is_some() {
                    // A second recording of a turn whose first one is being judged.
                    self.discard(job.source.recording()).await?;
                    return hold();
                }
                return self.settled(&awaited.turn.call, job.turn + 1).await?.ok_or(CallError::UnknownCall);
            }
        };
        self.step(&awaited.turn, awaited.state, outcome.event()).await
    }

    /// The take's outcome if it falls within the window; starts the judging if no process is at it.
    async fn outcome_of(&self, job: &Job) -> Result<Wait, CallError> {
        let deadline = Instant::now() + WINDOW;
        loop {
            if let Some(mut news) = self.0.running.news(&job.call, job.turn) {
                if news.source != job.source {
                    return Ok(Wait::Elsewhere);
                }
                match timeout_at(deadline, news.outcome.wait_for(Option::is_some)).await {
                    Ok(Ok(outcome)) => return Ok(outcome.map_or(Wait::NotYet, Wait::Judged)),
                    Err(_) => return Ok(Wait::NotYet),
                    // The judging task died untold: the store knows more.
                    Ok(Err(_)) => {}
                }
            }
            let lease =
                self.0.cx.store.open_take(&job.call, job.turn, &job.source, job.purpose, self.0.cx.now(), LEASE);
            match lease.await? {
                TakeClaim::Done(outcome) => return Ok(Wait::Judged(Outcome::from_json(&outcome)?)),
                TakeClaim::Mine => self.start_judging(job).await?,
                TakeClaim::Running if Instant::now() >= deadline => return Ok(Wait::NotYet),
                TakeClaim::Running => sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await,
                TakeClaim::Elsewhere => return Ok(Wait::Elsewhere),
            }
        }
    }

    async fn start_judging(&self, job: &Job) -> Result<(), CallError> {
        let Some(recording) = job.source.recording().cloned() else {
            // The process that heard the stream is gone, and the speech with it.
            tracing::error!(call = %job.call, turn = job.turn, "a streamed take was lost with its process");
            self.give_up_take(job).await?;
            return Ok(());
        };
        if let Some(running) = self.0.running.enter(&job.call, job.turn, &job.source) {
            let (calls, job) = (self.clone(), job.clone());
            self.0.cx.tasks.spawn(async move {
                let take = calls.recorded(&job, recording);
                calls.clone().run_take(job.clone(), running, take).await;
            });
        } else {
            tracing::error!(call = %job.call, "more takes at once than can be judged");
            self.give_up_take(job).await?;
        }
        Ok(())
    }
}
