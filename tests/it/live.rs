use std::sync::LazyLock;

use callprint::audio::{mulaw, wav};
use callprint::config::AudioLimits;
use callprint::engine::{Bar, Chunk, Engine, Examined, Heard, Live, LiveEvent, LiveStep};
use callprint::models::SpeechStream;
use callprint::scoring::Voiceprint;
use callprint::types::{Clip8k, Clip16k, Llr, Reason};
use callprint::vad::{CHUNK, EndReason, EndpointConfig, QualityLimits};

use crate::fixtures::{self, ENGINE, LIBRARY};

/// Every voice of the fixtures with its language's number of takes.
const VOICES: [(&str, &str, u32); 12] = [
    ("anna", "pass", 6),
    ("ben", "pass", 6),
    ("carla", "pass", 6),
    ("dave", "pass", 6),
    ("emma", "pass", 6),
    ("frank", "pass", 6),
    ("grace", "pass", 6),
    ("hugo", "pass", 6),
    ("ivan", "pass", 6),
    ("jack", "pass", 6),
    ("lukas", "de", 4),
    ("tobias", "de", 4),
];
/// 20 ms of the telephone.
const FRAME: usize = 160;

/// The bytes that a provider's stream carries of a recording.
fn line(name: &str) -> Vec<u8> {
    let bytes = fixtures::wav_bytes(name);
    let samples = hound::WavReader::new(&bytes[..]).unwrap().into_samples::<i16>();
    samples.map(|sample| mulaw::from_linear(sample.unwrap())).collect()
}

/// The recording of the same, with two seconds of silence at its end, as a provider serves it.
fn recording(name: &str) -> Clip16k {
    let bytes = [line(name), vec![0xff; 16_000]].concat();
    let samples: Vec<f32> = bytes.iter().map(|&byte| f32::from(mulaw::to_linear(byte)) / 32_768.0).collect();
    let limits = AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };
    wav::decode(&wav::encode_8k(&Clip8k::new(samples)), &limits).unwrap()
}

fn voiceprint(voice: &str, kind: &str) -> Voiceprint {
    let take = |n| ENGINE.examine(&fixtures::clip(&format!("{voice}_{kind}_{n}")), &QualityLimits::ENROLL).unwrap();
    ENGINE.enroll((1..=3).map(|n| take(n).enrolled().unwrap()).collect()).unwrap().voiceprint().clone()
}

/// Anna's.
static ANNA: LazyLock<Voiceprint> = LazyLock::new(|| voiceprint("anna", "pass"));

/// A turn and what came of it.
struct Turn {
    live: Live,
    /// Whose voice may be recognised in a pause.
    claimed: Option<&'static Voiceprint>,
    /// What was examined in each pause, and when it was, in milliseconds.
    speculations: Vec<(Examined, u32)>,
    end: Option<(Examined, EndReason, u32)>,
}

impl Turn {
    fn new(expected_ms: Option<u32>) -> Self {
        let live = ENGINE.live(EndpointConfig::default(), expected_ms);
        Self { live, claimed: None, speculations: Vec::new(), end: None }
    }

    /// What a call does with a stream.
    fn hear(&mut self, bytes: &[u8]) {
        for frame in bytes.chunks(FRAME) {
            let samples: Vec<i16> = frame.iter().map(|&byte| mulaw::to_linear(byte)).collect();
            self.live.push(&samples);
            loop {
                match self.live.step() {
                    LiveStep::Idle => break,
                    LiveStep::Hear(chunk) => {
                        let mut chunks = [chunk];
                        ENGINE.hear(&mut chunks).unwrap();
                        let [chunk] = chunks;
                        self.live.heard(chunk);
                    }
                    LiveStep::Event(event) => self.deal_with(event),
                }
            }
        }
    }

    fn deal_with(&mut self, event: LiveEvent) {
        let earlier = self.speculations.last().map(|(examined, _)| examined);
        let examine = || ENGINE.examine_live(&self.live.so_far(), &QualityLimits::VERIFY, earlier).unwrap();
        let now = self.live.endpoint().elapsed_ms();
        match event {
            LiveEvent::Began => {}
            LiveEvent::Speculate => {
                let examined = examine();
                let is_it = |claimed| ENGINE.is_clearly(claimed, &examined.take, &Bar::default());
                if self.claimed.is_some_and(is_it) {
                    self.live.recognised();
                }
                self.speculations.push((examined, now));
            }
            LiveEvent::Ended(reason) => self.end = Some((examine(), reason, now)),
        }
    }

    /// Hears a recording, and then silence until the turn is over.
    fn of(name: &str, expected_ms: Option<u32>) -> Self {
        let mut turn = Self::new(expected_ms);
        turn.hear(&line(name));
        turn.hear(&[0xff; 16_000]);
        turn
    }

    fn result(&self) -> &Examined {
        &self.end.as_ref().expect("two seconds of silence end a turn").0
    }
}

fn llr(voiceprint: &Voiceprint, examined: &callprint::engine::Take) -> Option<Llr> {
    let voice = examined.voice.as_ref().ok()?;
    Some(ENGINE.score(voiceprint, voice).unwrap().1)
}

#[test]
fn a_take_scores_the_same_by_stream_and_by_recording() {
    let mut worst = 0.0_f32;
    for (voice, kind, takes) in VOICES {
        let voiceprint = voiceprint(voice, kind);
        let expected_ms = Engine::expected_ms(&voiceprint);
        let enrolled = (1..=takes).map(|n| format!("{voice}_{kind}_{n}"));
        let others = [format!("{voice}_other_1"), format!("{voice}_digits_1")].into_iter().filter(|_| kind == "pass");
        for name in enrolled.chain(others) {
            let recorded = ENGINE.examine(&recording(&name), &QualityLimits::VERIFY).unwrap();
            let expected_ms = expected_ms.filter(|_| name.contains(kind));
            let turn = Turn::of(&name, expected_ms);
            let recorded = llr(&voiceprint, &recorded).expect("every take of the fixtures is good enough");
            let streamed = llr(&voiceprint, &turn.result().take).expect("and so it is by stream");
            let apart = (recorded.0 - streamed.0).abs();
            assert!(apart <= 0.05, "{name}: {recorded:?} by recording, {streamed:?} by stream");
            worst = worst.max(apart);
        }
    }
    println!("largest difference: {worst:.4}");
}

#[test]
fn what_is_found_in_the_pause_is_the_result() {
    for voice in ["anna", "hugo", "jack"] {
        let turn = Turn::of(&format!("{voice}_pass_4"), None);
        let (end, _, ended_at) = turn.end.as_ref().unwrap();
        let (pause, paused_at) = turn.speculations.last().unwrap();
        assert!(ended_at - paused_at >= 250, "{voice}: {} ms are too few to examine", ended_at - paused_at);
        assert_eq!(pause.trimmed, end.trimmed);
        assert_eq!(pause.take.voice, end.take.voice);
        let alone = ENGINE.examine_live(&turn.live.so_far(), &QualityLimits::VERIFY, None).unwrap();
        assert_eq!(alone.take.voice, end.take.voice, "{voice}: taken over, not recomputed");
        assert_eq!(alone.take.quality, end.take.quality);
    }
}

#[test]
fn an_earlier_voice_is_not_taken_over_once_more_was_said() {
    let mut turn = Turn::new(None);
    turn.hear(&line("anna_pass_4")[..26_400]);
    turn.hear(&line("ben_pass_5")[2_000..]);
    turn.hear(&[0xff; 16_000]);
    let first = &turn.speculations[0].0;
    let alone = ENGINE.examine_live(&turn.live.so_far(), &QualityLimits::VERIFY, None).unwrap();
    let other = ENGINE.examine_live(&turn.live.so_far(), &QualityLimits::VERIFY, Some(first)).unwrap();
    assert_ne!(first.trimmed, alone.trimmed);
    assert_eq!(other.take.voice, alone.take.voice);
}

#[test]
fn a_known_phrase_ends_sooner_than_an_unknown_one() {
    let after = |expected_ms| {
        let turn = Turn::of("anna_pass_5", expected_ms);
        let (_, reason, ended_at) = turn.end.unwrap();
        (reason, ended_at)
    };
    let (reason, known) = after(Engine::expected_ms(&ANNA));
    assert_eq!(reason, EndReason::Complete);
    let (reason, unknown) = after(None);
    assert_eq!(reason, EndReason::Silence);
    let config = EndpointConfig::default();
    let sooner = config.silence_ms - config.complete_silence_ms;
    assert!((unknown - known).abs_diff(sooner) <= 32, "{known} and {unknown} ms");
}

#[test]
fn a_voice_recognised_in_a_pause_is_waited_for_less() {
    let after = |claimed| {
        let mut turn = Turn { claimed, ..Turn::new(Engine::expected_ms(&ANNA)) };
        turn.hear(&line("anna_pass_5"));
        turn.hear(&[0xff; 16_000]);
        let (_, reason, ended_at) = turn.end.unwrap();
        assert_eq!(reason, EndReason::Complete);
        ended_at
    };
    let (unrecognised, recognised) = (after(None), after(Some(&*ANNA)));
    let config = EndpointConfig::default();
    let sooner = config.complete_silence_ms - config.recognised_silence_ms;
    assert!((unrecognised - recognised).abs_diff(sooner) <= 32, "{recognised} and {unrecognised} ms");
}

#[test]
fn a_caller_who_says_nothing_is_told_apart_from_one_who_speaks() {
    let mut turn = Turn::new(None);
    turn.hear(&vec![0xff; 80_000]);
    let (examined, reason, _) = turn.end.unwrap();
    assert_eq!(reason, EndReason::NoSpeech);
    assert_eq!(examined.take.fault(), Some(Reason::NoSpeech));
}

#[test]
fn a_stream_is_heard_alike_whatever_else_is_in_its_batch() {
    let names = VOICES.map(|(voice, kind, _)| format!("{voice}_{kind}_1"));
    let clips: Vec<_> = names.iter().map(|name| callprint::audio::resample::to_8k(&fixtures::clip(name))).collect();
    let alone: Vec<_> = clips.iter().map(|clip| LIBRARY.speech_probabilities(clip).unwrap()).collect();
    // Streams begin one after the other and end one after the other: every chunk has other mates.
    let mut streams: Vec<SpeechStream> = clips.iter().map(|_| LIBRARY.speech_stream()).collect();
    let mut found = vec![Vec::new(); clips.len()];
    for round in 0..200_usize {
        let chunk = |clip: usize| -> Option<[f32; CHUNK]> {
            let at = round.checked_sub(5 * clip)? * CHUNK;
            clips[clip].samples().get(at..at + CHUNK)?.try_into().ok()
        };
        let chunks: Vec<_> = (0..clips.len()).map(chunk).collect();
        let mut batch: Vec<_> =
            streams.iter_mut().zip(&chunks).filter_map(|(stream, chunk)| Some((stream, chunk.as_ref()?))).collect();
        let mut probabilities = LIBRARY.speech_step(&mut batch).unwrap().into_iter();
        let hearing = found.iter_mut().zip(&chunks).filter(|(_, chunk)| chunk.is_some());
        hearing.for_each(|(found, _)| found.extend(probabilities.next()));
    }
    for ((name, found), alone) in names.iter().zip(&found).zip(&alone) {
        assert!(found.len() + 1 >= alone.len(), "{name}: {} of {} chunks were heard", found.len(), alone.len());
        for (at, (found, alone)) in found.iter().zip(alone).enumerate() {
            assert!((found - alone).abs() <= 1e-5, "{name}, chunk {at}: {found}, alone {alone}");
        }
    }
}

#[test]
fn no_chunks_give_no_probabilities() {
    assert!(LIBRARY.speech_step(&mut []).unwrap().is_empty());
    ENGINE.hear(&mut Vec::<Chunk>::new()).unwrap();
}

#[test]
fn a_turn_crosses_threads() {
    fn is_send<T: Send + 'static>() {}
    is_send::<Live>();
    is_send::<Chunk>();
    is_send::<Heard>();
    is_send::<Examined>();
}
