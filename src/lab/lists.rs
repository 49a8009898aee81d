//! Lists of recordings: enrollments and trials.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// Which lists: one set of three files, or several by name.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ListArgs {
    /// Tab-separated list of enrollments: model, take1, take2, take3
    #[arg(long, value_name = "TSV", requires_all = ["trials", "audio"])]
    enroll: Option<PathBuf>,
    /// Tab-separated list of trials: model, probe, target, and if known `same_phrase`, each 1 or 0
    #[arg(long, value_name = "TSV", requires = "enroll")]
    trials: Option<PathBuf>,
    /// Folder with the recordings that the lists name
    #[arg(long, value_name = "DIR", requires = "enroll")]
    audio: Option<PathBuf>,
    /// The same three under a name, in place of them (repeatable)
    #[arg(long = "set", value_name = "NAME=ENROLL,TRIALS,AUDIO", value_parser = set, conflicts_with = "enroll")]
    sets: Vec<SetArg>,
}

/// One set of lists.
#[derive(Clone, Debug)]
pub(super) struct SetArg {
    /// Its name; empty for a set without one.
    pub(super) name: String,
    enroll: PathBuf,
    trials: PathBuf,
    audio: PathBuf,
}

impl ListArgs {
    /// The sets that were asked for, in order.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn sets(&self) -> anyhow::Result<Vec<SetArg>> {
        match (&self.enroll, &self.trials, &self.audio) {
            (Some(enroll), Some(trials), Some(audio)) => Ok(vec![SetArg {
                name: String::new(),
                enroll: enroll.clone(),
                trials: trials.clone(),
                audio: audio.clone(),
            }]),
            _ if self.sets.is_empty() => {
                bail!("give --enroll, --trials and --audio, or --set NAME=ENROLL,TRIALS,AUDIO")
            }
            _ => Ok(self.sets.clone()),
        }
    }
}

impl SetArg {
    /// Reads its lists.
    ///
    /// # Errors
    /// As [`read`].
    pub(super) fn read(&self) -> anyhow::Result<Lists> {
        read(&self.enroll, &self.trials, &self.audio)
    }
}

fn set(text: &str) -> Result<SetArg, String> {
    let (name, files) = text.split_once('=').ok_or("expected NAME=ENROLL,TRIALS,AUDIO")?;
    match files.split(',').collect::<Vec<_>>()[..] {
        [enroll, trials, audio] if !name.is_empty() => {
            Ok(SetArg { name: name.to_owned(), enroll: enroll.into(), trials: trials.into(), audio: audio.into() })
        }
        _ => Err("expected a name, and two lists and a folder with commas between them".to_owned()),
    }
}

/// The lists of an evaluation, resolved: who enrolls with what, and which probe is tried against whom.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Every recording named, once; the rest refers to it by index.
    pub(super) recordings: Vec<Recording>,
    /// One entry a row: a model name may have several, each a voiceprint of its own.
    pub(super) enrollments: Vec<Enrollment>,
    /// One entry for each probe and each voiceprint of the model it is tried against.
    pub(super) trials: Vec<Trial>,
    /// Rows that say the same as an earlier one; they count once.
    pub(super) repeated_rows: usize,
}

/// A file to listen to.
#[derive(Debug)]
pub(super) struct Recording {
    /// As the list spells it.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// List and line that name it first.
    pub(super) origin: String,
}

/// One row of the enrollment list.
#[derive(Debug)]
pub(super) struct Enrollment {
    /// The model's name.
    pub(super) model: String,
    /// Its takes, as indices of recordings.
    pub(super) takes: Vec<usize>,
}

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    /// Index of the enrollment.
    pub(super) enrollment: usize,
    /// Index of the probe's recording.
    pub(super) probe: usize,
    /// Whether it is the enrolled speaker.
    pub(super) is_target: bool,
    /// Whether the probe has the enrolled phrase, where the list tells.
    pub(super) same_phrase: Option<bool>,
}

/// Reads both lists; recordings lie in `audio`.
///
/// A trial is tried against every enrollment of its model. A row that repeats an earlier one adds nothing, whether the
/// list has one row per pair or one row per pair and enrollment.
///
/// # Errors
/// The list and line of whatever cannot be read, is missing or contradicts itself.
pub(super) fn read(enroll: &Path, trials: &Path, audio: &Path) -> anyhow::Result<Lists> {
    let mut lists = Lists::default();
    let mut known = HashMap::new();
    let (enroll, trials) = (Table::read(enroll)?, Table::read(trials)?);
    let by_model = read_enrollments(&enroll, audio, &mut lists, &mut known)?;
    read_trials(&trials, audio, &mut lists, &mut known, &by_model)?;
    let missing: Vec<_> = lists.recordings.iter().filter(|recording| !recording.path.is_file()).collect();
    if let Some(first) = missing.first() {
        let more = if missing.len() > 1 { format!(" (and {} more)", missing.len() - 1) } else { String::new() };
        bail!("{}: no such recording: {}{more}", first.origin, first.path.display());
    }
    Ok(lists)
}

fn read_enrollments<'t>(
    table: &'t Table,
    audio: &Path,
    lists: &mut Lists,
    known: &mut HashMap<String, usize>,
) -> anyhow::Result<HashMap<&'t str, Vec<usize>>> {
    let model = table.column("model")?;
    let takes: Vec<usize> = (1..).map_while(|n| table.find(&format!("take{n}"))).collect();
    ensure!(!takes.is_empty(), "{}: there is no column take1", table.name);
    let mut by_model: HashMap<&str, Vec<usize>> = HashMap::new();
    for row in &table.rows {
        let indices = takes.iter().map(|&take| recording(lists, known, audio, &row[take], row)).collect();
        by_model.entry(&row[model]).or_default().push(lists.enrollments.len());
        lists.enrollments.push(Enrollment { model: row[model].clone(), takes: indices });
    }
    Ok(by_model)
}

fn read_trials(
    table: &Table,
    audio: &Path,
    lists: &mut Lists,
    known: &mut HashMap<String, usize>,
    by_model: &HashMap<&str, Vec<usize>>,
) -> anyhow::Result<()> {
    let (model, probe, target) = (table.column("model")?, table.column("probe")?, table.column("target")?);
    let phrase = table.find("same_phrase");
    let mut seen: HashMap<(&str, &str), (bool, Option<bool>)> = HashMap::new();
    for row in &table.rows {
        let flags = (row.flag(target)?, phrase.map(|column| row.flag(column)).transpose()?);
        if let Some(before) = seen.insert((&row[model], &row[probe]), flags) {
            ensure!(before == flags, "{}: contradicts an earlier row on the same model and probe", row.origin);
            lists.repeated_rows += 1;
            continue;
        }
        let Some(enrollments) = by_model.get(row[model].as_str()) else {
            bail!("{}: model {:?} is not in the enrollment list", row.origin, row[model]);
        };
        let probe = recording(lists, known, audio, &row[probe], row);
        let trial = |&enrollment| Trial { enrollment, probe, is_target: flags.0, same_phrase: flags.1 };
        lists.trials.extend(enrollments.iter().map(trial));
    }
    Ok(())
}

fn recording(lists: &mut Lists, known: &mut HashMap<String, usize>, audio: &Path, name: &str, row: &Row) -> usize {
    *known.entry(name.to_owned()).or_insert_with(|| {
        let origin = row.origin.clone();
        lists.recordings.push(Recording { name: name.to_owned(), path: audio.join(name), origin });
        lists.recordings.len() - 1
    })
}

/// A tab-separated file with a header row; columns go by name, further ones are left alone.
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) origin: String,
    cells: Vec<String>,
}

impl Table {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the list {name}"))?;
        let cells = |line: &str| line.split('\t').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let mut lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
        let columns = lines.next().map(|(line, _)| cells(line)).unwrap_or_default();
        let mut rows = Vec::new();
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let row = Row { origin: format!("{name}:{number}"), cells: cells(line) };
            let (found, expected) = (row.cells.len(), columns.len());
            ensure!(found == expected, "{}: {found} columns, the header has {expected}", row.origin);
            rows.push(row);
        }
        ensure!(!rows.is_empty(), "{name}: no rows below the header");
        Ok(Self { name, columns, rows })
    }

    fn find(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    pub(super) fn column(&self, column: &str) -> anyhow::Result<usize> {
        let has = self.columns.join(", ");
        self.find(column).with_context(|| format!("{}: there is no column {column}; the header has {has}", self.name))
    }
}

impl Row {
    fn flag(&self, column: usize) -> anyhow::Result<bool> {
        match self[column].as_str() {
            "1" => Ok(true),
            "0" => Ok(false),
            other => bail!("{}: expected 0 or 1, found {other:?}", self.origin),
        }
    }
}

impl std::ops::Index<usize> for Row {
    type Output = String;
    fn index(&self, column: usize) -> &String {
        &self.cells[column]
    }
}
