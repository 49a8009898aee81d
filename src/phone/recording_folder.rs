use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// No server asks for a recording after so long.
const FORGOTTEN: Duration = Duration::from_mins(10);

/// A folder of recordings that several processes share.
///
/// Voices lie in it for seconds, so only its owner may look inside. A file's time is when it becomes available.
#[derive(Debug)]
pub(super) struct RecordingFolder {
    folder: PathBuf,
}

impl RecordingFolder {
    /// Makes the folder; one that is there must be ours alone.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        make(folder)?;
        let found = fs::symlink_metadata(folder)?;
        // The owner of our own entry under /proc is the user who runs us.
        let me = fs::metadata("/proc/self").map_or(found.uid(), |own| own.uid());
        if !found.is_dir() || found.uid() != me || found.mode() & 0o077 != 0 {
            let message = format!("{} is not a folder of yours alone; remove it", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let folder = Self { folder: folder.to_owned() };
        folder.sweep();
        Ok(folder)
    }

    /// Removes what a process that was killed has left.
    fn sweep(&self) {
        let is_old = |entry: &fs::DirEntry| {
            let modified = entry.metadata().and_then(|found| found.modified());
            modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > FORGOTTEN))
        };
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries.filter(is_old) {
            let _ = fs::remove_file(entry.path());
        }
    }

    /// Writes a recording that becomes available after `delay`.
    ///
    /// It appears under its name only when it is whole.
    pub(super) fn put(&self, sid: &str, wav: &[u8], delay: Duration) -> io::Result<()> {
        // A process that ended just now may have taken the empty folder with it.
        make(&self.folder)?;
        let draft = self.folder.join(format!("{sid}.part"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(wav)?;
        file.set_modified(SystemTime::now() + delay)?;
        fs::rename(draft, self.path(sid))
    }

    /// A recording that is there and available.
    pub(super) fn get(&self, sid: &str) -> Option<Vec<u8>> {
        let path = self.path(sid);
        let available = File::open(&path).and_then(|file| file.metadata()?.modified()).ok()?;
        if SystemTime::now() < available {
            return None;
        }
        fs::read(path).ok()
    }

    pub(super) fn has(&self, sid: &str) -> bool {
        self.path(sid).exists()
    }

    /// Whether it was there.
    pub(super) fn remove(&self, sid: &str) -> bool {
        fs::remove_file(self.path(sid)).is_ok()
    }

    fn path(&self, sid: &str) -> PathBuf {
        self.folder.join(format!("{sid}.wav"))
    }
}

fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folder unless another process has recordings in it.
impl Drop for RecordingFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}
