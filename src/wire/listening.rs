//! Listenings, as clients see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{Cosine, E164, LineName, ListeningId, Llr, Timestamp};

/// A client's request to have a conversation listened to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListeningRequest {
    /// Whose voice is in question.
    pub caller: Who,
    /// The provider's id of the call; without it the first stream that shows the token is listened to.
    #[serde(default)]
    pub call: Option<String>,
    /// Whose rules apply; the first line's if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub line: Option<LineName>,
    /// On which track the customer is.
    #[serde(default)]
    pub track: Side,
    /// Anything, to be given back.
    #[serde(default)]
    pub reference: Option<String>,
}

/// How a client names a caller.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// By the operator's own id.
    UserId(String),
    /// By the number they enrolled from.
    #[schema(value_type = String)]
    Number(E164),
    /// By account number.
    AccountNumber(String),
}

/// Which way the customer's words go, seen from the provider.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Towards the call centre: the customer has called.
    #[default]
    Inbound,
    /// From the call centre: the stream is of the agent's leg, or of a call that the call centre has placed.
    Outbound,
}

/// A listening, as a client sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListeningView {
    /// Ours.
    #[schema(value_type = String)]
    pub id: ListeningId,
    /// How far it has come.
    pub status: &'static str,
    /// `accept`, `retry` or `reject`, once it is done.
    pub decision: Option<&'static str>,
    /// Why it is no accept, or what went wrong.
    pub reason: Option<String>,
    /// How it looks while it goes on; no verdict.
    pub likeness: Option<Likeness>,
    /// Speech so far.
    pub net_speech_ms: NetSpeech,
    /// Where the operator lets clients see scores.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// The provider's id of the call, once it is known.
    pub call: Option<String>,
    /// The client's own words.
    pub reference: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when its stream may come.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When its stream came.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// A score in three words, so that an attacker cannot climb by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// Below what an accept takes at the end.
    Low,
    /// Would be accepted at the end, if narrowly.
    Medium,
    /// Would be accepted clearly.
    High,
}

/// Speech without its pauses, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct NetSpeech {
    /// The customer's.
    pub customer: u32,
    /// The agent's.
    pub agent: u32,
}

/// The measurements behind a verdict.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Scores {
    /// Calibrated log-likelihood ratio.
    #[schema(value_type = Option<f32>)]
    pub llr: Option<Llr>,
    /// Likeness to the voiceprint.
    #[schema(value_type = Option<f32>)]
    pub cosine: Option<Cosine>,
    /// The lowest `llr` that is accepted at the end.
    #[schema(value_type = Option<f32>)]
    pub threshold: Option<Llr>,
}

/// A listening that waits for its stream, and what the provider needs for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    /// The listening.
    #[serde(flatten)]
    pub listening: ListeningView,
    /// Where to stream to.
    pub stream: StreamAddress,
    /// The same as the provider's XML, to be put before the verb that connects the call.
    pub twiml: String,
}

/// Where a stream goes, and what it has to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamAddress {
    /// The web socket.
    pub url: String,
    /// Custom parameters of the stream.
    #[schema(value_type = BTreeMap<String, String>)]
    pub parameters: BTreeMap<&'static str, String>,
}
