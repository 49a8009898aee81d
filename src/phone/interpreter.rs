use std::collections::VecDeque;
use std::time::Duration;

use url::Url;

use super::event::{Ended, Event, What};
use super::recorder::{self, Recorded};
use super::script::{Answer, Question, Script};
use super::stream::StreamEnd;
use crate::phone::accepts::{Connect, Dial, Document, Gather, Method, Record, Start, Tracks, Verb};

/// Speech takes about 65 ms a letter: 150 words a minute.
const MS_PER_LETTER: u64 = 65;
/// How long a recorded prompt is taken to be; it is not fetched.
const PROMPT_MS: u64 = 4_000;
/// A caller needs this long for each key.
const MS_PER_KEY: u64 = 400;
/// How long a connected agent is taken to talk.
const AGENT_MS: u64 = 10_000;
/// `loop="0"` goes on until hang-up, at most so often.
const ENDLESS: u32 = 1_000;

/// Does what documents say, with a script in the caller's place. It never waits and never fetches.
#[derive(Debug)]
pub struct Interpreter {
    script: Script,
    silence: Silence,
    limits: Limits,
    at_ms: u64,
    documents: u32,
    verbs: u32,
    has_dialed: bool,
    events: Vec<Event>,
    /// The rest of the document, and its URL.
    rest: VecDeque<Verb>,
    base: Option<Url>,
    /// The stream that is open.
    open: Option<(Connect, Answer)>,
    /// Streams that run beside the call and have not been opened yet.
    started: Vec<Open>,
}

/// The provider's step after a silent recording; its documentation says both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Silence {
    /// Reports it like any other.
    #[default]
    Recorded,
    /// Goes on with the next verb.
    FallsThrough,
}

/// Bounds of a call: beyond them it goes round in circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Documents done.
    pub documents: u32,
    /// Verbs done.
    pub verbs: u32,
    /// Length on the line's clock.
    pub line_ms: u64,
    /// How long an answer may take, in real time.
    pub answer: Duration,
}

impl Default for Limits {
    /// An enrollment with every hint takes about 40 documents and 5 minutes; the provider waits 15 s for an answer.
    fn default() -> Self {
        Self { documents: 300, verbs: 2_000, line_ms: 3_600_000, answer: Duration::from_secs(15) }
    }
}

/// The next step after a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Go {
    /// Another document.
    Fetch(Box<Fetch>),
    /// A stream; [`Interpreter::streamed`] says what comes after it.
    Stream(Box<Open>),
    /// Nothing.
    End(Ended),
}

/// How the next document is fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetch {
    /// Where it is.
    pub url: Url,
    /// How.
    pub method: Method,
    /// Parameters of the caller's act, besides those of every webhook.
    pub params: Vec<(&'static str, String)>,
    /// The recording that was made.
    pub recording: Option<crate::types::Clip8k>,
    /// Whether a `<Redirect>` asked for it, not an action.
    pub is_redirect: bool,
    /// Whether the caller has hung up: the answer goes nowhere.
    pub caller_is_gone: bool,
}

/// A stream to open.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// The web socket, `ws://` or `wss://`.
    pub url: String,
    /// Parameters that it is told at its start: names and values, in order.
    pub params: Vec<(String, String)>,
    /// The caller's answer.
    pub answer: Answer,
    /// Whose side of the call it gets.
    pub tracks: Tracks,
}

impl Interpreter {
    /// A call at its beginning.
    pub fn new(script: Script, silence: Silence, limits: Limits) -> Self {
        Self {
            script,
            silence,
            limits,
            at_ms: 0,
            documents: 0,
            verbs: 0,
            has_dialed: false,
            events: Vec::new(),
            rest: VecDeque::new(),
            base: None,
            open: None,
            started: Vec::new(),
        }
    }

    /// Time on the line since the call began.
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// The events so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u64) {
        self.at_ms = self.at_ms.saturating_add(ms);
    }

    /// Notes what happened outside the documents.
    pub fn note(&mut self, what: What) {
        self.events.push(Event { at_ms: self.at_ms, what });
    }

    /// Does one document, found at `base`, and says what comes next.
    pub fn play(&mut self, document: &Document, base: &Url) -> Go {
        self.documents += 1;
        self.rest = document.verbs.iter().cloned().collect();
        self.base = Some(base.clone());
        self.go_on(base)
    }

    /// Goes on after a stream that ended so.
    ///
    /// An answer that was not heard, because the stream was refused, is given again when the next take is asked for.
    pub fn streamed(&mut self, end: StreamEnd) -> Go {
        let (Some((connect, answer)), Some(base)) = (self.open.take(), self.base.clone()) else {
            return Go::End(Ended::Failed);
        };
        match end {
            StreamEnd::TooLong => return Go::End(Ended::TooLong),
            StreamEnd::Refused => self.script.take_back(Question::Take, answer),
            StreamEnd::Closed | StreamEnd::Broken | StreamEnd::HungUp | StreamEnd::Stopped => {}
        }
        let is_gone = end == StreamEnd::HungUp;
        match connect.action.as_deref() {
            None if is_gone => Go::End(Ended::CallerHungUp),
            None => self.go_on(&base),
            Some(action) => match self.fetch(Some(action), &base, connect.method) {
                Ok(fetch) => Go::Fetch(Box::new(Fetch { caller_is_gone: is_gone, ..fetch })),
                Err(ended) => Go::End(ended),
            },
        }
    }

    /// The streams that a `<Start>` asked for since this was called last.
    pub fn started(&mut self) -> Vec<Open> {
        std::mem::take(&mut self.started)
    }

    /// Does what is left of the document.
    fn go_on(&mut self, base: &Url) -> Go {
        while let Some(verb) = self.rest.pop_front() {
            if self.is_beyond_limits() {
                return Go::End(Ended::TooLong);
            }
            self.verbs += 1;
            if let Some(go) = self.perform(&verb, base) {
                return go;
            }
        }
        Go::End(if self.has_dialed { Ended::Dialed } else { Ended::RanOut })
    }

    fn is_beyond_limits(&self) -> bool {
        self.documents > self.limits.documents || self.verbs > self.limits.verbs || self.at_ms > self.limits.line_ms
    }

    /// Does one verb; `None` goes on with the next.
    fn perform(&mut self, verb: &Verb, base: &Url) -> Option<Go> {
        match verb {
            Verb::Say { text, times, .. } => self.say(text, *times),
            Verb::Play { url, digits, times } => self.play_prompt(digits.as_deref().unwrap_or(url), *times),
            Verb::Pause { seconds } => self.wait(seconds_to_ms(*seconds)),
            Verb::Gather(gather) => return self.gather(gather, base),
            Verb::Record(record) => return self.record(record, base),
            Verb::Dial(dial) => return self.dial(dial, base),
            Verb::Connect(connect) => return self.connect(connect, base),
            Verb::Start(start) => self.start(start, base),
            Verb::Redirect { url, method } => {
                return Some(
                    self.fetch(Some(url), base, *method)
                        .map_or_else(Go::End, |fetch| Go::Fetch(Box::new(Fetch { is_redirect: true, ..fetch }))),
                );
            }
            Verb::Hangup => return Some(Go::End(if self.has_dialed { Ended::Dialed } else { Ended::HungUp })),
            Verb::Reject { .. } => return Some(Go::End(Ended::Rejected)),
        }
        None
    }

    fn say(&mut self, text: &str, times: u32) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let ms = MS_PER_LETTER.saturating_mul(text.chars().count() as u64);
        self.note(What::Said { text });
        self.wait(ms.saturating_mul(repeats(times)));
    }

    fn play_prompt(&mut self, url: &str, times: u32) {
        self.note(What::Played { url: url.trim().to_owned() });
        self.wait(PROMPT_MS.saturating_mul(repeats(times)));
    }

    fn gather(&mut self, gather: &Gather, base: &Url) -> Option<Go> {
        for child in &gather.children {
            match child {
                Verb::Say { text, times, .. } => self.say(text, *times),
                Verb::Play { url, digits, times } => self.play_prompt(digits.as_deref().unwrap_or(url), *times),
                Verb::Pause { seconds } => self.wait(seconds_to_ms(*seconds)),
                // The check refuses other children; the provider ignores them.
                _ => {}
            }
        }
        let keys = match self.script.answer(Question::Keys) {
            Answer::Keys(keys) => keys,
            Answer::HangUp => return Some(Go::End(Ended::CallerHungUp)),
            Answer::Nothing | Answer::Say(_) | Answer::ReadBack(_) => String::new(),
        };
        let typed = Typed::new(&keys, gather);
        if !keys.is_empty() {
            self.note(What::Pressed { keys: keys.clone() });
            self.wait(MS_PER_KEY.saturating_mul(keys.len() as u64));
        }
        if !typed.is_complete {
            let ms = seconds_to_ms(gather.timeout_s);
            self.wait(ms);
            if keys.is_empty() {
                self.note(What::Waited { ms });
            }
        }
        if typed.digits.is_empty() && !gather.action_on_empty_result {
            return None;
        }
        let mut params = vec![("Digits", typed.digits)];
        params.extend(typed.finish.map(|key| ("FinishedOnKey", key.to_string())));
        Some(self.go(gather.action.as_deref(), base, gather.method, params))
    }

    /// The caller's answer to a take; a number is read out as it was last asked for.
    fn take(&mut self) -> Answer {
        let answer = self.script.answer(Question::Take);
        let Answer::ReadBack(voice) = &answer else { return answer };
        let said = self.events.iter().rev().find_map(|event| match &event.what {
            What::Said { text } => Some(text.as_str()),
            _ => None,
        });
        said.and_then(|text| voice.read(text)).map_or(Answer::Nothing, Answer::Say)
    }

    fn record(&mut self, verb: &Record, base: &Url) -> Option<Go> {
        let answer = self.take();
        let Recorded { clip, length_ms, is_silent, key, hung_up } = recorder::record(verb, &answer);
        match &answer {
            Answer::Say(said) => {
                let (take, words) = (said.name.clone(), said.words.clone());
                self.note(What::Spoke { take, words, recorded_ms: length_ms });
            }
            Answer::Keys(keys) => self.note(What::Pressed { keys: keys.clone() }),
            Answer::Nothing | Answer::HangUp | Answer::ReadBack(_) => {}
        }
        self.wait(length_ms);
        if let (Answer::Say(_), Some(key)) = (&answer, key) {
            self.note(What::Pressed { keys: key.to_string() });
        }
        if matches!(answer, Answer::Nothing) {
            self.note(What::Waited { ms: length_ms });
        }
        if is_silent && !hung_up && key.is_none() && self.silence == Silence::FallsThrough {
            return None;
        }
        let digits = if hung_up { Some("hangup".to_owned()) } else { key.map(String::from) };
        let seconds = (length_ms as f64 / 1000.0).round() as u64;
        let mut params = vec![("RecordingDuration", seconds.to_string())];
        params.extend(digits.map(|digits| ("Digits", digits)));
        let fetch = match self.fetch(verb.action.as_deref(), base, verb.method) {
            Ok(fetch) => fetch,
            Err(ended) => return Some(Go::End(ended)),
        };
        Some(Go::Fetch(Box::new(Fetch { params, recording: Some(clip), caller_is_gone: hung_up, ..fetch })))
    }

    fn dial(&mut self, dial: &Dial, base: &Url) -> Option<Go> {
        self.note(What::Dialed { number: dial.number.trim().to_owned() });
        self.wait(AGENT_MS);
        self.has_dialed = true;
        let action = dial.action.as_deref()?;
        let seconds = (AGENT_MS / 1000).to_string();
        let params = vec![("DialCallStatus", "completed".to_owned()), ("DialCallDuration", seconds)];
        Some(self.go(Some(action), base, dial.method, params))
    }

    fn connect(&mut self, connect: &Connect, base: &Url) -> Option<Go> {
        let Some(url) = self.socket(&connect.url, base) else {
            let action = connect.action.as_deref()?;
            return Some(self.go(Some(action), base, connect.method, Vec::new()));
        };
        let answer = self.take();
        self.open = Some((connect.clone(), answer.clone()));
        Some(Go::Stream(Box::new(Open { url, params: connect.parameters.clone(), answer, tracks: Tracks::Inbound })))
    }

    /// The caller's next take is what the stream hears of them.
    fn start(&mut self, start: &Start, base: &Url) {
        if let Some(url) = self.socket(&start.url, base) {
            let answer = if start.tracks.has_inbound() { self.take() } else { Answer::Nothing };
            self.started.push(Open { url, params: start.parameters.clone(), answer, tracks: start.tracks });
        }
    }

    /// A stream's URL as it is spelled; a relative one lies beside the document.
    fn socket(&mut self, spelled: &str, base: &Url) -> Option<String> {
        let spelled = spelled.trim();
        let url = if spelled.starts_with("ws://") || spelled.starts_with("wss://") {
            Url::parse(spelled).ok().map(|_| spelled.to_owned())
        } else {
            let joined = base.join(spelled).ok().map(String::from);
            joined.and_then(|url| url.strip_prefix("http").map(|rest| format!("ws{rest}")))
        };
        if url.is_none() {
            let message = format!("`{spelled}` is not the URL of a web socket");
            self.note(What::Faulted { code: "bad_url".to_owned(), message });
        }
        url
    }

    fn go(&mut self, action: Option<&str>, base: &Url, method: Method, params: Vec<(&'static str, String)>) -> Go {
        match self.fetch(action, base, method) {
            Ok(fetch) => Go::Fetch(Box::new(Fetch { params, ..fetch })),
            Err(ended) => Go::End(ended),
        }
    }

    /// Resolves a URL against the document's; no URL is the document's own.
    fn fetch(&mut self, url: Option<&str>, base: &Url, method: Method) -> Result<Fetch, Ended> {
        let resolved = url.map_or_else(|| Ok(base.clone()), |url| base.join(url.trim()));
        let Some(url) = resolved.ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
            let message = format!("`{}` is not a URL to go on at", url.unwrap_or_default());
            self.note(What::Faulted { code: "bad_url".to_owned(), message });
            return Err(Ended::Failed);
        };
        Ok(Fetch { url, method, params: Vec::new(), recording: None, is_redirect: false, caller_is_gone: false })
    }
}

/// The digits that the provider reports for pressed keys.
struct Typed {
    digits: String,
    finish: Option<char>,
    is_complete: bool,
}

impl Typed {
    fn new(keys: &str, gather: &Gather) -> Self {
        let mut typed = Self { digits: String::new(), finish: None, is_complete: false };
        for key in keys.chars().filter(|key| key.is_ascii_digit() || matches!(key, '*' | '#')) {
            if gather.finish_on_key.contains(key) {
                return Self { finish: Some(key), is_complete: true, ..typed };
            }
            typed.digits.push(key);
            if gather.num_digits.is_some_and(|count| typed.digits.len() >= count as usize) {
                return Self { is_complete: true, ..typed };
            }
        }
        typed
    }
}

fn repeats(times: u32) -> u64 {
    u64::from(if times == 0 { ENDLESS } else { times.min(ENDLESS) })
}

fn seconds_to_ms(seconds: u32) -> u64 {
    u64::from(seconds) * 1000
}
