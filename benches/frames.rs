//! What one 20-ms frame costs, from the provider's JSON to samples.
//!
//! `cargo bench --bench frames`; at 1,000 calls a frame may cost 20 µs of one core before frames fill it alone.
//! Processor time.

mod cpu_time;

use std::fs;
use std::hint::black_box;

use callprint::audio::stream::Assembler;
use callprint::types::media::{FrameError, MediaEvent, MediaSession};
use callprint::{telnyx, twilio};
use cpu_time::CpuTime;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

type Read = for<'m> fn(&'m str, usize) -> Result<MediaEvent<'m>, FrameError>;

/// The largest message the servers read.
const MAX_BYTES: usize = 64 * 1024;

/// A transcript of `fixtures/streams`: its session, and its frames in the order they came.
fn transcript(name: &str, read: Read) -> (MediaSession, Vec<String>) {
    let path = format!("{}/fixtures/streams/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the fixture is there");
    let session = text.lines().find_map(|line| match read(line, MAX_BYTES) {
        Ok(MediaEvent::Started(session)) => Some(*session),
        _ => None,
    });
    let frames = text.lines().filter(|line| matches!(read(line, MAX_BYTES), Ok(MediaEvent::Frame(_))));
    (session.expect("the transcript has a start"), frames.map(str::to_owned).collect())
}

fn frames(criterion: &mut Criterion<CpuTime>) {
    let providers: [(&str, Read); 6] = [
        ("twilio_connect", twilio::stream::read),
        ("signalwire_l16", twilio::stream::read),
        ("telnyx_pcmu", telnyx::stream::read),
        ("telnyx_pcma", telnyx::stream::read),
        ("telnyx_l16", telnyx::stream::read),
        ("telnyx_opus", telnyx::stream::read),
    ];
    let mut group = criterion.benchmark_group("frame");
    for (name, read) in providers {
        let (session, frames) = transcript(name, read);
        let (mut bytes, mut samples) = (Vec::new(), Vec::new());
        let mut turns = frames.iter().cycle();
        group.bench_function(BenchmarkId::new("read", name), |bench| {
            bench.iter(|| {
                let text = turns.next().map_or("", String::as_str);
                if let Ok(MediaEvent::Frame(frame)) = read(black_box(text), MAX_BYTES) {
                    black_box(frame.payload.decode_into(&mut bytes)).ok();
                }
            });
        });
        // Time and numbers run on, as in a call; without that all but the first round would be duplicates.
        let mut assembler = Assembler::new(session.format, session.in_order).expect("the format is one we decode");
        let mut turns = frames.iter().cycle();
        let mut n = 0;
        group.bench_function(BenchmarkId::new("read_and_play", name), |bench| {
            bench.iter(|| {
                let text = turns.next().map_or("", String::as_str);
                if let Ok(MediaEvent::Frame(frame)) = read(black_box(text), MAX_BYTES)
                    && frame.payload.decode_into(&mut bytes).is_ok()
                {
                    samples.clear();
                    assembler.push(Some(n), Some(n * 20), &bytes, &mut samples);
                    n += 1;
                }
                black_box(&samples);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = frames
}
criterion_main!(benches);
