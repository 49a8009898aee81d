use std::time::{Duration, Instant};

use thiserror::Error;
use tokio_util::task::AbortOnDropHandle;

use super::claim::Kept;
use super::give_way::give_way;
use super::meters;
use super::outcome::Outcome;
use super::service::Service;
use super::step::count_attempt;
use super::takes::Running;
use crate::audio::{self, AudioError};
use crate::config::Line;
use crate::dialog::{Asked, LastTry, LineFacts, Purpose, Risk, Standing, State, Suspicion};
use crate::engine::{Assessment, Bar, EngineError, EnrolledError, EnrolledTake, Take};
use crate::liveness::LivenessError;
use crate::phrase::PhraseError;
use crate::scoring::ScoreError;
use crate::store::{Call, Finished, NewAttempt, NewVoiceprint, StoreError, TakeClaim, TakeResult};
use crate::twilio::RecordingError;
use crate::types::{CallSid, CallerId, Clip16k, Reason, RecordingSid, Source, Strictness, Tenant, Verdict};
use crate::vad::QualityLimits;

/// Takes of one voiceprint.
pub(super) const TAKES: u32 = 3;

/// What a take must reach, to enroll and to verify: in both the whole passphrase is said.
///
/// The engine can score less, such as one word of it, but then the words are no longer what was enrolled.
pub(super) const PASSPHRASE: QualityLimits = QualityLimits::ENROLL;

/// How long a claim on a take keeps others from judging it.
///
/// Longer than a take takes once its recording is there. A node that dies loses it after that; a node that is merely
/// slow may be overtaken, and then the first result counts.
pub(super) const LEASE: Duration = Duration::from_secs(4);

/// One take to be judged.
#[derive(Clone)]
pub(super) struct Job {
    pub call: CallSid,
    pub turn: u32,
    pub source: Source,
    pub purpose: Purpose,
    /// Whom a verification compares with; nobody's voiceprint for an account that nobody has.
    pub caller: Option<CallerId>,
    pub strictness: Strictness,
    pub last_try: LastTry,
    /// The challenge to be answered, where it was not the passphrase that was asked for.
    pub asked: Option<Asked>,
    /// What the voice must reach beyond the line's threshold, because the call is suspect.
    pub raised_by: f32,
    pub ask_again_within: f32,
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
            caller: call.caller,
            strictness: line.strictness,
            last_try: state.last_try(facts),
            asked: state.asked().cloned(),
            raised_by: state.risk().raises_by(),
            ask_again_within: facts.verification.ask_again_within,
        }
    }

    /// What a verification is measured against.
    pub(super) const fn bar(&self) -> Bar {
        let LastTry { mismatch, bad_take } = self.last_try;
        Bar {
            strictness: self.strictness,
            raised_by: self.raised_by,
            site: None,
            ask_again_within: self.ask_again_within,
            last_mismatch: mismatch,
            last_bad_take: bad_take,
        }
    }
}

/// What came of a stream.
pub(super) enum Streamed {
    /// The caller spoke, or did not; what they said is being examined.
    Speech {
        /// When they had finished.
        since: Instant,
        /// What was said.
        take: AbortOnDropHandle<Result<Take, Fault>>,
    },
    /// The caller pressed star.
    Star,
}

/// Why a take got no outcome of its own.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Enrolled(#[from] EnrolledError),
    #[error(transparent)]
    Fingerprint(#[from] LivenessError),
    #[error("a challenge cannot be read: {0}")]
    Challenge(PhraseError),
    #[error("the voice could not be compared with those on the list: {0}")]
    Watching(String),
    #[error("no voiceprint can be made of these takes")]
    Voiceprint,
    #[error("the models failed badly")]
    Panicked,
    #[error("the server stops")]
    Stopping,
    #[error("the call went on without it")]
    Unwanted,
}

impl Fault {
    const fn code(&self) -> &'static str {
        match self {
            Self::Recording(error) => error.code(),
            Self::Audio(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Score(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Enrolled(error) => error.code(),
            Self::Fingerprint(error) => error.code(),
            Self::Challenge(error) => error.code(),
            Self::Watching(_) => "watching",
            Self::Voiceprint => "voiceprint",
            Self::Panicked => "panicked",
            Self::Stopping => "stopping",
            Self::Unwanted => "unwanted",
        }
    }
}

/// What was found out about a take, before the standing has its say.
pub(super) struct Judgement {
    pub outcome: Outcome,
    pub assessment: Option<Assessment>,
    pub kept: Kept,
    pub voiceprint: Option<NewVoiceprint>,
}

impl Judgement {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, assessment: None, kept: Kept::default(), voiceprint: None }
    }
}

/// Judges one take to the end and tells those who wait.
pub(super) async fn run(
    service: Service,
    job: Job,
    running: Running,
    take: impl Future<Output = Result<Take, Fault>> + Send,
) {
    let judgement = match judge(&service, &job, take).await {
        Ok(judgement) => judgement,
        // Nobody waits for it here any more; after the restart whoever asks for it claims it again.
        Err(Fault::Stopping) => return,
        Err(Fault::Unwanted) => Judgement::of(Outcome::Lost),
        Err(fault) => lost(&job, &fault),
    };
    match finish(&service, &job, judgement).await {
        Ok(outcome) => running.tell(outcome),
        Err(error) => meters::store_failed("a judgement is not kept", &error),
    }
}

/// Claims what came of a stream and judges it in the background: the socket can be closed once this returns.
pub(super) async fn streamed(service: &Service, job: Job, heard: Streamed) -> Result<(), StoreError> {
    let claim = service.store().open_take(&job.call, job.turn, &job.source, job.purpose, service.now(), LEASE).await?;
    if claim != TakeClaim::Mine {
        tracing::warn!(call = %job.call, turn = job.turn, "a stream came too late: its turn has another take");
        return Ok(());
    }
    let (since, take) = match heard {
        Streamed::Star => {
            finish(service, &job, Judgement::of(Outcome::Star)).await?;
            return Ok(());
        }
        Streamed::Speech { since, take } => (since, take),
    };
    let Some(running) = service.takes().enter(&job.call, job.turn, &job.source) else {
        tracing::error!(call = %job.call, "more takes at once than can be judged");
        give_up(service, &job).await?;
        return Ok(());
    };
    let service = service.clone();
    service.tasks().clone().spawn(async move {
        run(service, job, running, async { take.await.unwrap_or(Err(Fault::Panicked)) }).await;
        metrics::histogram!(meters::STREAM_VERDICT_SECONDS).record(since.elapsed());
    });
    Ok(())
}

fn lost(job: &Job, fault: &Fault) -> Judgement {
    metrics::counter!(meters::LOST_TAKES, "code" => fault.code()).increment(1);
    tracing::error!(call = %job.call, turn = job.turn, code = fault.code(), "a take was lost: {fault}");
    Judgement::of(Outcome::Lost)
}

/// Ends a take that took too long; an outcome that fell meanwhile counts.
pub(super) async fn give_up(service: &Service, job: &Job) -> Result<Outcome, StoreError> {
    finish(service, job, Judgement::of(Outcome::Lost)).await
}

async fn judge(
    service: &Service,
    job: &Job,
    take: impl Future<Output = Result<Take, Fault>> + Send,
) -> Result<Judgement, Fault> {
    let heard = take.await?;
    match job.purpose {
        Purpose::Enroll { take } => enroll(service, job, heard, take).await,
        Purpose::Verify => verify(service, job, heard).await,
    }
}

/// Fetches a recording and examines it.
pub(super) async fn recorded(service: Service, job: Job, recording: RecordingSid) -> Result<Take, Fault> {
    let start = Instant::now();
    let fetched = tokio::select! {
        fetched = service.recordings().fetch(&recording) => fetched,
        () = service.stopping() => return Err(Fault::Stopping),
    };
    let result = if fetched.is_ok() { "ok" } else { "failed" };
    metrics::counter!(meters::RECORDINGS, "step" => "fetched", "result" => result).increment(1);
    metrics::histogram!(meters::FETCH_SECONDS).record(start.elapsed());
    let bytes = fetched?;

    let start = Instant::now();
    let take = listen(&service, &job, bytes, PASSPHRASE).await;
    metrics::histogram!(meters::JUDGE_SECONDS).record(start.elapsed());
    take
}

async fn enroll(service: &Service, job: &Job, heard: Take, take: u32) -> Result<Judgement, Fault> {
    let new = match (heard.fault(), heard.enrolled()) {
        (None, Some(new)) => new,
        (fault, _) => return Ok(fault_of(fault.unwrap_or(Reason::NoSpeech))),
    };
    let kept = service.store().enrollment_takes(&job.call).await?;
    let earlier = kept.iter().map(|bytes| EnrolledTake::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
    let engine = service.engine().clone();
    let judged = tokio::task::spawn_blocking(move || {
        give_way();
        if engine.is_repeated(&new, &earlier) {
            return Err(Reason::ReplaySuspected);
        }
        let print = new.to_bytes();
        let is_last = take >= TAKES;
        let enrolled = is_last.then(|| engine.enroll(earlier.into_iter().chain([new]).collect())).transpose()?;
        Ok((print, enrolled))
    });
    match judged.await.map_err(|_| Fault::Panicked)? {
        Ok((print, enrolled)) => Ok(Judgement {
            kept: Kept { print: Some(print), ..Kept::default() },
            voiceprint: enrolled
                .as_ref()
                .map(|enrolled| NewVoiceprint { bytes: enrolled.to_bytes(), model_id: enrolled.model().to_string() }),
            ..Judgement::of(Outcome::Enrolled { is_ready: enrolled.is_some() })
        }),
        Err(Reason::Unavailable) => Err(Fault::Voiceprint),
        Err(reason) => Ok(fault_of(reason)),
    }
}

fn fault_of(reason: Reason) -> Judgement {
    Judgement::of(Outcome::EnrollFault { reason })
}

async fn verify(service: &Service, job: &Job, heard: Take) -> Result<Judgement, Fault> {
    let held = service.held(job).await?;
    let mut bar = Bar { site: service.site_threshold(job.strictness), ..job.bar() };
    if let (Some(caller), Ok(voice)) = (job.caller, &heard.voice) {
        // Who calls by phone is of the tenant `main`.
        let watched = service.watched(&Tenant::main(), Some(caller), voice).await;
        if watched.map_err(|error| Fault::Watching(error.to_string()))?.is_some() {
            bar.raised_by += Risk::default().and(Suspicion::Watched).raises_by();
        }
    }
    let (service, place) = (service.clone(), service.takes().listening.acquire().await);
    let judged = tokio::task::spawn_blocking({
        let service = service.clone();
        move || -> Result<Judgement, Fault> {
            give_way();
            let assessment = service.engine().verify(&held.claim, &heard, &bar)?;
            let kept = service.kept(&held, &heard, &assessment)?;
            let outcome = Outcome::Verified { verdict: assessment.verdict };
            Ok(Judgement { assessment: Some(assessment), kept, ..Judgement::of(outcome) })
        }
    });
    let judged = judged.await.map_err(|_| Fault::Panicked)?;
    drop(place);
    judged
}

/// Decodes and examines a recording on a thread of its own, once a model is free.
async fn listen(service: &Service, job: &Job, bytes: Vec<u8>, limits: QualityLimits) -> Result<Take, Fault> {
    let _place = service.takes().listening.acquire().await;
    // Work for callers who are gone would make those wait who are still there.
    if service.store().call(&job.call).await?.is_none_or(|call| call.turn != job.turn) {
        return Err(Fault::Unwanted);
    }
    let (engine, audio) = (service.engine().clone(), service.config().audio);
    let examined = tokio::task::spawn_blocking(move || {
        give_way();
        let clip = match audio::wav::decode(&bytes, &audio) {
            // A recording without a sample is silence: the caller's doing, not ours.
            Err(AudioError::Empty) => Clip16k::new(Vec::new()),
            decoded => decoded?,
        };
        Ok(engine.examine(&clip, &limits)?)
    });
    examined.await.unwrap_or(Err(Fault::Panicked))
}

/// Keeps a judgement, with the last word to the standing as it is at that moment.
async fn finish(service: &Service, job: &Job, judgement: Judgement) -> Result<Outcome, StoreError> {
    let delete = job.source.recording().filter(|_| service.config().twilio.delete_recordings).cloned();
    let judge = move |standing| result(judgement, standing, delete);
    let finished =
        service.store().finish_take(&job.call, job.turn, service.now(), &service.config().lockout, judge).await?;
    service.wake_deletions();
    let (outcome, is_fresh) = match finished {
        Finished::Fresh(outcome) => (outcome, true),
        Finished::Already(outcome) => (outcome, false),
        Finished::Late => return Ok(Outcome::Lost),
    };
    let outcome = Outcome::from_json(&outcome).unwrap_or(Outcome::Lost);
    if let (true, Outcome::Verified { verdict }) = (is_fresh, outcome) {
        count_attempt(&verdict);
        tracing::info!(call = %job.call, turn = job.turn, verdict = verdict.code(), "judged a take");
    }
    Ok(outcome)
}

/// What is written down: whoever has to wait gets no verdict on their voice, however it sounded.
pub(super) fn result(judgement: Judgement, standing: Standing, delete_recording: Option<RecordingSid>) -> TakeResult {
    let Judgement { mut outcome, assessment, kept, voiceprint } = judgement;
    let Kept { print, heard, learned } = kept;
    if let Outcome::Verified { verdict } = &mut outcome {
        match standing {
            Standing::Clear => {}
            Standing::Cooldown { until } => *verdict = Verdict::Cooldown { until },
            Standing::Locked => *verdict = Verdict::Reject { reason: Reason::LockedOut },
        }
    }
    let attempt = match outcome {
        Outcome::Verified { verdict } => Some(NewAttempt {
            verdict,
            signals: assessment.map(|assessment| serde_json::json!(assessment.signals).to_string()),
        }),
        _ => None,
    };
    let (outcome, watch_hit) = (outcome.to_json(), None);
    TakeResult { outcome, attempt, print, heard, learned, voiceprint, watch_hit, delete_recording }
}
