//! Time of each stage from a recording's bytes to a verdict: 5 s of speech, one thread.
//!
//! The whole way may take 100 ms; when it gets slower, the stages say where.

use std::hint::black_box;
use std::path::Path;

use callprint::audio::{resample, wav};
use callprint::config;
use callprint::engine::{Bar, Engine};
use callprint::features::Fbank;
use callprint::models::Library;
use callprint::types::Clip8k;
use callprint::vad::{self, QualityLimits, VadConfig};
use criterion::{Criterion, criterion_group, criterion_main};

const LIMITS: config::AudioLimits = config::AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };
const SAMPLES: usize = 5 * Clip8k::RATE_HZ as usize;

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

fn stages(c: &mut Criterion) {
    let models = config::Models { dir: None, onnxruntime: None, speaker: String::new(), sessions: 1 };
    let library = Library::load(&models).unwrap();
    let engine = Engine::new(library.clone());
    let prints: Vec<_> = (1..=3)
        .map(|n| wav::decode(&fixture(&format!("anna_pass_{n}.wav")), &LIMITS).unwrap())
        .map(|clip| engine.examine(&clip, &QualityLimits::ENROLL).unwrap().print().unwrap())
        .collect();
    let voiceprint = engine.enroll(&prints).unwrap();

    let bytes = five_seconds();
    let clip16 = wav::decode(&bytes, &LIMITS).unwrap();
    let clip = resample::to_8k(&clip16);
    let probabilities = library.speech_probabilities(&clip).unwrap();
    let speech = vad::segments(&probabilities, clip.samples().len(), &VadConfig::default());
    let fbank = Fbank::new();
    let features = fbank.compute(&clip, speech.trimmed.clone());

    let mut group = c.benchmark_group("5 s");
    group.bench_function("decode", |b| b.iter(|| wav::decode(black_box(&bytes), &LIMITS)));
    group.bench_function("to 8 kHz", |b| b.iter(|| resample::to_8k(black_box(&clip16))));
    group.bench_function("speech", |b| b.iter(|| library.speech_probabilities(black_box(&clip))));
    group.bench_function("quality", |b| b.iter(|| vad::quality(black_box(&clip), &speech)));
    group.bench_function("features", |b| b.iter(|| fbank.compute(black_box(&clip), speech.trimmed.clone())));
    group.bench_function("embedding", |b| b.iter(|| library.embed(black_box(&features))));
    group.bench_function("bytes to verdict", |b| {
        b.iter(|| {
            let clip = wav::decode(black_box(&bytes), &LIMITS).unwrap();
            let take = engine.examine(&clip, &QualityLimits::VERIFY).unwrap();
            let assessment = engine.verify(Some(&voiceprint), &take, &Bar::default());
            assert!(assessment.verdict.is_accept(), "{assessment:?}");
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
