use std::collections::HashMap;

use crate::config::{Config, Line};
use crate::dialog::{Next, Reply, Sentence, prompts};
use crate::twiml::{self, Prompts, TwimlError, Urls};
use crate::types::LineName;

/// A document for the provider to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xml(pub String);

/// From this poll on the caller hears a second of silence between two questions; the first ones follow at once.
const PATIENT_FROM_POLL: u32 = 4;

/// How each line talks: its prompts, and the URLs its documents lead to.
pub(super) struct Voices {
    base: String,
    prompts: HashMap<LineName, Prompts>,
    /// An apology that needs nothing that could fail: neither the store nor a line.
    pub(super) plain_apology: Xml,
    /// What a caller hears on a number that no line answers.
    pub(super) no_line: Xml,
    /// The answer to a webhook that nobody hears.
    pub(super) nothing: Xml,
}

impl Voices {
    /// Loads every line's prompts.
    ///
    /// # Errors
    /// [`TwimlError`] names the file and the sentence that is wrong.
    pub(super) fn load(config: &Config) -> Result<Self, TwimlError> {
        let mut voices = Self {
            base: config.server.public_url.clone(),
            prompts: HashMap::new(),
            plain_apology: Xml(twiml::APOLOGY.to_owned()),
            no_line: Xml(String::new()),
            nothing: Xml(String::new()),
        };
        for line in &config.lines {
            voices.prompts.insert(line.name.clone(), Prompts::for_line(line)?);
        }
        if let Some(line) = config.lines.first() {
            voices.plain_apology = voices.document(line, 0, &last_words(prompts::APOLOGY.sentence()))?;
            voices.no_line = voices.document(line, 0, &last_words(prompts::NO_LINE.sentence()))?;
            voices.nothing = voices.document(line, 0, &Reply { say: Vec::new(), next: Next::Nothing })?;
        }
        Ok(voices)
    }

    /// The document of a turn's reply; the next turn takes what the caller does.
    pub(super) fn document(&self, line: &Line, turn: u32, reply: &Reply) -> Result<Xml, TwimlError> {
        let next = turn + 1;
        self.render(line, reply, &Urls { turn: self.turn(next), silent: self.silent(next), wait: self.wait(next, 0) })
    }

    /// The document that holds the line while a turn's take is judged; no turn of its own.
    pub(super) fn holding(&self, line: &Line, turn: u32, poll: u32) -> Result<Xml, TwimlError> {
        let say = if poll == 1 { vec![prompts::PLEASE_WAIT.sentence()] } else { Vec::new() };
        let reply = Reply { say, next: Next::Wait { poll, pause_s: u32::from(poll >= PATIENT_FROM_POLL) } };
        self.render(
            line,
            &reply,
            &Urls { turn: self.turn(turn), silent: self.silent(turn), wait: self.wait(turn, poll) },
        )
    }

    fn render(&self, line: &Line, reply: &Reply, urls: &Urls) -> Result<Xml, TwimlError> {
        let unknown = || TwimlError::UnknownLocale { locale: line.name.to_string(), known: String::new() };
        twiml::render(reply, self.prompts.get(&line.name).ok_or_else(unknown)?, urls).map(Xml)
    }

    fn turn(&self, turn: u32) -> String {
        format!("{}/call/turn?n={turn}", self.base)
    }

    fn silent(&self, turn: u32) -> String {
        format!("{}/call/turn?n={turn}&silent=1", self.base)
    }

    fn wait(&self, turn: u32, poll: u32) -> String {
        format!("{}/call/wait?n={turn}&poll={poll}", self.base)
    }
}

/// One sentence, then the call ends.
fn last_words(sentence: Sentence) -> Reply {
    Reply { say: vec![sentence], next: Next::Hangup }
}
