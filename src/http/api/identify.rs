//! The route of identification.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::error::Failures;
use super::upload::Form;
use super::{ApiError, Edge};
use crate::clients::{ByKey, Client, IdentificationError, IdentifyRequest, Verify};
use crate::http::routes::{Routes, client_routes};
use crate::wire::IdentifyView;

/// The routes of those who ask whose voice it is.
pub(super) fn routes() -> Routes {
    // Uploads are counted field by field as they arrive.
    Routes::new().described(client_routes!(identify)).counting_bodies()
}

/// The form of an identification.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
struct IdentifyForm {
    /// A recording of the voice, which is not kept.
    #[schema(value_type = String, format = Binary)]
    audio: Vec<u8>,
    /// Only among these users, separated by commas; among all callers when it is left out.
    user_ids: Option<String>,
    /// At most so many candidates, 1 to 5; one when it is left out.
    #[schema(minimum = 1, maximum = 5)]
    limit: Option<u32>,
}

/// Says whose voice it may be, if a caller's. A likeness is no proof of identity.
///
/// The larger the group, the more strangers resemble one of its callers: of N voiceprints each is a chance to err. The
/// threshold is therefore raised by ln N (Bonferroni's bound), so that the rate of false accepts aimed at is that of
/// one verification, and the price is that more of those who are meant are missed. Neither the words nor whether the
/// voice was played from a recording are checked: verify whom it names.
#[utoipa::path(
    post, path = "/v1/identify", tag = "Identification",
    request_body(content = IdentifyForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "Whose it may be; often nobody's.", body = IdentifyView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn identify(
    State(edge): State<Edge>,
    client: Client<ByKey<Verify>>,
    mut form: Form,
) -> Result<Json<IdentifyView>, ApiError> {
    let malformed = |_| {
        let message = "limit must be a number".to_owned();
        ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", message)
    };
    let users = |list: &str| list.split(',').map(|user| user.trim().to_owned()).collect();
    let request = IdentifyRequest {
        audio: form.audio()?,
        user_ids: form.optional("user_ids").map(users),
        limit: form.optional("limit").map(str::parse).transpose().map_err(malformed)?,
    };
    Ok(Json(edge.app.clients.identification.identify(&client, request).await?))
}

impl From<IdentificationError> for ApiError {
    fn from(error: IdentificationError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        let status = match error {
            IdentificationError::Upload(error) => return error.into(),
            IdentificationError::Caller(error) => return error.into(),
            IdentificationError::Store(error) => return Self::ours(error.code(), &error),
            IdentificationError::UnknownWatch => StatusCode::NOT_FOUND,
            IdentificationError::WatchListFull => StatusCode::CONFLICT,
            IdentificationError::OutOfRange(_) | IdentificationError::Label => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::said(status, code, message)
    }
}
