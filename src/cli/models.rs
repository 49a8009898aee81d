use std::path::PathBuf;

use crate::config;

/// Which models run: shared by every command that scores.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Models")]
pub(super) struct ModelArgs {
    /// Folder with `manifest.toml` and the models [default: found beside the program or in the source tree]
    #[arg(long = "models", value_name = "DIR", env = "CALLPRINT_MODELS_DIR")]
    dir: Option<PathBuf>,
    /// The ONNX Runtime library [default: found in `.runtime` or beside the program]
    #[arg(long, value_name = "FILE", env = "CALLPRINT_MODELS_ONNXRUNTIME")]
    onnxruntime: Option<PathBuf>,
    /// Id of the speaker model, or of two joined by a plus [default: the manifest's, with its second opinion]
    #[arg(long, value_name = "ID", env = "CALLPRINT_MODELS_SPEAKER", default_value = "", hide_default_value = true)]
    speaker: String,
}

impl ModelArgs {
    /// The same as configuration, with `sessions` sessions of each model.
    pub(super) fn to_config(&self, sessions: usize) -> config::Models {
        config::Models {
            dir: self.dir.clone(),
            onnxruntime: self.onnxruntime.clone(),
            speaker: self.speaker.clone(),
            sessions,
        }
    }
}
