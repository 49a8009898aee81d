//! A server that answers each path with the documents it was given, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use callprint::phone::{Account, Answer, Outgoing, Phone, Recordings, Report, Script, Then, Utterance};
use callprint::twilio::Form;
use callprint::types::Clip8k;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

pub(super) const CALLER: &str = "+15550100";
pub(super) const LINE: &str = "+15550199";

#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) headers: HeaderMap,
    pub(super) form: Form,
}

impl Asked {
    pub(super) fn get(&self, name: &str) -> &str {
        self.form.get(name).unwrap_or("(absent)")
    }
}

/// What one request to a path is answered with.
#[derive(Clone)]
pub(super) enum Reply {
    Twiml(String),
    Typed(&'static str, Vec<u8>),
    Status(u16),
    Location(u16, &'static str),
    Never,
}

#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    replies: BTreeMap<String, VecDeque<Reply>>,
    asked: Vec<Asked>,
}

pub(super) struct AnsweringMachine {
    pub(super) base: Url,
    desk: Desk,
    _server: AbortOnDropHandle<()>,
}

impl AnsweringMachine {
    /// Each path's replies in order; the last one stays.
    pub(super) async fn start(replies: &[(&str, Reply)]) -> Self {
        let desk = Desk::default();
        for (path, reply) in replies {
            desk.0.lock().unwrap().replies.entry((*path).to_owned()).or_default().push_back(reply.clone());
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().fallback(answer).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, desk, _server: AbortOnDropHandle::new(server) }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.desk.0.lock().unwrap().asked.clone()
    }

    pub(super) fn outgoing(&self) -> Outgoing {
        Outgoing::new(self.base.join("start").unwrap(), CALLER, LINE)
    }
}

async fn answer(State(desk): State<Desk>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = {
        let mut inner = desk.0.lock().unwrap();
        let path_and_query = uri.path_and_query().unwrap().to_string();
        inner.asked.push(Asked { method, path_and_query, headers, form: Form::parse(&body).unwrap() });
        let replies = inner.replies.get_mut(uri.path());
        replies.and_then(|replies| if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() })
    };
    match reply {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Reply::Twiml(body)) => ([("content-type", "text/xml; charset=utf-8")], body).into_response(),
        Some(Reply::Typed("", body)) => Response::new(body.into()),
        Some(Reply::Typed(kind, body)) => ([("content-type", kind)], body).into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::Location(status, to)) => {
            (StatusCode::from_u16(status).unwrap(), [("location", to)]).into_response()
        }
        Some(Reply::Never) => std::future::pending().await,
    }
}

/// A document with these verbs.
pub(super) fn twiml(verbs: &str) -> Reply {
    Reply::Twiml(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>"))
}

pub(super) fn phone() -> (Phone, Recordings) {
    let recordings = Recordings::new();
    let account = Account { sid: format!("AC{:032x}", 7), token: "12345".into() };
    (Phone::new(account, recordings.clone()).unwrap(), recordings)
}

/// Calls a machine that answers the first webhook with `verbs`, and everything else by hanging up.
pub(super) async fn call(verbs: &str, answers: Vec<Answer>) -> (Report, Vec<Asked>) {
    let hangup = twiml("<Hangup/>");
    let replies = [("/start", twiml(verbs)), ("/next", hangup.clone()), ("/other", hangup)];
    let machine = AnsweringMachine::start(&replies).await;
    let report = phone().0.call(&machine.outgoing(), Script::in_order(answers)).await;
    (report, machine.asked())
}

/// A tone of so many milliseconds.
pub(super) fn tone(ms: u32) -> Utterance {
    let samples: Vec<f32> = (0..ms * 8).map(|at| 0.3 * (at as f32 * 0.5).sin()).collect();
    Utterance { name: "tone".to_owned(), words: None, clip: Clip8k::new(samples), then: Then::Wait }
}
