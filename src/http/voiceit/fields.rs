//! The fields of a request, with or without a file.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

use super::answer::Refused;
use crate::clients::Upload;
use crate::clients::{VoiceItError, VoiceItProbe, VoiceItSource};
use crate::http::Edge;
use crate::http::api::Form;

/// Largest form without a file, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The fields of a request, with or without a file.
pub(super) struct Fields {
    texts: BTreeMap<String, String>,
    audio: Option<Upload>,
    since: Instant,
}

impl Fields {
    /// A text that must be there.
    pub(super) fn text(&self, name: &'static str) -> Result<&str, Refused> {
        let found = self.texts.get(name).filter(|text| !text.is_empty());
        found.map(String::as_str).ok_or_else(|| self.refuse(VoiceItError::Missing(name)))
    }

    /// The sentence, and the file with it.
    pub(super) fn probe(&mut self) -> Result<VoiceItProbe, Refused> {
        let audio = self.audio.take().ok_or_else(|| self.refuse(VoiceItError::Missing("recording")))?;
        Ok(VoiceItProbe { audio: VoiceItSource::File(audio), ..self.said()? })
    }

    /// The sentence, and where the file is.
    pub(super) fn probe_by_url(&self) -> Result<VoiceItProbe, Refused> {
        // One of the SDKs has the one name, the documentation the other.
        let url = self.text("fileUrl").or_else(|_| self.text("audioFileURL"))?;
        Ok(VoiceItProbe { audio: VoiceItSource::Url(url.to_owned()), ..self.said()? })
    }

    fn said(&self) -> Result<VoiceItProbe, Refused> {
        let (language, phrase) = (self.text("contentLanguage")?.to_owned(), self.text("phrase")?.to_owned());
        Ok(VoiceItProbe { language, phrase, ..VoiceItProbe::default() })
    }

    fn refuse(&self, error: VoiceItError) -> Refused {
        Refused { error, since: self.since }
    }
}

impl FromRequest<Edge> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, edge: &Edge) -> Result<Self, Refused> {
        let since = Instant::now();
        let refuse = |_| Refused { error: VoiceItError::Missing("whole body, as a form"), since };
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let mut form = Form::from_request(request, edge).await.map_err(|error| Refused {
                error: if error.is_too_large() {
                    too_large(edge)
                } else {
                    VoiceItError::Missing("whole body, as a form")
                },
                since,
            })?;
            let audio = form.audio().ok();
            return Ok(Self { texts: form.texts(), audio, since });
        }
        let limited = axum::body::to_bytes(request.into_body(), MOST_BYTES);
        let within = std::time::Duration::from_secs(edge.app.config().api.upload_s);
        let body: Bytes = tokio::time::timeout(within, limited)
            .await
            .map_err(|_| Refused { error: VoiceItError::Missing("whole body, in time"), since })?
            .map_err(refuse)?;
        let texts = form_urlencoded::parse(&body).into_owned().take(32).collect();
        Ok(Self { texts, audio: None, since })
    }
}

fn too_large(edge: &Edge) -> VoiceItError {
    let max_bytes = edge.app.config().audio.max_bytes;
    VoiceItError::Url(format!("the file is larger than {max_bytes} bytes"))
}
