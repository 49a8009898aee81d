//! The extractor of `VoiceIt`'s key and token.

use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::Refused;
use crate::clients::{Client, VoiceItError, WholeAccount};
use crate::http::Edge;
use crate::http::routes::Credentials;

/// A request that shows a key and token, and when it came.
pub(super) struct Account {
    pub(super) client: Client<WholeAccount>,
    pub(super) since: Instant,
}

impl Credentials for Account {}

impl FromRequestParts<Edge> for Account {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Refused> {
        let since = Instant::now();
        if parts.uri.query().is_some_and(|query| query.contains("notificationURL=")) {
            // Better said than silently not done.
            let error = VoiceItError::Unsupported("notificationURL: POST /v1/webhooks tells what happens instead; it");
            return Err(Refused { error, since });
        }
        let shown = basic(parts);
        let (key, token) = shown.as_ref().map_or(("", ""), |(key, token)| (key, token));
        match edge.app.clients.voiceit.client(key, token).await {
            Ok(client) => Ok(Self { client, since }),
            Err(error) => Err(Refused { error, since }),
        }
    }
}

/// User name and password of `Authorization: Basic`.
fn basic(parts: &Parts) -> Option<(String, String)> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
