use proptest::prelude::*;

use super::*;
use crate::audio::mulaw;
use crate::types::media::Codec;

/// Linear samples can carry their own place, so that the tests see what went where.
const LINEAR: MediaFormat = MediaFormat { codec: Codec::L16Be, rate_hz: 8_000, channels: 1 };

/// Twenty milliseconds whose samples are all `mark`.
fn frame(mark: u16) -> Vec<u8> {
    mark.to_be_bytes().repeat(160)
}

/// Plays frames given as (number, time in ms, mark) and returns each 20 ms of the output as its mark, 0 for silence.
fn played(in_order: bool, frames: &[(Option<u64>, Option<u64>, u16)]) -> (Vec<i16>, Stats) {
    let (mut assembler, mut out) = (Assembler::new(LINEAR, in_order).unwrap(), Vec::new());
    for (seq, at_ms, mark) in frames {
        assembler.push(*seq, *at_ms, &frame(*mark), &mut out);
    }
    assembler.flush(&mut out);
    assert!(out.chunks(160).all(|part| part.iter().all(|sample| *sample == part[0])), "time was cut inside a frame");
    (out.chunks(160).map(|part| part[0]).collect(), assembler.stats())
}

/// The `n`-th frame of a stream that starts at number 1 and time 0, with its number as mark.
fn nth(n: u64) -> (Option<u64>, Option<u64>, u16) {
    (Some(n), Some((n - 1) * 20), n as u16)
}

#[test]
fn a_short_gap_becomes_as_much_silence() {
    let (marks, stats) = played(true, &[nth(1), nth(2), nth(5), nth(6)]);
    assert_eq!(marks, [1, 2, 0, 0, 5, 6]);
    assert_eq!((stats.lost_ms, stats.long_gaps, stats.frames), (40, 0, 4));
}

#[test]
fn a_gap_counts_by_time_even_where_the_numbers_do_not_jump() {
    let (marks, stats) = played(true, &[(Some(1), Some(0), 1), (Some(2), Some(60), 2)]);
    assert_eq!((marks, stats.lost_ms), (vec![1, 0, 0, 2], 40));
    let (marks, stats) = played(true, &[(Some(1), Some(0), 1), (Some(9), Some(20), 2)]);
    assert_eq!((marks, stats.lost_ms), (vec![1, 2], 0));
}

#[test]
fn a_long_gap_is_counted_whole_and_filled_for_a_second() {
    let (marks, stats) = played(true, &[nth(1), (Some(2), Some(600_020), 2), (Some(3), Some(600_040), 3)]);
    assert_eq!(marks.len(), 1 + 50 + 2);
    assert_eq!((stats.lost_ms, stats.long_gaps), (600_000, 1));
    let (marks, _) = played(true, &[nth(1), (Some(2), Some(520), 2)]);
    assert_eq!(marks.len(), 1 + 25 + 1);
}

#[test]
fn jitter_of_the_timestamps_is_no_gap() {
    let times = [0, 23, 38, 69, 75, 104, 120];
    let frames: Vec<_> = times.iter().enumerate().map(|(n, at)| (Some(n as u64), Some(*at), n as u16 + 1)).collect();
    let (marks, stats) = played(true, &frames);
    assert_eq!((marks, stats.lost_ms), ((1..=7).collect(), 0));
}

#[test]
fn what_came_before_is_dropped_and_counted() {
    for in_order in [true, false] {
        let (marks, stats) = played(in_order, &[nth(1), nth(2), nth(2), nth(1), nth(3), nth(3)]);
        assert_eq!(marks, [1, 2, 3]);
        assert_eq!((stats.duplicates, stats.late), (3, 0), "in order: {in_order}");
    }
}

#[test]
fn what_comes_after_its_turn_is_dropped_where_frames_keep_their_order() {
    let (marks, stats) = played(true, &[nth(1), nth(3), nth(2), nth(4)]);
    assert_eq!(marks, [1, 0, 3, 4]);
    assert_eq!((stats.late, stats.reordered), (1, 0));
}

#[test]
fn without_numbers_time_gives_the_order() {
    let frames =
        [(None, Some(0), 1), (None, Some(20), 2), (None, Some(20), 2), (None, Some(0), 1), (None, Some(40), 3)];
    let (marks, stats) = played(true, &frames);
    assert_eq!((marks, stats.duplicates), (vec![1, 2, 3], 2));
}

#[test]
fn without_numbers_and_time_frames_are_played_as_they_come() {
    for in_order in [true, false] {
        let (marks, _) = played(in_order, &[(None, None, 3), (None, None, 1), (None, None, 2)]);
        assert_eq!(marks, [3, 1, 2]);
    }
}

#[test]
fn a_frame_that_may_still_come_is_waited_for() {
    let (mut assembler, mut out) = (Assembler::new(LINEAR, false).unwrap(), Vec::new());
    let mut push = |n: u64, out: &mut Vec<i16>| assembler.push(Some(n), Some((n - 1) * 20), &frame(n as u16), out);
    push(1, &mut out);
    push(3, &mut out);
    push(4, &mut out);
    assert_eq!(out.len(), 160);
    push(2, &mut out);
    assert_eq!(out.chunks(160).map(|part| part[0]).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((assembler.stats().reordered, assembler.stats().lost_ms), (1, 0));
}

#[test]
fn a_frame_that_never_comes_is_given_up_after_ten_frames() {
    let (mut assembler, mut out) = (Assembler::new(LINEAR, false).unwrap(), Vec::new());
    for n in (1..=12).filter(|n| *n != 2) {
        assembler.push(Some(n), Some((n - 1) * 20), &frame(n as u16), &mut out);
        assert_eq!(out.len(), 160, "frame {n}");
    }
    assembler.push(Some(13), Some(240), &frame(13), &mut out);
    assert_eq!(out.len(), 13 * 160);
    assert_eq!(assembler.stats().lost_ms, 20);
}

#[test]
fn a_true_gap_is_not_waited_for() {
    // The numbers go on: nothing is under way.
    let (mut assembler, mut out) = (Assembler::new(LINEAR, false).unwrap(), Vec::new());
    assembler.push(Some(1), Some(0), &frame(1), &mut out);
    assembler.push(Some(2), Some(100), &frame(2), &mut out);
    assert_eq!(out.len(), 6 * 160);
    // The time goes on: the number between was not audio, or another track's.
    assembler.push(Some(7), Some(120), &frame(7), &mut out);
    assert_eq!(out.len(), 7 * 160);
}

#[test]
fn time_in_samples_instead_of_milliseconds_stops_being_believed() {
    let frames: Vec<_> = (0..100).map(|n| (Some(n), Some(n * 160), n as u16 + 1)).collect();
    for in_order in [true, false] {
        let (marks, _) = played(in_order, &frames);
        assert!(marks.len() <= 100 + 5 * 7, "{} frames of 100", marks.len());
        assert_eq!(marks[marks.len() - 94..], (7..=100).collect::<Vec<i16>>());
    }
}

#[test]
fn heavy_loss_from_the_first_frame_on_does_not_break_time() {
    let frames: Vec<_> = (0..50).map(|n| nth(1 + 3 * n)).collect();
    let (marks, stats) = played(true, &frames);
    assert_eq!((marks.len(), stats.lost_ms), (148, 49 * 40));
}

#[test]
fn frames_without_audio_and_odd_ones_do_no_harm() {
    let (mut assembler, mut out) = (Assembler::new(LINEAR, true).unwrap(), Vec::new());
    assembler.push(Some(1), Some(0), &[], &mut out);
    assembler.push(Some(2), Some(0), &[0, 7, 0], &mut out);
    assembler.push(Some(3), Some(0), &vec![0; MAX_FRAME_BYTES + 1], &mut out);
    assembler.push(Some(4), Some(0), &[0, 8], &mut out);
    assert_eq!(out, [7, 8]);
    assert_eq!(assembler.stats().damaged, 2);
}

#[test]
fn formats_no_stream_has_are_refused() {
    for (rate_hz, channels, code) in [
        (0, 1, "audio_stream_rate"),
        (44_100, 1, "audio_stream_rate"),
        (40_000, 1, "audio_stream_rate"),
        (8_000, 2, "audio_channels"),
    ] {
        let format = MediaFormat { rate_hz, channels, ..LINEAR };
        assert_eq!(Assembler::new(format, true).unwrap_err().code(), code);
    }
}

#[test]
fn silence_in_a_gap_goes_through_the_resampler_and_keeps_time() {
    let format = MediaFormat { rate_hz: 24_000, ..LINEAR };
    let (mut assembler, mut out) = (Assembler::new(format, true).unwrap(), Vec::new());
    let tone = 8_000_i16.to_be_bytes().repeat(480);
    for at_ms in [0, 20, 80] {
        assembler.push(None, Some(at_ms), &tone, &mut out);
    }
    assembler.flush(&mut out);
    assert_eq!(out.len(), 800);
    for (from, to, level) in [(100, 220, 8_000), (420, 540, 0), (740, 760, 8_000)] {
        assert!(
            out[from..to].iter().all(|s| (i32::from(*s) - level).abs() < 900),
            "{from}..{to}: {:?}",
            &out[from..to]
        );
    }
}

fn any_codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(vec![Codec::Mulaw, Codec::Alaw, Codec::L16Be, Codec::L16Le, Codec::Opus])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_a_mulaw_stream_is_cut_the_samples_are_the_same(
        bytes in prop::collection::vec(any::<u8>(), 0..4_000),
        cuts in prop::collection::vec(0_usize..700, 1..40),
        in_order: bool,
        has_numbers: bool,
    ) {
        let (mut assembler, mut out) = (Assembler::new(MediaFormat::TELEPHONE, in_order).unwrap(), Vec::new());
        let (mut at, mut seq) = (0, 0);
        for cut in cuts.iter().cycle().chain([&bytes.len()]).take(4_000) {
            let end = (at + cut).min(bytes.len());
            let at_ms = has_numbers.then_some(at as u64 / 8);
            assembler.push(has_numbers.then_some(seq), at_ms, &bytes[at..end], &mut out);
            (at, seq) = (end, seq + 1);
        }
        assembler.push(has_numbers.then_some(seq), None, &bytes[at..], &mut out);
        assembler.flush(&mut out);
        prop_assert_eq!(out, bytes.iter().map(|byte| mulaw::to_linear(*byte)).collect::<Vec<_>>());
    }

    #[test]
    fn shuffling_within_the_window_gives_what_order_gives(
        blocks in prop::collection::vec(Just((0..10_u64).collect::<Vec<_>>()).prop_shuffle(), 1..8),
        first in prop::sample::select(vec![1_u64, 2, 500]),
        repeats in prop::collection::vec(any::<bool>(), 80),
    ) {
        let frame_at = |n: u64| (Some(first + n), Some(n * 20), n as u16 + 1);
        let mut shuffled = Vec::new();
        for (block, order) in blocks.iter().enumerate() {
            for n in order {
                let n = block as u64 * 10 + n;
                shuffled.push(frame_at(n));
                shuffled.extend(repeats[n as usize].then(|| frame_at(n)));
            }
        }
        let (marks, stats) = played(false, &shuffled);
        let count = blocks.len() as u64 * 10;
        prop_assert_eq!(marks.iter().map(|mark| *mark as u64).collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
        prop_assert_eq!((stats.late, stats.lost_ms), (0, 0));
        prop_assert_eq!(stats.duplicates, shuffled.len() as u64 - count);
    }

    #[test]
    fn whatever_comes_is_played_forwards_and_within_bounds(
        frames in prop::collection::vec((0_u64..120, 0_u64..3_000), 1..150),
        in_order: bool,
    ) {
        let (mut assembler, mut out) = (Assembler::new(LINEAR, in_order).unwrap(), Vec::new());
        for (seq, at_ms) in frames {
            let before = out.len();
            assembler.push(Some(seq), Some(at_ms), &frame(seq as u16 + 1), &mut out);
            prop_assert!(out.len() - before <= 11 * (8_000 + 160));
        }
        assembler.flush(&mut out);
        let marks: Vec<_> = out.into_iter().filter(|sample| *sample != 0).collect();
        prop_assert!(marks.is_sorted());
        let mut once = marks.clone();
        once.dedup();
        prop_assert_eq!(marks.len(), once.len() * 160, "a frame was played twice");
    }

    #[test]
    fn arbitrary_frames_of_any_codec_never_panic_and_stay_bounded(
        codec in any_codec(),
        rate_hz in prop::sample::select(vec![8_000_u32, 16_000, 24_000, 32_000, 48_000]),
        in_order: bool,
        frames in prop::collection::vec(
            (any::<Option<u64>>(), any::<Option<u64>>(), prop::collection::vec(any::<u8>(), 0..400)), 0..40),
    ) {
        let format = MediaFormat { codec, rate_hz, channels: 1 };
        let (mut assembler, mut out) = (Assembler::new(format, in_order).unwrap(), Vec::new());
        for (seq, at_ms, bytes) in frames {
            let before = out.len();
            assembler.push(seq, at_ms, &bytes, &mut out);
            prop_assert!(out.len() - before <= 11 * (8_000 + 960));
            prop_assert!(assembler.order.held_bytes() <= 20 * 1024);
        }
        assembler.flush(&mut out);
    }
}
