//! What it costs to hold one voice against 10,000.
//!
//! `cargo bench --bench identify`; an identification may take 20 ms beyond examining the audio. The comparison is
//! measured in processor time, what the store is asked before it in time that passes: another thread answers.

mod cpu_time;

use std::hint::black_box;
use std::path::Path;

use callprint::config;
use callprint::scoring::{Calibration, Embedding, Gallery, TakePrint, Voiceprint};
use callprint::store::Store;
use callprint::types::{CallerId, Llr, Tenant};
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

/// A direction that is the same for the same number (`SplitMix64`), which is even enough for what only has to be
/// multiplied.
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

/// A database with as many voiceprints, which nobody opens.
fn seeded(folder: &Path) -> Store {
    let data_dir = folder.join("data");
    let store = Store::open(&config::Store { data_dir: data_dir.clone(), voiceprint_key: None, retention_days: 0 });
    let mut db = rusqlite::Connection::open(data_dir.join("callprint.db")).expect("the database is there");
    let tx = db.transaction().expect("nobody else writes");
    for at in 0..CALLERS as u32 {
        let id = CallerId::new().to_string();
        let caller = "INSERT INTO callers (id, user_id, account_number, created_at) VALUES (?1, ?2, ?3, ?4)";
        tx.execute(caller, (&id, format!("user {at}"), format!("{at:08}"), at)).expect("a caller");
        // As large as three takes with their phrase templates and fingerprints are.
        let voiceprint =
            "INSERT INTO voiceprints (caller, model_id, sealed, made_at) VALUES (?1, 'bench', zeroblob(40000), ?2)";
        tx.execute(voiceprint, (&id, at)).expect("a voiceprint");
    }
    tx.commit().expect("kept");
    store.expect("the store opens")
}

fn refresh(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let store = seeded(folder.path());
    let mut group = criterion.benchmark_group("refresh");
    group.bench_function("nothing_changed", |bench| {
        bench.iter(|| runtime.block_on(store.voiceprint_changes()).expect("the store answers"));
    });
    group.bench_function("compare_10000", |bench| {
        bench.iter(|| {
            let made = runtime.block_on(store.voiceprints_of(&Tenant::main())).expect("the store answers");
            assert_eq!(made.len(), CALLERS);
        });
    });
    group.finish();
    runtime.block_on(store.close());
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = identify
}
criterion_group!(asking, refresh);
criterion_main!(benches, asking);
