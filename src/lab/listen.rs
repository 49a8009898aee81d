//! Recordings of lists, examined once each on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::lists::Recording;
use crate::command::recording;
use crate::engine::{Engine, Take};
use crate::vad::QualityLimits;

/// A recording that was listened to.
#[derive(Debug)]
pub(super) struct HeardTake {
    /// The take, or the stable code of why the file is no audio.
    pub(super) take: Result<Take, &'static str>,
    /// Length of the recording.
    pub(super) audio: Duration,
    /// From the file's bytes to its voice, on one thread.
    pub(super) work: Duration,
}

impl HeardTake {
    /// A take of so much audio, heard since `begun`.
    pub(super) fn new(take: Take, audio_ms: u64, begun: Instant) -> Self {
        Self { take: Ok(take), audio: Duration::from_millis(audio_ms), work: begun.elapsed() }
    }

    /// A file that is no audio.
    pub(super) fn unheard(code: &'static str, begun: Instant) -> Self {
        Self { take: Err(code), audio: Duration::ZERO, work: begun.elapsed() }
    }
}

/// Listens to every recording once, on `threads` threads.
///
/// # Errors
/// The first file that cannot be read, or model that fails.
pub(super) fn listen(engine: &Engine, recordings: &[Recording], threads: usize) -> anyhow::Result<Vec<HeardTake>> {
    each(recordings, threads, "recordings", |recording| listen_to(engine, recording))
}

/// Does the same with each thing, on `threads` threads, with a progress bar on a terminal.
///
/// # Errors
/// The first that fails.
pub(super) fn each<T: Sync, R: Send>(
    things: &[T],
    threads: usize,
    what: &str,
    work: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let style = ProgressStyle::with_template("listening {bar:40} {pos}/{len} {msg}, {eta} left")?;
    let bar = ProgressBar::new(things.len() as u64).with_style(style).with_message(what.to_owned());
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(things.len())));
    let work = || -> anyhow::Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { return Ok(()) };
            let one = work(thing).inspect_err(|_| next.store(things.len(), Ordering::Relaxed))?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, one));
            bar.inc(1);
        }
    };
    let outcome: anyhow::Result<()> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        started.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
    });
    bar.finish_and_clear();
    outcome?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, one)| one).collect())
}

fn listen_to(engine: &Engine, recording: &Recording) -> anyhow::Result<HeardTake> {
    let begun = Instant::now();
    let clip = match recording::read(&recording.path)? {
        Ok(clip) => clip,
        Err(error) => return Ok(HeardTake::unheard(error.code(), begun)),
    };
    let take = engine.examine(&clip, &QualityLimits::VERIFY)?;
    Ok(HeardTake::new(take, clip.duration_ms(), begun))
}
