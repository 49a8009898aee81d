use std::path::PathBuf;

use thiserror::Error;

/// Why the models could not be loaded, or an inference did not give a result.
///
/// Texts say what to do; [`code`](Self::code) is stable.
#[derive(Debug, Error)]
pub enum ModelError {
    /// No folder with a manifest was found.
    #[error("no models found: there is no manifest.toml in {}; set models.dir to the folder that has it", list(looked))]
    Missing {
        /// The folders that were looked in.
        looked: Vec<PathBuf>,
    },
    /// A file the manifest names cannot be read.
    #[error("cannot read {}: {source}; restore the file, or make it as models/README.md says", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The manifest, or a file it names, does not say what it must.
    #[error("{}: {problem}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The fault.
        problem: String,
    },
    /// A file is not the one the manifest describes.
    #[error(
        "{} has sha256 {found}, the manifest says {expected}; restore the file, it is damaged or not ours",
        path.display()
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// The manifest's sha256, in hex.
        expected: String,
        /// The file's sha256, in hex.
        found: String,
    },
    /// The manifest describes a model that this program cannot drive, or the model is not as described.
    #[error("model {model}: {problem}; this build and the manifest do not belong together")]
    Contract {
        /// The model's id.
        model: String,
        /// Where they part.
        problem: String,
    },
    /// The configured speaker model is not in the manifest.
    #[error("no speaker model is called {wanted:?}; the manifest has {}", known.join(", "))]
    Unknown {
        /// The id asked for.
        wanted: String,
        /// The ids there are.
        known: Vec<String>,
    },
    /// The ONNX Runtime library was not found.
    #[error(
        "ONNX Runtime was not found in {}; run `make setup`, or set models.onnxruntime to the library",
        list(looked)
    )]
    RuntimeMissing {
        /// The folders, or the one file, that were looked in.
        looked: Vec<PathBuf>,
    },
    /// A library was found, but it is not an ONNX Runtime that this build can use.
    #[error("ONNX Runtime at {} cannot be used: {problem}; run `make setup`", path.display())]
    RuntimeUnusable {
        /// The library.
        path: PathBuf,
        /// The loader's error.
        problem: String,
    },
    /// ONNX Runtime refused a model file.
    #[error("model {model} cannot be loaded: {problem}")]
    Session {
        /// The model's id.
        model: String,
        /// ONNX Runtime's error.
        problem: String,
    },
    /// An inference failed, or gave something that is not a result.
    #[error("model {model} failed: {problem}")]
    Inference {
        /// The model's id.
        model: String,
        /// The error.
        problem: String,
    },
}

impl ModelError {
    /// The stable machine code, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "model_missing",
            Self::Unreadable { .. } => "model_unreadable",
            Self::Manifest { .. } => "model_manifest",
            Self::Hash { .. } => "model_hash",
            Self::Contract { .. } => "model_contract",
            Self::Unknown { .. } => "model_unknown",
            Self::RuntimeMissing { .. } => "runtime_missing",
            Self::RuntimeUnusable { .. } => "runtime_unusable",
            Self::Session { .. } => "model_session",
            Self::Inference { .. } => "inference_failed",
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
