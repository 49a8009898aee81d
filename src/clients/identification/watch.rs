//! The watch-list: voices that a tenant wants to be warned of.

use super::Identification;
use super::IdentificationError;
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::judging::Upload;
use crate::scoring::TakePrint;
use crate::store::Watched;
use crate::wire::{WatchList, WatchView};

/// Longest label, in characters.
const MOST_LABEL: usize = 200;

impl From<Watched> for WatchView {
    fn from(watched: Watched) -> Self {
        let Watched { id, label, model_id: model, made_at: created_at } = watched;
        Self { id, label, model, created_at }
    }
}

impl Identification {
    /// Puts the voice of a recording on the tenant's list; the recording is not kept.
    ///
    /// # Errors
    /// [`IdentificationError::Label`], [`IdentificationError::WatchListFull`], [`IdentificationError::Upload`].
    pub async fn watch_voice(
        &self,
        client: &Client<Administer>,
        label: &str,
        audio: Upload,
    ) -> Result<WatchView, IdentificationError> {
        if !(1..=MOST_LABEL).contains(&label.chars().count()) || label.chars().any(char::is_control) {
            return Err(IdentificationError::Label);
        }
        let (take, _) = self.uploads.examine(audio).await?;
        let voice = take.voice?;
        let model = voice.embedding.model().to_string();
        let print = TakePrint { embedding: voice.embedding, net_speech_ms: voice.heard_ms };
        let kept =
            self.cx.store.watch(client.tenant(), label.to_owned(), model, print.to_bytes(), self.cx.now()).await?;
        Ok(kept.into())
    }

    /// The tenant's list.
    ///
    /// # Errors
    /// [`IdentificationError::Store`].
    pub async fn watch_list(&self, client: &Client<Administer>) -> Result<WatchList, IdentificationError> {
        let list = self.cx.store.watch_list(client.tenant()).await?;
        Ok(WatchList { voices: list.into_iter().map(WatchView::from).collect() })
    }

    /// Takes a voice off the tenant's list.
    ///
    /// # Errors
    /// [`IdentificationError::UnknownWatch`].
    pub async fn unwatch_voice(&self, client: &Client<Administer>, id: &str) -> Result<WatchView, IdentificationError> {
        let gone = self.cx.store.unwatch(client.tenant(), id, self.cx.now()).await?;
        Ok(gone.ok_or(IdentificationError::UnknownWatch)?.into())
    }
}
