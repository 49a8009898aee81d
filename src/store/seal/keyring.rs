//! Where keys are kept: the key file, or the configuration; for the vault.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::store::StoreError;
use crate::store::seal::crypto::{KeyId, Secret};

/// The name of [`crate::config::Store::voiceprint_key`] in messages.
const SETTING: &str = "store.voiceprint_key (CALLPRINT_STORE_VOICEPRINT_KEY)";

/// The key file's name in the data folder.
const FILE: &str = "voiceprint.key";

const HEADER: &str = "\
# Callprint's voiceprint key. Without it no voiceprint in callprint.db opens.
# Keep a copy of it, but not together with copies of the database.
";

/// Where keys come from: the first is the one to use, the others only open what they sealed.
pub(in crate::store) enum KeySource {
    /// Given by the operator, who keeps them.
    Setting(Vec<Secret>),
    /// A file we make and rotate, one key a line.
    File(PathBuf),
}

impl KeySource {
    /// The operator's keys (several are separated by commas), else the file in the data folder.
    pub(in crate::store) fn new(given: Option<&SecretString>, data_dir: &Path) -> Result<Self, StoreError> {
        let Some(given) = given else {
            return Ok(Self::File(data_dir.join(FILE)));
        };
        let keys = given.expose_secret().split(',').map(Secret::from_base64).collect::<Option<Vec<_>>>();
        let keys = keys.ok_or_else(|| StoreError::KeyMalformed { source_name: SETTING.to_owned() })?;
        Ok(Self::Setting(keys))
    }

    /// The file or the setting, for messages.
    pub(in crate::store) fn name(&self) -> String {
        match self {
            Self::Setting(_) => SETTING.to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// The keys there are; empty only when there is no file.
    pub(in crate::store) fn read(&self) -> Result<Vec<Secret>, StoreError> {
        match self {
            Self::Setting(keys) => Ok(keys.clone()),
            Self::File(path) => read(path),
        }
    }

    /// The first key, made now when there is no file yet.
    pub(in crate::store) fn first_or_make(&self) -> Result<Secret, StoreError> {
        if let Some(key) = self.read()?.into_iter().next() {
            return Ok(key);
        }
        let key = Secret::random()?;
        self.write(std::slice::from_ref(&key))?;
        Ok(key)
    }

    /// The key to rotate to; in a file it is written down before anything is sealed with it.
    ///
    /// `is_known` tells the keys that are or were in use. A new one that an interrupted rotation left is used up.
    pub(in crate::store) fn successor(&self, is_known: impl Fn(KeyId) -> bool) -> Result<Secret, StoreError> {
        let keys = self.read()?;
        match (self, keys.iter().find(|key| !is_known(key.id()))) {
            (_, Some(key)) => Ok(key.clone()),
            (Self::Setting(_), None) => Err(StoreError::KeyNoSuccessor),
            (Self::File(_), None) => {
                let key = Secret::random()?;
                self.write(&[vec![key.clone()], keys].concat())?;
                Ok(key)
            }
        }
    }

    /// Takes keys out of the file that open nothing any more; the setting is the operator's.
    pub(in crate::store) fn retain(&self, is_needed: impl Fn(KeyId) -> bool) -> Result<(), StoreError> {
        let (needed, retired): (Vec<_>, Vec<_>) = self.read()?.into_iter().partition(|key| is_needed(key.id()));
        match self {
            Self::File(_) if !retired.is_empty() && !needed.is_empty() => self.write(&needed),
            _ => Ok(()),
        }
    }

    fn write(&self, keys: &[Secret]) -> Result<(), StoreError> {
        match self {
            Self::Setting(_) => Ok(()),
            Self::File(path) => write(path, keys).map_err(|cause| StoreError::File { path: path.clone(), cause }),
        }
    }
}

fn read(path: &Path) -> Result<Vec<Secret>, StoreError> {
    let failed = |cause| StoreError::File { path: path.to_owned(), cause };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(failed)?,
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(StoreError::KeyTooOpen { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(failed)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(Secret::from_base64).collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty());
    keys.ok_or_else(|| StoreError::KeyMalformed { source_name: path.display().to_string() })
}

/// Replaces the file in one step: a crash leaves the old one or the new one, whole and on disk.
fn write(path: &Path, keys: &[Secret]) -> std::io::Result<()> {
    let mut text = Zeroizing::new(HEADER.to_owned());
    for key in keys {
        text.push_str(&key.to_base64());
        text.push('\n');
    }
    let draft = path.with_extension("key.new");
    if let Err(error) = std::fs::remove_file(&draft)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
