use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::audio::{AudioError, resample, wav};
use crate::config::AudioLimits;
use crate::phone::{Then, Utterance};
use crate::types::Clip16k;

/// Limits for files of one's own: generous, and still far from filling the memory.
const LIMITS: AudioLimits = AudioLimits { max_bytes: 64 << 20, max_seconds: 120.0 };

/// Reads and decodes a WAV file: the outer error is the file's, the inner one the audio's.
pub(crate) fn read(path: &Path) -> anyhow::Result<Result<Clip16k, AudioError>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(wav::decode(&bytes, &LIMITS))
}

/// The folder of recorded voices, of this source tree.
pub(crate) fn voices() -> anyhow::Result<PathBuf> {
    let places = [PathBuf::from("fixtures/audio"), Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio")];
    let found = places.iter().find(|folder| folder.join("ben_pass_1.wav").is_file());
    match found {
        Some(folder) => Ok(folder.clone()),
        None => bail!(
            "the recorded voices are missing: looked in {} and {}; run this in a clone of the repository",
            places[0].display(),
            places[1].display()
        ),
    }
}

/// The passphrase in one of the recorded voices, at the phone's rate.
pub(crate) fn spoken(voices: &Path, voice: &str, take: u32) -> anyhow::Result<Utterance> {
    let name = format!("{voice}_pass_{take}.wav");
    let clip = read(&voices.join(&name))?.with_context(|| name.clone())?;
    Ok(Utterance { name, words: None, clip: resample::to_8k(&clip), then: Then::Wait })
}
