use std::time::Duration;

use reqwest::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use secrecy::SecretString;
use thiserror::Error;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use url::Url;

use crate::twilio::Form;
use crate::twilio::signature::sign;

/// Messages of a server are small; a thousand streams should not hold a hundred megabytes.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");

/// A web socket, with TLS where its URL says so.
pub(in super::super) type Socket = WebSocketStream<reqwest::Upgraded>;

/// Why there is no socket.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub(in super::super) struct Refused {
    /// The status of the answer; none when no answer came.
    pub(in super::super) status: Option<u16>,
    pub(in super::super) message: String,
}

/// An HTTP client whose connections become sockets.
pub(in super::super) fn client() -> reqwest::Result<reqwest::Client> {
    // Another part of the program may have chosen the provider already; then that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("Twilio.TmeWs/1.0")
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(0)
        .build()
}

/// Opens a socket; the request is signed over its URL as it is written, without parameters.
pub(in super::super) async fn open(
    client: &reqwest::Client,
    url: &str,
    token: &SecretString,
    patience: Duration,
) -> Result<Socket, Refused> {
    let refused = |message: String| Refused { status: None, message };
    let at = http(url).ok_or_else(|| refused(format!("`{url}` is not the URL of a web socket")))?;
    let key = generate_key();
    let request = client
        .get(at)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .header(SIGNATURE, sign(url, &Form::default(), token));
    let handshake = async {
        let response = request.send().await.map_err(|error| refused(innermost(&error)))?;
        let status = response.status().as_u16();
        if status != 101 {
            return Err(Refused { status: Some(status), message: format!("refused with status {status}") });
        }
        let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if accept != Some(derive_accept_key(key.as_bytes()).as_str()) {
            return Err(Refused { status: Some(status), message: "the wrong Sec-WebSocket-Accept".to_owned() });
        }
        response.upgrade().await.map_err(|error| refused(innermost(&error)))
    };
    let upgraded =
        tokio::time::timeout(patience, handshake).await.map_err(|_| refused("no answer in time".to_owned()))??;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

/// The same place for an HTTP client.
fn http(url: &str) -> Option<Url> {
    let plain = url.strip_prefix("ws").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"))?;
    Url::parse(&format!("http{plain}")).ok()
}

/// The cause at the bottom, which is the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
