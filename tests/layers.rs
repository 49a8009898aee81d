//! The import rules of the design, as a table: who may use whom.
//!
//! Imports run one way. A module may use the modules of the rows above its own, never those of its own row or below.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first. `phone` stands beside `http`: it is the other end of the line and sees only what the wire shows.
const LAYERS: [&[&str]; 11] = [
    &["types"],
    &["config"],
    &["audio", "vad", "features", "phrase", "liveness", "scoring", "dialog"],
    &["models", "store", "telnyx", "twilio", "twiml"],
    &["engine"],
    &["session"],
    &["http", "phone"],
    &["command"],
    &["lab"],
    &["cli"],
    &["main"],
];

/// What a module may not use although it stands above it in the table.
const EXCEPTIONS: [(&str, &[&str]); 6] = [
    ("http", &["store", "models", "engine", "audio", "vad", "features", "scoring"]),
    ("engine", &["dialog", "store", "twilio", "twiml"]),
    ("dialog", &["audio", "vad", "features", "scoring"]),
    ("phone", &["store", "models", "engine", "session", "dialog", "scoring"]),
    ("twilio", &["dialog", "audio"]),
    ("telnyx", &["dialog", "audio"]),
];

/// Modules that compute and nothing else, and the crates and standard modules that would make them more.
const PURE: [&str; 7] = ["dialog", "audio", "vad", "features", "phrase", "liveness", "scoring"];
const IMPURE: [&str; 13] = [
    "tokio::",
    "axum::",
    "rusqlite::",
    "ort::",
    "reqwest::",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
];

/// The only module that may name each of these crates.
const SOLE_USERS: [(&str, &[&str]); 4] = [
    ("ort::", &["models"]),
    ("rusqlite::", &["store"]),
    ("axum::", &["http", "phone"]),
    ("tokio_tungstenite::", &["http", "phone"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file with the module it belongs to: the first folder, or the file's own name.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let relative = path.strip_prefix(root()).unwrap();
                let first = relative.iter().next().unwrap().to_str().unwrap();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push((module, path, code_only(&text)));
            }
        }
    }
    found
}

/// The text without comments and without the inline tests at its end, which may use anything.
fn code_only(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules of this crate that a file names: `crate::x`, `callprint::x`, also inside `use crate::{x, y}`.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for prefix in ["crate::", "callprint::"] {
        for (at, _) in code.match_indices(prefix) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + prefix.len()..];
            let names = rest.strip_prefix('{').map_or_else(|| vec![rest], top_level_items);
            for name in names {
                let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                used.push(name);
            }
        }
    }
    used
}

/// The items of a `{a, b::{c, d}, e}` list, without looking into nested braces.
fn top_level_items(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items
}

#[test]
fn every_module_has_a_place_in_the_table() {
    let unplaced: Vec<_> =
        sources().into_iter().filter(|(module, ..)| module != "lib" && rank(module).is_none()).map(|s| s.1).collect();
    assert!(unplaced.is_empty(), "give these a layer: {unplaced:?}");
}

#[test]
fn imports_run_one_way() {
    let mut strays = Vec::new();
    for (module, path, code) in sources() {
        let Some(own) = rank(&module) else { continue };
        for used in used_modules(&code) {
            let Some(other) = rank(&used) else { continue };
            let is_excepted = EXCEPTIONS.iter().any(|(from, not)| *from == module && not.contains(&used.as_str()));
            if used != module && (other >= own || is_excepted) {
                strays.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn pure_modules_touch_no_clock_file_socket_or_model() {
    let mut strays = Vec::new();
    for (module, path, code) in sources() {
        if PURE.contains(&module.as_str()) && !path.ends_with("tests.rs") {
            strays.extend(
                IMPURE
                    .iter()
                    .filter(|name| code.contains(*name))
                    .map(|name| format!("{} names {name}", path.display())),
            );
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn each_outside_world_has_one_door() {
    let mut strays = Vec::new();
    for (module, path, code) in sources() {
        for (name, owners) in SOLE_USERS {
            let named = code
                .match_indices(name)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
            if named && !owners.contains(&module.as_str()) {
                strays.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn the_rules_catch_a_stray_import() {
    let code = "use crate::{types::Llr, store::{self, Store}};\nlet x = crate::http::router();";
    let used: BTreeSet<_> = used_modules(code).into_iter().collect();
    assert_eq!(used.iter().collect::<Vec<_>>(), ["http", "store", "types"]);
}
