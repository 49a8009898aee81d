use super::*;
use crate::scoring::Embedding;

/// 20 ms of the telephone.
const FRAME: usize = 160;

/// A model that tells loud from quiet in a conversation, and the chunks it was shown.
struct Listener {
    conversation: Conversation,
    at_ms: u64,
    shown: usize,
    /// New net speech of each examination, and its length, in milliseconds.
    examined: Vec<(u32, u64)>,
    is_over: bool,
    /// The most samples that were held at once.
    most: usize,
}

impl Listener {
    fn new() -> Self {
        let conversation = Conversation::new(&SpeechStream::cold());
        Self { conversation, at_ms: 0, shown: 0, examined: Vec::new(), is_over: false, most: 0 }
    }

    /// Both parties at once, at these levels, for so many chunks.
    fn hear(&mut self, chunks: usize, customer: i16, agent: i16) {
        for _ in 0..chunks * CHUNK / FRAME {
            self.at_ms += 20;
            for (party, level) in [(Party::Customer, customer), (Party::Agent, agent)] {
                let frame: Vec<i16> = (0..FRAME).map(|n| if n % 2 == 0 { level } else { -level }).collect();
                self.conversation.push(party, &frame, Some(self.at_ms));
            }
            self.drive();
        }
    }

    fn end(&mut self) {
        self.conversation.end();
        self.drive();
    }

    fn drive(&mut self) {
        loop {
            let held = self.conversation.customer.held() + self.conversation.agent.held();
            self.most = self.most.max(held + self.conversation.voice.held());
            match self.conversation.step() {
                ConversationStep::Idle => return,
                ConversationStep::Over => {
                    self.is_over = true;
                    return;
                }
                ConversationStep::Hear(party, mut chunk) => {
                    self.shown += 1;
                    chunk.answer(|samples| if samples.iter().any(|sample| sample.abs() > 0.01) { 0.9 } else { 0.01 });
                    self.conversation.heard(party, chunk);
                }
                ConversationStep::Examine(spoken) => {
                    self.examined.push((spoken.new_ms, spoken.clip.duration_ms()));
                    let voice = Embedding::unit("m".into(), vec![1.0, 0.0]).unwrap();
                    self.conversation.examined(&Sample { voice, new_ms: spoken.new_ms }).unwrap();
                }
            }
        }
    }
}

const LOUD: i16 = 10_000;
const SOFT: i16 = 2_000;
const NOISE: i16 = 30;

#[test]
fn every_two_seconds_of_new_speech_the_newest_four_are_examined() {
    let mut listener = Listener::new();
    for _ in 0..6 {
        listener.hear(45, LOUD, NOISE);
        listener.hear(20, NOISE, NOISE);
    }
    listener.end();
    assert!(listener.is_over);
    let new: u32 = listener.examined.iter().map(|(new_ms, _)| new_ms).sum();
    assert_eq!(new, listener.conversation.showing().customer_ms, "all of it, and nothing twice");
    assert_eq!(listener.conversation.showing().compared_ms, new);
    assert!(listener.examined.iter().rev().skip(1).all(|(new_ms, _)| (2_000..4_100).contains(new_ms)));
    assert!(listener.examined.iter().all(|(_, length_ms)| *length_ms <= 4_100), "{:?}", listener.examined);
}

#[test]
fn a_minute_of_silence_costs_a_second_of_hearing() {
    let mut listener = Listener::new();
    listener.hear(1_875, NOISE, NOISE);
    assert!(listener.shown <= 2 * 32, "{} chunks", listener.shown);
    assert!(listener.most < 2 * 40 * CHUNK, "{} samples", listener.most);
    listener.end();
    assert!(listener.is_over && listener.examined.is_empty());
}

#[test]
fn however_long_somebody_talks_little_is_kept_of_it() {
    let mut listener = Listener::new();
    listener.hear(3_000, LOUD, LOUD - 1);
    assert!(listener.examined.len() > 30);
    // Ten seconds of speech, two undecided and one of look-back on either side: 200 kB.
    assert!(listener.most <= (10 + 2 * 4) * 8_000, "{} samples", listener.most);
}

#[test]
fn what_the_customer_says_below_the_agent_is_left_out() {
    let mut listener = Listener::new();
    // An echo, then both at once, then the customer alone.
    listener.hear(60, SOFT, LOUD);
    listener.hear(60, NOISE, NOISE);
    listener.hear(60, LOUD, SOFT);
    listener.hear(60, NOISE, NOISE);
    listener.hear(60, SOFT, NOISE);
    listener.end();
    let showing = listener.conversation.showing();
    assert!((1_800..2_000).contains(&showing.left_out_ms), "{showing:?}");
    assert!((3_700..4_000).contains(&showing.compared_ms), "{showing:?}");
    assert!((3_700..4_000).contains(&showing.agent_ms), "{showing:?}");
}

#[test]
fn an_echo_may_come_late() {
    let mut listener = Listener::new();
    listener.hear(30, NOISE, NOISE);
    listener.hear(30, NOISE, LOUD);
    // Half a second after the agent's last word.
    listener.hear(14, SOFT, NOISE);
    listener.hear(30, NOISE, NOISE);
    listener.end();
    assert_eq!(listener.conversation.showing().compared_ms, 0, "{:?}", listener.conversation.showing());
}

#[test]
fn a_track_that_does_not_come_holds_nothing_up() {
    let mut listener = Listener::new();
    let frame: Vec<i16> = (0..FRAME).map(|n| if n % 2 == 0 { LOUD } else { -LOUD }).collect();
    listener.hear(2, NOISE, NOISE);
    for n in 0..300 {
        listener.conversation.push(Party::Customer, &frame, Some(listener.at_ms + 20 * n));
        listener.drive();
    }
    assert!(listener.examined.len() >= 2, "{:?}", listener.examined);
}

#[test]
fn a_voice_that_cancels_out_leaves_what_was_known() {
    let mut voice = RunningVoice::default();
    let sample = |x| Sample { voice: Embedding::unit("m".into(), vec![x, 0.0]).unwrap(), new_ms: 2_000 };
    voice.examined(&sample(1.0)).unwrap();
    voice.examined(&sample(-1.0)).unwrap();
    assert_eq!(voice.mean().unwrap().values(), [1.0, 0.0]);
}

#[test]
fn an_agent_who_came_but_was_not_heard_yet_is_waited_for() {
    let mut listener = Listener::new();
    let conversation = &mut listener.conversation;
    let frame =
        |level: i16, ms: usize| -> Vec<i16> { (0..8 * ms).map(|n| if n % 2 == 0 { level } else { -level }).collect() };
    // The agent's track comes at once and is heard last, as when it is all speech and the other mostly silence.
    conversation.push(Party::Agent, &frame(LOUD, 2_500), Some(2_500));
    conversation.push(Party::Customer, &frame(SOFT, 2_000), Some(2_000));
    conversation.push(Party::Customer, &frame(NOISE, 2_000), Some(4_000));
    while let Some(mut chunk) = conversation.customer.step() {
        chunk.answer(|samples| if samples.iter().any(|sample| sample.abs() > 0.01) { 0.9 } else { 0.01 });
        conversation.heard(Party::Customer, chunk);
    }
    conversation.gather(false);
    assert_eq!((conversation.voice.held(), conversation.left_out), (0, 0));
    listener.end();
    assert_eq!(listener.conversation.showing().compared_ms, 0, "{:?}", listener.conversation.showing());
}
