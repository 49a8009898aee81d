//! The routes of "Voice Authorize": profiles, enrollment, verification, sessions, tokens.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::error::{ErrorBody, Failures};
use super::upload::Form;
use super::{ApiError, Body, Edge, must_exist};
use crate::clients::{AnyScope, ByKey, Client, ClientError, Enroll, EnrollRequest, Scores, Verify, VerifyRequest};
use crate::http::routes::{Routes, client_routes, public_routes};
use crate::wire::{
    AuthStarted, AuthVerified, DemoKey, EnrollView, LearningView, ProfileView, UserToken, UserTokenRequest, VerifyView,
    VoiceTokenView,
};

/// The routes of "Voice Authorize".
pub(super) fn routes() -> Routes {
    let uploads = Routes::new()
        .described(client_routes!(enroll))
        .described(client_routes!(verify))
        .described(client_routes!(verify_voice))
        // Counted field by field as it arrives.
        .counting_bodies();
    Routes::new()
        .described(client_routes!(create_profile))
        .described(client_routes!(learning))
        .described(client_routes!(start_auth))
        .described(client_routes!(verify_token))
        .described(client_routes!(user_token))
        .described(public_routes!(demo_key))
        .described(public_routes!(demo_token))
        .merge(uploads)
}

/// An answer that says to wait: a verdict, or a limit that was met.
#[derive(ToSchema)]
#[schema(no_recursion)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes an answer")]
enum Wait<T> {
    /// Too many failures.
    Cooldown(T),
    /// Too many requests.
    Limited(ErrorBody),
}

/// A user to be known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProfile {
    /// The application's id of the user.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    user_id: String,
    /// Whether the user has agreed to a voiceprint; without, they cannot enroll.
    #[serde(default = "yes")]
    consent: bool,
}

const fn yes() -> bool {
    true
}

/// Registers a user; needed before enrollment.
#[utoipa::path(
    post, path = "/create-profile", tag = "Voice Authorize", request_body = NewProfile,
    responses(
        (status = 201, description = "A new user.", body = ProfileView),
        (status = 200, description = "A user that was known.", body = ProfileView),
        Failures,
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn create_profile(
    State(edge): State<Edge>,
    client: Client<Enroll>,
    Body(new): Body<NewProfile>,
) -> Result<(StatusCode, Json<ProfileView>), ApiError> {
    let (profile, is_new) = edge.app.clients.uploads.create_profile(&client, &new.user_id, new.consent).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(profile)))
}

/// The form of an enrollment.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
struct EnrollForm {
    /// The application's id of the user.
    user_id: String,
    /// One take, or one recording in which the sentence is said several times, with pauses between.
    #[schema(value_type = String, format = Binary)]
    audio: Vec<u8>,
    /// An enrollment code of the user's own: replaces a voiceprint.
    code: Option<String>,
}

/// Takes audio for a user's voiceprint; three takes of one sentence make it.
#[utoipa::path(
    post, path = "/enroll", tag = "Voice Authorize",
    request_body(content = EnrollForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "Taken; says what is missing.", body = EnrollView),
        (status = "4XX", description = "Refused; `error` says what to do better.", body = ErrorBody),
        (status = "5XX", description = "Failed.", body = ErrorBody)
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn enroll(
    State(edge): State<Edge>,
    client: Client<Enroll>,
    mut form: Form,
) -> Result<Json<EnrollView>, ApiError> {
    let request = EnrollRequest {
        user_id: form.text("user_id")?.to_owned(),
        code: form.optional("code").map(str::to_owned),
        audio: form.audio()?,
    };
    Ok(Json(edge.app.clients.uploads.enroll_upload(&client, request).await?))
}

/// The form of a verification.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
struct VerifyForm {
    /// The application's id of the user.
    user_id: String,
    /// The words that the user was asked to say. Digits (four to twelve) are a challenge; any other text stands for the
    /// enrolled sentence.
    phrase: Option<String>,
    /// The challenge of `POST /v1/challenges` that is answered, in place of a phrase; it is used up.
    challenge_id: Option<String>,
    /// The take.
    #[schema(value_type = String, format = Binary)]
    audio: Vec<u8>,
    /// `true` when the application has another proof of who it is: the voiceprint may then follow the voice.
    assured: Option<bool>,
}

/// How much is told.
#[derive(Deserialize, IntoParams)]
struct Telling {
    /// `full` adds scores, thresholds, calibration, spoof labels, retries and insights; for keys with the scope
    /// `scores`.
    #[param(inline)]
    detail: Option<HowMuch>,
}

#[derive(Clone, Copy, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum HowMuch {
    /// The verdict.
    Compact,
    /// And what it rests on.
    Full,
}

/// Verifies a user by the sentence they enrolled with.
#[utoipa::path(
    post, path = "/v1/voice/verify", tag = "Voice Authorize", params(Telling),
    request_body(content = VerifyForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The verdict: accept, retry or reject.", body = VerifyView),
        (status = 429, description = "Cooldown after too many failures, or a rate limit.", body = Wait<VerifyView>),
        Failures,
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn verify(
    State(edge): State<Edge>,
    client: Client<Verify>,
    telling: Result<Query<Telling>, axum::extract::rejection::QueryRejection>,
    mut form: Form,
) -> Result<Response, ApiError> {
    let Query(telling) =
        telling.map_err(|bad| ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", bad.body_text()))?;
    let in_full = telling.detail == Some(HowMuch::Full);
    let in_full = in_full.then(|| client.checked_for::<ByKey<Scores>>()).transpose()?;
    let is_assured = form.optional("assured") == Some("true");
    let request = VerifyRequest {
        user_id: form.text("user_id")?.to_owned(),
        phrase: form.optional("phrase").map(str::to_owned),
        challenge_id: form.optional("challenge_id").map(str::to_owned),
        audio: form.audio()?,
        assured: is_assured.then(|| client.checked_for::<ByKey<Enroll>>()).transpose()?,
    };
    let verified = edge.app.clients.uploads.verify_upload(&client, request).await?;
    let view = edge.app.clients.uploads.verify_view(&client, &verified, in_full.as_ref());
    let answer = decided(view.retry_after_ms, Json(view));
    // The engine's time tells as much as a score: clients that may not see scores are not told.
    Ok(if client.sees_scores() { timed(answer, verified.engine) } else { answer })
}

/// Says how long the engine worked, for clients that measure the rest.
fn timed(mut answer: Response, engine: Duration) -> Response {
    let text = format!("engine;dur={:.2}", engine.as_secs_f64() * 1000.0);
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert("server-timing", value);
    }
    answer
}

/// A verdict; one that says to wait says so by its status too.
fn decided(retry_after_ms: Option<u64>, body: impl IntoResponse) -> Response {
    match retry_after_ms {
        Some(ms) => super::error::wait(ms, body),
        None => body.into_response(),
    }
}

/// How far a voiceprint has followed its user's voice.
#[utoipa::path(
    get, path = "/v1/user-learning/{user_id}", tag = "Voice Authorize",
    params(("user_id" = String, Path, description = "The application's id of the user.")),
    responses((status = 200, description = "How far.", body = LearningView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn learning(
    State(edge): State<Edge>,
    client: Client<Verify>,
    user: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<LearningView>, ApiError> {
    let Path(user) = user.map_err(|_| ClientError::BadUser)?;
    Ok(Json(edge.app.clients.uploads.user_learning(&client, &user).await?))
}

/// A user to be asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartAuth {
    /// The application's id of the user.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    user_id: String,
}

/// Begins a session: the user is asked for something random, once.
#[utoipa::path(
    post, path = "/start-auth", tag = "Voice Authorize", request_body = StartAuth,
    responses((status = 200, description = "What to say, and until when.", body = AuthStarted), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn start_auth(
    State(edge): State<Edge>,
    client: Client<Verify>,
    Body(start): Body<StartAuth>,
) -> Result<Json<AuthStarted>, ApiError> {
    Ok(Json(edge.app.clients.uploads.start_auth(&client, &start.user_id).await?))
}

/// The form of an answer to a session.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
struct AnswerForm {
    /// The session's id.
    session_id: String,
    /// The application's id of the user.
    user_id: String,
    /// The answer.
    #[schema(value_type = String, format = Binary)]
    audio: Vec<u8>,
}

/// Answers a session, which is used up in any case.
#[utoipa::path(
    post, path = "/verify-voice", tag = "Voice Authorize",
    request_body(content = AnswerForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The verdict; with an accept a token.", body = AuthVerified),
        (status = 429, description = "Cooldown after too many failures, or a rate limit.", body = Wait<AuthVerified>),
        Failures,
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn verify_voice(State(edge): State<Edge>, client: Client<Verify>, mut form: Form) -> Result<Response, ApiError> {
    let audio = form.audio()?;
    let (session, user) = (form.text("session_id")?, form.text("user_id")?);
    let answer = edge.app.clients.uploads.verify_voice(&client, session, user, audio).await?;
    Ok(decided(answer.retry_after_ms, Json(answer)))
}

/// A token to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShownToken {
    /// The `voiceToken` of `/verify-voice`.
    #[serde(alias = "voiceToken", alias = "voice_token")]
    token: String,
}

/// Says what a voice token is worth, and makes it worthless.
#[utoipa::path(
    post, path = "/verify-token", tag = "Voice Authorize", request_body = ShownToken,
    responses(
        (status = 200, description = "It was good.", body = VoiceTokenView),
        (status = 401, description = "It is worth nothing, which `valid` says too; or the key is.", body = ErrorBody),
        Failures,
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn verify_token(
    State(edge): State<Edge>,
    client: Client<ByKey<Verify>>,
    Body(shown): Body<ShownToken>,
) -> Result<(StatusCode, Json<VoiceTokenView>), ApiError> {
    let view = edge.app.clients.uploads.verify_token(&client, &shown.token).await?;
    Ok((if view.valid { StatusCode::OK } else { StatusCode::UNAUTHORIZED }, Json(view)))
}

/// Makes a short-lived token that a page can use for one user, in place of a key.
#[utoipa::path(
    post, path = "/v1/user-tokens", tag = "Callprint", request_body = UserTokenRequest,
    responses((status = 201, description = "The token.", body = UserToken), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn user_token(
    State(edge): State<Edge>,
    client: Client<ByKey<AnyScope>>,
    Body(request): Body<UserTokenRequest>,
) -> Result<(StatusCode, Json<UserToken>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.uploads.user_token(&client, &request.user_id)?)))
}

/// A key to try things with, where the operator allows it.
#[utoipa::path(
    post, path = "/v1/keys/demo", tag = "Voice Authorize",
    responses((status = 201, description = "The key, shown this once.", body = DemoKey), Failures),
)]
async fn demo_key(State(edge): State<Edge>) -> Result<(StatusCode, Json<DemoKey>), ApiError> {
    edge.may_have_demo()?;
    let key = edge.app.clients.uploads.demo_key().await?;
    Ok((StatusCode::CREATED, Json(must_exist(key)?)))
}

/// A token for the demo page, where the operator allows it.
#[utoipa::path(
    post, path = "/demo/token", tag = "Callprint", request_body = UserTokenRequest,
    responses((status = 201, description = "The token.", body = UserToken), Failures),
)]
async fn demo_token(
    State(edge): State<Edge>,
    Body(request): Body<UserTokenRequest>,
) -> Result<(StatusCode, Json<UserToken>), ApiError> {
    edge.may_have_demo()?;
    let token = edge.app.clients.uploads.demo_token(&request.user_id).await?;
    Ok((StatusCode::CREATED, Json(must_exist(token)?)))
}
