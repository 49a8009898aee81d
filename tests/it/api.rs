//! The API that applications use, over real HTTP.

mod access;
mod admin;
mod attempts;
mod callers;
mod challenges;
mod codes;
mod described;
mod edge;
pub(crate) mod form;
mod identify;
mod keys;
mod sessions;
mod uploads;
mod voice;
mod watch;
mod webhooks;

use callprint::store::Scope;
use reqwest::Method;
use serde_json::Value;

use crate::house::House;

impl House {
    /// One request with a key: status, body, and the `Retry-After` header.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> (u16, Value, Option<String>) {
        let headers = [("x-api-key", key), ("content-type", "application/json")];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.send(method, path, &headers, body).await;
        let json = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        let retry_after = answer.headers.get("retry-after").map(|seconds| seconds.to_str().unwrap().to_owned());
        (answer.status.as_u16(), json, retry_after)
    }

    /// What a key was used for.
    async fn usage(&self, key: &str) -> Value {
        let (status, usage, _) = self.request(Method::GET, "/v1/usage", key, &Value::Null).await;
        assert_eq!(status, 200, "{usage}");
        usage
    }
}

const VERIFY: &[Scope] = &[Scope::Verify];
