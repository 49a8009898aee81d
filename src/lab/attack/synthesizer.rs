//! Programs that speak, for attacks by machine voices.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::kind::Kind;
use crate::command::recording;
use crate::types::Clip16k;

/// A synthesizer takes less than a second for a phrase; one that hangs is ended after this.
const TIME_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// A program that speaks, its voices, and how to install it.
struct Synthesizer {
    kind: Kind,
    program: &'static str,
    voices: &'static [&'static str],
    install: &'static str,
}

const SYNTHESIZERS: [Synthesizer; 3] = [
    Synthesizer {
        kind: Kind::Espeak,
        program: "espeak-ng",
        voices: &["en-us", "en-gb", "en-us+f3", "en-us+m7", "en-gb+f2", "en-us+steph"],
        install: "apt-get install espeak-ng",
    },
    Synthesizer {
        kind: Kind::Flite,
        program: "flite",
        voices: &["kal16", "awb", "rms", "slt"],
        install: "apt-get install flite",
    },
    Synthesizer {
        kind: Kind::Festival,
        program: "text2wave",
        voices: &["kal_diphone"],
        install: "apt-get install festival festvox-kallpc16k festlex-cmu festlex-poslex",
    },
];

/// A synthesizer's sound.
#[derive(Debug)]
pub(super) struct Said {
    kind: Kind,
    pub(super) name: String,
    pub(super) clip: Clip16k,
}

/// The installed synthesizers' sounds, and the missing synthesizers.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    pub(super) clips: Vec<Said>,
    pub(super) missing: Vec<(String, String)>,
}

impl Spoken {
    /// The clips of one kind of machine, by index.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = usize> {
        self.clips.iter().enumerate().filter(move |(_, clip)| clip.kind == kind).map(|(at, _)| at)
    }
}

/// Has every installed synthesizer say a text in each of its voices.
///
/// # Errors
/// When there is no folder for temporary files. A machine that fails is noted as missing.
pub(super) fn speak(text: &str) -> anyhow::Result<Spoken> {
    let (folder, mut spoken) = (Folder::new()?, Spoken::default());
    let script = folder.0.join("phrase.txt");
    std::fs::write(&script, text).context("cannot write the phrase for the synthesizers")?;
    for synthesizer in &SYNTHESIZERS {
        if !is_installed(synthesizer.program) {
            let why = format!("{} is not installed: {}", synthesizer.program, synthesizer.install);
            spoken.missing.push((synthesizer.kind.code().to_owned(), why));
            continue;
        }
        for voice in synthesizer.voices {
            match say(synthesizer, voice, &script, &folder.0.join("said.wav")) {
                Ok(clip) => {
                    let name = format!("{} {voice}", synthesizer.program);
                    spoken.clips.push(Said { kind: synthesizer.kind, name, clip });
                }
                Err(error) => {
                    let why = format!("the voice {voice} of {} failed: {error:#}", synthesizer.program);
                    spoken.missing.push((synthesizer.kind.code().to_owned(), why));
                }
            }
        }
    }
    Ok(spoken)
}

fn say(synthesizer: &Synthesizer, voice: &str, script: &Path, said: &Path) -> anyhow::Result<Clip16k> {
    let mut command = Command::new(synthesizer.program);
    match synthesizer.kind {
        Kind::Espeak => command.args(["-v", voice, "-s", "150", "-f"]).arg(script).arg("-w").arg(said),
        Kind::Flite => command.args(["-voice", voice, "-f"]).arg(script).arg("-o").arg(said),
        _ => command.arg("-eval").arg(format!("(voice_{voice})")).arg(script).arg("-o").arg(said),
    };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > TIME_LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("it did not finish within {} s", TIME_LIMIT.as_secs());
        }
        std::thread::sleep(POLL);
    };
    anyhow::ensure!(status.success(), "it ended with {status}");
    let clip = recording::read(said)?;
    // A voice that says nothing must not leave the one before in its place.
    std::fs::remove_file(said)?;
    Ok(clip?)
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// A folder of our own that goes away with us.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("callprint-attack-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Only a phrase is left in the system's temporary folder, which is emptied anyway.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
