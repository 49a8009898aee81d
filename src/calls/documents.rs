//! The documents that a provider runs: prompts per line, and the URLs they lead to.

use std::collections::HashMap;

use crate::config::{Config, Line};
use crate::dialog::{Next, Reply, Sentence, prompts};
use crate::store::NewStream;
use crate::twiml::{self, Prompts, Sound, StreamUrls, TwimlError, Urls};
use crate::types::LineName;

/// A document for the provider to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xml(pub String);

/// From this poll on the caller hears a second of silence between two questions; the first ones follow at once.
const PATIENT_FROM_POLL: u32 = 4;

/// How each line talks: its prompts, and the URLs its documents lead to.
pub(super) struct Documents {
    base: String,
    /// The same as a web socket's: `ws` for `http`, `wss` for `https`.
    socket_base: String,
    prompts: HashMap<LineName, Prompts>,
    /// An apology that needs nothing that could fail: neither the store nor a line.
    pub(super) plain_apology: Xml,
    /// The reply on a number that no line answers.
    pub(super) no_line: Xml,
    /// The answer to a webhook that is not heard by the caller.
    pub(super) nothing: Xml,
}

impl Documents {
    /// Loads every line's prompts.
    ///
    /// # Errors
    /// [`TwimlError`] names the file and the sentence that is wrong.
    pub(super) fn load(config: &Config) -> Result<Self, TwimlError> {
        let mut documents = Self {
            base: config.server.public_url.clone(),
            socket_base: config.server.public_url.replacen("http", "ws", 1),
            prompts: HashMap::new(),
            plain_apology: Xml(twiml::APOLOGY.to_owned()),
            no_line: Xml(String::new()),
            nothing: Xml(String::new()),
        };
        for line in &config.lines {
            documents.prompts.insert(line.name.clone(), Prompts::for_line(line)?);
        }
        if let Some(line) = config.lines.first() {
            documents.plain_apology = documents.document(line, 0, &last_words(prompts::APOLOGY.sentence()), None)?;
            documents.no_line = documents.document(line, 0, &last_words(prompts::NO_LINE.sentence()), None)?;
            documents.nothing = documents.document(line, 0, &Reply { say: Vec::new(), next: Next::Nothing }, None)?;
        }
        Ok(documents)
    }

    /// The document of a turn's reply; the next turn takes what the caller does, by this stream if there is one.
    pub(super) fn document(
        &self,
        line: &Line,
        turn: u32,
        reply: &Reply,
        stream: Option<&NewStream>,
    ) -> Result<Xml, TwimlError> {
        let next = turn + 1;
        let stream = stream.map(|stream| StreamUrls {
            socket: self.socket_url(),
            action: format!("{}/call/turn?n={next}&stream=1", self.base),
            token: stream.token.clone(),
        });
        self.render(line, reply, &Urls { stream, ..self.urls(next, 0) })
    }

    /// Where streams go.
    pub(super) fn socket_url(&self) -> String {
        format!("{}/media", self.socket_base)
    }

    /// The document that has a turn's take recorded; no turn of its own.
    pub(super) fn recording(&self, line: &Line, turn: u32, reply: &Reply) -> Result<Xml, TwimlError> {
        self.render(line, reply, &self.urls(turn, 0))
    }

    /// Keys of the sentences of a reply that its stream plays.
    pub(super) fn played(&self, line: &Line, reply: &Reply) -> Vec<String> {
        let played = self.prompts.get(&line.name).map_or(&[][..], |prompts| prompts.played(&reply.say));
        played.iter().map(|sentence| sentence.key.clone()).collect()
    }

    /// The sound of a sentence, µ-law; none where the operator has none.
    pub(super) fn sound(&self, line: &Line, key: &str) -> Option<&Sound> {
        self.prompts.get(&line.name)?.sound(key)
    }

    /// The document that holds the line while a turn's take is judged; no turn of its own.
    pub(super) fn holding(&self, line: &Line, turn: u32, poll: u32) -> Result<Xml, TwimlError> {
        let say = if poll == 1 { vec![prompts::PLEASE_WAIT.sentence()] } else { Vec::new() };
        let reply = Reply { say, next: Next::Wait { poll, pause_s: u32::from(poll >= PATIENT_FROM_POLL) } };
        self.render(line, &reply, &self.urls(turn, poll))
    }

    fn render(&self, line: &Line, reply: &Reply, urls: &Urls) -> Result<Xml, TwimlError> {
        let unknown = || TwimlError::UnknownLine { line: line.name.to_string() };
        twiml::render(reply, self.prompts.get(&line.name).ok_or_else(unknown)?, urls).map(Xml)
    }

    fn urls(&self, turn: u32, poll: u32) -> Urls {
        let base = &self.base;
        Urls {
            turn: format!("{base}/call/turn?n={turn}"),
            silent: format!("{base}/call/turn?n={turn}&silent=1"),
            wait: format!("{base}/call/wait?n={turn}&poll={poll}"),
            stream: None,
        }
    }
}

/// One sentence, then the call ends.
fn last_words(sentence: Sentence) -> Reply {
    Reply { say: vec![sentence], next: Next::Hangup }
}
