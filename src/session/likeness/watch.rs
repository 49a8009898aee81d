use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::Voice;
use crate::scoring::TakePrint;
use crate::session::account::must_administer;
use crate::session::service::Service;
use crate::session::{AccountError, Client, Upload, UploadError};
use crate::store::Watched;
use crate::types::{CallerId, Llr, Tenant, Timestamp};

/// Longest label, in characters.
const MOST_LABEL: usize = 200;

/// A voice that the tenant wants to be warned of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchView {
    /// Ours.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// The model that made it; another model's voices are not compared with it.
    pub model: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The voices of a tenant's list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WatchList {
    /// Oldest first.
    pub voices: Vec<WatchView>,
}

/// A voice on the list that somebody sounds like.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchHit {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// How alike they are.
    pub llr: Llr,
}

impl From<Watched> for WatchView {
    fn from(watched: Watched) -> Self {
        let Watched { id, label, model_id: model, made_at: created_at } = watched;
        Self { id, label, model, created_at }
    }
}

impl Service {
    /// Puts the voice of a recording on the tenant's list; the recording is not kept.
    ///
    /// # Errors
    /// [`AccountError::Label`], [`AccountError::WatchListFull`], [`AccountError::Upload`], [`AccountError::Client`].
    pub async fn watch_voice(&self, client: &Client, label: &str, audio: Upload) -> Result<WatchView, AccountError> {
        must_administer(client)?;
        if !(1..=MOST_LABEL).contains(&label.chars().count()) || label.chars().any(char::is_control) {
            return Err(AccountError::Label);
        }
        let (take, _) = self.hear_upload(audio, false).await?.only()?;
        let voice = take.voice.map_err(UploadError::Take)?;
        let model = voice.embedding.model().to_string();
        let print = TakePrint { embedding: voice.embedding, net_speech_ms: voice.heard_ms };
        let kept =
            self.store().watch(&client.key.tenant, label.to_owned(), model, print.to_bytes(), self.now()).await?;
        Ok(kept.into())
    }

    /// The tenant's list.
    ///
    /// # Errors
    /// [`AccountError::Client`], [`AccountError::Store`].
    pub async fn watch_list(&self, client: &Client) -> Result<WatchList, AccountError> {
        must_administer(client)?;
        let list = self.store().watch_list(&client.key.tenant).await?;
        Ok(WatchList { voices: list.into_iter().map(WatchView::from).collect() })
    }

    /// Takes a voice off the tenant's list.
    ///
    /// # Errors
    /// [`AccountError::UnknownWatch`], [`AccountError::Client`].
    pub async fn unwatch_voice(&self, client: &Client, id: &str) -> Result<WatchView, AccountError> {
        must_administer(client)?;
        let gone = self.store().unwatch(&client.key.tenant, id, self.now()).await?;
        Ok(gone.ok_or(AccountError::UnknownWatch)?.into())
    }

    /// The voice on a tenant's list that this one most resembles, if it does; see [`crate::engine::Engine::listed`].
    ///
    /// With a caller whose attempt it is, the hit is written down and told as `watch_list_hit`.
    ///
    /// # Errors
    /// [`UploadError::Store`], [`UploadError::Judging`].
    pub async fn watched(
        &self,
        tenant: &Tenant,
        caller: Option<CallerId>,
        voice: &Voice,
    ) -> Result<Option<WatchHit>, UploadError> {
        let voices = self.store().watched_voices(tenant, voice.embedding.model().as_str()).await?;
        if voices.is_empty() {
            return Ok(None);
        }
        let failed = |error: &dyn std::fmt::Display| UploadError::Judging(error.to_string());
        let (engine, voice) = (self.engine().clone(), voice.clone());
        let compared = tokio::task::spawn_blocking(move || {
            let prints = voices.iter().map(|(_, bytes)| TakePrint::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
            let best = engine.listed(&prints, &voice)?;
            Ok(best.and_then(|(place, llr)| Some((voices.into_iter().nth(place)?.0, llr))))
        });
        let best = compared.await.map_err(|_| failed(&"the comparison failed badly"))?;
        let best = best.map_err(|error: crate::scoring::ScoreError| failed(&error))?;
        let Some((watched, llr)) = best else { return Ok(None) };
        if let Some(caller) = caller {
            self.store().note_watch_hit(caller, &watched, self.now()).await?;
        }
        Ok(Some(WatchHit { id: watched.id, label: watched.label, llr }))
    }
}
