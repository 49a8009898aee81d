//! A server of our own: the same program, in a process and a folder of its own.

use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use url::Url;

use crate::command::local;
use crate::phone::Account;

/// How long a server may take to end once its calls are over.
const FAREWELL: Duration = Duration::from_secs(10);
/// How much of its log is shown when something went wrong.
const LOG_LINES: usize = 10;

/// A server that runs; it is stopped when dropped.
pub(super) struct Server {
    child: Child,
    url: Url,
    folder: Folder,
}

impl Server {
    /// Starts it on a free port and waits until it is ready.
    pub(super) fn start(folder: Folder, settings: &[(String, String)]) -> anyhow::Result<Self> {
        let log = File::create(folder.log())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        // Which models run may be chosen; anything else is this server's own.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_foreign = text.starts_with("CALLPRINT_") && !text.starts_with("CALLPRINT_MODELS_");
            if is_foreign || text.starts_with("TWILIO_") {
                command.env_remove(&name);
            }
        }
        command.env("CALLPRINT_STORE_DATA_DIR", folder.data()).env("CALLPRINT_LOG_FILTER", "warn");
        // All callers speak with the same few recordings: what is heard before is looked for, and let pass.
        command.env("CALLPRINT_VERIFICATION_REPLAY", "false");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        // A process group of its own: an interrupt from the terminal reaches us, and we stop it.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
        let child = command.spawn().context("cannot start a server")?;
        // Made at once, so that the process ends with it whatever comes next.
        let mut server = Self { child, url: Url::parse("http://127.0.0.1/")?, folder };
        let stdout = server.child.stdout.take().context("the server has no output")?;
        let ready = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("ready: ")?.to_owned()));
        let Some(ready) = ready else {
            bail!("the server did not start:\n{}", server.log_tail());
        };
        server.url = ready.split(' ').next().unwrap_or_default().parse().context("the server's ready line")?;
        Ok(server)
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it; complains with its own words if `has_failed`.
    pub(super) fn stop(self, has_failed: bool) {
        let log = self.log_tail();
        if has_failed && !log.is_empty() {
            eprintln!("the server's last words:\n{log}");
        }
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.folder.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            // A process that has ended already cannot be told to.
            let _ = kill_process(pid, Signal::TERM);
        }
        let begun = Instant::now();
        while begun.elapsed() < FAREWELL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who signs: the local account, whose token is made before the server looks for it.
pub(super) fn account(folder: &Folder) -> anyhow::Result<Account> {
    let (_, token) = local::token(&folder.data())?;
    Ok(Account::local(token))
}

/// Every stream is an open file on both ends; the server inherits what we are allowed.
pub(super) fn allow_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If not, then as many calls as there are files.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// A temporary folder for one run, removed at the end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("callprint-load-{:016x}", rand::random::<u64>()));
        DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn log(&self) -> PathBuf {
        Path::new(&self.0).join("server.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
