use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::event::What;
use super::super::noise::{LINE_NOISE_DBFS, Noise, PER_MS, REACH, STEP, background_dbfs, coded, is_silence};
use super::super::script::Answer;
use super::super::utterance::Then;
use super::FRAME_MS;
use super::network::Network;
use crate::types::Clip8k;

/// The caller reaches for the keypad in so many frames, and needs twice as many from key to key.
const REACH_FRAMES: usize = REACH / STEP;
/// Noise repeats after a second; nothing listens for longer than a few frames at a time.
const NOISE_FRAMES: usize = 50;

/// Audio as messages carry it: 20 ms of µ-law in base64 each.
pub(super) struct Sound {
    frames: Vec<String>,
    noise: Vec<String>,
}

impl Sound {
    /// A clip, and the noise of its place around it.
    pub(super) fn new(samples: &[f32]) -> Self {
        let level = if samples.is_empty() { LINE_NOISE_DBFS } else { background_dbfs(samples) };
        let mut noise = Noise::at(level);
        let silence: Vec<f32> = (0..NOISE_FRAMES * STEP).map(|_| noise.next()).collect();
        let mut padded = samples.to_vec();
        padded.resize_with(samples.len().next_multiple_of(STEP), || noise.next());
        Self { frames: payloads(&padded), noise: payloads(&silence) }
    }

    /// A frame of the clip; noise once it is over.
    pub(super) fn frame(&self, at: usize) -> &str {
        self.frames.get(at).map_or_else(|| self.noise(at), String::as_str)
    }

    pub(super) fn noise(&self, at: usize) -> &str {
        &self.noise[at % NOISE_FRAMES]
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }
}

fn payloads(samples: &[f32]) -> Vec<String> {
    let frame = |samples: &[f32]| BASE64.encode(samples.iter().map(|&sample| coded(sample)).collect::<Vec<u8>>());
    samples.chunks(STEP).map(frame).collect()
}

/// The caller's part in a stream, frame by frame.
pub(super) struct StreamCaller {
    sound: Sound,
    /// The event told when the clip begins.
    spoke: Option<What>,
    /// The last frame in which anything is heard.
    last_spoken: usize,
    /// Keys after the clip.
    keys: Vec<char>,
    hangs_up: bool,
    /// Frames of silence before the clip.
    lead_in: usize,
    quiet: usize,
    /// Frames since the clip began.
    at: Option<usize>,
}

/// The caller's act in one frame.
pub(super) struct Deed<'c> {
    pub(super) payload: &'c str,
    /// The event that begins with this frame.
    pub(super) begins: Option<What>,
    pub(super) is_silent: bool,
    /// Whether the last sound of the clip is in it.
    pub(super) is_last_spoken: bool,
    pub(super) key: Option<char>,
    pub(super) hangs_up: bool,
}

impl StreamCaller {
    pub(super) fn new(answer: &Answer, network: &Network) -> Self {
        let (mut keys, mut hangs_up, mut spoke) = (Vec::new(), false, None);
        let none: &[f32] = &[];
        let samples = match answer {
            Answer::Nothing | Answer::ReadBack(_) => none,
            Answer::HangUp => {
                hangs_up = true;
                none
            }
            Answer::Keys(pressed) => {
                keys = pressed.chars().filter(|key| key.is_ascii_digit() || matches!(key, '*' | '#')).collect();
                none
            }
            Answer::Say(said) => {
                let all = said.clip.samples();
                hangs_up = said.then == Then::HangUp;
                keys.extend(if let Then::Press(key) = said.then { Some(key) } else { None });
                let heard = if hangs_up { &all[..all.len() / 2] } else { all };
                let recorded_ms = Clip8k::new(heard).duration_ms();
                spoke = Some(What::Spoke { take: said.name.clone(), words: said.words.clone(), recorded_ms });
                heard
            }
        };
        let sound = Sound::new(samples);
        let last_spoken = samples.chunks(STEP).rposition(|step| !is_silence(step)).unwrap_or(sound.len().max(1) - 1);
        let lead_in = (network.lead_in_ms / FRAME_MS) as usize;
        Self { sound, spoke, last_spoken, keys, hangs_up, lead_in, quiet: 0, at: None }
    }

    /// The next frame; the caller is silent while the server is heard.
    pub(super) fn next(&mut self, is_hearing: bool) -> Deed<'_> {
        let Some(at) = self.at else {
            self.quiet = if is_hearing { 0 } else { self.quiet + 1 };
            if self.quiet > self.lead_in {
                self.at = Some(0);
                return self.act(0);
            }
            let payload = self.sound.noise(self.quiet);
            return Deed { payload, begins: None, is_silent: true, is_last_spoken: false, key: None, hangs_up: false };
        };
        self.at = Some(at + 1);
        self.act(at + 1)
    }

    fn act(&mut self, at: usize) -> Deed<'_> {
        let begins = if at == 0 { self.spoke.take() } else { None };
        let has_spoken = self.sound.len() > 0;
        let after = (at + 1).checked_sub(self.sound.len()).filter(|&after| after > 0 && after % REACH_FRAMES == 0);
        let turn = after.map(|after| after / REACH_FRAMES);
        // One key, reached for; each further one after twice the time.
        let key = turn.filter(|turn| turn % 2 == 1).and_then(|turn| self.keys.get(turn / 2).copied());
        Deed {
            payload: self.sound.frame(at),
            begins,
            is_silent: at >= self.sound.len(),
            is_last_spoken: has_spoken && at == self.last_spoken,
            key,
            hangs_up: self.hangs_up && turn.is_some(),
        }
    }
}

/// How long a clip is, in frames.
pub(super) fn frames(clip: &Clip8k) -> usize {
    clip.samples().len().div_ceil(STEP)
}

const _: () = assert!(STEP == FRAME_MS as usize * PER_MS, "a frame is a step of the recorder");

#[cfg(test)]
mod tests {
    use super::super::super::utterance::Utterance;
    use super::*;

    /// Speech of `spoken` frames with `silent` ones after it.
    fn say(spoken: usize, silent: usize, then: Then) -> Answer {
        let mut samples: Vec<f32> = (0..spoken * STEP).map(|at| 0.2 * (at as f32 * 0.7).sin()).collect();
        samples.resize((spoken + silent) * STEP, 0.0);
        Answer::Say(Utterance { name: "a".to_owned(), words: None, clip: Clip8k::new(samples), then })
    }

    /// For each of the first 60 frames what it is: `.` silence, `s` speech, `e` its end, keys, `!` hanging up.
    fn deeds(answer: &Answer, hearing: std::ops::Range<usize>) -> String {
        let network = Network { lead_in_ms: 100, ..Network::default() };
        let mut caller = StreamCaller::new(answer, &network);
        let deed = |frame| {
            let deed = caller.next(hearing.contains(&frame));
            match deed {
                Deed { hangs_up: true, .. } => '!',
                Deed { key: Some(key), .. } => key,
                Deed { is_last_spoken: true, .. } => 'e',
                Deed { is_silent: true, .. } => '.',
                _ => 's',
            }
        };
        let all: String = (0..60).map(deed).collect();
        let all = all.split_inclusive('!').next().unwrap_or_default();
        all.trim_end_matches('.').to_owned()
    }

    #[test]
    fn a_caller_speaks_presses_and_hangs_up_at_the_right_frame() {
        let keys = |keys: &str| Answer::Keys(keys.to_owned());
        //   the answer, when the server is heard, what is done
        let table = [
            (Answer::Nothing, 0..0, ""),
            (Answer::HangUp, 0..0, "..............!"),
            (say(3, 0, Then::Wait), 0..0, ".....sse"),
            (say(3, 2, Then::Wait), 0..0, ".....ssess"),
            (say(3, 0, Then::Wait), 3..8, ".............sse"),
            (say(3, 0, Then::Press('#')), 0..0, ".....sse.........#"),
            (say(6, 0, Then::HangUp), 0..0, ".....sse.........!"),
            (keys("1x2"), 0..0, "..............1...................2"),
        ];
        for (answer, hearing, expected) in table {
            assert_eq!(deeds(&answer, hearing), expected, "{answer:.40?}");
        }
    }

    #[test]
    fn the_line_carries_the_clip_in_mu_law() {
        let Answer::Say(said) = say(1, 0, Then::Wait) else { unreachable!() };
        let sound = Sound::new(said.clip.samples());
        let bytes = BASE64.decode(sound.frame(0)).unwrap();
        let expected: Vec<u8> = said.clip.samples().iter().map(|&sample| coded(sample)).collect();
        assert_eq!(bytes, expected);
        assert_eq!(BASE64.decode(sound.frame(1)).unwrap().len(), STEP);
    }
}
