use std::collections::VecDeque;
use std::ops::Range;

use super::super::live::{Chunk, Ear};
use super::CHUNK_MS;
use crate::models::SpeechStream;
use crate::vad::{CHUNK, Gate, Stretches, VadConfig};

/// Margin kept before and after a stretch of speech, in chunks: 96 ms, soft first and last sounds.
const MARGIN: usize = 3;

/// Chunks whose level is remembered, 8 s: a stretch of speech, its wait for the other side, and what may echo in it.
const REMEMBERED: usize = 256;

/// One party of a conversation: samples in, stretches of speech out. Holds a second of silence, or what is being said.
#[derive(Debug)]
pub(super) struct Side {
    /// Samples from chunk `first` on.
    audio: VecDeque<i16>,
    first: usize,
    /// Chunks that were decided on.
    now: usize,
    /// The next chunk to show to the model: behind `now` once the gate has kept chunks back.
    next: usize,
    /// The gate has let chunk `now` through; those before it are on their way.
    is_passing: bool,
    /// None while a chunk is out.
    ear: Option<Box<Ear>>,
    gate: Gate,
    stretches: Stretches,
    /// Stretches that are over and were not taken yet.
    over: VecDeque<Range<usize>>,
    /// Up to this chunk the audio was taken.
    taken: usize,
    /// Of the last chunks up to `now`.
    moments: VecDeque<Moment>,
    /// Net speech so far, in chunks.
    net: u64,
    /// When the last sample was spoken, in milliseconds since the stream began; none before the first.
    until_ms: Option<u64>,
}

/// 32 ms of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// When it ended, in milliseconds since the stream began.
    pub(super) until_ms: u64,
    /// Its mean power, full scale 1.
    pub(super) power: f32,
    /// Whether it is likely speech.
    pub(super) is_speech: bool,
}

impl Side {
    pub(super) fn new(stream: SpeechStream) -> Self {
        Self {
            audio: VecDeque::new(),
            first: 0,
            now: 0,
            next: 0,
            is_passing: false,
            ear: Some(Ear::new(stream)),
            gate: Gate::default(),
            stretches: Stretches::new(&VadConfig::default()),
            over: VecDeque::new(),
            taken: 0,
            moments: VecDeque::with_capacity(REMEMBERED),
            net: 0,
            until_ms: None,
        }
    }

    /// Takes in samples at 8 kHz; `until_ms` is when the last of them was spoken, where that is known.
    pub(super) fn push(&mut self, samples: &[i16], until_ms: Option<u64>) {
        self.audio.extend(samples);
        let counted = self.until_ms.unwrap_or(0) + samples.len() as u64 / 8;
        self.until_ms = Some(until_ms.unwrap_or(counted));
    }

    /// The next chunk to show to the model, if there is one.
    pub(super) fn step(&mut self) -> Option<Chunk> {
        while self.first * CHUNK + self.audio.len() >= (self.now + 1) * CHUNK {
            if self.is_passing {
                let ear = self.ear.take()?;
                let kept_back = (self.next..self.now).map(|at| self.chunk(at));
                return Some(ear.show(kept_back, &self.chunk(self.now)));
            }
            if self.gate.passes(&self.chunk(self.now)) {
                self.pass();
            } else {
                self.decide(0.0);
            }
        }
        None
    }

    /// Lets a chunk through, after those that the model has to be shown before it; see [`Gate`].
    fn pass(&mut self) {
        let from = self.now.saturating_sub(Gate::LOOK_BACK);
        if self.next < from {
            let before = self.chunk(from - 1);
            let skipped = from - self.next;
            self.ear.iter_mut().for_each(|ear| ear.skip(&before, skipped));
            self.next = from;
        }
        self.is_passing = true;
    }

    /// Takes back a chunk that the model was shown.
    pub(super) fn heard(&mut self, chunk: Chunk) {
        // Chunks that were kept back stay silence: the model saw them for the sake of later ones.
        let (ear, _, probability) = chunk.back();
        self.ear = Some(ear);
        self.next = self.now + 1;
        self.is_passing = false;
        self.gate.learn(probability);
        self.decide(probability);
    }

    fn decide(&mut self, probability: f32) {
        let chunk = self.chunk(self.now);
        let power = chunk.iter().map(|sample| sample * sample).sum::<f32>() / CHUNK as f32;
        self.now += 1;
        if self.moments.len() == REMEMBERED {
            self.moments.pop_front();
        }
        let is_speech = probability >= VadConfig::default().threshold;
        self.moments.push_back(Moment { until_ms: self.heard_ms(), power, is_speech });
        if let Some(stretch) = self.stretches.hear(probability) {
            self.keep(stretch);
        }
        self.forget();
    }

    fn keep(&mut self, stretch: Range<usize>) {
        self.net += stretch.len() as u64;
        self.over.push_back(stretch);
    }

    /// Drops audio that no later step needs.
    fn forget(&mut self) {
        let looked_back = self.now.saturating_sub(Gate::LOOK_BACK + 1);
        let wanted = [self.over.front().map(|over| over.start), self.stretches.open(), Some(self.now)];
        let wanted = wanted.into_iter().flatten().min().unwrap_or(self.now).saturating_sub(MARGIN);
        let keep_from = wanted.min(looked_back).max(self.first);
        self.audio.drain(..(keep_from - self.first) * CHUNK);
        self.first = keep_from;
    }

    /// Ends the track: what is being said is all of it.
    pub(super) fn close(&mut self) {
        if let Some(stretch) = self.stretches.close() {
            self.keep(stretch);
        }
    }

    /// Takes the oldest stretch that is over, if it `may` be taken given when it ended.
    pub(super) fn take(&mut self, may: impl FnOnce(u64) -> bool) -> Option<Vec<(Moment, Vec<i16>)>> {
        let stretch = self.over.front()?.clone();
        let until_ms = self.moment(stretch.end - 1).map_or(0, |moment| moment.until_ms);
        if !may(until_ms) {
            return None;
        }
        self.over.pop_front();
        let from = stretch.start.saturating_sub(MARGIN).max(self.taken).max(self.first);
        // A stretch that follows at once, as a part of a long one, needs no margin and gives none.
        let following = self.over.front().map(|over| over.start).or(self.stretches.open());
        self.taken = (stretch.end + MARGIN).min(self.now).min(following.unwrap_or(self.now)).max(stretch.end);
        let marked = |at| {
            let moment = self.moment(at)?;
            let samples = self.audio.range((at - self.first) * CHUNK..(at + 1 - self.first) * CHUNK).copied().collect();
            // Margins go with the speech, and are none.
            Some((Moment { is_speech: stretch.contains(&at), ..moment }, samples))
        };
        Some((from..self.taken).filter_map(marked).collect())
    }

    /// Leaves out the audio of what was said: only how long it was counts.
    pub(super) fn drop_speech(&mut self) {
        self.over.clear();
    }

    fn moment(&self, chunk: usize) -> Option<Moment> {
        let back = self.now.checked_sub(chunk + 1)?;
        let at = self.moments.len().checked_sub(back + 1)?;
        self.moments.get(at).copied()
    }

    /// The audio between two times of the stream.
    pub(super) fn moments(&self, from_ms: u64, to_ms: u64) -> impl Iterator<Item = &Moment> {
        let begun = move |moment: &&Moment| moment.until_ms > from_ms;
        self.moments.iter().rev().skip_while(move |moment| moment.until_ms > to_ms).take_while(begun)
    }

    /// Up to when it was heard, in milliseconds since the stream began.
    pub(super) fn heard_ms(&self) -> u64 {
        self.until_ms.unwrap_or(0).saturating_sub(u64::from(self.behind_ms()))
    }

    /// Up to when it came, in milliseconds since the stream began.
    pub(super) fn came_ms(&self) -> u64 {
        self.until_ms.unwrap_or(0)
    }

    /// Whether anything came of it.
    pub(super) fn is_there(&self) -> bool {
        self.until_ms.is_some()
    }

    /// Audio that came and was not heard yet, in milliseconds.
    pub(super) fn behind_ms(&self) -> u32 {
        ((self.first * CHUNK + self.audio.len()).saturating_sub(self.now * CHUNK) / 8) as u32
    }

    /// Speech without its pauses so far, in milliseconds.
    pub(super) fn net_speech_ms(&self) -> u32 {
        (self.net * CHUNK_MS) as u32
    }

    /// Samples held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.audio.len()
    }

    fn chunk(&self, at: usize) -> [f32; CHUNK] {
        let from = (at - self.first) * CHUNK;
        let mut samples = self.audio.range(from..from + CHUNK);
        std::array::from_fn(|_| samples.next().map_or(0.0, |&sample| f32::from(sample) / 32_768.0))
    }
}
