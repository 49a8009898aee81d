//! What tests of administrators' routes have in common.

use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::form::wav;
use crate::house::House;

pub(super) const ADMIN: &[Scope] = &[Scope::Admin];
pub(super) const ALL: &[Scope] = &[Scope::Admin, Scope::Enroll, Scope::Verify, Scope::Scores];

impl House {
    /// Asks, and expects this status.
    pub(super) async fn get(&self, path: &str, key: &str, status: u16) -> Value {
        let (found, body, _) = self.request(Method::GET, path, key, &Value::Null).await;
        assert_eq!(found, status, "GET {path}: {body}");
        body
    }

    /// Posts, and expects this status.
    pub(super) async fn put(&self, path: &str, key: &str, body: Value, status: u16) -> Value {
        let (found, answer, _) = self.request(Method::POST, path, key, &body).await;
        assert_eq!(found, status, "POST {path}: {answer}");
        answer
    }

    /// Deletes, and expects this status.
    pub(super) async fn remove(&self, path: &str, key: &str, status: u16) -> Value {
        let (found, answer, _) = self.request(Method::DELETE, path, key, &Value::Null).await;
        assert_eq!(found, status, "DELETE {path}: {answer}");
        answer
    }

    /// Posts a form with a recording of `fixtures/audio`, and expects this status.
    pub(super) async fn upload_take(
        &self,
        path: &str,
        key: &str,
        fields: &[(&str, &str)],
        audio: &str,
        status: u16,
    ) -> Value {
        let (found, answer) = self.upload(path, key, fields, &wav(audio)).await;
        assert_eq!(found, status, "POST {path}: {answer}");
        answer
    }

    /// A caller of this user id who has agreed, by our id.
    pub(super) async fn new_user(&self, key: &str, user: &str) -> String {
        let made = self.put("/v1/callers", key, json!({ "user_id": user, "consent": true }), 201).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A caller of this user id with a voiceprint of this voice, by our id.
    pub(super) async fn enrolled_user(&self, key: &str, user: &str, voice: &str) -> String {
        let id = self.new_user(key, user).await;
        for take in 1..=3 {
            self.upload_take("/enroll", key, &[("user_id", user)], &format!("{voice}_pass_{take}"), 200).await;
        }
        assert_eq!(self.get(&format!("/v1/callers/{id}"), key, 200).await["status"], "enrolled");
        id
    }

    /// What a page is given to act for a user in place of the key.
    pub(super) async fn page_token(&self, key: &str, user: &str) -> String {
        let token = self.put("/v1/user-tokens", key, json!({ "user_id": user }), 201).await;
        token["token"].as_str().unwrap().to_owned()
    }

    /// Checks that a route is there for administrators' back ends alone.
    pub(super) async fn is_for_administrators(&self, method: Method, path: &str, body: Value) {
        let admin = self.api_key("main", ALL).await;
        let page = self.page_token(&admin, "somebody").await;
        let verify = self.api_key("main", &[Scope::Verify, Scope::Enroll, Scope::Scores]).await;
        for (key, status, code) in
            [(&page, 403, "forbidden"), (&verify, 403, "forbidden"), (&String::new(), 401, "unauthorized")]
        {
            let (found, answer, _) = self.request(method.clone(), path, key, &body).await;
            assert_eq!((found, &answer["error"]), (status, &json!(code)), "{method} {path}: {answer}");
        }
    }
}
