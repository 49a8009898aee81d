mod files;

use std::f64::consts::TAU;

use audiopus::coder::Encoder;
use audiopus::{Application, Channels, SampleRate};
use files::{ogg, ogg_pages, opus_head, webm};
use proptest::prelude::*;

use super::*;

const LIMITS: AudioLimits = AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };

/// The warm-up of the encoder of [`packets`], in samples at 48 kHz.
const PRE_SKIP: u16 = 312;

/// A packet that says it has frames and holds none.
const DAMAGED: [u8; 2] = [0xff, 0];

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../fixtures/audio/", $name)).as_slice()
    };
}

const ANNA_WEBM: &[u8] = fixture!("formats/anna_chromium.webm");
const ANNA_OGG: &[u8] = fixture!("formats/anna_firefox.ogg");

fn code(bytes: &[u8], content_type: Option<&str>) -> &'static str {
    decode(bytes, content_type, &LIMITS).unwrap_err().code()
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    decode(bytes, None, &LIMITS).unwrap().samples().to_vec()
}

/// A sum of tones at 48 kHz that is never the same twice within a second.
fn sound(count: usize) -> Vec<f32> {
    let tone = |n: usize, hz: f64| (TAU * hz * n as f64 / 48_000.0).sin();
    (0..count).map(|n| (0.1 * (tone(n, 233.0) + tone(n, 701.0) + tone(n, 1_399.0))) as f32).collect()
}

/// The sound of so many samples at 48 kHz as Opus packets of 20 ms.
fn packets(count: usize) -> Vec<Vec<u8>> {
    let encoder = Encoder::new(SampleRate::Hz48000, Channels::Mono, Application::Audio).unwrap();
    assert_eq!(encoder.lookahead().unwrap(), u32::from(PRE_SKIP));
    let mut padded = sound(count);
    padded.resize((count + usize::from(PRE_SKIP)).next_multiple_of(960), 0.0);
    let coded = padded.chunks(960).map(|frame| {
        let mut packet = [0; 1_500];
        let length = encoder.encode_float(frame, &mut packet).unwrap();
        packet[..length].to_vec()
    });
    coded.collect()
}

/// How alike two stretches are, from −1 to 1.
fn likeness(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

fn rms(a: &[f32]) -> f64 {
    (a.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
}

/// From the first to the last 10 ms whose level is near that of the loudest.
fn spoken(samples: &[f32]) -> std::ops::Range<usize> {
    let loudest = samples.chunks(160).map(rms).fold(0.0, f64::max);
    let loud = |frame: &[f32]| rms(frame) > loudest / 10.0;
    let first = samples.chunks(160).position(loud).unwrap();
    first * 160..samples.chunks(160).rposition(loud).unwrap() * 160 + 160
}

/// The stretch of `found` that is most like all of `wanted`, which starts within 60 ms of sample `near`.
fn aligned<'a>(wanted: &[f32], found: &'a [f32], near: usize) -> &'a [f32] {
    let starts = near.saturating_sub(960)..=(near + 960).min(found.len() - wanted.len());
    // Every fourth sample of a voice below 2 kHz finds the place.
    let thin = |samples: &[f32]| samples.iter().step_by(4).copied().collect::<Vec<_>>();
    let wanted_thin = thin(wanted);
    let like = |start: &usize| likeness(&wanted_thin, &thin(&found[*start..*start + wanted.len()]));
    let start = starts.max_by(|a, b| like(a).total_cmp(&like(b))).unwrap();
    &found[start..start + wanted.len()]
}

/// The counts are ffmpeg's, of what it decodes at 48 kHz.
#[test]
fn what_browsers_record_is_what_was_said() {
    let (anna, ben) = (samples(fixture!("anna_pass_1.wav")), samples(fixture!("ben_pass_1.wav")));
    // How loud it is: a channel of half the level is mixed in.
    for (name, file, source, count_48k, level) in [
        ("anna_chromium.webm", ANNA_WEBM, &anna, 198_720, 1.0),
        ("anna_chromium_stereo.webm", fixture!("formats/anna_chromium_stereo.webm"), &anna, 178_560, 0.75),
        ("ben_chromium.webm", fixture!("formats/ben_chromium.webm"), &ben, 167_040, 1.0),
        ("anna_firefox.ogg", ANNA_OGG, &anna, 228_352, 1.0),
        ("anna_firefox_stereo.ogg", fixture!("formats/anna_firefox_stereo.ogg"), &anna, 228_480, 0.75),
        ("ben_firefox.ogg", fixture!("formats/ben_firefox.ogg"), &ben, 199_296, 1.0),
    ] {
        let found = samples(file);
        assert!(found.len().abs_diff(count_48k / 3) <= 1, "{name}: {} samples", found.len());
        let (wanted_at, found_at) = (spoken(source), spoken(&found));
        assert!(wanted_at.len().abs_diff(found_at.len()) <= 960, "{name}: speaks at {found_at:?}, not {wanted_at:?}");
        let wanted = &source[wanted_at];
        let found = aligned(wanted, &found, found_at.start);
        let (likeness, louder) = (likeness(wanted, found), rms(found) / rms(wanted) / level);
        println!("{name}: {likeness:.3}, level × {louder:.3}");
        assert!(likeness > 0.98, "{name}: {likeness:.3}");
        assert!((0.9..1.1).contains(&louder), "{name}: level × {louder:.3}");
    }
}

#[test]
fn the_encoders_warm_up_and_what_is_beyond_the_end_are_cut_off() {
    for count in [48_000, 47_777, 960, 100] {
        let file = ogg(&opus_head(1, PRE_SKIP, 0), &packets(count), PRE_SKIP as usize + count);
        let found = samples(&file);
        assert!(found.len().abs_diff(count.div_ceil(3)) <= 1, "{} samples of {count}", found.len());
        if count > 10_000 {
            let wanted: Vec<f32> = sound(count).into_iter().step_by(3).collect();
            assert!(likeness(&wanted, &found) > 0.99, "{}", likeness(&wanted, &found));
        }
    }
}

#[test]
fn the_gain_that_a_file_asks_for_is_given() {
    let packets = packets(48_000);
    let plain = samples(&ogg(&opus_head(1, PRE_SKIP, 0), &packets, 48_312));
    for (gain, factor) in [(6 * 256, 1.995), (-6 * 256, 0.501), (-128, 0.944)] {
        let found = samples(&ogg(&opus_head(1, PRE_SKIP, gain), &packets, 48_312));
        assert!((rms(&found) / rms(&plain) - factor).abs() < 0.001, "{gain}: {}", rms(&found) / rms(&plain));
    }
    let loudest = samples(&ogg(&opus_head(1, PRE_SKIP, i16::MAX), &packets, 48_312));
    assert!(loudest.iter().all(|sample| sample.abs() <= 1.0));
}

#[test]
fn webm_and_ogg_of_the_same_packets_hold_the_same_sound() {
    let (packets, head) = (packets(48_000), opus_head(1, PRE_SKIP, 0));
    let from_ogg = samples(&ogg(&head, &packets, 48_312));
    for private in [Some(head.as_slice()), None] {
        let found = samples(&webm("A_OPUS", private, &packets));
        let skipped = if private.is_some() { 0 } else { 104 };
        assert_eq!(found[skipped..skipped + from_ogg.len()], from_ogg);
    }
}

#[test]
fn a_damaged_packet_is_concealed_and_nothing_but_damage_refused() {
    let (mut packets, head) = (packets(48_000), opus_head(1, PRE_SKIP, 0));
    let whole = samples(&ogg(&head, &packets, 48_312));
    packets[20] = DAMAGED.to_vec();
    for file in [ogg(&head, &packets, 48_312), webm("A_OPUS", Some(&head), &packets)] {
        let found = samples(&file);
        assert!(found.len() >= whole.len() && found.len() < whole.len() + 320);
        assert!(likeness(&whole, &found) > 0.9, "{}", likeness(&whole, &found));
        let gap = &found[20 * 320 - 104..21 * 320 - 104];
        assert!(rms(gap) > rms(&whole) / 4.0, "silence where a packet was");
    }
    packets.fill(DAMAGED.to_vec());
    assert_eq!(code(&ogg(&head, &packets, 48_312), None), "audio_damaged");
    assert_eq!(code(&webm("A_OPUS", Some(&head), &packets), None), "audio_damaged");
}

#[test]
fn a_page_that_was_damaged_is_left_away() {
    let whole = samples(ANNA_OGG);
    let pages = ogg_pages(ANNA_OGG);
    assert!(pages.len() >= 5);
    let mut file = ANNA_OGG.to_vec();
    file[pages[3].start + 100] ^= 0xff;
    let found = samples(&file);
    assert!(found.len() < whole.len() && found.len() > whole.len() / 2, "{} of {}", found.len(), whole.len());
}

/// A step that meets every place of a packet's and a page's header sooner or later.
#[test]
fn a_recording_that_breaks_off_anywhere_counts_as_far_as_it_goes() {
    for (file, starts_at) in [(ANNA_WEBM, 0x200), (ANNA_OGG, ogg_pages(ANNA_OGG)[2].end)] {
        let whole = samples(file);
        let mut longest = 0;
        for end in (0..400).chain((400..file.len()).step_by(61)) {
            match decode(&file[..end], None, &LIMITS) {
                Ok(clip) => {
                    // Only where the end is stated can it be cut off.
                    let common = clip.samples().len().min(whole.len());
                    assert!(clip.samples()[..common] == whole[..common], "{end}");
                    assert!(clip.samples().len() >= longest && common + 1_920 > clip.samples().len(), "{end}");
                    longest = clip.samples().len();
                }
                Err(error) => assert!(end <= starts_at, "{end}: {error}"),
            }
        }
        assert!(longest + 16_000 > whole.len(), "{longest} of {}", whole.len());
    }
}

#[test]
fn a_file_that_unpacks_to_hours_stops_at_the_limit() {
    // Six frames of 20 ms, each of no bytes: two bytes are 120 ms of silence, a megabyte is 17 hours.
    let packets = vec![vec![0xfb, 6]; 150_000];
    let head = opus_head(1, 0, 0);
    let limits = AudioLimits { max_bytes: 1 << 20, max_seconds: 10.0 };
    for file in [ogg(&head, &packets, usize::MAX), ogg(&head, &packets, 0), webm("A_OPUS", Some(&head), &packets)] {
        let file = &file[..file.len().min(limits.max_bytes)];
        let mut found = None;
        let used = allocation_counter::measure(|| found = Some(decode(file, None, &limits)));
        assert_eq!(found.unwrap().unwrap_err().code(), "audio_too_long");
        // 640 kB of samples, in a vector that doubles, and the container's buffers.
        assert!(used.bytes_max < 3 << 20, "{} bytes at once", used.bytes_max);
    }
    let at_most = AudioLimits { max_bytes: 100, ..limits };
    assert_eq!(decode(ANNA_OGG, None, &at_most), Err(AudioError::TooLarge { max_bytes: 100 }));
}

/// Files that take symphonia minutes, or a hundred times their own size.
#[test]
fn a_file_that_is_nothing_but_headers_is_not_read_to_its_end() {
    let plain = ogg(&opus_head(1, 0, 0), &packets(960), 0);
    let marks = [&plain[..ogg_pages(&plain)[1].end], &b"OggS\0\0".repeat(150_000)].concat();
    let whole = webm("A_OPUS", None, &packets(960));
    let cluster = whole.windows(4).position(|four| four == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
    let tracks = whole.windows(4).position(|four| four == [0x16, 0x54, 0xae, 0x6b]).unwrap();
    let track = &whole[tracks + 8..cluster];
    let many = files::element(&whole[tracks..tracks + 4], &track.repeat(18_000));
    for file in [marks, [&whole[..tracks], &many, &whole[cluster..]].concat()] {
        assert!(file.len() > 512 << 10);
        let used = allocation_counter::measure(|| assert_eq!(code(&file, None), "audio_damaged"));
        assert!(used.bytes_max < 8 << 20, "{} bytes at once", used.bytes_max);
    }
}

#[test]
fn the_limit_is_met_to_the_sample() {
    let file = |count: usize| ogg(&opus_head(1, PRE_SKIP, 0), &packets(count), usize::from(PRE_SKIP) + count);
    let limits = AudioLimits { max_seconds: 1.0, ..LIMITS };
    assert_eq!(decode(&file(48_000), None, &limits).unwrap().samples().len(), 16_000);
    assert_eq!(decode(&file(48_300), None, &limits), Err(AudioError::TooLong { max_seconds: 1.0 }));
}

#[test]
fn another_codec_is_refused_by_its_name() {
    let packets = packets(960);
    let text = |bytes: &[u8]| {
        let error = decode(bytes, None, &LIMITS).unwrap_err();
        assert_eq!(error.code(), "audio_not_opus", "{error}");
        error.to_string()
    };
    for (head, name) in [
        (b"\x01vorbis and its header, long enough".as_slice(), "Vorbis"),
        (b"\x7fFLAC\x01\0\0\x01fLaC and so on", "FLAC"),
        (b"Speex   1.2", "Speex"),
        (b"\x80theora\x03\x02\x01", "Theora video"),
        (b"fishead\0\x03\0\0\0", "several tracks"),
        (b"nothing known", "an unknown codec"),
    ] {
        assert_eq!(text(&ogg(head, &packets, 960)), format!("the Ogg file holds {name}, not Opus"));
    }
    for (id, name) in [
        ("V_VP8", "VP8 video"),
        ("V_VP9", "VP9 video"),
        ("V_MPEG4/ISO/AVC", "H.264 video"),
        ("A_AAC", "AAC"),
        ("S_TEXT/UTF8", "subtitles"),
        ("A_NEW", "an unknown codec"),
    ] {
        assert_eq!(text(&webm(id, None, &packets)), format!("the WebM file holds {name}, not Opus"));
    }
}

#[test]
fn channels_that_no_browser_records_are_refused() {
    let packets = packets(960);
    for file in [ogg(&opus_head(6, 0, 0), &packets, 960), webm("A_OPUS", Some(&opus_head(6, 0, 0)), &packets)] {
        assert_eq!(decode(&file, None, &LIMITS), Err(AudioError::Channels { count: 6, max: 2 }));
    }
    assert_eq!(code(&ogg(&opus_head(0, 0, 0), &packets, 960), None), "audio_damaged");
    assert_eq!(code(&webm("A_OPUS", Some(b"OpusHead\x01"), &packets), None), "audio_damaged");
    assert_eq!(code(&ogg(&opus_head(1, 0, 0), &[], 0), None), "audio_damaged");
    assert_eq!(code(&webm("A_OPUS", None, &[]), None), "audio_damaged");
    assert_eq!(code(&webm("A_OPUS", Some(&opus_head(1, 999, 0)), &packets[..1]), None), "audio_empty");
}

#[test]
fn other_files_are_refused_by_their_name() {
    for (bytes, found) in [
        (b"RF64\xff\xff\xff\xffWAVEds64".as_slice(), "RF64"),
        (b"fLaC\0\0\0\x22", "FLAC"),
        (b"ID3\x04\0", "MP3"),
        (b"\0\0\0\x1cftypiso5\0\0", "MP4"),
        (b"FORM\0\0\0\0AIFF", "AIFF"),
        (b"<html>", "an unknown format"),
        (b"\xff", "an unknown format"),
    ] {
        let error = decode(bytes, Some("audio/wav"), &LIMITS).unwrap_err();
        assert_eq!(error, AudioError::Format(found));
        assert_eq!(error.code(), "audio_format");
    }
    assert_eq!(code(b"RIFF\0\0\0\0AVI LIST", None), "audio_not_wav");
    assert_eq!(code(b"", Some("audio/basic")), "audio_empty");
}

#[test]
fn raw_mulaw_is_taken_at_the_senders_word_and_a_file_is_not() {
    let raw = fixture!("formats/raw_8k.ulaw");
    let wanted = mulaw::decode(raw, &LIMITS).unwrap();
    for kind in ["audio/basic", "AUDIO/PCMU", "audio/x-mulaw;rate=8000", "audio/mulaw; Rate=\"8000\"; channels=1"] {
        assert_eq!(decode(raw, Some(kind), &LIMITS).unwrap(), wanted, "{kind}");
    }
    assert!(wanted.line().is_some());
    for (kind, expected) in [
        ("audio/basic; rate=16000", "audio_rate"),
        ("audio/basic;rate=x", "audio_rate"),
        ("audio/pcmu; channels=2", "audio_channels"),
        ("audio/pcmu; channels=99999", "audio_channels"),
        ("audio/pcma", "audio_format"),
        ("application/octet-stream", "audio_format"),
    ] {
        assert_eq!(code(raw, Some(kind)), expected, "{kind}");
    }
    assert_eq!(code(raw, None), "audio_format");
    let wav = fixture!("formats/mulaw_8k.wav");
    for kind in [None, Some("audio/basic; rate=16000"), Some("audio/ogg")] {
        assert_eq!(decode(wav, kind, &LIMITS), super::wav::decode(wav, &LIMITS));
        assert_eq!(decode(ANNA_OGG, kind, &LIMITS).unwrap().samples(), samples(ANNA_OGG));
    }
}

/// A second, less than any of the recordings has.
const SECOND: AudioLimits = AudioLimits { max_bytes: 1 << 20, max_seconds: 1.0 };

/// A result that is a clip is finite, not empty and not too long.
fn is_sane(bytes: &[u8], limits: &AudioLimits) -> bool {
    let longest = limits.max_seconds * Clip16k::RATE_HZ as f32;
    decode(bytes, Some("audio/basic"), limits).map_or(true, |clip| {
        let samples = clip.samples();
        !samples.is_empty() && samples.len() as f32 <= longest && samples.iter().all(|sample| sample.is_finite())
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        magic in prop::sample::select(vec![
            b"OggS".as_slice(), &ANNA_WEBM[..4], &ANNA_WEBM[..0x30], &ANNA_WEBM[..0x94], &ANNA_WEBM[..0xa2],
            &ANNA_OGG[..0x82], b"RIFF", b"",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        prop_assert!(is_sane(&[magic, &bytes].concat(), &LIMITS));
    }

    #[test]
    fn arbitrary_packets_never_panic(
        packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..40),
        (channels, pre_skip, gain) in (0..4_u8, any::<u16>(), any::<i16>()), end in any::<usize>(),
    ) {
        let head = opus_head(channels, pre_skip, gain);
        prop_assert!(is_sane(&ogg(&head, &packets, end), &SECOND));
        prop_assert!(is_sane(&webm("A_OPUS", Some(&head), &packets), &SECOND));
    }

    #[test]
    fn mutated_recordings_never_panic(
        which in any::<bool>(), is_in_front in any::<bool>(),
        changes in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 1..6),
        (cut_from, cut_length) in any::<(prop::sample::Index, u8)>(), limits in prop_oneof![Just(SECOND), Just(LIMITS)],
    ) {
        let mut file = if which { ANNA_WEBM } else { ANNA_OGG }.to_vec();
        let within = if is_in_front { 0x200 } else { file.len() };
        for (at, value) in changes {
            file[at.index(within)] = value;
        }
        prop_assert!(is_sane(&file, &limits));
        // The checksum of an Ogg page hides most of what is behind it.
        prop_assert!(is_sane(&files::with_checksums(&file), &limits));
        let from = cut_from.index(within);
        file.drain(from..(from + usize::from(cut_length)).min(within));
        prop_assert!(is_sane(&file, &limits));
    }
}
