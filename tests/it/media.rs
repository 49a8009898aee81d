//! Takes by stream: a provider's socket in the hands of a test.

mod conformance;
mod faults;
pub(crate) mod line;
mod memory;
mod takes;

use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, http};

use self::line::Line;
use crate::house::House;
use crate::wait::eventually;
use crate::wire::Answer;

pub(crate) const ANNA: &str = "+15550101";

/// The number of the line that records: callers enroll there, so that a test needs no streams for it.
pub(crate) const RECORDS: &str = "+15550198";

/// A line that streams, and one that records.
const LINES: &str =
    "[lines.streams]\naudio = \"stream\"\n[lines.records]\naudio = \"record\"\nnumbers = [\"+15550198\"]\n";

/// A call that was asked to stream its take: turn 2 takes it.
pub(crate) struct Invited {
    pub(crate) form: Form,
    pub(crate) call: String,
    pub(crate) token: String,
}

/// Where a stream's end is reported.
pub(crate) const ACTION: &str = "/call/turn?n=2&stream=1";

impl House {
    /// A house whose line streams, in which Anna is enrolled.
    pub(crate) async fn streaming() -> Self {
        Self::streaming_with("").await
    }

    /// The same with further settings.
    pub(crate) async fn streaming_with(own: &str) -> Self {
        Self::knowing(&format!("{own}\n{LINES}"), "anna", ANNA, LINES, RECORDS).await
    }

    /// Call `n` of Anna's, up to the point where the passphrase is to be said into a stream.
    pub(crate) async fn invited(&self, n: u32) -> Invited {
        let form = self.form(n, ANNA);
        self.post("/incoming_call", &form).await;
        let asked = self.post("/call/turn?n=1&silent=1", &form).await;
        let token = asked.body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.unwrap_or_else(|| panic!("no stream: {}", asked.body)).to_owned();
        Invited { form, call: format!("CA{n:032x}"), token }
    }

    /// The socket's address.
    pub(crate) fn socket_url(&self) -> String {
        format!("{}/media", self.base.replacen("http", "ws", 1))
    }

    /// Opens a socket as the provider does.
    pub(crate) async fn dial(&self) -> Line {
        let signature = sign(&self.socket_url(), &Form::default(), &self.account.token);
        self.dial_as(Some(&signature)).await.expect("the handshake is in order")
    }

    /// Opens a socket with this signature, or none; the status it is refused with.
    pub(crate) async fn dial_as(&self, signature: Option<&str>) -> Result<Line, http::StatusCode> {
        let mut request = self.socket_url().into_client_request().unwrap();
        if let Some(signature) = signature {
            request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Line::new(socket, self.account.sid.clone())),
            Err(tungstenite::Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until there were so many attempts.
    pub(crate) async fn attempt(&self, count: usize) {
        let judged = || async { (self.verdicts().await.len() >= count).then_some(()) };
        eventually(30, "no verdict", judged).await;
    }

    /// Reports that the stream of turn 2 is over, and waits for what comes of it.
    pub(crate) async fn stream_is_over(&self, invited: &Invited) -> Answer {
        let mut answer = self.post(ACTION, &invited.form).await;
        for poll in 1..40 {
            if !answer.body.contains("/call/wait") {
                return answer;
            }
            answer = self.post(&format!("/call/wait?n=2&poll={poll}"), &invited.form).await;
        }
        panic!("the caller is asked to hold for ever");
    }
}
