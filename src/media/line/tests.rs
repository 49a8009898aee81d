//! A line in the hands of a peer that sends anything, in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::media::socket::{Close, Gone};
use crate::types::media::{Codec, FrameError, MediaFormat, Payload};

/// A socket whose messages are given to the line by hand.
#[derive(Default)]
struct Nothing {
    sent: usize,
}

impl MediaSocket for Nothing {
    type Message = Said;

    async fn receive(&mut self) -> Received<Said> {
        std::future::pending().await
    }

    async fn send(&mut self, _: Out<'_>, _: &str) -> Result<(), Gone> {
        self.sent += 1;
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        Err(Gone)
    }

    async fn close(&mut self, _: Close) {}
}

/// One message of the peer's.
#[derive(Clone, Debug)]
enum Said {
    Frame { track: Track, seq: Option<u64>, at_ms: Option<u64>, base64: String },
    Key(char),
    Mark(String),
    Connected,
    Ignored,
    Fault(String),
    Start,
    Stop,
    Wrong(FrameError),
}

impl MediaMessage for Said {
    fn event(&self) -> Result<MediaEvent<'_>, FrameError> {
        Ok(match self {
            Self::Frame { track, seq, at_ms, base64 } => MediaEvent::Frame(Frame {
                track: *track,
                seq: *seq,
                at_ms: *at_ms,
                payload: Payload::new(base64.as_str()),
            }),
            Self::Key(key) => MediaEvent::Key(*key),
            Self::Mark(name) => MediaEvent::Mark(name.as_str().into()),
            Self::Connected => MediaEvent::Connected,
            Self::Ignored => MediaEvent::Ignored,
            Self::Fault(words) => MediaEvent::Fault(words.clone()),
            Self::Start => MediaEvent::Started(Box::new(session(MediaFormat::TELEPHONE, true))),
            Self::Stop => MediaEvent::Stopped,
            Self::Wrong(error) => return Err(error.clone()),
        })
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn session(format: MediaFormat, in_order: bool) -> MediaSession {
    MediaSession {
        call_id: "a call".to_owned(),
        account_id: None,
        stream_id: "a stream".to_owned(),
        tracks: vec![Track::Inbound],
        format,
        in_order,
        params: BTreeMap::new(),
    }
}

const BOTH: [Track; 2] = [Track::Inbound, Track::Outbound];

/// A line of a telephone, under a take.
fn line(socket: &mut Nothing) -> MediaLine<'_, Nothing> {
    let limits = Limits::take(Duration::from_mins(1));
    MediaLine::open(socket, session(MediaFormat::TELEPHONE, true), &[Track::Inbound], limits, Tasks::default()).unwrap()
}

fn frame(track: Track, at_ms: u64) -> Said {
    let base64 = Out::base64(&[0xff; 160]);
    Said::Frame { track, seq: Some(at_ms / 20), at_ms: Some(at_ms), base64 }
}

fn number() -> impl Strategy<Value = Option<u64>> {
    let edge = select(vec![0, 1, u64::from(u32::MAX), 1 << 48, (1 << 48) - 1, u64::MAX / 96, u64::MAX - 1, u64::MAX]);
    prop_oneof![Just(None), (0..2_000_u64).prop_map(Some), edge.prop_map(Some), any::<u64>().prop_map(Some)]
}

fn base64() -> impl Strategy<Value = String> {
    let audio = proptest::collection::vec(any::<u8>(), 0..700).prop_map(|bytes| Out::base64(&bytes));
    prop_oneof![4 => audio, 1 => ".{0,40}", 1 => Just(String::new()), 1 => Just("A".repeat(100_000))]
}

fn said() -> impl Strategy<Value = Said> {
    let wrong = select(vec![
        FrameError::TooLarge { max_bytes: 1 },
        FrameError::NotJson,
        FrameError::Start("start"),
        FrameError::Media("payload"),
        FrameError::Base64,
    ]);
    let frame = (select(BOTH.to_vec()), number(), number(), base64());
    prop_oneof![
        30 => frame.prop_map(|(track, seq, at_ms, base64)| Said::Frame { track, seq, at_ms, base64 }),
        3 => select("0123456789*#ABCD".chars().collect::<Vec<_>>()).prop_map(Said::Key),
        3 => ".{0,20}".prop_map(Said::Mark),
        2 => Just(Said::Connected),
        2 => Just(Said::Ignored),
        2 => ".{0,20}".prop_map(Said::Fault),
        1 => Just(Said::Start),
        1 => Just(Said::Stop),
        1 => wrong.prop_map(Said::Wrong),
    ]
}

fn received() -> impl Strategy<Value = Received<Said>> {
    prop_oneof![
        60 => said().prop_map(Received::Message),
        2 => Just(Received::Control),
        1 => Just(Received::Binary),
        1 => Just(Received::TooLarge),
        1 => Just(Received::Gone),
    ]
}

fn format() -> impl Strategy<Value = MediaFormat> {
    let codec = select(vec![Codec::Mulaw, Codec::Alaw, Codec::L16Be, Codec::L16Le, Codec::Opus]);
    (codec, select(vec![8_000_u32, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 0]), 0..3_u8)
        .prop_map(|(codec, rate_hz, channels)| MediaFormat { codec, rate_hz, channels })
}

/// Every code with which a peer's own doing ends a line that has begun.
const CODES: [&str; 12] = [
    "stream_flood",
    "stream_binary",
    "stream_too_large",
    "stream_broken",
    "stream_second_start",
    "frame_too_large",
    "frame_not_json",
    "frame_start",
    "frame_format",
    "audio_stream_rate",
    "audio_channels",
    "audio_codec",
];

/// Gives a line all of this, until it ends; the code it ends with.
fn feed(
    format: MediaFormat,
    in_order: bool,
    tracks: &[Track],
    limits: Limits,
    all: impl IntoIterator<Item = Received<Said>>,
) -> Option<&'static str> {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut socket = Nothing::default();
    let opened = MediaLine::open(&mut socket, session(format, in_order), tracks, limits, Tasks::default());
    let mut line = match opened {
        Ok(line) => line,
        Err(error) => return Some(error.code()),
    };
    let mut code = None;
    for received in all {
        match line.read(received) {
            Ok(LineEvent::Audio { track, until_ms, samples }) => {
                assert!(tracks.contains(&track));
                assert!(until_ms.is_none_or(|until_ms| until_ms < 1 << 49), "{until_ms:?}");
                let until_ms = until_ms.unwrap_or(samples.len() as u64 / 8);
                line.heard(until_ms.saturating_sub(32));
                line.heard(0);
            }
            Ok(_) => {}
            Err(error) => {
                code = Some(error.code());
                break;
            }
        }
    }
    let _ = (line.came_ms(), line.age());
    line.report();
    code
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_that_a_peer_sends_is_a_panic_and_every_end_has_a_stable_code(
        (format, in_order, is_take) in (format(), any::<bool>(), any::<bool>()),
        all in proptest::collection::vec(received(), 0..120),
    ) {
        let tracks = if is_take { &BOTH[..1] } else { &BOTH[..] };
        let limits = Limits { burst: 100, per_second: 1, longest: Duration::from_mins(1) };
        let code = feed(format, in_order, tracks, limits, all);
        prop_assert!(code.is_none_or(|code| CODES.contains(&code)), "{code:?}");
    }
}

#[test]
fn a_flood_ends_the_line_at_its_limit_and_not_before() {
    for (limits, most) in [(Limits::take(SLACK), 1_000), (Limits::conversation(SLACK), 2_000)] {
        let flood = |count| (0..count).map(|_| Received::Message(Said::Ignored));
        let telephone = MediaFormat::TELEPHONE;
        assert_eq!(feed(telephone, true, &BOTH, limits, flood(most)), None);
        // A second more brings some more messages; a machine that stands still for one is not asked for here.
        assert_eq!(feed(telephone, true, &BOTH, limits, flood(3 * most)), Some("stream_flood"));
    }
}

#[test]
fn what_the_protocol_forbids_ends_the_line_and_one_damaged_frame_does_not() {
    let said = |said| vec![Received::Message(said)];
    for (received, code) in [
        (said(Said::Start), Some("stream_second_start")),
        (said(Said::Wrong(FrameError::NotJson)), Some("frame_not_json")),
        (said(Said::Wrong(FrameError::Base64)), None),
        (vec![Received::Binary], Some("stream_binary")),
        (vec![Received::TooLarge], Some("stream_too_large")),
        (vec![Received::Gone], Some("stream_broken")),
        (vec![Received::Control], None),
    ] {
        let limits = Limits::take(SLACK);
        assert_eq!(feed(MediaFormat::TELEPHONE, true, &BOTH[..1], limits, received), code);
    }
}

#[tokio::test]
async fn a_track_that_is_not_listened_to_is_left_alone() {
    let mut socket = Nothing::default();
    let mut line = line(&mut socket);
    let outbound = Received::Message(frame(Track::Outbound, 0));
    assert_eq!(line.read(outbound).unwrap(), LineEvent::Nothing);
    let inbound = Received::Message(frame(Track::Inbound, 0));
    let LineEvent::Audio { track, until_ms, samples } = line.read(inbound).unwrap() else { panic!("no audio") };
    assert_eq!((track, until_ms, samples.len()), (Track::Inbound, Some(20), 160));
    assert_eq!(line.came_ms(), 20);
}

#[tokio::test]
async fn a_line_far_behind_is_not_read_and_still_looks_at_the_clock() {
    let mut socket = Nothing::default();
    let mut line = line(&mut socket);
    // The first tick comes at once.
    assert!(matches!(line.wait(FAR_BEHIND_MS).await, Wake::Tick));
    for _ in 0..PING_EVERY - 1 {
        line.look_at_the_clock().await.unwrap();
    }
    // This socket cannot be pinged.
    assert_eq!(line.look_at_the_clock().await.unwrap_err().code(), "stream_deaf");
    line.send(Out::Clear).await.unwrap();
    assert_eq!(line.ticks(), PING_EVERY);
    assert_eq!(socket.sent, 1);
}

#[test]
fn a_frame_is_read_by_a_line_without_allocating() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut socket = Nothing::default();
    let mut line = line(&mut socket);
    let mut frames = (0..100).map(|n| Received::Message(frame(Track::Inbound, n * 20))).collect::<Vec<_>>().into_iter();
    // The first frames size the buffers that are kept.
    for frame in frames.by_ref().take(10) {
        line.read(frame).unwrap();
    }
    let mut read = 0;
    let used = allocation_counter::measure(|| {
        for frame in frames.by_ref() {
            read += usize::from(matches!(line.read(frame), Ok(LineEvent::Audio { .. })));
        }
    });
    assert_eq!((read, used.count_total), (90, 0), "{} bytes", used.bytes_total);
}
