//! The route of challenges.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::Failures;
use super::{ApiError, Body, Edge};
use crate::clients::{ByKey, ChallengeError, Client, Verify};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{ChallengeForm, ChallengeView};

/// The routes of challenges.
pub(super) fn routes() -> Routes {
    Routes::new().described(client_routes!(create))
}

/// A challenge to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChallengeWanted {
    /// Of what it is made; digits when it is not said.
    #[serde(default)]
    #[schema(inline)]
    form: ChallengeForm,
}

/// Makes a challenge for any user, to be answered once.
#[utoipa::path(
    post, path = "/v1/challenges", tag = "Callers", request_body = ChallengeWanted,
    responses((status = 201, description = "What to say, and until when.", body = ChallengeView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn create(
    State(edge): State<Edge>,
    client: Client<ByKey<Verify>>,
    Body(wanted): Body<ChallengeWanted>,
) -> Result<(StatusCode, Json<ChallengeView>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.uploads.new_challenge(&client, wanted.form).await?)))
}

impl From<ChallengeError> for ApiError {
    fn from(error: ChallengeError) -> Self {
        let status = match &error {
            ChallengeError::Unknown => StatusCode::NOT_FOUND,
            ChallengeError::Used | ChallengeError::Expired => StatusCode::GONE,
            ChallengeError::Store(error) => return Self::ours(error.code(), error),
        };
        Self::said(status, error.code(), error.to_string())
    }
}
