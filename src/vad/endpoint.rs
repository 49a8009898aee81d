use std::ops::Range;

use super::track::{Tracker, chunks};
use super::{CHUNK, VadConfig};
use crate::types::Clip8k;

/// Milliseconds in a chunk.
const CHUNK_MS: u32 = CHUNK as u32 * 1000 / Clip8k::RATE_HZ;

/// When a turn is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndpointConfig {
    /// The thresholds of speech; the same as for a recorded clip.
    pub speech: VadConfig,
    /// After this much trailing silence speech has paused, in milliseconds.
    pub pause_ms: u32,
    /// Trailing silence that ends a complete phrase, in milliseconds.
    pub complete_silence_ms: u32,
    /// Trailing silence that ends anything else, in milliseconds.
    pub silence_ms: u32,
    /// Trailing silence that ends a phrase of which much is missing, in milliseconds.
    pub incomplete_silence_ms: u32,
    /// Trailing silence that ends a turn with too little speech to score, in milliseconds.
    pub scant_silence_ms: u32,
    /// Less net speech than this is too little to score, in milliseconds.
    pub scant_ms: u32,
    /// Trailing silence that ends what a recognised voice has said enough of, in milliseconds.
    pub recognised_silence_ms: u32,
    /// Share of the expected net speech below which much of a phrase is missing.
    pub incomplete_share: f32,
    /// Share of the expected net speech from which on a phrase is complete.
    pub complete_share: f32,
    /// Share of the expected net speech from which on a recognised voice has said enough.
    pub recognised_share: f32,
    /// Net speech from which on a recognised voice has said enough where nothing is expected, in milliseconds.
    pub recognised_ms: u32,
    /// A turn without speech ends after this long, in milliseconds.
    pub no_speech_ms: u32,
    /// Any turn ends after this long, in milliseconds.
    pub max_turn_ms: u32,
}

impl Default for EndpointConfig {
    /// Measured by `callprint eval --stream --pause-ms 0,300,500,700` on the evaluation data; see `docs/endpoint.md`.
    fn default() -> Self {
        Self {
            speech: VadConfig::default(),
            // Longer than the gaps between most words, and time enough to examine before the shortest silence below.
            pause_ms: 224,
            // No shorter silence left a caller time to think; only past nine tenths of a phrase is so little enough.
            complete_silence_ms: 500,
            // The usual wait of dialogues. With a pause of 500 ms it cuts off 2.6 and 1.9 % (digits tel, var).
            silence_ms: 900,
            // Who has said so little of it has not finished: without this 1.9 % of `digits`/`var` were cut off, with it
            // 0.6 %.
            incomplete_silence_ms: 1_200,
            // A caller who clears their throat is about to speak.
            scant_silence_ms: 2_000,
            // The least that `QualityLimits::VERIFY` scores.
            scant_ms: 400,
            // Room for the verdict (176 ms after the pause was noticed); nothing is lost, the voice is accepted
            // already.
            recognised_silence_ms: 400,
            // A pause in the middle of a phrase is well below, and the spread of one speaker's takes above.
            incomplete_share: 0.7,
            // Of the mean take: nine callers of ten say as much. All of the longest: one of three (`--expect longest`).
            complete_share: 0.9,
            // As above. From 0.6 on 7.2 % were cut off by a pause of 500 ms (digits var, with 500 ms of silence).
            recognised_share: 0.9,
            // Error rates hardly fall beyond this. 1,200 cut off 31 % (digits tel, other phrase, with 500 ms).
            recognised_ms: 2_500,
            no_speech_ms: 5_000,
            max_turn_ms: 15_000,
        }
    }
}

/// Why a turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Nothing more was said for a while.
    Silence,
    /// The phrase is complete and nothing more was said for a moment.
    Complete,
    /// The turn took as long as a turn may.
    TooLong,
    /// The caller was silent.
    NoSpeech,
}

/// An event of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointEvent {
    /// The caller began to speak, for the first time or again after a pause.
    Began,
    /// The caller stopped; the turn may be over.
    Paused,
    /// The turn is over; nothing follows.
    Ended(EndReason),
}

/// Tells from speech probabilities when a caller has finished.
///
/// Speech is what [`segments`](super::segments) finds in the same probabilities: what is too short to be speech neither
/// begins nor prolongs a turn.
#[derive(Clone, Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    /// With less net speech than this much of the phrase is missing, in chunks.
    incomplete: Option<usize>,
    /// From this much net speech on the phrase is complete, in chunks.
    complete: Option<usize>,
    /// From this much net speech on a recognised voice has said enough, in chunks.
    enough: usize,
    is_recognised: bool,
    tracker: Tracker,
    /// Net speech of the stretches that have ended, in chunks.
    net: usize,
    /// Where the last stretch that has ended ended, in chunks.
    until: Option<usize>,
    is_speaking: bool,
    ended: Option<EndReason>,
}

impl Endpoint {
    /// At the beginning of a turn.
    ///
    /// `expected_ms` is the net speech of what the caller is to say, where that is known.
    pub fn new(config: EndpointConfig, expected_ms: Option<u32>) -> Self {
        let share = |of: f32| expected_ms.map(|ms| chunks((ms as f32 * of) as u32));
        Self {
            config,
            incomplete: share(config.incomplete_share),
            complete: share(config.complete_share),
            enough: share(config.recognised_share).unwrap_or_else(|| chunks(config.recognised_ms)),
            is_recognised: false,
            tracker: Tracker::new(&config.speech),
            net: 0,
            until: None,
            is_speaking: false,
            ended: None,
        }
    }

    /// Hears the next chunk's speech probability; after the end nothing happens.
    pub fn hear(&mut self, probability: f32) -> Option<EndpointEvent> {
        if self.ended.is_some() {
            return None;
        }
        if let Some(stretch) = self.tracker.hear(probability).filter(|stretch| self.is_speech(stretch)) {
            self.net += stretch.len();
            self.until = Some(stretch.end);
        }
        self.ended = self.end();
        if let Some(reason) = self.ended {
            return Some(EndpointEvent::Ended(reason));
        }
        let speaks_now = self.open().is_some() && self.tracker.is_speaking();
        if !self.is_speaking && speaks_now {
            self.is_speaking = true;
            return Some(EndpointEvent::Began);
        }
        if self.is_speaking && self.trailing_silence_ms() >= self.config.pause_ms {
            self.is_speaking = false;
            return Some(EndpointEvent::Paused);
        }
        None
    }

    fn end(&self) -> Option<EndReason> {
        if self.elapsed_ms() >= self.config.max_turn_ms {
            return Some(EndReason::TooLong);
        }
        // A sound that may become speech is waited for: it takes a few chunks to tell it from a click.
        if self.tracker.is_speaking() {
            return None;
        }
        let reason = if !self.has_spoken() {
            EndReason::NoSpeech
        } else if self.is_complete() {
            EndReason::Complete
        } else {
            EndReason::Silence
        };
        (self.trailing_silence_ms() >= self.patience_ms()).then_some(reason)
    }

    /// How much silence ends the turn as it stands, in milliseconds.
    fn patience_ms(&self) -> u32 {
        let (said, config) = (self.net_chunks(), &self.config);
        if !self.has_spoken() {
            config.no_speech_ms
        } else if let Some(enough_ms) = self.enough_ms() {
            enough_ms
        } else if in_ms(said) < config.scant_ms {
            config.scant_silence_ms
        } else if self.lacks_much() {
            config.incomplete_silence_ms
        } else {
            config.silence_ms
        }
    }

    /// How much silence ends what was said so far, where that may be all, in milliseconds.
    fn enough_ms(&self) -> Option<u32> {
        let said = self.net_chunks();
        if in_ms(said) < self.config.scant_ms {
            return None;
        }
        let complete =
            self.complete.is_some_and(|complete| said >= complete).then_some(self.config.complete_silence_ms);
        let recognised = (self.is_recognised && said >= self.enough).then_some(self.config.recognised_silence_ms);
        complete.into_iter().chain(recognised).min()
    }

    /// From now on less is enough, and less silence ends it: what was heard is clearly the enrolled voice.
    pub fn recognised(&mut self) {
        self.is_recognised = true;
    }

    /// Whether as much was said as was expected, or as a recognised voice need say.
    pub fn is_complete(&self) -> bool {
        self.enough_ms().is_some()
    }

    /// Whether much of what was expected is missing: a pause is then a pause, hardly the end.
    pub fn lacks_much(&self) -> bool {
        self.incomplete.is_some_and(|incomplete| self.net_chunks() < incomplete)
    }

    /// Whether the caller has spoken at all.
    pub fn has_spoken(&self) -> bool {
        self.until.is_some() || self.open().is_some()
    }

    /// Why the turn is over, if it is.
    pub fn ended(&self) -> Option<EndReason> {
        self.ended
    }

    /// How long the turn has taken, in milliseconds.
    pub fn elapsed_ms(&self) -> u32 {
        in_ms(self.tracker.heard())
    }

    /// Speech without its pauses so far, in milliseconds.
    pub fn net_speech_ms(&self) -> u32 {
        in_ms(self.net_chunks())
    }

    /// Silence since the last speech, in milliseconds; since the turn's beginning where there was none.
    pub fn trailing_silence_ms(&self) -> u32 {
        let until = self.open().map(|open| open.end).or(self.until).unwrap_or(0);
        in_ms(self.tracker.heard() - until)
    }

    fn net_chunks(&self) -> usize {
        self.net + self.open().map_or(0, |open| open.len())
    }

    /// The stretch that has not ended yet, once it is long enough to be speech.
    fn open(&self) -> Option<Range<usize>> {
        self.tracker.open().filter(|stretch| self.is_speech(stretch))
    }

    fn is_speech(&self, stretch: &Range<usize>) -> bool {
        stretch.len() >= chunks(self.config.speech.min_speech_ms)
    }
}

fn in_ms(chunks: usize) -> u32 {
    chunks as u32 * CHUNK_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vad::segments;

    /// Thresholds of the drawing below; turns end after 6 chunks of silence, complete ones after 3.
    const CONFIG: EndpointConfig = EndpointConfig {
        speech: VadConfig {
            threshold: 0.5,
            negative_threshold: 0.3,
            min_speech_ms: 96,
            min_silence_ms: 64,
            pad_ms: 32,
        },
        pause_ms: 64,
        complete_silence_ms: 96,
        silence_ms: 192,
        incomplete_silence_ms: 192,
        scant_silence_ms: 256,
        scant_ms: 128,
        recognised_silence_ms: 96,
        incomplete_share: 0.0,
        complete_share: 0.8,
        recognised_share: 0.4,
        recognised_ms: 160,
        no_speech_ms: 320,
        max_turn_ms: 1_024,
    };

    /// Probabilities drawn as text: `#` speech, `=` between the thresholds, `.` silence.
    fn probabilities(drawn: &str) -> impl Iterator<Item = f32> {
        drawn.chars().map(|c| {
            if c == '#' {
                0.9
            } else if c == '=' {
                0.4
            } else {
                0.1
            }
        })
    }

    /// The events of a turn: one letter for each chunk.
    fn told(endpoint: &mut Endpoint, drawn: &str) -> String {
        let letter = |event| match event {
            None => '-',
            Some(EndpointEvent::Began) => 'B',
            Some(EndpointEvent::Paused) => 'P',
            Some(EndpointEvent::Ended(EndReason::Silence)) => 'S',
            Some(EndpointEvent::Ended(EndReason::Complete)) => 'C',
            Some(EndpointEvent::Ended(EndReason::TooLong)) => 'L',
            Some(EndpointEvent::Ended(EndReason::NoSpeech)) => 'N',
        };
        probabilities(drawn).map(|probability| letter(endpoint.hear(probability))).collect()
    }

    #[test]
    fn a_turn_begins_pauses_and_ends() {
        //   expected net speech, what is heard, what is told
        let table = [
            // Silence ends it, and after the end nothing is told.
            (None, "..#####........", "----B---P---S--"),
            // A phrase of which four fifths were said ends sooner.
            (Some(160), "..#####........", "----B---PC-----"),
            (Some(192), "..####.........", "----B--P---S---"),
            // Speech after a pause begins again, and all of it counts.
            (Some(256), "####..####...", "--B--P--B--PC"),
            // A dip is no pause; one that wavers is.
            (None, "####.####......", "--B-------P---S"),
            (None, "####.==###.====", "--B--P-B---P---"),
            // A click neither begins a turn nor prolongs its silence.
            (None, "..##......", "---------N"),
            (None, "#####...##..", "--B---P---S-"),
            // A sound that may be more than a click is waited for.
            (None, "#####....##.....", "--B---P----S----"),
            (None, "#####....###......", "--B---P----B-P---S"),
            // Too little to score is given more time.
            (None, "###..........", "--B-P-----S--"),
            (None, "................", "---------N------"),
        ];
        for (expected_ms, heard, expected) in table {
            let found = told(&mut Endpoint::new(CONFIG, expected_ms), heard);
            assert_eq!(found, expected, "{heard} with {expected_ms:?}");
        }
    }

    #[test]
    fn whatever_is_heard_a_turn_ends() {
        for drawn in ["#", "=", ".", "#.", "##..", "###...", "####=="] {
            let mut endpoint = Endpoint::new(CONFIG, None);
            told(&mut endpoint, &drawn.repeat(32));
            assert!(endpoint.ended().is_some(), "{drawn}");
            assert!(endpoint.elapsed_ms() <= CONFIG.max_turn_ms, "{drawn}");
        }
    }

    #[test]
    fn a_recognised_voice_need_not_finish_its_phrase() {
        let table = [
            (Some(320), "####...", "--B--PC"),
            (Some(320), "###......", "--B-P----"),
            (None, "#####...", "--B---PC"),
            (None, "####....", "--B--P--"),
        ];
        for (expected_ms, heard, expected) in table {
            let mut endpoint = Endpoint::new(CONFIG, expected_ms);
            endpoint.recognised();
            assert_eq!(told(&mut endpoint, heard), expected, "{heard} with {expected_ms:?}");
        }
    }

    #[test]
    fn a_recognised_voice_is_waited_for_less() {
        let config = EndpointConfig { complete_silence_ms: 160, recognised_silence_ms: 96, ..CONFIG };
        let mut endpoint = Endpoint::new(config, Some(160));
        assert_eq!(told(&mut endpoint, "#####...."), "--B---P--");
        endpoint.recognised();
        assert_eq!(told(&mut endpoint, "."), "C");
        // Recognition never makes a turn longer.
        let slow = EndpointConfig { complete_silence_ms: 96, recognised_silence_ms: 160, ..CONFIG };
        let mut endpoint = Endpoint::new(slow, Some(160));
        endpoint.recognised();
        assert_eq!(told(&mut endpoint, "#####..."), "--B---PC");
    }

    #[test]
    fn a_phrase_of_which_much_is_missing_is_waited_for_longer() {
        let config = EndpointConfig { incomplete_share: 0.6, incomplete_silence_ms: 256, ..CONFIG };
        let table = [
            (Some(320), "#####........", "--B---P-----S"),
            (Some(320), "######......", "--B----P---S"),
            (None, "#####......", "--B---P---S"),
        ];
        for (expected_ms, heard, expected) in table {
            let mut endpoint = Endpoint::new(config, expected_ms);
            assert_eq!(told(&mut endpoint, heard), expected, "{heard} with {expected_ms:?}");
            assert_eq!(endpoint.lacks_much(), expected_ms.is_some() && heard.starts_with("#####."), "{heard}");
        }
    }

    #[test]
    fn speech_is_what_a_recorded_clip_would_have() {
        for drawn in ["..####..##..#####...", "###.###", "#==#==..####", "..##..", "", "####....####.#"] {
            let mut endpoint = Endpoint::new(EndpointConfig { silence_ms: 9_999, ..CONFIG }, None);
            told(&mut endpoint, drawn);
            let all: Vec<f32> = probabilities(drawn).collect();
            let speech = segments(&all, drawn.len() * CHUNK, &CONFIG.speech);
            assert_eq!(endpoint.net_speech_ms(), speech.net_speech_ms, "{drawn}");
            assert_eq!(endpoint.has_spoken(), !speech.segments.is_empty(), "{drawn}");
        }
    }
}
