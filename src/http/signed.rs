//! The provider's webhooks: a form is read only once its signature was checked.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::Edge;
use super::error::Refusal;
use crate::twilio::{Body, CallForm, Form};

/// The provider's signature over the URL and the body.
pub(super) const SIGNATURE: &str = "x-twilio-signature";

/// A webhook is a few kilobytes from a well-connected sender; one that takes longer holds a slot on purpose.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// A webhook whose signature and account were checked; there is no other way to get at its form.
pub(super) struct Signed {
    /// Which turn of the call it is about.
    pub at: At,
    /// Its form.
    pub form: CallForm,
}

/// Our own part of a webhook's URL.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct At {
    /// The turn.
    #[serde(default)]
    pub n: u32,
    /// How many times the call has already waited for this turn.
    #[serde(default)]
    pub poll: u32,
    /// 1 when a stream of this turn is over.
    #[serde(default)]
    pub stream: u8,
    /// 1 when the provider fell through a `Gather` or `Record` that heard nothing.
    #[serde(default)]
    pub silent: u8,
}

impl FromRequest<Edge> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, edge: &Edge) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let header = |name| parts.headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let is_form =
            header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let signature = header(SIGNATURE).map(str::to_owned);
        let url = parts.uri.path_and_query().map_or("/", |both| both.as_str()).to_owned();

        let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
        let body = tokio::time::timeout(BODY_WITHIN, whole).await.map_err(|_| Refusal::Slow)?;
        let body = body.map_err(|_| Refusal::Body)?;
        let form = if is_form { Form::parse(&body)? } else { Form::default() };
        let signed = if is_form { Body::Form(&form) } else { Body::Raw(&body) };
        edge.verifier.verify(&url, signature.as_deref(), signed)?;

        let form = CallForm::from(&form)?;
        if form.account_sid != edge.account {
            return Err(Refusal::OtherAccount);
        }
        let Query(at) = Query::<At>::try_from_uri(&parts.uri).map_err(|_| Refusal::Query)?;
        Ok(Self { at, form })
    }
}
