use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpListener;
use tokio_util::io::ReaderStream;
use tokio_util::task::AbortOnDropHandle;

use super::{Account, Recordings, Trouble};
use crate::types::RecordingSid;

/// How often a process looks whether the address has become free.
const TRY_BIND_EVERY: Duration = Duration::from_millis(50);

/// A stand-in for the provider's REST API; it stops when dropped.
///
/// Recordings as WAV, with the 404 of one that is not ready yet; their deletion; the account itself.
pub struct Provider {
    address: SocketAddr,
    _server: AbortOnDropHandle<()>,
}

impl Provider {
    /// Serves recordings on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(address: SocketAddr, account: Account, recordings: Recordings) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, _server: AbortOnDropHandle::new(tokio::spawn(serve(listener, account, recordings))) })
    }

    /// Serves shared recordings once no other process serves on this address.
    ///
    /// Until then the process that holds the address serves our recordings as well.
    pub fn take_over(address: SocketAddr, account: Account, recordings: Recordings) -> Self {
        let server = tokio::spawn(async move {
            loop {
                match TcpListener::bind(address).await {
                    Ok(listener) => return serve(listener, account, recordings).await,
                    Err(_) => tokio::time::sleep(TRY_BIND_EVERY).await,
                }
            }
        });
        Self { address, _server: AbortOnDropHandle::new(server) }
    }

    /// The base URL to configure as `twilio.api_base`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[derive(Clone)]
struct Office {
    account: Arc<Account>,
    recordings: Recordings,
}

async fn serve(listener: TcpListener, account: Account, recordings: Recordings) {
    let office = Office { account: Arc::new(account), recordings };
    let api = Router::new()
        .route("/2010-04-01/Accounts/{account}/Recordings/{recording}", get(fetch).delete(delete))
        .route("/2010-04-01/Accounts/{account}", get(account_details))
        .fallback(|| async { not_found() })
        .layer(middleware::from_fn_with_state(office.clone(), authenticate))
        .with_state(office);
    // This task is never awaited; a socket that fails shows as an API that does not answer.
    let _ = axum::serve(listener, api).await;
}

/// HTTP Basic, as the provider requires for media and everything else.
async fn authenticate(State(office): State<Office>, request: Request, next: Next) -> Response {
    if is_authentic(&office.account, request.headers()) {
        return next.run(request).await;
    }
    let body = error_xml(20003, "Authenticate");
    let headers = [(header::CONTENT_TYPE, "application/xml"), (header::WWW_AUTHENTICATE, "Basic realm=\"API\"")];
    (StatusCode::UNAUTHORIZED, headers, body).into_response()
}

/// The account's id, or an API key's (`SK…`), with the token.
fn is_authentic(account: &Account, headers: &HeaderMap) -> bool {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let decoded = header.and_then(|text| text.strip_prefix("Basic ")).and_then(|text| BASE64.decode(text).ok());
    let pair = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    pair.as_deref().and_then(|pair| pair.split_once(':')).is_some_and(|(user, password)| {
        (user == account.sid || user.starts_with("SK")) && password == account.token.expose_secret()
    })
}

async fn fetch(State(office): State<Office>, Path((account, file)): Path<(String, String)>) -> Response {
    let name = file.strip_suffix(".wav").unwrap_or(&file);
    let Ok(sid) = RecordingSid::parse(name) else { return not_found() };
    if account != office.account.sid {
        return not_found();
    }
    let (wav, trouble) = office.recordings.fetch(sid.as_str());
    match (trouble, wav) {
        (Trouble::ServerError, _) => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response(),
        (Trouble::ErrorAsAudio, _) => audio(error_xml(20404, "The requested resource was not found").into_bytes()),
        (Trouble::Huge(bytes), _) => audio(vec![0; bytes]),
        (Trouble::NeverReady, _) | (_, None) => not_found(),
        (Trouble::CutFile, Some(wav)) => audio(wav[..wav.len() / 2].to_vec()),
        (Trouble::CutConnection, Some(wav)) => cut_connection(&wav),
        (Trouble::Slow(time), Some(wav)) => {
            tokio::time::sleep(time).await;
            audio(wav)
        }
        (Trouble::None, Some(wav)) => audio(wav),
    }
}

async fn delete(State(office): State<Office>, Path((account, file)): Path<(String, String)>) -> Response {
    let name = file.strip_suffix(".json").unwrap_or(&file);
    let Ok(sid) = RecordingSid::parse(name) else { return not_found() };
    if account != office.account.sid {
        return not_found();
    }
    match office.recordings.delete(sid.as_str()) {
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(true) => StatusCode::NO_CONTENT.into_response(),
        Some(false) => not_found(),
    }
}

async fn account_details(State(office): State<Office>, Path(file): Path<String>) -> Response {
    let sid = &office.account.sid;
    if file.strip_suffix(".json") != Some(sid) {
        return not_found();
    }
    axum::Json(serde_json::json!({
        "sid": sid, "friendly_name": "Simulated account", "status": "active", "type": "Full",
        "uri": format!("/2010-04-01/Accounts/{sid}.json"),
    }))
    .into_response()
}

fn audio(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "audio/x-wav")], bytes).into_response()
}

/// Half of the file, then the connection breaks.
fn cut_connection(wav: &[u8]) -> Response {
    let body = Body::from_stream(ReaderStream::new(Breaking { rest: wav[..wav.len() / 2].to_vec() }));
    ([(header::CONTENT_TYPE, "audio/x-wav")], body).into_response()
}

/// Reads what there is, then fails.
struct Breaking {
    rest: Vec<u8>,
}

impl AsyncRead for Breaking {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let count = self.rest.len().min(into.remaining());
        into.put_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Poll::Ready(Ok(()))
    }
}

fn not_found() -> Response {
    let body = error_xml(20404, "The requested resource was not found");
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

/// The shape of the provider's error document, in our words.
fn error_xml(code: u32, message: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException><Code>{code}</Code>\
         <Message>{message}</Message></RestException></TwilioResponse>"
    )
}
