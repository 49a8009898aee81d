//! Forms with a file, read as they arrive and no further than their limits.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::{ApiError, Edge};
use crate::clients::Upload;

/// Fields that hold audio: ours, and the one of `VoiceIt`'s SDKs.
const AUDIO: [&str; 2] = ["audio", "recording"];

/// More fields than any call has.
const MOST_FIELDS: usize = 16;

/// Longest text of a field, in bytes.
const MOST_TEXT: usize = 4 * 1024;

/// A form with a file, read as it arrives and no further than its limits.
pub(in crate::http) struct Form {
    fields: BTreeMap<String, String>,
    audio: Option<Upload>,
}

impl Form {
    /// A text that must be there.
    pub(in crate::http) fn text(&self, name: &'static str) -> Result<&str, ApiError> {
        self.optional(name).ok_or_else(|| missing(name))
    }

    /// A text that may be there.
    pub(in crate::http) fn optional(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Every text.
    pub(in crate::http) fn texts(self) -> BTreeMap<String, String> {
        self.fields
    }

    /// The file, which must be there.
    pub(in crate::http) fn audio(&mut self) -> Result<Upload, ApiError> {
        self.audio.take().ok_or_else(|| missing("audio"))
    }
}

fn missing(name: &'static str) -> ApiError {
    let message = format!("the field `{name}` is missing: expected multipart/form-data");
    ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "missing_field", message)
}

impl FromRequest<Edge> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, edge: &Edge) -> Result<Self, ApiError> {
        let config = edge.app.config();
        let (most, within) = (config.audio.max_bytes, Duration::from_secs(config.api.upload_s));
        let read = async {
            let multipart = Multipart::from_request(request, edge).await.map_err(|rejection| {
                ApiError::said(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_multipart", rejection.body_text())
            })?;
            read(multipart, most).await
        };
        let slow = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow");
        tokio::time::timeout(within, read).await.map_err(slow)?
    }
}

async fn read(mut multipart: Multipart, most_audio: usize) -> Result<Form, ApiError> {
    let mut form = Form { fields: BTreeMap::new(), audio: None };
    let mut count = 0;
    while let Some(mut field) = multipart.next_field().await.map_err(malformed)? {
        count += 1;
        if count > MOST_FIELDS {
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_fields"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if AUDIO.contains(&name.as_str()) {
            let content_type = field.content_type().map(str::to_owned);
            let bytes = bytes(&mut field, most_audio).await?;
            if form.audio.replace(Upload { bytes, content_type }).is_some() {
                return Err(twice("audio"));
            }
            continue;
        }
        let text = String::from_utf8(bytes(&mut field, MOST_TEXT).await?)
            .map_err(|_| ApiError::said(StatusCode::BAD_REQUEST, "malformed_form", format!("{name} is not UTF-8")))?;
        if form.fields.insert(name.clone(), text).is_some() {
            return Err(twice(&name));
        }
    }
    Ok(form)
}

async fn bytes(field: &mut Field<'_>, most: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        if bytes.len() + chunk.len() > most {
            let message = format!("a part is larger than {most} bytes");
            return Err(ApiError::said(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn twice(name: &str) -> ApiError {
    ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "repeated_field", format!("the field `{name}` is there twice"))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn malformed(error: MultipartError) -> ApiError {
    ApiError::said(StatusCode::BAD_REQUEST, "malformed_form", error.body_text())
}
