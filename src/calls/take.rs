//! One take of a call: fetched or heard, judged, kept in one transaction, and told to the turn that waits.

use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;

use super::Calls;
use super::running::Running;
use crate::config::Line;
use crate::dialog::{Asked, LastTry, LineFacts, Purpose, Risk, State};
use crate::engine::{AskedFor, Bar, Take};
use crate::judging::{Agreement, Fault, Judgement, Outcome, Terms, meters};
use crate::store::{Call, Finished, HeldFor, StoreError, TakeClaim};
use crate::types::{CallSid, RecordingSid, Source, Strictness};

/// How long a lease on a take keeps others from judging it.
///
/// Longer than judging takes once the recording is there. A node that dies loses the lease after that; a node that is
/// merely slow may be overtaken, and then the first result counts.
pub(super) const LEASE: Duration = Duration::from_secs(4);

/// One take to be judged.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) call: CallSid,
    pub(crate) turn: u32,
    pub(crate) source: Source,
    pub(crate) purpose: Purpose,
    pub(crate) strictness: Strictness,
    pub(crate) last_try: LastTry,
    /// The challenge to be answered, where the passphrase was not asked for.
    pub(crate) asked: Option<Asked>,
    /// Signs against the call: they raise the line's threshold.
    pub(crate) risk: Risk,
    pub(crate) ask_again_within: f32,
}

impl Job {
    /// The take that a call's next turn listens for.
    pub(super) fn new(
        call: &Call,
        line: &Line,
        state: &State,
        facts: &LineFacts,
        purpose: Purpose,
        source: Source,
    ) -> Self {
        Self {
            call: call.sid.clone(),
            turn: call.turn,
            source,
            purpose,
            strictness: line.strictness,
            last_try: state.last_try(facts),
            asked: state.asked().cloned(),
            risk: state.risk().clone(),
            ask_again_within: facts.verification.ask_again_within,
        }
    }

    /// The bar for an early look at a take; the verdict's own bar knows the site and the watch-list too.
    pub(crate) fn early_bar(&self) -> Bar {
        let LastTry { mismatch, bad_take } = self.last_try;
        Bar {
            strictness: self.strictness,
            raised_by: self.risk.raises_by(),
            site: None,
            ask_again_within: self.ask_again_within,
            last_mismatch: mismatch,
            last_bad_take: bad_take,
        }
    }

    fn terms(&self) -> Result<Terms, Fault> {
        let LastTry { mismatch, bad_take } = self.last_try;
        Ok(Terms {
            asked: match &self.asked {
                Some(asked) => AskedFor::Challenge(asked.code.parse().map_err(Fault::Challenge)?),
                None => AskedFor::Passphrase,
            },
            until: self.asked.as_ref().map(|asked| asked.until),
            strictness: self.strictness,
            risk: self.risk.clone(),
            one_of: 1,
            ask_again_within: self.ask_again_within,
            last_mismatch: mismatch,
            last_bad_take: bad_take,
            is_assured: false,
        })
    }
}

/// The end of a stream that brought a take.
pub(crate) enum Streamed {
    /// Speech or silence, being examined.
    Speech {
        /// When the speaker had finished.
        since: Instant,
        /// The take.
        take: AbortOnDropHandle<Result<Take, Fault>>,
    },
    /// The caller pressed star.
    Star,
}

impl Calls {
    /// Judges one take to the end and tells the turns that wait.
    pub(super) async fn run_take(
        self,
        job: Job,
        running: Running,
        take: impl Future<Output = Result<Take, Fault>> + Send,
    ) {
        let judgement = match self.judge_take(&job, take).await {
            Ok(judgement) => judgement,
            // No turn waits for it here any more; after the restart the next one that asks leases it again.
            Err(Fault::Stopping) => return,
            Err(Fault::Unwanted) => Judgement::of(Outcome::Lost),
            Err(fault) => lost(&job, &fault),
        };
        match self.finish_take(&job, judgement).await {
            Ok(outcome) => running.tell(outcome),
            Err(error) => meters::store_failed("a judgement is not kept", &error),
        }
    }

    /// Leases the take of a stream and judges it in the background: the socket can be closed once this returns.
    pub(crate) async fn take_streamed(&self, job: Job, heard: Streamed) -> Result<(), StoreError> {
        let now = self.0.cx.now();
        let lease = self.0.cx.store.open_take(&job.call, job.turn, &job.source, job.purpose, now, LEASE).await?;
        if lease != TakeClaim::Mine {
            tracing::warn!(call = %job.call, turn = job.turn, "a stream came too late: its turn has another take");
            return Ok(());
        }
        let (since, take) = match heard {
            Streamed::Star => {
                self.finish_take(&job, Judgement::of(Outcome::Star)).await?;
                return Ok(());
            }
            Streamed::Speech { since, take } => (since, take),
        };
        let Some(running) = self.0.running.enter(&job.call, job.turn, &job.source) else {
            tracing::error!(call = %job.call, "more takes at once than can be judged");
            self.give_up_take(&job).await?;
            return Ok(());
        };
        let calls = self.clone();
        self.0.cx.tasks.spawn(async move {
            calls.run_take(job, running, async { take.await.unwrap_or(Err(Fault::Panicked)) }).await;
            metrics::histogram!(meters::STREAM_VERDICT_SECONDS).record(since.elapsed());
        });
        Ok(())
    }

    /// Ends a take that took too long; an outcome that fell meanwhile counts.
    pub(super) async fn give_up_take(&self, job: &Job) -> Result<Outcome, StoreError> {
        self.finish_take(job, Judgement::of(Outcome::Lost)).await
    }

    async fn judge_take(
        &self,
        job: &Job,
        take: impl Future<Output = Result<Take, Fault>> + Send,
    ) -> Result<Judgement, Fault> {
        let take = take.await?;
        match job.purpose {
            Purpose::Enroll { .. } => self.enroll_take(job, take).await,
            Purpose::Verify => {
                let snapshot = self.0.judge.snapshot_of_take(&job.call, job.turn).await?;
                self.0.judge.verify(take, snapshot, job.terms()?).await
            }
        }
    }

    async fn enroll_take(&self, job: &Job, take: Take) -> Result<Judgement, Fault> {
        let held = self.0.cx.store.held_against(&job.call, job.turn, HeldFor::Enroll).await?;
        Ok(match self.0.judge.enroll(&held.enrollment, vec![take], Agreement::WhenComplete).await? {
            Ok(enrollment) => Judgement::enrolled(enrollment),
            Err(reason) => Judgement::of(Outcome::EnrollFault { reason }),
        })
    }

    /// Fetches a recording and examines it.
    pub(super) async fn recorded(&self, job: &Job, recording: RecordingSid) -> Result<Take, Fault> {
        let start = Instant::now();
        let fetched = tokio::select! {
            fetched = self.0.recordings.fetch(&recording) => fetched,
            () = self.0.cx.tasks.stopping() => return Err(Fault::Stopping),
        };
        let result = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::counter!(meters::RECORDINGS, "step" => "fetched", "result" => result).increment(1);
        metrics::histogram!(meters::FETCH_SECONDS).record(start.elapsed());
        let is_wanted = async {
            let call = self.0.cx.store.call(&job.call).await?;
            Ok(call.is_some_and(|call| call.turn == job.turn))
        };
        self.0.judge.examine(fetched?, is_wanted).await
    }

    /// Keeps a judgement, with the last word to the standing as it is at that moment.
    async fn finish_take(&self, job: &Job, judgement: Judgement) -> Result<Outcome, StoreError> {
        let cx = &self.0.cx;
        let delete = job.source.recording().filter(|_| cx.config.twilio.delete_recordings).cloned();
        let settle = move |standing| judgement.settled(standing, delete);
        let finished = cx.store.finish_take(&job.call, job.turn, cx.now(), &cx.config.lockout, settle).await?;
        self.0.job_queued.notify_one();
        let (outcome, is_fresh) = match finished {
            Finished::Fresh(outcome) => (outcome, true),
            Finished::Already(outcome) => (outcome, false),
            Finished::Late => return Ok(Outcome::Lost),
        };
        let outcome = Outcome::from_json(&outcome).unwrap_or(Outcome::Lost);
        if let (true, Outcome::Verified { verdict }) = (is_fresh, outcome) {
            meters::count_attempt(&verdict);
            tracing::info!(call = %job.call, turn = job.turn, verdict = verdict.code(), "judged a take");
        }
        Ok(outcome)
    }
}

fn lost(job: &Job, fault: &Fault) -> Judgement {
    metrics::counter!(meters::LOST_TAKES, "code" => fault.code()).increment(1);
    tracing::error!(call = %job.call, turn = job.turn, code = fault.code(), "a take was lost: {fault}");
    Judgement::of(Outcome::Lost)
}
