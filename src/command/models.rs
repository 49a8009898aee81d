use std::path::PathBuf;

use crate::config;
use crate::engine::Engine;
use crate::models::Library;

/// Which models run: shared by every command that scores.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Models")]
pub(crate) struct ModelArgs {
    /// Folder with `manifest.toml` and the models [default: found beside the program or in the source tree]
    #[arg(long = "models", value_name = "DIR", env = "CALLPRINT_MODELS_DIR")]
    dir: Option<PathBuf>,
    /// The ONNX Runtime library [default: found in `.runtime` or beside the program]
    #[arg(long, value_name = "FILE", env = "CALLPRINT_MODELS_ONNXRUNTIME")]
    onnxruntime: Option<PathBuf>,
    /// Id of the speaker model, or of two joined by a plus [default: the manifest's, with its second opinion]
    #[arg(long, value_name = "ID", env = "CALLPRINT_MODELS_SPEAKER", default_value = "", hide_default_value = true)]
    speaker: String,
    /// A calibration written by `callprint calibrate` [default: the one that comes with the model]
    #[arg(long, value_name = "FILE", env = "CALLPRINT_MODELS_CALIBRATION")]
    calibration: Option<PathBuf>,
}

impl ModelArgs {
    /// An engine on the models, calibrated as asked.
    ///
    /// # Errors
    /// The error says what is missing or wrong, and what to do about it.
    pub(crate) fn engine(&self, sessions: usize) -> anyhow::Result<Engine> {
        let engine = Engine::new(Library::load(&self.to_config(sessions))?);
        let file = self.calibration.as_deref().filter(|file| !file.as_os_str().is_empty());
        engine.calibrated(file).map_err(|error| anyhow::anyhow!("{}: {error}", error.code()))
    }

    /// The same as configuration, with `sessions` sessions of each model.
    fn to_config(&self, sessions: usize) -> config::Models {
        config::Models {
            dir: self.dir.clone(),
            onnxruntime: self.onnxruntime.clone(),
            speaker: self.speaker.clone(),
            calibration: self.calibration.clone(),
            sessions,
        }
    }
}
