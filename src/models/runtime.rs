use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;

use super::ModelError;

/// The one ONNX Runtime of this process: `ort` allows a single environment for its whole life.
static RUNTIME: Mutex<Option<Environment>> = Mutex::new(None);
/// The library it came from.
static LIBRARY: OnceLock<PathBuf> = OnceLock::new();

/// Loads ONNX Runtime, or returns the one already loaded.
///
/// `configured` is a library or a folder and then the only place looked in; else the folder of the executable,
/// `.runtime` in the working folder and `.runtime` of the source tree. Once one is loaded, later calls get that one
/// whatever they ask for. Its own telemetry starts while it loads, so `main` switches that off by the environment
/// before.
///
/// # Errors
/// [`ModelError::RuntimeMissing`] when there is no library, [`ModelError::RuntimeUnusable`] when none of those found
/// loads; the last one's complaint is given.
pub(super) fn environment(configured: Option<&Path>) -> Result<Environment, ModelError> {
    let mut loaded = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = loaded.as_ref() {
        return Ok(environment.clone());
    }
    let looked = places(configured);
    let mut complaint = ModelError::RuntimeMissing { looked: looked.clone() };
    for library in looked.iter().flat_map(|place| libraries(place)) {
        match load(&library) {
            Ok(environment) => {
                // Under the lock and before the only environment: no other thread was faster.
                let _ = LIBRARY.set(library.canonicalize().unwrap_or(library));
                return Ok(loaded.insert(environment).clone());
            }
            Err(problem) => complaint = ModelError::RuntimeUnusable { path: library, problem },
        }
    }
    Err(complaint)
}

/// The ONNX Runtime library in use, links followed so that its name tells the version.
pub(super) fn library() -> Option<&'static Path> {
    LIBRARY.get().map(PathBuf::as_path)
}

fn load(library: &Path) -> Result<Environment, String> {
    // An error here is the library's; leaving `ort` to find one by itself would panic instead.
    let builder = ort::init_from(library).map_err(|error| error.to_string())?;
    builder.with_name("callprint").with_telemetry(false).build().map_err(|error| error.to_string())
}

fn places(configured: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = configured {
        // `ort` takes a relative path as relative to the executable.
        return vec![std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())];
    }
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    let here = std::env::current_dir().ok().map(|folder| folder.join(".runtime"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime");
    let mut places: Vec<PathBuf> = beside.into_iter().chain(here).chain([source]).collect();
    places.dedup();
    places
}

/// The ONNX Runtime libraries at a place: the file itself, or those in the folder, highest name first.
///
/// `libonnxruntime.so`, `libonnxruntime.so.1.31.1`, `libonnxruntime.1.31.1.dylib`, `onnxruntime.dll`; never the
/// `…_providers_…` libraries that lie beside them.
fn libraries(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_path_buf()];
    }
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let stem = format!("{DLL_PREFIX}onnxruntime.");
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(&stem) && name.split('.').any(|part| part == DLL_EXTENSION)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_and_strangers_are_not_taken_for_the_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let suffix = DLL_EXTENSION;
        let name = |rest: &str| format!("{DLL_PREFIX}{rest}");
        let right = [name(&format!("onnxruntime.{suffix}.1.31.1")), name(&format!("onnxruntime.{suffix}"))];
        let wrong =
            [name(&format!("onnxruntime_providers_shared.{suffix}")), name("onnxruntime.txt"), name("other.so")];
        for file in right.iter().chain(&wrong) {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let found: Vec<_> = libraries(folder.path());
        assert_eq!(found, right.map(|file| folder.path().join(file)));
    }
}
