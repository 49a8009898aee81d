//! Conversations that a client has listened to: its API, its webhook, and a provider's socket in the hands of a test.

mod api;
mod events;
mod faults;
mod reports;
mod telnyx;
mod verdicts;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::house::{House, pressed, spoken as said};
use crate::media::line::{Line, silence, spoken};
use crate::media::{ANNA, RECORDS};
use crate::wait::eventually;
use callprint::phone::Script;
use callprint::twilio::Form;
use callprint::twilio::signature::sign;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A call of the client's own, of which we know nothing.
const CALL: &str = "CA00000000000000000000000000000077";

/// A listening that waits for its stream.
struct Asked {
    id: String,
    token: String,
}

impl House {
    /// A house whose client may listen, in which Anna is enrolled.
    async fn listening() -> Self {
        Self::listening_with("").await
    }

    /// The same with further settings of the section.
    async fn listening_with(own: &str) -> Self {
        Self::streaming_with(&format!("[listening]\napi_key = \"{KEY}\"\n{own}")).await
    }

    /// One request of the client's.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let bearer = format!("Bearer {KEY}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.send(method, path, &headers, body).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}")))
    }

    /// Asks to listen to Anna.
    async fn asked(&self, more: Value) -> Asked {
        let mut body = json!({ "caller": { "number": ANNA } });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let (status, answer) = self.ask(Method::POST, "/v1/listenings", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Asked { id: text(&answer["id"]), token: text(&answer["stream"]["parameters"]["token"]) }
    }

    /// How a listening stands.
    async fn stands(&self, asked: &Asked) -> Value {
        let (status, answer) = self.ask(Method::GET, &format!("/v1/listenings/{}", asked.id), &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Waits until a listening is over, or is what is asked for.
    async fn until(&self, asked: &Asked, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(30, "it stays as it is", || async { Some(self.stands(asked).await).filter(&is_it) }).await
    }

    /// Waits until a listening is over: its status, decision and reason.
    async fn ending(&self, asked: &Asked) -> String {
        let view = self.until(asked, |view| !view["finished_at"].is_null()).await;
        let words = ["status", "decision", "reason"].map(|key| view[key].as_str());
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Opens a stream for a listening, of that call; again, where a busy machine has turned new streams away.
    async fn streamed(&self, asked: &Asked, call: &str) -> Line {
        let signature = sign(&self.socket_url(), &Form::default(), &self.account.token);
        let dialled = || async { self.dial_as(Some(&signature)).await.map_err(|status| assert_eq!(status, 503)).ok() };
        let mut line = eventually(30, "no place for a stream", dialled).await;
        let start = line.start(call, &asked.token);
        line.say(start).await;
        line
    }

    /// Has Anna's voiceprint deleted at her own wish.
    async fn anna_opts_out(&self) {
        let mut outgoing = self.outgoing(ANNA);
        RECORDS.clone_into(&mut outgoing.to);
        let script = Script::by_kind([pressed("9"), pressed("1")], [said("anna_pass_5")]);
        let report = self.phone().call(&outgoing, script).await;
        assert!(!self.caller(ANNA).await.unwrap().is_enrolled, "{:#?}", report.to_json());
    }
}

/// These recordings one after the other, with pauses.
fn speech(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| [silence(600), spoken(name)].concat()).collect()
}

/// What Anna may say to an agent: twelve seconds.
fn anna() -> Vec<u8> {
    speech(&["anna_other_1", "anna_pass_5", "anna_other_2", "anna_digits_1", "anna_pass_6"])
}

/// What somebody else says: twenty.
fn ben() -> Vec<u8> {
    speech(&["ben_other_1", "ben_pass_5", "ben_other_2", "ben_digits_1", "ben_pass_6", "ben_pass_1"])
}

/// The other one, who says something else.
fn agent() -> Vec<u8> {
    speech(&["hugo_other_1", "hugo_pass_5", "hugo_other_2", "hugo_digits_1", "hugo_pass_6"])
}

fn stop() -> Value {
    json!({ "event": "stop", "stop": { "callSid": CALL } })
}
