//! Somebody who is told things over HTTP, at `/told`.

use std::time::Duration;

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Has the receiver answer with this from now on, so many times.
pub(crate) async fn answers(receiver: &MockServer, status: u16, times: u64) {
    let answer = ResponseTemplate::new(status).insert_header("location", "/elsewhere");
    Mock::given(method("POST")).and(path("/told")).respond_with(answer).up_to_n_times(times).mount(receiver).await;
}

/// Waits until it was told so many things.
pub(crate) async fn told(receiver: &MockServer, count: usize) -> Vec<Request> {
    let waiting = async {
        loop {
            let requests = receiver.received_requests().await.unwrap();
            if requests.len() >= count {
                return requests;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("nobody was told")
}
