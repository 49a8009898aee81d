//! The durable queue: recordings to delete at the provider, reports of listenings, deliveries to webhooks.
//!
//! A process claims a job for the length of a lease. If it dies, the job can be claimed again when the lease ends. The
//! end that a process reports counts only while the job is its own: after another claim it changes nothing.

pub(in crate::store) mod put;

use std::collections::HashMap;

use rusqlite::{Connection, Row};

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::clients::listenings;
use crate::store::columns::{At, word_columns};
use crate::store::{Lasting, Listening, Store, StoreError};
use crate::types::{ListeningId, RecordingSid, Timestamp};

/// Deliveries of one webhook that are claimed at once: a receiver that does not answer holds up no other.
const MOST_PER_WEBHOOK: u32 = 2;

/// The kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// A recording is to be deleted at the provider.
    Recording,
    /// The end of a listening is to be posted to the address in the configuration.
    Report,
    /// An event is to be posted to a webhook.
    Delivery,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Recording, Self::Report, Self::Delivery];
}

word_columns! {
    JobKind { Recording = "recording", Report = "report", Delivery = "delivery" }
}

/// The work of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Delete this recording.
    Recording(RecordingSid),
    /// Post this body to the address in the configuration.
    Report {
        /// The listening that ended.
        listening: ListeningId,
        /// The text.
        body: String,
    },
    /// Post this body to this webhook.
    Delivery {
        /// The webhook's id.
        webhook: String,
        /// The text.
        body: String,
    },
}

/// A job that is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The work.
    pub work: Work,
    /// When it became necessary.
    pub made_at: Timestamp,
    /// Claims before this one.
    pub tries: u32,
    id: i64,
    subject: String,
}

/// A job on the queue, as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The recording, the listening or the delivery.
    pub subject: String,
    /// When it can be claimed next.
    pub due_at: Timestamp,
    /// Claims so far.
    pub tries: u32,
    /// Whether a process works at it, or did when it died.
    pub is_claimed: bool,
}

/// The queue of a store. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Store);

impl Store {
    /// The durable queue.
    pub fn queue(&self) -> Queue {
        Queue(self.clone())
    }

    /// Queues a recording for deletion at the provider; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn queue_deletion(&self, recording: &RecordingSid, due_at: Timestamp) -> Result<(), StoreError> {
        let recording = recording.clone();
        self.write(Lasting::PowerCut, move |tx, _| put::recording(tx, &recording, due_at)).await
    }

    /// How many recordings wait for deletion.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn pending_deletions(&self) -> Result<u64, StoreError> {
        self.read(|tx, _| {
            let count: i64 = tx
                .prepare_cached("SELECT count(*) FROM jobs WHERE kind = 'recording'")?
                .query_row([], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }
}

impl Queue {
    /// The kinds that have a job due: one step in an index for each kind.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn due(&self, now: Timestamp) -> Result<Vec<JobKind>, StoreError> {
        self.0
            .read(move |tx, _| {
                let mut kinds = Vec::new();
                for kind in JobKind::ALL {
                    if is_due(tx, kind, now)? {
                        kinds.push(kind);
                    }
                }
                Ok(kinds)
            })
            .await
    }

    /// Claims up to `limit` jobs of a kind that are due, longest due first, until the lease ends.
    ///
    /// No webhook has more than two deliveries claimed at once. Fewer jobs may come than could be claimed: look again
    /// while any came.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn claim(
        &self,
        kind: JobKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        // Mostly there is none, and a write would cost more than the question.
        if self.0.read(move |tx, _| claimable(tx, kind, now, 1)).await?.is_empty() {
            return Ok(Vec::new());
        }
        self.0
            .write(Lasting::Process, move |tx, _| {
                let jobs = claimable(tx, kind, now, limit)?;
                let sql = "UPDATE jobs SET due_at = ?1, leased_until = ?1, tries = tries + 1 WHERE id = ?2";
                let mut claim = tx.prepare_cached(sql)?;
                for job in &jobs {
                    claim.execute((At(lease_until), job.id))?;
                }
                Ok(jobs)
            })
            .await
    }

    /// Takes a job off the queue: its work is done. `status` says how, for the log of deliveries.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn done(&self, job: &Job, status: &str, at: Timestamp) -> Result<(), StoreError> {
        let (job, status) = (job.clone(), status.to_owned());
        self.0
            .write(Lasting::Process, move |tx, _| {
                if !remove(tx, &job)? {
                    return Ok(());
                }
                match &job.work {
                    Work::Recording(recording) => {
                        let sql = "UPDATE takes SET is_recording_gone = 1 WHERE recording = ?";
                        tx.prepare_cached(sql)?.execute([recording])?;
                        Happened::by_itself(at).record(tx, Happening::RecordingDeleted { recording })
                    }
                    Work::Report { listening, .. } => {
                        let sql = "UPDATE listenings SET reported_at = ? WHERE id = ?";
                        tx.prepare_cached(sql)?.execute((At(at), listening))?;
                        Ok(())
                    }
                    Work::Delivery { .. } => log(tx, &job, &status, Some(at)),
                }
            })
            .await
    }

    /// Gives a job back: it can be claimed again from `next_at` on.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn failed(&self, job: &Job, status: &str, next_at: Timestamp) -> Result<(), StoreError> {
        let (job, status) = (job.clone(), status.to_owned());
        self.0
            .write(Lasting::Process, move |tx, _| {
                let sql = "UPDATE jobs SET due_at = ?, leased_until = NULL WHERE id = ? AND tries = ?";
                if tx.prepare_cached(sql)?.execute((At(next_at), job.id, job.tries + 1))? > 0 {
                    log(tx, &job, &status, None)?;
                }
                Ok(())
            })
            .await
    }

    /// Takes a job off the queue whose work was tried for too long.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn give_up(&self, job: &Job, status: &str, at: Timestamp) -> Result<(), StoreError> {
        let (job, status) = (job.clone(), status.to_owned());
        self.0
            .write(Lasting::Process, move |tx, _| {
                if !remove(tx, &job)? {
                    return Ok(());
                }
                if let Work::Report { listening, .. } = &job.work
                    && let Some(Listening { caller, .. }) = listenings::find(tx, listening)?
                {
                    let happened = Happened { caller: Some(caller), ..Happened::by_itself(at) };
                    let tries = job.tries;
                    happened.record(tx, Happening::ListeningReportGivenUp { listening, tries })?;
                }
                log(tx, &job, &status, None)
            })
            .await
    }

    /// The jobs of a kind, longest due first; changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn waiting(&self, kind: JobKind) -> Result<Vec<Waiting>, StoreError> {
        self.0
            .read(move |tx, _| {
                let sql = "SELECT subject, due_at, tries, leased_until IS NOT NULL FROM jobs WHERE kind = ? \
                           ORDER BY due_at, id";
                let mut statement = tx.prepare_cached(sql)?;
                let waiting = statement.query_map([kind], |row| {
                    Ok(Waiting {
                        subject: row.get(0)?,
                        due_at: row.get::<_, At>(1)?.0,
                        tries: row.get(2)?,
                        is_claimed: row.get(3)?,
                    })
                })?;
                Ok(waiting.collect::<Result<_, _>>()?)
            })
            .await
    }
}

fn is_due(db: &Connection, kind: JobKind, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM jobs WHERE kind = ? AND due_at <= ? LIMIT 1";
    Ok(db.prepare_cached(sql)?.exists((kind, At(now)))?)
}

/// Jobs of a kind that can be claimed now, no more of a webhook than it may have claimed at once.
fn claimable(db: &Connection, kind: JobKind, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
    let sql = "SELECT id, kind, subject, webhook, body, made_at, tries, held FROM ( \
                 SELECT jobs.*, (SELECT count(*) FROM jobs AS others WHERE others.webhook = jobs.webhook \
                                 AND others.leased_until > ?2) AS held \
                 FROM jobs WHERE kind = ?1 AND due_at <= ?2 AND (kind = 'recording' OR body IS NOT NULL) \
               ) AS due WHERE held < ?3 ORDER BY due_at, id LIMIT ?4";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map((kind, At(now), MOST_PER_WEBHOOK, limit), |row| Ok((job(row)?, row.get(7)?)))?;
    let mut claimed: HashMap<String, u32> = HashMap::new();
    let mut jobs = Vec::new();
    for row in rows {
        let (job, held): (Job, u32) = row?;
        if let Work::Delivery { webhook, .. } = &job.work {
            let claimed = claimed.entry(webhook.clone()).or_insert(held);
            if *claimed >= MOST_PER_WEBHOOK {
                continue;
            }
            *claimed += 1;
        }
        jobs.push(job);
    }
    Ok(jobs)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let work = match row.get(1)? {
        JobKind::Recording => Work::Recording(row.get(2)?),
        JobKind::Report => Work::Report { listening: row.get(2)?, body: row.get(4)? },
        JobKind::Delivery => Work::Delivery { webhook: row.get(3)?, body: row.get(4)? },
    };
    Ok(Job { work, id: row.get(0)?, subject: row.get(2)?, made_at: row.get::<_, At>(5)?.0, tries: row.get(6)? })
}

/// Takes a job off the queue, unless another process has claimed it since; whether it was taken off.
fn remove(db: &Connection, job: &Job) -> Result<bool, StoreError> {
    // The claim counted one up: another count is another claim.
    let sql = "DELETE FROM jobs WHERE id = ? AND tries = ?";
    Ok(db.prepare_cached(sql)?.execute((job.id, job.tries + 1))? > 0)
}

/// Writes the outcome of a try into the log of deliveries, if the job is one.
fn log(db: &Connection, job: &Job, status: &str, delivered_at: Option<Timestamp>) -> Result<(), StoreError> {
    if let (Work::Delivery { .. }, Ok(id)) = (&job.work, job.subject.parse::<i64>()) {
        let sql = "UPDATE deliveries SET tries = ?, last_status = ?, delivered_at = ? WHERE id = ?";
        db.prepare_cached(sql)?.execute((job.tries + 1, status, delivered_at.map(At), id))?;
    }
    Ok(())
}
