use serde::Deserialize;

/// The file with a speaker model's centre and nuisance directions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendFile {
    /// The file's name.
    pub file: String,
    /// The file's hash, in lower-case hex.
    pub sha256: String,
    /// Its source, and the licence of that.
    pub attribution: String,
}
