use std::time::Duration;

use tokio::time::Instant;

use super::super::account::Account;
use super::super::event::What;
use super::network::Network;
use super::run::{FrameSource, Opening, carry, milliseconds};
use super::sides::Sides;
use super::socket::{self, Refused};
use super::streamed::Streamed;
use crate::types::Clip8k;

/// The provider's own patience is not known; a webhook's is this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// A stream that only listens: what a `<Start>` opens.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The web socket, as the document spells it.
    pub url: String,
    /// Who signs.
    pub account: Account,
    /// The provider's id of the call.
    pub call_sid: String,
    /// Parameters that the socket is told at its start.
    pub params: Vec<(String, String)>,
    /// The caller's voice; `None` when this side is not sent.
    pub inbound: Option<Clip8k>,
    /// The sound that the caller hears; `None` when this side is not sent.
    pub outbound: Option<Clip8k>,
}

/// Sends the sides of a call to a web socket, until both clips are over or the server closes.
///
/// Messages of the server are ignored, as the provider does; a frame is lost or doubled on both sides at once.
/// Gives also what happened, what the provider would not have taken among it, as [`What::Faulted`].
///
/// ```no_run
/// # async fn example(account: callprint::phone::Account, clip: callprint::types::Clip8k) {
/// use callprint::phone::{Listening, Network, StreamEnd, listen};
/// let listening = Listening {
///     url: "ws://127.0.0.1:8080/media".to_owned(),
///     account,
///     call_sid: format!("CA{:032x}", 1),
///     params: vec![("token".to_owned(), "…".to_owned())],
///     inbound: Some(clip),
///     outbound: None,
/// };
/// let (streamed, _) = listen(&listening, &Network::default()).await;
/// assert_eq!(streamed.ended, StreamEnd::Stopped);
/// # }
/// ```
pub async fn listen(listening: &Listening, network: &Network) -> (Streamed, Vec<What>) {
    match socket::client() {
        Ok(client) => listen_over(&client, listening, network).await,
        Err(error) => {
            let (url, message) = (listening.url.clone(), error.to_string());
            (Streamed::new(&listening.url), vec![What::StreamRefused { url, status: None, message }])
        }
    }
}

pub(in super::super) async fn listen_over(
    client: &reqwest::Client,
    listening: &Listening,
    network: &Network,
) -> (Streamed, Vec<What>) {
    let Listening { url, account, call_sid, params, .. } = listening;
    let start = Instant::now();
    let socket = match socket::open(client, url, &account.token, PATIENCE).await {
        Ok(socket) => socket,
        Err(Refused { status, message }) => {
            return (Streamed::new(url), vec![What::StreamRefused { url: url.clone(), status, message }]);
        }
    };
    let mut events = vec![What::StreamOpened { url: url.clone(), latency_ms: milliseconds(start.elapsed()) }];
    let opening = Opening { url, account_sid: &account.sid, call_sid, params };
    let source = FrameSource::Sides(Sides::new(listening.inbound.as_ref(), listening.outbound.as_ref()));
    let (streamed, _) = carry(socket, &opening, source, network, &mut |_, what| events.push(what)).await;
    (streamed, events)
}
