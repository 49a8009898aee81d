use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::ModelError;

/// The manifest's name within the models' folder.
pub(super) const MANIFEST: &str = "manifest.toml";

/// Finds the folder with the manifest.
///
/// `configured` is then the only place looked in; else beside the executable (`models`, `../share/callprint/models`),
/// the working folder's `models` and the source tree's.
///
/// # Errors
/// [`ModelError::Missing`] with the places looked in.
pub(super) fn folder(configured: Option<&Path>) -> Result<PathBuf, ModelError> {
    let places = match configured {
        Some(folder) => vec![folder.to_path_buf()],
        None => usual_places(),
    };
    match places.iter().find(|folder| folder.join(MANIFEST).is_file()) {
        Some(folder) => Ok(folder.clone()),
        None => Err(ModelError::Missing { looked: places }),
    }
}

fn usual_places() -> Vec<PathBuf> {
    let exe = std::env::current_exe().ok();
    let beside = exe.as_deref().and_then(Path::parent);
    let installed = beside.map(|bin| [bin.join("models"), bin.join("../share/callprint/models")]);
    let here = std::env::current_dir().ok().map(|folder| folder.join("models"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut places: Vec<PathBuf> = installed.into_iter().flatten().chain(here).chain([source]).collect();
    places.dedup();
    places
}

/// Reads a file whole.
///
/// # Errors
/// [`ModelError::Unreadable`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| ModelError::Unreadable { path: path.to_path_buf(), source })
}

/// Reads a file and holds it to its hash: the bytes returned are the bytes that were checked.
///
/// # Errors
/// [`ModelError::Unreadable`] or [`ModelError::Hash`].
pub(super) fn read_checked(path: &Path, sha256: &str) -> Result<Vec<u8>, ModelError> {
    let bytes = read(path)?;
    let found = hex(&Sha256::digest(&bytes));
    if found == sha256 {
        Ok(bytes)
    } else {
        Err(ModelError::Hash { path: path.to_path_buf(), expected: sha256.to_owned(), found })
    }
}

/// Reads a file like [`read_checked`], and keeps its bytes for the life of the process.
///
/// For models whose sessions use the bytes where they are: all sessions of the phrase decoder share its 30 MB. Loading
/// the same model again gives the same bytes: memory is bounded by the models there are.
///
/// # Errors
/// [`ModelError::Unreadable`] or [`ModelError::Hash`].
pub(super) fn keep_checked(path: &Path, sha256: &str) -> Result<&'static [u8], ModelError> {
    static KEPT: Mutex<BTreeMap<String, &'static [u8]>> = Mutex::new(BTreeMap::new());
    let bytes = read_checked(path, sha256)?;
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(kept.entry(sha256.to_owned()).or_insert_with(|| Vec::leak(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("half a byte is one hex digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
