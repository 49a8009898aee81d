use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::accepts::{Document, Method, Verb, check};
use super::account::new_sid;
use super::event::{Ended, Event, What};
use super::interpreter::{Fetch, Go, Interpreter};
use super::report::{Fault, Report, Turn};
use super::script::Script;
use super::stream::{Streamed, milliseconds};
use super::telephone::{Outgoing, Phone, Repeat};
use super::webhook::{Answered, Content, Exchange, WireFault};
use crate::audio::wav;
use crate::twilio::Form;
use crate::types::Clip8k;

/// A stream that runs beside its call.
pub(super) type Beside = AbortOnDropHandle<(Streamed, Vec<What>)>;

/// The function that is told of each event as it happens.
pub(super) type EventListener<'h> = &'h mut (dyn FnMut(&Event) + Send);

impl Phone {
    /// Places a call and stays on the line until it is over.
    pub async fn call(&self, outgoing: &Outgoing, script: Script) -> Report {
        self.call_heard(outgoing, script, &mut |_| {}).await
    }

    /// The same, and tells `heard` of each event as it happens.
    pub async fn call_heard(
        &self,
        outgoing: &Outgoing,
        script: Script,
        heard: &mut (dyn FnMut(&Event) + Send),
    ) -> Report {
        Call::new(self, outgoing, script, heard).conduct().await
    }
}

/// One call while it lasts.
pub(super) struct Call<'p> {
    pub(super) phone: &'p Phone,
    outgoing: &'p Outgoing,
    pub(super) sid: String,
    pub(super) line: Interpreter,
    pub(super) turns: Vec<Turn>,
    pub(super) faults: Vec<Fault>,
    pub(super) streams: Vec<Streamed>,
    pub(super) beside: Vec<Beside>,
    /// When the server closed the last stream, until the next document is there.
    pub(super) closed: Option<Instant>,
    /// How many events `heard` was told.
    pub(super) told: usize,
    /// Up to where the line's time has passed in real time, when paced.
    pub(super) passed_ms: u64,
    pub(super) heard: EventListener<'p>,
}

impl<'p> Call<'p> {
    fn new(phone: &'p Phone, outgoing: &'p Outgoing, script: Script, heard: EventListener<'p>) -> Self {
        Self {
            phone,
            outgoing,
            sid: new_sid("CA"),
            line: Interpreter::new(script, phone.silence, phone.limits),
            turns: Vec::new(),
            faults: Vec::new(),
            streams: Vec::new(),
            beside: Vec::new(),
            closed: None,
            told: 0,
            passed_ms: 0,
            heard,
        }
    }

    /// Stays on the line until the call is over.
    async fn conduct(mut self) -> Report {
        let first = Fetch {
            url: self.outgoing.url.clone(),
            method: Method::Post,
            params: Vec::new(),
            recording: None,
            is_redirect: false,
            caller_is_gone: false,
        };
        let mut go = Go::Fetch(Box::new(first));
        let ended = loop {
            let fetch = match go {
                Go::End(ended) => break ended,
                Go::Fetch(fetch) => fetch,
                Go::Stream(open) => {
                    self.tell().await;
                    go = self.stream(&open).await;
                    self.start_streams();
                    continue;
                }
            };
            self.tell().await;
            if fetch.is_redirect && fetch.url.origin() != self.outgoing.url.origin() {
                let claims = claims(&fetch.url);
                self.line.note(What::Redirected { url: fetch.url.to_string(), claims });
                break Ended::Redirected;
            }
            let caller_is_gone = fetch.caller_is_gone;
            go = match self.turn(*fetch).await {
                Some(_) if caller_is_gone => Go::End(Ended::CallerHungUp),
                Some((document, base)) => self.line.play(&document, &base),
                None => Go::End(Ended::Failed),
            };
            self.start_streams();
        };
        self.end_streams().await;
        self.line.note(What::Ended { how: ended });
        self.tell().await;
        self.report_end(ended).await;
        Report {
            ended,
            line_ms: self.line.at_ms(),
            events: self.line.events().to_vec(),
            call_sid: self.sid,
            turns: self.turns,
            streams: self.streams,
            violations: self.faults,
        }
    }

    /// Sends one webhook and reads the document it is answered with.
    async fn turn(&mut self, fetch: Fetch) -> Option<(Document, Url)> {
        // A recording is reported while its caller is leaving, a stream's end once they have left.
        let has_left = fetch.caller_is_gone && fetch.recording.is_none();
        let mut form = self.form(match (has_left, self.turns.is_empty()) {
            (true, _) => "completed",
            (false, true) => "ringing",
            (false, false) => "in-progress",
        });
        for (name, value) in fetch.params {
            form = form.with(name, value);
        }
        if let Some(clip) = &fetch.recording {
            form = self.keep_recording(form, clip);
        }
        let exchange = self.phone.wire.prepare(&fetch.url, fetch.method, &form);
        let (answer, latency) = self.send(&exchange, &form).await;
        self.note_verdict();
        let latency_ms = milliseconds(latency);
        self.line.wait(latency.as_millis() as u64);
        let status = match &answer {
            Ok(answered) => Some(answered.status),
            Err(fault) => fault.status(),
        };
        self.line.note(What::Asked { url: exchange.url().to_owned(), status, latency_ms });
        let url = exchange.url().to_owned();
        self.turns.push(Turn { url, status, latency_ms, verbs: Vec::new(), exchange });

        let document = match answer {
            Ok(Answered { content, url, .. }) => self.document(content).map(|document| (document, url)),
            Err(fault) => {
                self.fault(fault.code(), &fault.to_string());
                None
            }
        };
        if let (Some((document, _)), Some(turn)) = (&document, self.turns.last_mut()) {
            turn.verbs = document.verbs.iter().map(|verb| verb_name(verb).to_owned()).collect();
        }
        document
    }

    /// Sends a webhook as often as wanted; the last answer counts, and it has to be the first one's.
    async fn send(&mut self, exchange: &Exchange, form: &Form) -> (Result<Answered, WireFault>, Duration) {
        let wire = &self.phone.wire;
        let (first, second) = match self.phone.repeat {
            Repeat::Never => return wire.send(exchange, form).await,
            Repeat::Afterwards => (wire.send(exchange, form).await, wire.send(exchange, form).await),
            Repeat::AtOnce => tokio::join!(wire.send(exchange, form), wire.send(exchange, form)),
        };
        if let ((Ok(first), _), (Ok(second), _)) = (&first, &second)
            && first.content != second.content
            && !is_waiting(&first.content)
            && !is_waiting(&second.content)
        {
            self.fault("repeat_differs", "a repeated webhook was answered differently");
        }
        second
    }

    /// Reads the answer and checks it; text that is no document is read aloud, a sound is played.
    fn document(&mut self, content: Content) -> Option<Document> {
        let body = match content {
            Content::Document(body) => body,
            Content::Text(body) => {
                if let Ok(document) = check(&body) {
                    return Some(document);
                }
                self.fault("http_text", "a text/plain answer is read aloud to the caller");
                let say = Verb::Say { text: body, voice: None, language: "en-US".to_owned(), times: 1 };
                return Some(Document { verbs: vec![say, Verb::Hangup] });
            }
            Content::Sound => {
                let play = Verb::Play { url: "the answer".to_owned(), digits: None, times: 1 };
                return Some(Document { verbs: vec![play, Verb::Hangup] });
            }
        };
        match check(&body) {
            Ok(document) => Some(document),
            Err(violations) => {
                for violation in violations {
                    self.fault(violation.code, &violation.message);
                }
                None
            }
        }
    }

    fn fault(&mut self, code: &str, message: &str) {
        let turn = self.turns.len().saturating_sub(1);
        self.line.note(What::Faulted { code: code.to_owned(), message: message.to_owned() });
        self.faults.push(Fault { turn, code: code.to_owned(), message: message.to_owned() });
    }

    /// Adds the recording and puts its name into the form.
    fn keep_recording(&mut self, form: Form, clip: &Clip8k) -> Form {
        let sid = new_sid("RE");
        if let Err(error) = self.phone.recordings.add(&sid, wav::encode_8k(clip)) {
            self.fault("recording_lost", &format!("the phone could not keep a recording: {error}"));
        }
        let url = format!("https://api.twilio.com/2010-04-01/Accounts/{}/Recordings/{sid}", self.phone.account.sid);
        form.with("RecordingSid", sid).with("RecordingUrl", url)
    }

    /// The form fields that every webhook of the call carries.
    fn form(&self, status: &str) -> Form {
        let Outgoing { from, to, params, .. } = self.outgoing;
        let mut form = Form::default()
            .with("CallSid", self.sid.clone())
            .with("AccountSid", self.phone.account.sid.clone())
            .with("From", from.clone())
            .with("To", to.clone())
            .with("CallStatus", status)
            .with("ApiVersion", "2010-04-01")
            .with("Direction", "inbound")
            .with("Caller", from.clone())
            .with("Called", to.clone());
        for party in ["From", "Caller", "To", "Called"] {
            for detail in ["City", "State", "Zip", "Country"] {
                form = form.with(&format!("{party}{detail}"), "");
            }
        }
        for (name, value) in params {
            form = form.with(name, value.clone());
        }
        form
    }

    /// Tells the server that the call is over; its answer does not matter.
    async fn report_end(&mut self, ended: Ended) {
        let Some(url) = &self.outgoing.status_callback else { return };
        let status = if ended == Ended::Rejected { "busy" } else { "completed" };
        let form = self
            .form(status)
            .with("CallDuration", (self.line.at_ms() / 1000).to_string())
            .with("SequenceNumber", "0")
            .with("CallbackSource", "call-progress-events");
        let exchange = self.phone.wire.prepare(url, Method::Post, &form);
        if let Err(fault @ (WireFault::Status(_) | WireFault::Unreachable(_) | WireFault::TooSlow)) =
            self.phone.wire.send(&exchange, &form).await.0
        {
            self.fault("status_callback", &format!("the status callback failed: {fault}"));
        }
    }
}

/// A document that only holds the line: a repeat of its webhook may find the work done.
fn is_waiting(content: &Content) -> bool {
    let Content::Document(body) = content else { return false };
    let Ok(Document { verbs }) = check(body) else { return false };
    let Some((last, before)) = verbs.split_last() else { return false };
    let holds = |verb: &Verb| matches!(verb, Verb::Say { .. } | Verb::Play { .. } | Verb::Pause { .. });
    matches!(last, Verb::Redirect { .. }) && before.iter().all(holds)
}

/// The claims of a signed token in the URL's query.
fn claims(url: &Url) -> Option<serde_json::Value> {
    url.query_pairs().find_map(|(_, value)| {
        let mut parts = value.split('.');
        let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if signature.is_empty() || parts.next().is_some() {
            return None;
        }
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).ok()?;
        serde_json::from_slice(&bytes).ok()
    })
}

fn verb_name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Say { .. } => "Say",
        Verb::Play { .. } => "Play",
        Verb::Pause { .. } => "Pause",
        Verb::Gather(_) => "Gather",
        Verb::Record(_) => "Record",
        Verb::Redirect { .. } => "Redirect",
        Verb::Dial(_) => "Dial",
        Verb::Connect(_) => "Connect",
        Verb::Start(_) => "Start",
        Verb::Hangup => "Hangup",
        Verb::Reject { .. } => "Reject",
    }
}
