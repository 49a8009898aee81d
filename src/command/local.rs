//! Trying things out on one machine: what stands in for the provider's account when none is configured.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::config::Config;
use crate::twilio::{LOCAL_ACCOUNT_SID, LOCAL_API_BASE};

/// The local token's file in the data folder.
const TOKEN_FILE: &str = "local-token";
/// As strong as the provider's own tokens: 128 bits.
const TOKEN_BYTES: usize = 16;

/// Fills in what was left empty; gives the local token's file when there is no auth token.
///
/// # Errors
/// When the token's file cannot be read, made, or is open to others.
pub(crate) fn complete(config: &mut Config, listen: SocketAddr) -> anyhow::Result<Option<PathBuf>> {
    if config.server.public_url.is_empty() {
        config.server.public_url = format!("http://{listen}");
    }
    if config.twilio.auth_token.is_some() {
        return Ok(None);
    }
    if config.twilio.api_base.is_empty() {
        LOCAL_API_BASE.clone_into(&mut config.twilio.api_base);
    }
    if config.twilio.account_sid.is_empty() {
        LOCAL_ACCOUNT_SID.clone_into(&mut config.twilio.account_sid);
    }
    let (path, token) = token(&config.store.data_dir)?;
    config.twilio.auth_token = Some(token);
    Ok(Some(path))
}

/// The local token of a data folder; made when there is none.
pub(crate) fn token(data_dir: &Path) -> anyhow::Result<(PathBuf, SecretString)> {
    let path = data_dir.join(TOKEN_FILE);
    make(data_dir, &path).with_context(|| format!("cannot make {}", path.display()))?;
    let token = read(&path)?;
    Ok((path, token))
}

/// The local token that a server has made in its data folder, if it has.
pub(crate) fn existing_token(data_dir: &Path) -> anyhow::Result<Option<SecretString>> {
    let path = data_dir.join(TOKEN_FILE);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

fn read(path: &Path) -> anyhow::Result<SecretString> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} can be read by others (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display());
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = text.trim();
    if text.len() < TOKEN_BYTES {
        bail!("{} is damaged: delete it, and the next start makes a new one", path.display());
    }
    Ok(text.into())
}

/// Writes a new token unless there is one.
fn make(data_dir: &Path, path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        opened => opened?,
    };
    let token: [u8; TOKEN_BYTES] = rand::random();
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(token))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_token_is_made_once_and_only_the_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (path, first) = token(&data).unwrap();
        let (_, second) = token(&data).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(first.expose_secret().len(), 22);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_token_open_to_others_and_an_empty_one_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = token(folder.path()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(token(folder.path()).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "\n").unwrap();
        assert!(token(folder.path()).unwrap_err().to_string().contains("damaged"));
    }
}
