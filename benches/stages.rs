//! Time of each stage from a recording's bytes to a verdict, and of a stream's turn: 5 s of speech, processor
//! time of one thread.
//!
//! The whole way may take 100 ms and the second opinion; when it gets slower, the stages say where. `step of N streams`
//! is one inference for N chunks of 32 ms: divided by N it is the price of a stream. At 1,000 calls one core has 32 µs
//! for each. `cargo bench --bench stages -- "step of"` runs some of them.

mod cpu_time;

use std::hint::black_box;
use std::path::Path;

use callprint::audio::{resample, wav};
use callprint::config;
use callprint::engine::{Bar, Claim, Engine, Heard, Live, LiveEvent, LiveStep};
use callprint::features::Fbank;
use callprint::models::{Library, SpeechStream};
use callprint::phrase::{Challenge, Frames};
use callprint::types::{Clip8k, Clip16k};
use callprint::vad::{self, CHUNK, EndpointConfig, Gate, QualityLimits, VadConfig};
use cpu_time::CpuTime;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};

const LIMITS: config::AudioLimits = config::AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };
const SAMPLES: usize = 5 * Clip8k::RATE_HZ as usize;
/// 20 ms of the telephone.
const FRAME: usize = 160;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The passphrase twice, cut to 5 s, as the provider serves it.
fn five_seconds() -> Vec<u8> {
    let clip = |name| resample::to_8k(&wav::decode(&fixture(name), &LIMITS).unwrap());
    let takes = [clip("anna_pass_4.wav"), clip("anna_pass_5.wav")];
    let mut samples: Vec<f32> = takes.iter().flat_map(|take| take.samples().to_vec()).collect();
    assert!(samples.len() >= SAMPLES, "the fixtures are too short for 5 s");
    samples.truncate(SAMPLES);
    wav::encode_8k(&Clip8k::new(samples))
}

fn library() -> Library {
    let models =
        config::Models { dir: None, onnxruntime: None, speaker: String::new(), calibration: None, sessions: 1 };
    Library::load(&models).unwrap()
}

fn stages(c: &mut Criterion<CpuTime>) {
    let library = library();
    let engine = Engine::new(library.clone());
    let takes: Vec<_> = (1..=3)
        .map(|n| wav::decode(&fixture(&format!("anna_pass_{n}.wav")), &LIMITS).unwrap())
        .map(|clip| engine.examine(&clip, &QualityLimits::ENROLL).unwrap().enrolled().unwrap())
        .collect();
    let claim = Claim::of(engine.enroll(takes).unwrap());

    let bytes = five_seconds();
    let clip16 = wav::decode(&bytes, &LIMITS).unwrap();
    // As a browser's microphone gives it: a telephone's recording keeps its own samples, and there is nothing to do.
    let microphone = Clip16k::new(clip16.samples());
    let clip = resample::to_8k(&clip16);
    let probabilities = library.speech_probabilities(&clip).unwrap();
    let speech = vad::segments(&probabilities, clip.samples().len(), &VadConfig::default());
    let fbank = Fbank::new();
    let features = fbank.compute(&clip, speech.trimmed.clone());

    let mut group = c.benchmark_group("5 s");
    group.bench_function("decode", |b| b.iter(|| wav::decode(black_box(&bytes), &LIMITS)));
    group.bench_function("to 8 kHz", |b| b.iter(|| resample::to_8k(black_box(&microphone))));
    group.bench_function("speech", |b| b.iter(|| library.speech_probabilities(black_box(&clip))));
    group.bench_function("quality", |b| b.iter(|| vad::quality(black_box(&clip), &speech)));
    group.bench_function("features", |b| b.iter(|| fbank.compute(black_box(&clip), speech.trimmed.clone())));
    group.bench_function("embedding", |b| b.iter(|| library.embed(black_box(&features))));
    group.bench_function("words", |b| b.iter(|| engine.words(black_box(&clip), &speech.trimmed)));
    let words = engine.words(&clip, &speech.trimmed).unwrap();
    let enrolled: Vec<Frames> = (1..=3)
        .map(|n| resample::to_8k(&wav::decode(&fixture(&format!("anna_pass_{n}.wav")), &LIMITS).unwrap()))
        .map(|clip| engine.words(&clip, &(0..clip.samples().len())).unwrap().frames().clone())
        .collect();
    let probe = enrolled[0].clone();
    group.bench_function("phrase, of 4 s against three takes", |b| {
        b.iter(|| engine.phrase_of(black_box(&enrolled), black_box(&probe)));
    });
    let challenge = Challenge::digits(123_456);
    group.bench_function("challenge", |b| b.iter(|| engine.challenge(black_box(&words), &challenge)));
    let (print, spoken) = engine.fingerprint_clip(&clip16).unwrap();
    let other = resample::to_8k(&wav::decode(&fixture("anna_pass_1.wav"), &LIMITS).unwrap());
    let other =
        engine.fingerprint(&other, &vad::Speech { trimmed: 0..other.samples().len(), ..vad::Speech::default() });
    group.bench_function("fingerprint", |b| b.iter(|| engine.fingerprint(black_box(&clip), &spoken)));
    group.bench_function("replay of itself", |b| b.iter(|| engine.replay(black_box(&print), [&print])));
    group.bench_function("replay of another take", |b| b.iter(|| engine.replay(black_box(&print), [&other])));
    group.bench_function("synthetic", |b| b.iter(|| engine.spoof(black_box(&clip16), &spoken).unwrap()));
    group.bench_function("second opinion", |b| b.iter(|| library.second_embed(black_box(&features))));
    group.bench_function("bytes to verdict", |b| {
        b.iter(|| {
            let clip = wav::decode(black_box(&bytes), &LIMITS).unwrap();
            let take = engine.examine(&clip, &QualityLimits::VERIFY).unwrap();
            let assessment = engine.verify(&claim, &take, &Bar::default()).unwrap();
            assert!(assessment.verdict.is_accept(), "{assessment:?}");
        });
    });
    group.finish();
}

/// The same five seconds as samples, and two of silence after them.
fn line() -> Vec<i16> {
    let clip = resample::to_8k(&wav::decode(&five_seconds(), &LIMITS).unwrap());
    let speech = clip.samples().iter().map(|sample| (sample * 32_768.0) as i16);
    speech.chain(std::iter::repeat_n(0, 2 * Clip8k::RATE_HZ as usize)).collect()
}

fn batches(c: &mut Criterion<CpuTime>) {
    let library = library();
    let clip = resample::to_8k(&wav::decode(&five_seconds(), &LIMITS).unwrap());
    let chunks: &[[f32; CHUNK]] = clip.samples().as_chunks().0;
    let mut group = c.benchmark_group("step of");
    for streams in [1, 8, 32, 64] {
        let mut states: Vec<SpeechStream> = (0..streams).map(|_| library.speech_stream()).collect();
        let mut at = 0;
        group.bench_function(BenchmarkId::from_parameter(format!("{streams} streams")), |b| {
            b.iter(|| {
                at += 1;
                let chunk = |n: usize| &chunks[(at + 7 * n) % chunks.len()];
                let mut batch: Vec<_> = states.iter_mut().enumerate().map(|(n, state)| (state, chunk(n))).collect();
                library.speech_step(black_box(&mut batch)).unwrap()
            });
        });
    }
    group.finish();
}

/// A turn heard to the end of its audio, as far as its first pause, and whole.
fn heard(engine: &Engine) -> (Heard, Heard) {
    let config = EndpointConfig { silence_ms: 9_999, ..EndpointConfig::default() };
    let (mut live, mut paused) = (engine.live(config, None), None);
    for frame in line().chunks(FRAME) {
        live.push(frame);
        loop {
            match live.step() {
                LiveStep::Idle => break,
                LiveStep::Hear(chunk) => {
                    let mut chunks = [chunk];
                    engine.hear(&mut chunks).unwrap();
                    let [chunk] = chunks;
                    live.heard(chunk);
                }
                LiveStep::Event(LiveEvent::Speculate) => paused = Some(live.so_far()),
                LiveStep::Event(_) => {}
            }
        }
    }
    (paused.expect("the speaker pauses"), live.so_far())
}

fn streams(c: &mut Criterion<CpuTime>) {
    let engine = Engine::new(library());
    let mut group = c.benchmark_group("stream");

    let mut gate = Gate::default();
    let chunk = [0.01; CHUNK];
    group.bench_function("gate, a chunk", |b| b.iter(|| gate.passes(black_box(&chunk))));

    // The model is left out: every chunk comes back unheard, and silence is kept back by the gate after a second.
    let endless = EndpointConfig { no_speech_ms: u32::MAX, max_turn_ms: 60_000, ..EndpointConfig::default() };
    let push = |live: &mut Live| {
        live.push(black_box(&[0; FRAME]));
        while let LiveStep::Hear(chunk) = live.step() {
            live.heard(chunk);
        }
    };
    group.bench_function("push and step, a frame of 3,000", |b| {
        b.iter_batched_ref(
            || engine.live(endless, None),
            |live| (0..3_000).for_each(|_| push(live)),
            BatchSize::LargeInput,
        );
    });

    let (paused, whole) = heard(&engine);
    let examined = engine.examine_live(&paused, &QualityLimits::VERIFY, None).unwrap();
    let again = engine.examine_live(&whole, &QualityLimits::VERIFY, Some(&examined)).unwrap();
    assert_eq!(again.trimmed, examined.trimmed, "the pause was not the turn's last");
    group.bench_function("examine, nothing known", |b| {
        b.iter(|| engine.examine_live(black_box(&whole), &QualityLimits::VERIFY, None));
    });
    group.bench_function("examine, after a speculation", |b| {
        b.iter(|| engine.examine_live(black_box(&whole), &QualityLimits::VERIFY, Some(&examined)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = stages, batches, streams
}
criterion_main!(benches);
