use url::Url;

use super::account::Account;
use super::interpreter::{Limits, Silence};
use super::recordings::Recordings;
use super::stream::{self, Network};
use super::webhook::{Answered, Content, Exchange, Wire};
use crate::twilio::Form;

/// Places calls to a server, as the provider would.
#[derive(Clone, Debug)]
pub struct Phone {
    pub(super) account: Account,
    pub(super) wire: Wire,
    pub(super) recordings: Recordings,
    pub(super) silence: Silence,
    pub(super) repeat: Repeat,
    pub(super) limits: Limits,
    pub(super) is_paced: bool,
    /// Makes the connections of streams.
    pub(super) sockets: reqwest::Client,
    pub(super) network: Network,
}

/// How often each webhook is sent; the provider repeats one whose answer got lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// Once.
    #[default]
    Never,
    /// Again after the answer.
    Afterwards,
    /// Twice at the same time.
    AtOnce,
}

/// A call to place.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The server's webhook for incoming calls.
    pub url: Url,
    /// Who calls, as the provider spells it: `+15550100`, `anonymous`, `sip:…`.
    pub from: String,
    /// The number that is called.
    pub to: String,
    /// Where the end of the call is reported.
    pub status_callback: Option<Url>,
    /// Further parameters of every webhook: `StirVerstat`, `ForwardedFrom`.
    pub params: Vec<(String, String)>,
}

impl Outgoing {
    /// A call of `from` to `to` without a status callback.
    pub fn new(url: Url, from: &str, to: &str) -> Self {
        Self { url, from: from.to_owned(), to: to.to_owned(), status_callback: None, params: Vec::new() }
    }

    /// Adds a parameter to every webhook.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Phone {
    /// A phone on this account, which leaves its recordings in `recordings`.
    ///
    /// # Errors
    /// When no HTTP client can be made, because TLS finds no certificates.
    pub fn new(account: Account, recordings: Recordings) -> reqwest::Result<Self> {
        let (silence, repeat, limits) = (Silence::default(), Repeat::default(), Limits::default());
        let wire = Wire::new(account.token.clone(), limits.answer)?;
        let (sockets, network) = (stream::client()?, Network::default());
        Ok(Self { account, wire, recordings, silence, repeat, limits, is_paced: false, sockets, network })
    }

    /// Chooses what becomes of a silent recording.
    #[must_use]
    pub fn with_silence(self, silence: Silence) -> Self {
        Self { silence, ..self }
    }

    /// Bounds calls otherwise.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.wire.patience = limits.answer;
        Self { limits, ..self }
    }

    /// Repeats every webhook; what the server answers must not depend on it.
    #[must_use]
    pub fn repeating(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// Lets time on the line pass in real time, in streams as well.
    #[must_use]
    pub fn paced(self) -> Self {
        Self { is_paced: true, network: self.network.in_real_time(), ..self }
    }

    /// Puts this network between the caller and the server's streams.
    #[must_use]
    pub fn with_network(self, network: Network) -> Self {
        Self { network: if self.is_paced { network.in_real_time() } else { network }, ..self }
    }

    /// Sends a webhook once more, byte for byte, and says which status it gets and what is answered.
    pub async fn send_again(&self, exchange: &Exchange) -> (Option<u16>, Option<String>) {
        match self.wire.send(exchange, &Form::default()).await.0 {
            Ok(Answered { status, content: Content::Document(body) | Content::Text(body), .. }) => {
                (Some(status), Some(body))
            }
            Ok(answered) => (Some(answered.status), None),
            Err(fault) => (fault.status(), None),
        }
    }
}
