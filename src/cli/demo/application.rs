//! An application's part: the same voices, over HTTP, without a phone.

use anyhow::Context;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::stage::Stage;
use super::{CALLER, IMPOSTOR, put, put_wrapped};

/// The takes that enroll; the next is verified, and the last is left for trying by hand.
const ENROLLING: std::ops::RangeInclusive<u32> = 1..=3;
const VERIFYING: u32 = 4;
const LEFT: u32 = 6;

/// An application with a key to try things with.
pub(super) struct Application {
    client: Client,
    base: String,
    key: String,
}

impl Application {
    /// Has a user enrolled and verified.
    pub(super) async fn show(stage: &mut Stage) -> anyhow::Result<Self> {
        stage.heading("7", "An application enrolls and verifies a user over HTTP, without a phone call");
        // Set already by another part of this process; the same provider either way.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build()?;
        let base = stage.url().to_owned();
        let key = answer(client.post(format!("{base}/v1/keys/demo")).send().await?).await?;
        let key = key["key"].as_str().context("no key to try things with")?.to_owned();
        let application = Self { client, base, key };
        application.enroll(stage).await?;
        let own = application.upload(stage, "/v1/voice/verify", CALLER, VERIFYING).await?;
        let other = application.upload(stage, "/v1/voice/verify", IMPOSTOR, VERIFYING).await?;
        put(&format!("        {CALLER} says the sentence:   {own}"));
        put(&format!("        {IMPOSTOR} says the sentence:  {other}"));
        stage.check(
            own["decision"] == "accept" && other["decision"] == "reject",
            "the user is verified, somebody else is not",
        );
        Ok(application)
    }

    async fn enroll(&self, stage: &mut Stage) -> anyhow::Result<()> {
        let profile = self.client.post(format!("{}/create-profile", self.base)).header("x-api-key", &self.key);
        answer(profile.json(&json!({ "user_id": CALLER })).send().await?).await?;
        let mut enrolled = Value::Null;
        for take in ENROLLING {
            enrolled = self.upload(stage, "/enroll", CALLER, take).await?;
            put(&format!("        take {take}: {enrolled}"));
        }
        stage.check(enrolled["status"] == "enrolled", "three uploads made a voiceprint");
        Ok(())
    }

    async fn upload(&self, stage: &Stage, path: &str, voice: &str, take: u32) -> anyhow::Result<Value> {
        let audio = Part::bytes(stage.file(voice, take)?).file_name("take.wav").mime_str("audio/wav")?;
        let form = Form::new().text("user_id", CALLER).part("audio", audio);
        let request = self.client.post(format!("{}{path}", self.base)).header("x-api-key", &self.key);
        answer(request.multipart(form).send().await?).await
    }

    /// Says how to go on by hand.
    pub(super) fn invite(&self, stage: &Stage) {
        put_wrapped("\nThe server runs on until you press Ctrl-C. The page to try your own voice on:");
        put(&format!("\n    {}/demo\n", self.base));
        put_wrapped("And one request (a second time the same recording is refused, as a replay):");
        put(&format!(
            "\n    curl -H 'x-api-key: {}' -F user_id={CALLER} -F audio=@{} {}/v1/voice/verify\n",
            self.key,
            stage.path(CALLER, LEFT).display(),
            self.base
        ));
        put(&format!("The API's description: {}/docs", self.base));
    }
}

async fn answer(response: Response) -> anyhow::Result<Value> {
    let (status, text) = (response.status(), response.text().await?);
    serde_json::from_str(&text).with_context(|| format!("status {status}: {text}"))
}
