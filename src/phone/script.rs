use std::collections::VecDeque;

use super::digits::DigitVoice;
use super::utterance::Utterance;

/// The server's question to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Keys: a `<Gather>`.
    Keys,
    /// A take: a `<Record>`, or the `<Stream>` of a `<Connect>` or `<Start>`.
    Take,
}

/// The caller's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing: the question runs out.
    Nothing,
    /// Presses these keys.
    Keys(String),
    /// Speaks; when keys are wanted, in vain.
    Say(Utterance),
    /// Reads out the number that was just asked for.
    ReadBack(DigitVoice),
    /// Hangs up.
    HangUp,
}

/// The caller's part, prepared; a caller whose part is over does nothing.
#[derive(Clone, Debug)]
pub struct Script {
    part: Part,
    hang_up_after: Option<u32>,
    asked: u32,
}

#[derive(Clone, Debug)]
enum Part {
    InOrder(VecDeque<Answer>),
    ByKind { keys: VecDeque<Answer>, takes: VecDeque<Answer> },
}

impl Script {
    /// The n-th answer to the n-th question, whatever is asked.
    pub fn in_order(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::new(Part::InOrder(answers.into_iter().collect()))
    }

    /// The next of `keys` whenever keys are wanted, the next of `takes` whenever a take is.
    pub fn by_kind(keys: impl IntoIterator<Item = Answer>, takes: impl IntoIterator<Item = Answer>) -> Self {
        Self::new(Part::ByKind { keys: keys.into_iter().collect(), takes: takes.into_iter().collect() })
    }

    fn new(part: Part) -> Self {
        Self { part, hang_up_after: None, asked: 0 }
    }

    /// Hangs up in place of the next answer once `answers` were given.
    #[must_use]
    pub fn hanging_up_after(mut self, answers: u32) -> Self {
        self.hang_up_after = Some(answers);
        self
    }

    /// The caller's answer to a question.
    pub fn answer(&mut self, question: Question) -> Answer {
        if self.hang_up_after == Some(self.asked) {
            return Answer::HangUp;
        }
        self.asked = self.asked.saturating_add(1);
        let next = match (&mut self.part, question) {
            (Part::InOrder(answers), _) => answers.pop_front(),
            (Part::ByKind { keys, .. }, Question::Keys) => keys.pop_front(),
            (Part::ByKind { takes, .. }, Question::Take) => takes.pop_front(),
        };
        next.unwrap_or(Answer::Nothing)
    }

    /// Takes back an answer that was not heard; it is given again when the same is asked next.
    pub fn take_back(&mut self, question: Question, answer: Answer) {
        if answer == Answer::HangUp && self.hang_up_after == Some(self.asked) {
            return;
        }
        self.asked = self.asked.saturating_sub(1);
        match (&mut self.part, question) {
            (Part::InOrder(answers), _) => answers.push_front(answer),
            (Part::ByKind { keys, .. }, Question::Keys) => keys.push_front(answer),
            (Part::ByKind { takes, .. }, Question::Take) => takes.push_front(answer),
        }
    }
}
