//! An API that says what a test tells it to, under the real server's pages; it keeps what it was sent.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use callprint::audio::wav;
use callprint::types::Clip16k;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::house::{House, settings};

/// The routes of the API that pages use.
const ROUTES: [&str; 6] =
    ["/demo/token", "/create-profile", "/enroll", "/start-auth", "/verify-voice", "/v1/voice/verify"];

/// One request of a page.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// The fields of the JSON or of the form, without the audio.
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) audio: Option<Clip16k>,
}

/// The stand-in, on a port of its own.
pub(crate) struct StandIn {
    pub(crate) base: String,
    script: Arc<Script>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    /// Where the pages come from.
    house: String,
    answers: Mutex<VecDeque<(u16, Value)>>,
    sent: Mutex<Vec<Sent>>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StandIn {
    /// An API in front of this house, which gives its pages.
    pub(crate) async fn before(house: &House) -> Self {
        let script = Arc::new(Script { house: house.base.clone(), ..Script::default() });
        let mut router = Router::new().fallback(pages);
        for path in ROUTES {
            router = router.route(path, post(answer));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = router.with_state(Arc::clone(&script));
        let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { base, script, server }
    }

    /// What the next requests are answered, in turn; tokens are given in between without being asked for.
    pub(crate) fn answers<const N: usize>(&self, answers: [(u16, Value); N]) {
        self.script.answers.lock().unwrap().extend(answers);
    }

    /// Everything sent so far, oldest first, but for the requests of tokens.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.script.sent.lock().unwrap().clone()
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let is_form = headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("multipart/form-data");
    let (fields, audio) = if is_form { form(request).await } else { (json_fields(request).await, None) };
    if path == "/demo/token" {
        return axum::Json(json!({ "token": format!("token-of-{}", fields["user_id"]) })).into_response();
    }
    script.sent.lock().unwrap().push(Sent { path, headers, fields, audio });
    let (status, body) = script.answers.lock().unwrap().pop_front().expect("the script has no more answers");
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

async fn json_fields(request: Request) -> BTreeMap<String, String> {
    serde_json::from_slice(&Bytes::from_request(request, &()).await.unwrap()).unwrap()
}

async fn form(request: Request) -> (BTreeMap<String, String>, Option<Clip16k>) {
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    let (mut fields, mut audio) = (BTreeMap::new(), None);
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if field.file_name().is_none() {
            fields.insert(name, field.text().await.unwrap());
            continue;
        }
        assert_eq!(name, "audio");
        let bytes = field.bytes().await.unwrap();
        let clip = wav::decode(&bytes, &settings("").audio).unwrap();
        audio = Some(clip);
    }
    (fields, audio)
}

/// The house's own page or file, with its headers.
async fn pages(State(script): State<Arc<Script>>, request: Request) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client.get(format!("{}{}", script.house, request.uri())).send().await.unwrap();
    let (status, headers) = (page.status(), page.headers().clone());
    (status, headers, page.bytes().await.unwrap()).into_response()
}
