//! `VoiceIt`'s lists.

use serde::Serialize;

/// A sentence that may be enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhraseView {
    /// Its number.
    pub id: usize,
    /// The sentence.
    pub text: String,
    /// Its language.
    pub content_language: String,
}

/// An enrollment take, as clients see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollmentView {
    /// Its number.
    pub voice_enrollment_id: i64,
    /// Its language.
    pub content_language: String,
    /// The sentence.
    pub text: String,
    /// When it came, in milliseconds since 1970.
    pub created_at: i64,
}

/// A group of users, as clients see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// Its id.
    pub group_id: String,
    /// The client's words.
    pub description: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// Ids of its users.
    pub users: Vec<String>,
}
