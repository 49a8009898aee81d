//! What it costs to hold one voice against 10,000.
//!
//! `cargo bench --bench identify`; an identification may take 20 ms beyond examining the audio. Processor time.

mod cpu_time;

use std::hint::black_box;

use callprint::scoring::{Calibration, Embedding, Gallery, TakePrint, Voiceprint};
use callprint::types::Llr;
use cpu_time::CpuTime;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const CALLERS: usize = 10_000;

/// Weights of about the size that the shipped models have.
const CALIBRATION: Calibration = Calibration {
    score: 26.39,
    score_by_ln_s: 19.87,
    ln_net_speech_s: -13.27,
    take_agreement: -9.89,
    offset: -0.99,
    llr_at_far_1pct: -0.7,
    llr_at_far_0_1pct: 2.5,
    llr_at_far_0_01pct: 5.3,
};

/// A direction that is the same for the same number: SplitMix64, which is even enough for what only has to be multiplied.
fn direction(seed: u64, width: usize) -> Embedding {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    };
    Embedding::unit("bench".into(), (0..width).map(|_| next()).collect()).expect("it has a direction")
}

fn identify(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("identify");
    // One speaker model, and two joined.
    for width in [192, 448] {
        let mut gallery = Gallery::new("bench".into());
        for key in 0..CALLERS {
            let take = TakePrint { embedding: direction(key as u64 * 1_000_003, width), net_speech_ms: 3_000 };
            let voiceprint = Voiceprint::new(vec![take]).expect("a voiceprint");
            gallery.push(key, &voiceprint).expect("of the same model");
        }
        let probe = direction(7_000 * 1_000_003, width);
        let threshold = Llr(CALIBRATION.llr_at_far_0_1pct + (CALLERS as f32).ln());
        let ratio = |cosine, agreement| CALIBRATION.llr(cosine, 3.0, agreement);
        let found = gallery.nearest(&probe, |_| true, ratio, threshold, 5).expect("of the same model");
        assert_eq!(found.len(), 1, "the probe is one of them, and like no other");
        group.bench_function(BenchmarkId::new("of_10000", width), |bench| {
            bench.iter(|| black_box(gallery.nearest(black_box(&probe), |_| true, ratio, threshold, 5)));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = identify
}
criterion_main!(benches);
