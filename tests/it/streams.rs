//! The transcripts of `fixtures/streams`, from the provider's JSON to samples.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fs;

use allocation_counter::measure;
use callprint::audio::stream::Assembler;
use callprint::types::media::{FrameError, MediaEvent, MediaSession, Track};
use callprint::{telnyx, twilio};
use serde_json::Value;
use sha2::{Digest, Sha256};

type Read = for<'m> fn(&'m str, usize) -> Result<MediaEvent<'m>, FrameError>;

/// Everything a transcript said.
#[derive(Default)]
struct Heard {
    session: Option<MediaSession>,
    keys: String,
    marks: Vec<String>,
    faults: Vec<String>,
    audio: BTreeMap<Track, Vec<i16>>,
    lost_ms: u64,
    has_stopped: bool,
}

fn folder(file: &str) -> String {
    format!("{}/fixtures/streams/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn transcript(name: &str) -> (String, Read) {
    let read: Read = if name.starts_with("telnyx") { telnyx::stream::read } else { twilio::stream::read };
    (fs::read_to_string(folder(&format!("{name}.jsonl"))).unwrap(), read)
}

fn listen(name: &str) -> Heard {
    let (text, read) = transcript(name);
    let (mut heard, mut tracks, mut bytes) = (Heard::default(), BTreeMap::new(), Vec::new());
    for line in text.lines() {
        assert!(!heard.has_stopped);
        match read(line, 64 * 1024).unwrap() {
            MediaEvent::Started(session) => assert!(heard.session.replace(*session).is_none()),
            MediaEvent::Frame(frame) => {
                let session = heard.session.as_ref().expect("start comes before media");
                let assembler = tracks
                    .entry(frame.track)
                    .or_insert_with(|| Assembler::new(session.format, session.in_order).unwrap());
                frame.payload.decode_into(&mut bytes).unwrap();
                assembler.push(frame.seq, frame.at_ms, &bytes, heard.audio.entry(frame.track).or_default());
            }
            MediaEvent::Key(key) => heard.keys.push(key),
            MediaEvent::Mark(name) => heard.marks.push(name.into_owned()),
            MediaEvent::Fault(fault) => heard.faults.push(fault),
            MediaEvent::Stopped => heard.has_stopped = true,
            MediaEvent::Connected | MediaEvent::Ignored => {}
        }
    }
    for (track, mut assembler) in tracks {
        assembler.flush(heard.audio.entry(track).or_default());
        heard.lost_ms += assembler.stats().lost_ms;
    }
    heard
}

/// The tones that `make_streams.py` coded, at 8 kHz.
fn tone(n: f64) -> f64 {
    let wave = |hz: f64| (TAU * hz * n / 8_000.0).sin();
    8_000.0 * wave(440.0) + 4_000.0 * wave(1_230.0)
}

/// How far the samples are from the tones, `delay` samples late, the edges left away.
fn snr_db(samples: &[i16], delay: f64) -> f64 {
    let middle = 800..samples.len() - 400;
    let (signal, error) = middle.fold((0.0, 0.0), |(signal, error), n| {
        let (wanted, found) = (tone(n as f64 - delay), f64::from(samples[n]));
        (signal + wanted * wanted, error + (wanted - found).powi(2))
    });
    10.0 * (signal / error).log10()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[test]
fn every_transcript_is_heard_as_its_maker_says() {
    let expected: Value = serde_json::from_str(&fs::read_to_string(folder("expected.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!(
        expected.len(),
        fs::read_dir(folder(""))
            .unwrap()
            .filter(|file| { file.as_ref().unwrap().path().extension().is_some_and(|ext| ext == "jsonl") })
            .count()
    );
    for (name, wanted) in expected {
        let heard = listen(name);
        let session = heard.session.unwrap();
        assert!(heard.has_stopped, "{name}");
        assert_eq!(session.call_id, wanted["call_id"], "{name}");
        assert_eq!(session.account_id.as_deref(), wanted["account_id"].as_str(), "{name}");
        assert_eq!(session.stream_id, wanted["stream_id"], "{name}");
        assert_eq!(serde_json::json!(session.params), wanted["params"], "{name}");
        assert_eq!(format!("{:?}", session.format.codec), wanted["codec"], "{name}");
        assert_eq!(session.format.rate_hz, wanted["rate_hz"], "{name}");
        assert_eq!(session.in_order, wanted["in_order"], "{name}");
        assert_eq!(heard.keys, wanted["keys"], "{name}");
        assert_eq!(serde_json::json!(heard.marks), wanted["marks"], "{name}");
        assert_eq!(serde_json::json!(heard.faults), *wanted.get("faults").unwrap_or(&serde_json::json!([])), "{name}");
        assert_eq!(heard.lost_ms, wanted["lost_ms"], "{name}");
        for (track, key) in [(Track::Inbound, "inbound"), (Track::Outbound, "outbound")] {
            let Some(digest) = wanted.get(key) else { continue };
            let bytes: Vec<u8> = heard.audio[&track].iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let found = hex(&Sha256::digest(&bytes));
            assert_eq!(found, *digest, "{name} {key}: {} samples", bytes.len() / 2);
        }
        if let Some(floor_db) = wanted.get("tones_snr_db").and_then(Value::as_f64) {
            let samples = &heard.audio[&Track::Inbound];
            assert_eq!(samples.len(), 3_200, "{name}");
            // An Opus encoder looks ahead by up to 6.5 ms and says so only in a container.
            let longest = if name.contains("opus") { 600 } else { 0 };
            let best_db = (0..=longest).map(|delay| snr_db(samples, f64::from(delay) / 10.0)).fold(f64::MIN, f64::max);
            assert!(best_db > floor_db, "{name}: {best_db:.1} dB");
        }
    }
}

#[test]
fn a_frame_is_read_and_played_without_allocating() {
    for name in ["twilio_connect", "signalwire_l16", "telnyx_pcmu", "telnyx_l16", "telnyx_opus"] {
        let (text, read) = transcript(name);
        let session = listen(name).session.unwrap();
        let frames: Vec<_> = text.lines().filter(|line| line.contains("\"event\":\"media\"")).collect();
        let mut assembler = Assembler::new(session.format, session.in_order).unwrap();
        let (mut bytes, mut samples) = (Vec::with_capacity(2_048), Vec::with_capacity(16_000));
        let mut play = |round: u64| {
            for line in &frames {
                let MediaEvent::Frame(frame) = read(line, 64 * 1024).unwrap() else { panic!("not a frame") };
                frame.payload.decode_into(&mut bytes).unwrap();
                let (seq, at_ms) = (frame.seq.map(|seq| seq + round * 20), frame.at_ms.map(|ms| ms + round * 400));
                assembler.push(seq, at_ms, &bytes, &mut samples);
            }
        };
        // The first rounds size the buffers that are kept, those of frames that wait among them.
        play(0);
        play(1);
        let found = measure(|| play(2));
        assert_eq!(found.count_total, 0, "{name}: {} bytes", found.bytes_total);
        assert!(assembler.stats().duplicates <= 3 && assembler.stats().late == 0, "{name}");
    }
}

#[test]
fn a_track_that_plays_holds_little_memory() {
    for (name, most) in [("twilio_connect", 0), ("telnyx_l16", 24 * 1024), ("telnyx_opus", 24 * 1024)] {
        let (text, read) = transcript(name);
        let session = listen(name).session.unwrap();
        let (mut bytes, mut samples) = (Vec::with_capacity(2_048), Vec::with_capacity(16_000));
        let frames: Vec<_> = text.lines().filter(|line| line.contains("\"event\":\"media\"")).collect();
        let mut kept = None;
        let found = measure(|| {
            let mut assembler = Assembler::new(session.format, session.in_order).unwrap();
            for line in &frames {
                let MediaEvent::Frame(frame) = read(line, 64 * 1024).unwrap() else { panic!("not a frame") };
                frame.payload.decode_into(&mut bytes).unwrap();
                assembler.push(frame.seq, frame.at_ms, &bytes, &mut samples);
            }
            kept = Some(assembler);
        });
        assert!(found.bytes_current <= most, "{name}: {} bytes", found.bytes_current);
    }
    assert!(size_of::<Assembler>() <= 256, "{}", size_of::<Assembler>());
}
