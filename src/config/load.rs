use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml::{Table, Value};

use super::check::{self, Invalid};
use super::line::{Line, main_line};
use super::{
    Api, AudioLimits, Config, Enrollment, Listening, Lockout, Log, Models, Server, Store, Streams, Token, Twilio,
    Verification,
};
use crate::types::LineName;

/// The commented default file, which is also where the defaults come from.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Environment variables by name; tests pass their own.
pub type Environment = BTreeMap<String, String>;

/// Variables of this prefix that are not keys of the file: they belong to the command line.
const NOT_KEYS: [&str; 1] = ["CALLPRINT_CONFIG"];

/// A key is suggested when at most this many letters differ: two slips are a typo, three another word.
const MAX_TYPOS: usize = 2;

/// The provider's own variable names, and the keys they stand for.
const PROVIDER_NAMES: [(&str, &str); 2] = [("TWILIO_ACCOUNT_SID", "account_sid"), ("TWILIO_AUTH_TOKEN", "auth_token")];

/// Why the configuration was not taken.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file named on the command line.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not valid TOML: {source}")]
    Syntax {
        /// The file named on the command line.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// An unknown key: most likely misspelt.
    #[error("unknown key `{key}` in {place}; `callprint serve --print-config` lists them all{hint}")]
    UnknownKey {
        /// Its dotted path, or the variable's name.
        key: String,
        /// The file, or "the environment".
        place: String,
        /// A similar key, if there is one.
        hint: String,
    },
    /// A value of the wrong type.
    #[error("{0}")]
    Type(String),
    /// A value that makes no sense here.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Reads defaults, then the file, then the environment, and checks the whole.
///
/// # Errors
/// [`ConfigError`] with the key at fault and what to do about it.
pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Config, ConfigError> {
    let defaults: Table = toml::from_str(DEFAULTS).map_err(|error| ConfigError::Type(error.to_string()))?;
    let mut table = defaults.clone();
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let own: Table = toml::from_str(&text)
            .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
        refuse_unknown(&own, &defaults, &path.display().to_string())?;
        merge(&mut table, own);
    }
    apply_environment(&mut table, &defaults, environment)?;
    let config = build(table)?;
    check::check(&config)?;
    Ok(config)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    server: Server,
    log: Log,
    store: Store,
    twilio: Twilio,
    models: Models,
    audio: AudioLimits,
    streams: Streams,
    listening: Listening,
    api: Api,
    enrollment: Enrollment,
    verification: Verification,
    lockout: Lockout,
    token: Token,
}

fn build(mut table: Table) -> Result<Config, ConfigError> {
    let shared = take_table(&mut table, "line");
    let named = take_table(&mut table, "lines");
    let sections: Sections = section_values("", Value::Table(table))?;
    let mut lines = Vec::new();
    for (name, own) in named {
        let Value::Table(own) = own else {
            return Err(not_a_section(&name));
        };
        let mut keys = shared.clone();
        merge(&mut keys, own);
        let line: Line = section_values(&format!("lines.{name}: "), Value::Table(keys))?;
        lines.push(Line { name: LineName(name), ..line });
    }
    if lines.is_empty() {
        let line: Line = section_values("line: ", Value::Table(shared))?;
        lines.push(Line { name: main_line(), ..line });
    }
    Ok(Config {
        server: sections.server,
        log: sections.log,
        store: sections.store,
        twilio: sections.twilio,
        models: sections.models,
        audio: sections.audio,
        streams: sections.streams,
        listening: sections.listening,
        api: sections.api,
        enrollment: sections.enrollment,
        verification: sections.verification,
        lockout: sections.lockout,
        token: sections.token,
        lines,
    })
}

fn section_values<T: for<'de> Deserialize<'de>>(place: &str, value: Value) -> Result<T, ConfigError> {
    value.try_into().map_err(|error: toml::de::Error| ConfigError::Type(format!("{place}{}", error.to_string().trim())))
}

fn take_table(table: &mut Table, key: &str) -> Table {
    match table.remove(key) {
        Some(Value::Table(inner)) => inner,
        _ => Table::new(),
    }
}

fn not_a_section(name: &str) -> ConfigError {
    ConfigError::Type(format!("lines.{name} must be a section of its own: [lines.{name}]"))
}

/// Tables merge key by key; anything else replaces.
fn merge(base: &mut Table, own: Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(own)) => merge(inner, own),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn refuse_unknown(own: &Table, defaults: &Table, place: &str) -> Result<(), ConfigError> {
    for (section, value) in own {
        let Value::Table(keys) = value else {
            return Err(unknown(section, defaults.keys(), place));
        };
        if section == "lines" {
            for (name, line) in keys {
                let Value::Table(line) = line else {
                    return Err(not_a_section(name));
                };
                known_keys(&format!("lines.{name}"), line, table_of(defaults, "line"), place)?;
            }
        } else if defaults.contains_key(section) {
            known_keys(section, keys, table_of(defaults, section), place)?;
        } else {
            return Err(unknown(section, defaults.keys(), place));
        }
    }
    Ok(())
}

fn known_keys(section: &str, own: &Table, known: Option<&Table>, place: &str) -> Result<(), ConfigError> {
    let Some(known) = known else { return Ok(()) };
    match own.keys().find(|key| !known.contains_key(*key)) {
        Some(key) => Err(unknown(&format!("{section}.{key}"), known.keys(), place)),
        None => Ok(()),
    }
}

fn table_of<'t>(table: &'t Table, key: &str) -> Option<&'t Table> {
    table.get(key).and_then(Value::as_table)
}

/// Names the key that was meant, when one shares most of its letters.
fn unknown<'k>(key: &str, known: impl Iterator<Item = &'k String>, place: &str) -> ConfigError {
    let leaf = key.rsplit('.').next().unwrap_or(key);
    let distance = |candidate: &&String| strsim::levenshtein(leaf, candidate);
    let close = known.min_by_key(distance).filter(|candidate| distance(candidate) <= MAX_TYPOS);
    ConfigError::UnknownKey {
        key: key.to_owned(),
        place: place.to_owned(),
        hint: close.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default(),
    }
}

fn apply_environment(table: &mut Table, defaults: &Table, environment: &Environment) -> Result<(), ConfigError> {
    for (name, key) in PROVIDER_NAMES {
        if let Some(value) = environment.get(name) {
            set(table, &["twilio", key], Value::String(value.clone()));
        }
    }
    for (name, text) in environment {
        let Some(path) = name.strip_prefix("CALLPRINT_") else {
            continue;
        };
        if NOT_KEYS.contains(&name.as_str()) {
            continue;
        }
        let path = path.to_lowercase();
        let Some((section, line, key, default)) = locate(&path, table, defaults) else {
            return Err(unknown(name, std::iter::empty(), "the environment"));
        };
        let value = typed(text, default).map_err(|kind| ConfigError::Type(format!("{name} must be {kind}")))?;
        match line {
            Some(line) => set(table, &["lines", &line, &key], value),
            None => set(table, &[&section, &key], value),
        }
    }
    Ok(())
}

/// Finds the key a lower-case variable name stands for: section, named line, key, and the default that gives its type.
fn locate<'d>(path: &str, table: &Table, defaults: &'d Table) -> Option<(String, Option<String>, String, &'d Value)> {
    for (section, keys) in defaults {
        if let Some(key) = path.strip_prefix(&format!("{section}_"))
            && let Some(default) = keys.get(key)
        {
            return Some((section.clone(), None, key.to_owned(), default));
        }
    }
    let rest = path.strip_prefix("lines_")?;
    let named = table_of(table, "lines")?;
    for name in named.keys() {
        if let Some(key) = rest.strip_prefix(&format!("{}_", name.replace('-', "_")))
            && let Some(default) = table_of(defaults, "line").and_then(|line| line.get(key))
        {
            return Some(("lines".to_owned(), Some(name.clone()), key.to_owned(), default));
        }
    }
    None
}

/// Reads a variable's text as the type its default has.
fn typed(text: &str, default: &Value) -> Result<Value, &'static str> {
    match default {
        Value::Integer(_) => text.parse().map(Value::Integer).map_err(|_| "a whole number"),
        Value::Float(_) => text.parse().map(Value::Float).map_err(|_| "a number"),
        Value::Boolean(_) => text.parse().map(Value::Boolean).map_err(|_| "true or false"),
        Value::Array(_) => Ok(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
        _ if text.starts_with('{') => {
            let table: Table = toml::from_str(&format!("value = {text}")).map_err(|_| "a TOML table or a string")?;
            table.get("value").cloned().ok_or("a TOML table or a string")
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn set(table: &mut Table, path: &[&str], value: Value) {
    let Some((last, sections)) = path.split_last() else {
        return;
    };
    let mut table = table;
    for section in sections {
        let entry = table.entry((*section).to_owned()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else { return };
        table = inner;
    }
    table.insert((*last).to_owned(), value);
}
