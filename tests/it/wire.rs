//! Single webhooks, signed as the provider signs them, and what comes back.

use std::sync::LazyLock;

use callprint::phone::{self, Document, Verb};
use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, StatusCode};

use crate::house::{House, LINE};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// One for all tests, as making one takes longer than a request; it keeps no connection, as those belong to a runtime.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap());

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The document, which the provider must be able to take.
    pub(crate) fn document(&self) -> Document {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        assert_eq!(self.headers[CONTENT_TYPE], "text/xml; charset=utf-8");
        phone::check(&self.body).unwrap_or_else(|violations| panic!("{violations:?} in {}", self.body))
    }

    /// Whether the document apologises and leaves.
    pub(crate) fn is_apology(&self) -> bool {
        self.body.contains("sorry") && matches!(self.document().verbs.last(), Some(Verb::Hangup))
    }
}

impl House {
    /// Sends any request.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = CLIENT.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    /// Sends a form, signed as the provider signs it.
    pub(crate) async fn post(&self, path: &str, form: &Form) -> Answer {
        let signature = sign(&format!("{}{path}", self.base), form, &self.account.token);
        self.post_as(path, form, &signature).await
    }

    /// Sends a form with this signature.
    pub(crate) async fn post_as(&self, path: &str, form: &Form, signature: &str) -> Answer {
        let headers = [("content-type", FORM), ("x-twilio-signature", signature)];
        self.send(Method::POST, path, &headers, form.encode().into_bytes()).await
    }

    /// What every webhook of call `n` carries.
    pub(crate) fn form(&self, n: u32, from: &str) -> Form {
        Form::default()
            .with("CallSid", format!("CA{n:032x}"))
            .with("AccountSid", self.account.sid.clone())
            .with("From", from)
            .with("To", LINE)
            .with("CallStatus", "in-progress")
    }
}
