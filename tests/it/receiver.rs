//! Somebody who is told things over HTTP, at `/told`.

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::wait::eventually;

/// Has the receiver answer with this from now on, so many times.
pub(crate) async fn answers(receiver: &MockServer, status: u16, times: u64) {
    let answer = ResponseTemplate::new(status).insert_header("location", "/elsewhere");
    Mock::given(method("POST")).and(path("/told")).respond_with(answer).up_to_n_times(times).mount(receiver).await;
}

/// Waits until it was told so many things.
pub(crate) async fn told(receiver: &MockServer, count: usize) -> Vec<Request> {
    let enough = || async { receiver.received_requests().await.filter(|requests| requests.len() >= count) };
    eventually(30, "nobody was told", enough).await
}
