use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use ort::environment::Environment;
use ort::ep;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::contract::check_session;
use super::manifest::Entry;
use super::pool::Pool;
use super::{ModelError, files};

/// Where models lie, and how many sessions of each are opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opener<'a> {
    pub(super) environment: &'a Environment,
    pub(super) folder: &'a Path,
    pub(super) sessions: usize,
}

impl Opener<'_> {
    /// Checks a model's file and opens its sessions, all at once.
    ///
    /// # Errors
    /// [`ModelError`] of the file, of ONNX Runtime, or of tensors that are not as the manifest says.
    pub(super) fn open(&self, entry: &Entry) -> Result<Pool<Session>, ModelError> {
        let path = self.folder.join(&entry.file);
        if path.extension().is_some_and(|extension| extension == "ort") {
            return self.open_in_place(entry, &path);
        }
        let bytes = files::read_checked(&path, &entry.sha256)?;
        let sessions: Result<Vec<_>, _> = thread::scope(|scope| {
            // One thread each: opening is most of the time it takes to start.
            let opening: Vec<_> =
                (0..self.sessions.max(1)).map(|_| scope.spawn(|| self.open_one(entry, &bytes))).collect();
            opening.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        Ok(Pool::new(sessions?))
    }

    /// Opens a file in ONNX Runtime's own format, whose weights all sessions use where the file lies in memory.
    fn open_in_place(&self, entry: &Entry, path: &Path) -> Result<Pool<Session>, ModelError> {
        let bytes = files::keep_checked(path, &entry.sha256)?;
        let open = |_| {
            let session = builder(self.environment).and_then(|builder| {
                // The bytes are kept as long as the process lives: longer than any session.
                builder
                    .with_config_entry("session.use_ort_model_bytes_directly", "1")?
                    .with_config_entry("session.use_ort_model_bytes_for_initializers", "1")?
                    .commit_from_memory(bytes)
            });
            checked(entry, session)
        };
        (0..self.sessions.max(1)).map(open).collect::<Result<Vec<_>, _>>().map(Pool::new)
    }

    /// Checks a model's file and opens one session that computes as fast as it can, for the memory of an arena.
    ///
    /// For models of large convolutions that run one at a time: AASIST takes 69 ms in place of 101 so, for 2 s of
    /// speech.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn open_single(&self, entry: &Entry) -> Result<Pool<Session>, ModelError> {
        let bytes = files::read_checked(&self.folder.join(&entry.file), &entry.sha256)?;
        Ok(Pool::new(vec![checked(entry, build_fast(self.environment, &bytes))?]))
    }

    fn open_one(&self, entry: &Entry, bytes: &[u8]) -> Result<Session, ModelError> {
        checked(entry, builder(self.environment).and_then(|mut builder| builder.commit_from_memory(bytes)))
    }
}

fn checked(entry: &Entry, session: ort::Result<Session>) -> Result<Session, ModelError> {
    let session =
        session.map_err(|error| ModelError::Session { model: entry.id.clone(), problem: error.to_string() })?;
    check_session(entry, &session)?;
    Ok(session)
}

fn build_fast(environment: &Environment, bytes: &[u8]) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .commit_from_memory(bytes)
}

fn builder(environment: &Environment) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        // A session computes on the thread that calls it: the pool decides how many cores work.
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        // The last level rearranges memory for convolutions: half as much processor time again until ready
        // (`benches/ready.py`: 1,940 in place of 1,300 ms), for inference that is quicker by at most 1 %.
        .with_optimization_level(GraphOptimizationLevel::Level2)?
        // Takes differ in length, and a plan is kept for every length seen.
        .with_memory_pattern(false)?
        // An arena keeps the longest take's memory for ever: 40 MB with two sessions, for no time saved.
        .with_execution_providers([ep::CPU::default().with_arena_allocator(false).build()])?;
    Ok(builder)
}
