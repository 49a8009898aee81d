use std::path::Path;

use anyhow::Context;

use crate::audio::{AudioError, wav};
use crate::config::AudioLimits;
use crate::types::Clip16k;

/// Limits for files of one's own: generous, and still far from filling the memory.
const LIMITS: AudioLimits = AudioLimits { max_bytes: 64 << 20, max_seconds: 120.0 };

/// Reads and decodes a WAV file: the outer error is the file's, the inner one the audio's.
pub(super) fn read(path: &Path) -> anyhow::Result<Result<Clip16k, AudioError>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(wav::decode(&bytes, &LIMITS))
}
