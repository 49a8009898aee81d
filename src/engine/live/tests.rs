use super::*;

/// A model that tells loud from quiet, and the chunks it was shown.
struct Listener {
    shown: Vec<usize>,
    events: Vec<LiveEvent>,
}

/// 20 ms of the telephone.
const FRAME: usize = 160;

fn turn() -> Live {
    Live::new(SpeechStream::cold(), EndpointConfig::default(), None)
}

impl Listener {
    fn new() -> Self {
        Self { shown: Vec::new(), events: Vec::new() }
    }

    /// Does what a turn asks for until it is idle.
    fn listen(&mut self, live: &mut Live) {
        loop {
            match live.step() {
                LiveStep::Idle => return,
                LiveStep::Event(event) => self.events.push(event),
                LiveStep::Hear(mut chunk) => {
                    // Those kept back, then the chunk itself.
                    self.shown.extend(live.next..=live.probabilities.len());
                    chunk.answer(|samples| if samples.iter().any(|sample| sample.abs() > 0.1) { 0.9 } else { 0.01 });
                    live.heard(chunk);
                }
            }
        }
    }

    fn hear(&mut self, live: &mut Live, samples: &[i16], frame: usize) {
        for frame in samples.chunks(frame) {
            live.push(frame);
            self.listen(live);
        }
    }
}

fn chunks(count: usize, level: i16) -> Vec<i16> {
    let sign = |n: usize| if n.is_multiple_of(2) { level } else { -level };
    (0..count * CHUNK).map(sign).collect()
}

#[test]
fn every_chunk_is_heard_once_however_the_samples_come() {
    let samples = [chunks(10, 100), chunks(30, 10_000), chunks(10, 100)].concat();
    for frame in [1, 160, 255, 256, 257, 4_000, samples.len()] {
        let (mut live, mut ear) = (turn(), Listener::new());
        ear.hear(&mut live, &samples, frame);
        assert_eq!(ear.shown, (0..50).collect::<Vec<_>>(), "frames of {frame}");
        assert_eq!(ear.events, [LiveEvent::Began, LiveEvent::Speculate]);
        assert_eq!(live.so_far().clip.samples().len(), samples.len());
    }
}

#[test]
fn no_samples_change_nothing() {
    let mut live = turn();
    live.push(&[]);
    assert!(matches!(live.step(), LiveStep::Idle));
    assert!(live.so_far().clip.samples().is_empty());
}

#[test]
fn while_a_chunk_is_out_there_is_nothing_to_do() {
    let mut live = turn();
    live.push(&chunks(3, 10_000));
    let LiveStep::Hear(chunk) = live.step() else { panic!("a chunk is there to be heard") };
    assert!(matches!(live.step(), LiveStep::Idle));
    live.heard(chunk);
    assert!(matches!(live.step(), LiveStep::Hear(_)));
}

#[test]
fn silence_is_kept_back_and_its_last_second_shown_before_speech() {
    let (mut live, mut ear) = (turn(), Listener::new());
    ear.hear(&mut live, &chunks(150, 100), FRAME);
    let hangover = Gate::HANGOVER as usize;
    assert_eq!(ear.shown, (0..hangover).collect::<Vec<_>>());
    assert_eq!(live.probabilities.len(), 150);
    assert!(live.probabilities[hangover..].iter().all(|&probability| probability == 0.0));

    ear.shown.clear();
    ear.hear(&mut live, &chunks(2, 10_000), FRAME);
    let from = 150 - Gate::LOOK_BACK;
    assert_eq!(ear.shown, (from..152).collect::<Vec<_>>());
    // A chunk that was shown after all has its own probability now.
    assert_eq!(live.probabilities[from - 1..=from], [0.0, 0.01]);
    assert_eq!(live.probabilities[149..], [0.01, 0.9, 0.9]);
}

#[test]
fn a_turn_in_which_nobody_speaks_ends_and_takes_no_more() {
    let (mut live, mut ear) = (turn(), Listener::new());
    ear.hear(&mut live, &chunks(1_000, 0), FRAME);
    assert_eq!(ear.events, [LiveEvent::Ended(EndReason::NoSpeech)]);
    assert_eq!(live.ended(), Some(EndReason::NoSpeech));
    let heard = live.so_far().clip.duration_ms();
    assert!(heard.abs_diff(u64::from(EndpointConfig::default().no_speech_ms)) <= 32, "{heard} ms");
}

#[test]
fn a_stalled_reader_cannot_make_a_turn_grow_beyond_its_longest() {
    let mut live = turn();
    let most = EndpointConfig::default().max_turn_ms as usize * SAMPLES_PER_MS + CHUNK;
    for _ in 0..1_000 {
        live.push(&chunks(8, 10_000));
    }
    assert_eq!(live.audio.len(), most);
    let mut ear = Listener::new();
    ear.listen(&mut live);
    assert_eq!(ear.events, [LiveEvent::Began, LiveEvent::Ended(EndReason::TooLong)]);
}

#[test]
fn a_turn_needs_little_besides_its_audio() {
    let (mut live, mut ear) = (turn(), Listener::new());
    ear.hear(&mut live, &chunks(470, 10_000), FRAME);
    assert_eq!(live.ended(), Some(EndReason::TooLong));
    let besides = size_of::<Live>() + size_of::<Ear>() + live.probabilities.capacity() * size_of::<f32>();
    assert!(besides <= 8 * 1024, "{besides} bytes");
}

#[test]
fn a_frame_allocates_no_audio_but_once_in_four_seconds() {
    let (mut live, mut grown) = (turn(), 0);
    for _ in 0..700 {
        let before = live.audio.capacity();
        live.push(&[0; FRAME]);
        grown += usize::from(live.audio.capacity() != before);
    }
    assert_eq!(grown, 4);
}
