//! What tests share: recorded voices, golden vectors, and the real models, loaded once.

use std::path::PathBuf;
use std::sync::LazyLock;

use callprint::audio::wav;
use callprint::config;
use callprint::engine::Engine;
use callprint::models::Library;
use callprint::types::Clip16k;

/// The source tree's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The bytes of `fixtures/audio/NAME.wav`.
pub(crate) fn wav_bytes(name: &str) -> Vec<u8> {
    std::fs::read(root().join(format!("fixtures/audio/{name}.wav"))).unwrap()
}

/// The clip in `fixtures/audio/NAME.wav`.
pub(crate) fn clip(name: &str) -> Clip16k {
    wav::decode(&wav_bytes(name), &config::AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 }).unwrap()
}

/// The golden vectors in `fixtures/vectors/NAME.json`.
pub(crate) fn vectors(name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(root().join(format!("fixtures/vectors/{name}.json"))).unwrap()).unwrap()
}

/// How tests ask for models: the repository's default ones, one session of each.
pub(crate) fn models() -> config::Models {
    config::Models {
        dir: Some(root().join("models")),
        onnxruntime: None,
        speaker: String::new(),
        calibration: None,
        sessions: 1,
    }
}

/// The repository's models.
pub(crate) static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::load(&models()).unwrap());

/// An engine on the repository's models.
pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(LIBRARY.clone()));
