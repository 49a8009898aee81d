use crate::dialog::prompts::Prompt;
use crate::dialog::state::{Stage, State};
use crate::dialog::{Effect, Facts, Keys, LineFacts, Next, Reply, Sentence, Step, finish};
use crate::types::Timestamp;

/// Turns after which a call is ended whatever happens.
///
/// Every question has its own bound; the longest conversation they leave open (account number, wrong codes, enrollment
/// with every take repeated, two verifications) has some forty turns with the default limits.
pub(super) const MAX_TURNS: u32 = 50;

/// Times a question is repeated before it counts as unanswered: three times asked is enough.
const MAX_REPEATS: u32 = 2;

/// Takes that we may lose in one call; after our second fault a caller needs a way on, not a third try.
const MAX_LOST: u32 = 1;

/// One turn in the making: the state it starts from, what is said, what is done.
pub(super) struct Turn<'a> {
    pub(super) facts: &'a Facts,
    pub(super) now: Timestamp,
    pub(super) state: State,
    say: Vec<Sentence>,
    effects: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(state: State, facts: &'a Facts, now: Timestamp) -> Self {
        Self { facts, now, state, say: Vec::new(), effects: Vec::new() }
    }

    /// Adds a sentence without places.
    pub(super) fn say(self, prompt: Prompt) -> Self {
        self.sentence(prompt.sentence())
    }

    /// Adds a sentence.
    pub(super) fn sentence(mut self, sentence: Sentence) -> Self {
        self.say.push(sentence);
        self
    }

    /// Adds something to do.
    pub(super) fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Whether the caller has a voiceprint.
    pub(super) fn is_enrolled(&self) -> bool {
        self.facts.caller.as_ref().is_some_and(|caller| caller.is_enrolled)
    }

    /// Whether the caller typed an account number without a voiceprint, which they must not learn.
    pub(super) fn is_phantom(&self) -> bool {
        self.state.by_account && !self.is_enrolled()
    }

    /// Whether the voiceprint, if there is one, may be replaced or deleted: after a verification or with a code.
    pub(super) fn may_change_voiceprint(&self) -> bool {
        !self.is_enrolled() || self.state.is_verified || self.state.has_code
    }

    /// Counts one more repetition of the current question; false when there were enough.
    pub(super) fn may_repeat(&mut self) -> bool {
        self.state.repeats += 1;
        self.state.repeats <= MAX_REPEATS
    }

    /// Counts a take that we lost; false when there were enough to apologise and stop.
    pub(super) fn may_lose_another(&mut self) -> bool {
        self.state.lost += 1;
        self.state.lost <= MAX_LOST
    }

    /// Ends the turn with a keypad question.
    pub(super) fn gather(self, stage: Stage, keys: Keys, timeout_s: u32) -> Step {
        self.ask(stage, Next::Gather { keys, timeout_s })
    }

    /// Ends the turn by listening for a take.
    pub(super) fn listen(self, stage: Stage) -> Step {
        let next = listening(&self.facts.line);
        self.ask(stage, next)
    }

    /// Ends the call; only `finish` calls this.
    pub(super) fn end(mut self, next: Next) -> Step {
        self.state.stage = Stage::Over;
        self.effect(Effect::End).step(next)
    }

    fn ask(mut self, stage: Stage, next: Next) -> Step {
        if self.state.turns >= MAX_TURNS {
            self.say.clear();
            return finish::too_long(self);
        }
        if self.state.stage != stage {
            self.state.repeats = 0;
        }
        self.state.stage = stage;
        self.step(next)
    }

    fn step(self, next: Next) -> Step {
        Step { state: self.state, reply: Reply { say: self.say, next }, effects: self.effects }
    }
}

/// Listens for a take, as long as the line does.
pub(super) fn listening(line: &LineFacts) -> Next {
    let limits = line.verification;
    Next::Listen { max_s: limits.max_take_s, end_silence_s: limits.end_silence_s }
}
