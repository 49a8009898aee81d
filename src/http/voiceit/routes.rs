//! The routes of `VoiceIt`'s API 2 that this server has.

use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::account::Account;
use super::answer::{Envelope, Refused};
use super::codes;
use super::fields::Fields;
use crate::clients::{VoiceItError, VoiceItProbe, VoiceItVerified};
use crate::http::Edge;
use crate::http::routes::Routes;
use crate::types::{Reason, Verdict};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

type Answer = Result<Envelope, Refused>;

/// Every route, under the base path.
pub(in crate::http) fn routes() -> Routes {
    Routes::new()
        .client(GET, "/users", users)
        .client(POST, "/users", new_user)
        .client(GET, "/users/{id}", user)
        .client(DELETE, "/users/{id}", delete_user)
        .client(GET, "/users/{id}/groups", groups_of)
        .client(POST, "/users/{id}/token", user_token)
        .client(POST, "/users/{id}/expireTokens", expire_tokens)
        .client(GET, "/groups", groups)
        .client(POST, "/groups", new_group)
        .client(GET, "/groups/{id}", group)
        .client(DELETE, "/groups/{id}", delete_group)
        .client(GET, "/groups/{id}/exists", has_group)
        .client(PUT, "/groups/addUser", add_member)
        .client(PUT, "/groups/removeUser", remove_member)
        .client(GET, "/phrases/{language}", phrases)
        .client(POST, "/enrollments/voice", enroll)
        .client(POST, "/enrollments/voice/byUrl", enroll_by_url)
        .client(GET, "/enrollments/voice/{user}", enrollments)
        .client(DELETE, "/enrollments/voice/{user}/{id}", forget)
        .client(DELETE, "/enrollments/{user}/all", forget_all)
        .client(POST, "/verification/voice", verify)
        .client(POST, "/verification/voice/byUrl", verify_by_url)
        .client(POST, "/identification/voice", identify)
        .client(POST, "/identification/voice/byUrl", identify_by_url)
        .client_fallback(unsupported)
        .counting_bodies()
        .under("/voiceit")
}

fn refuse(since: Instant) -> impl FnOnce(VoiceItError) -> Refused {
    move |error| Refused { error, since }
}

/// Faces, videos, sub-accounts, and paths that no API has.
async fn unsupported(Account { since, .. }: Account) -> Refused {
    Refused { error: VoiceItError::Unsupported("faces, videos and sub-accounts: this"), since }
}

async fn users(State(edge): State<Edge>, Account { client, since }: Account) -> Answer {
    let users = edge.app.clients.voiceit.users(&client).await.map_err(refuse(since))?;
    let count = users.len();
    let users: Vec<Value> =
        users.into_iter().map(|(id, at)| json!({ "userId": id, "createdAt": at.as_millisecond() })).collect();
    Ok(Envelope::done(since, StatusCode::OK, "Successfully got all users").with("count", count).with("users", users))
}

async fn new_user(State(edge): State<Edge>, Account { client, since }: Account) -> Answer {
    let (id, at) = edge.app.clients.voiceit.new_user(&client).await.map_err(refuse(since))?;
    let told = Envelope::done(since, StatusCode::CREATED, format!("Created user with userId : {id}"));
    Ok(told.with("userId", id).with("createdAt", at.as_millisecond()))
}

async fn user(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    let exists = edge.app.clients.voiceit.has_user(&client, &id).await.map_err(refuse(since))?;
    let message = if exists { "The user exists" } else { "The user does not exist" };
    Ok(Envelope::done(since, StatusCode::OK, message).with("exists", exists))
}

async fn delete_user(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    edge.app.clients.voiceit.delete_user(&client, &id).await.map_err(refuse(since))?;
    Ok(Envelope::done(since, StatusCode::OK, format!("Deleted user with userId : {id}")))
}

async fn user_token(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    let token = edge.app.clients.voiceit.user_token(&client, &id).await.map_err(refuse(since))?;
    let told =
        Envelope::done(since, StatusCode::CREATED, "Made a token for pages, good with the routes outside /voiceit");
    Ok(told.with("userToken", token.token).with("expiresAt", token.expires_at.to_string()))
}

async fn expire_tokens(Account { since, .. }: Account) -> Refused {
    let error = VoiceItError::Unsupported("tokens of pages expire by themselves; ending them sooner");
    Refused { error, since }
}

async fn groups(State(edge): State<Edge>, Account { client, since }: Account) -> Answer {
    let groups = edge.app.clients.voiceit.groups(&client, None).await.map_err(refuse(since))?;
    let told = Envelope::done(since, StatusCode::OK, "Successfully got all groups");
    Ok(told.with("count", groups.len()).with("groups", json!(groups)))
}

async fn groups_of(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    let groups = edge.app.clients.voiceit.groups(&client, Some(&id)).await.map_err(refuse(since))?;
    let groups: Vec<String> = groups.into_iter().map(|group| group.group_id).collect();
    let told = Envelope::done(since, StatusCode::OK, "Successfully got all groups of the user");
    Ok(told.with("count", groups.len()).with("groups", groups))
}

async fn group(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    let group = edge.app.clients.voiceit.group(&client, &id).await.map_err(refuse(since))?;
    let mut told = Envelope::done(since, StatusCode::OK, "Successfully got the group");
    if let Value::Object(fields) = json!(group) {
        for (name, value) in fields {
            told = told.with(&name, value);
        }
    }
    Ok(told)
}

async fn has_group(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    let exists = match edge.app.clients.voiceit.group(&client, &id).await {
        Ok(_) => true,
        Err(VoiceItError::Absent(_)) => false,
        Err(error) => return Err(Refused { error, since }),
    };
    let message = if exists { "The group exists" } else { "The group does not exist" };
    Ok(Envelope::done(since, StatusCode::OK, message).with("exists", exists))
}

async fn new_group(State(edge): State<Edge>, Account { client, since }: Account, fields: Fields) -> Answer {
    let description = fields.text("description")?;
    let id = edge.app.clients.voiceit.new_group(&client, description).await.map_err(refuse(since))?;
    Ok(Envelope::done(since, StatusCode::CREATED, format!("Created group with groupId : {id}")).with("groupId", id))
}

async fn delete_group(State(edge): State<Edge>, Account { client, since }: Account, Path(id): Path<String>) -> Answer {
    edge.app.clients.voiceit.delete_group(&client, &id).await.map_err(refuse(since))?;
    Ok(Envelope::done(since, StatusCode::OK, format!("Deleted group with groupId : {id}")))
}

async fn add_member(State(edge): State<Edge>, account: Account, fields: Fields) -> Answer {
    member(&edge, account, &fields, true).await
}

async fn remove_member(State(edge): State<Edge>, account: Account, fields: Fields) -> Answer {
    member(&edge, account, &fields, false).await
}

async fn member(edge: &Edge, Account { client, since }: Account, fields: &Fields, is_in: bool) -> Answer {
    let (group, user) = (fields.text("groupId")?, fields.text("userId")?);
    edge.app.clients.voiceit.member(&client, group, user, is_in).await.map_err(refuse(since))?;
    let what = if is_in { "added to" } else { "removed from" };
    Ok(Envelope::done(since, StatusCode::OK, format!("Successfully {what} the group")))
}

async fn phrases(State(edge): State<Edge>, Account { since, .. }: Account, Path(language): Path<String>) -> Answer {
    let phrases = edge.app.clients.voiceit.phrases(&language).map_err(refuse(since))?;
    let told = Envelope::done(since, StatusCode::OK, "Successfully got all phrases");
    Ok(told.with("count", phrases.len()).with("phrases", json!(phrases)))
}

async fn enrollments(State(edge): State<Edge>, Account { client, since }: Account, Path(user): Path<String>) -> Answer {
    let found = edge.app.clients.voiceit.enrollments(&client, &user).await.map_err(refuse(since))?;
    let told = Envelope::done(since, StatusCode::OK, "Successfully got all voice enrollments");
    Ok(told.with("count", found.len()).with("voiceEnrollments", json!(found)))
}

async fn forget(
    State(edge): State<Edge>,
    Account { client, since }: Account,
    Path((user, id)): Path<(String, String)>,
) -> Answer {
    let id = id.parse().map_err(|_| Refused { error: VoiceItError::Absent("enrollment"), since })?;
    edge.app.clients.voiceit.forget(&client, &user, Some(id)).await.map_err(refuse(since))?;
    Ok(Envelope::done(since, StatusCode::OK, "Deleted the enrollment"))
}

async fn forget_all(State(edge): State<Edge>, Account { client, since }: Account, Path(user): Path<String>) -> Answer {
    edge.app.clients.voiceit.forget(&client, &user, None).await.map_err(refuse(since))?;
    Ok(Envelope::done(since, StatusCode::OK, "Deleted all enrollments"))
}

async fn enroll(State(edge): State<Edge>, account: Account, mut fields: Fields) -> Answer {
    let probe = fields.probe()?;
    enrolled(&edge, account, fields.text("userId")?, probe).await
}

async fn enroll_by_url(State(edge): State<Edge>, account: Account, fields: Fields) -> Answer {
    enrolled(&edge, account, fields.text("userId")?, fields.probe_by_url()?).await
}

async fn enrolled(edge: &Edge, Account { client, since }: Account, user: &str, probe: VoiceItProbe) -> Answer {
    let language = probe.language.clone();
    let enrolled = edge.app.clients.voiceit.enroll(&client, user, probe).await.map_err(refuse(since))?;
    let told = Envelope::done(since, StatusCode::CREATED, "Successfully enrolled the voice");
    Ok(told.with("id", enrolled.id).with("contentLanguage", language).with("text", enrolled.text))
}

async fn verify(State(edge): State<Edge>, account: Account, mut fields: Fields) -> Answer {
    let probe = fields.probe()?;
    verified(&edge, account, fields.text("userId")?, probe).await
}

async fn verify_by_url(State(edge): State<Edge>, account: Account, fields: Fields) -> Answer {
    verified(&edge, account, fields.text("userId")?, fields.probe_by_url()?).await
}

async fn verified(edge: &Edge, Account { client, since }: Account, user: &str, probe: VoiceItProbe) -> Answer {
    let verified = edge.app.clients.voiceit.verify(&client, user, probe).await.map_err(refuse(since))?;
    Ok(told(since, verified, "verified"))
}

async fn identify(State(edge): State<Edge>, account: Account, mut fields: Fields) -> Answer {
    let probe = fields.probe()?;
    identified(&edge, account, fields.text("groupId")?, probe).await
}

async fn identify_by_url(State(edge): State<Edge>, account: Account, fields: Fields) -> Answer {
    identified(&edge, account, fields.text("groupId")?, fields.probe_by_url()?).await
}

async fn identified(edge: &Edge, Account { client, since }: Account, group: &str, probe: VoiceItProbe) -> Answer {
    let found = edge.app.clients.voiceit.identify(&client, group, probe).await.map_err(refuse(since))?;
    let told = told(since, found.verified, "identified").with("groupId", group);
    Ok(match found.user {
        Some(user) => told.with("userId", user),
        None => told,
    })
}

/// Answers a verification: 200 and `SUCC` if and only if the voice was accepted.
fn told(since: Instant, verified: VoiceItVerified, done: &str) -> Envelope {
    let VoiceItVerified { verdict, confidence, text, retry_after_ms } = verified;
    // A program that looks at the status alone must not take any other verdict for a pass.
    let (status, message) = match verdict {
        Verdict::Accept => (StatusCode::OK, format!("Successfully {done} the voice")),
        Verdict::Cooldown { .. } => (StatusCode::TOO_MANY_REQUESTS, "too many failures: wait".to_owned()),
        Verdict::Retry { reason } | Verdict::Reject { reason } => match reason {
            Reason::VoiceMismatch => (StatusCode::BAD_REQUEST, "the voice does not match".to_owned()),
            _ => (StatusCode::BAD_REQUEST, format!("not {done}")),
        },
    };
    let told = Envelope::coded(since, status, codes::of_verdict(verdict), message);
    let told = told.with("confidence", confidence).with("text", text).with("textConfidence", Value::Null);
    match retry_after_ms {
        Some(ms) => told.with("retryAfterMs", ms),
        None => told,
    }
}
