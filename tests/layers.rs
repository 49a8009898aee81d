//! The import rules of the design, as a table: who may use whom, and that no folder holds a circle of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules that it may import; it may import no other. Lowest first: a module imports upwards
/// only.
const MAY_IMPORT: [(&str, &[&str]); 29] = [
    ("types", &[]),
    ("config", &["types"]),
    ("wire", &["types"]),
    // pure signal code, and the dialogue
    ("audio", &["types", "config"]),
    ("vad", &["types", "audio"]),
    ("features", &["types"]),
    ("phrase", &["types"]),
    ("liveness", &["types", "config", "audio"]),
    ("scoring", &["types"]),
    ("dialog", &["types", "config"]),
    // the outside worlds: models, database, providers
    ("models", &["types", "config", "vad", "features", "phrase", "scoring"]),
    ("store", &["types", "config", "dialog"]),
    ("telnyx", &["types"]),
    ("twilio", &["types", "config"]),
    ("twiml", &["types", "config", "audio", "dialog"]),
    ("engine", &["types", "audio", "vad", "features", "phrase", "liveness", "scoring", "models"]),
    // the rooms
    (
        "judging",
        &["types", "config", "audio", "vad", "phrase", "liveness", "scoring", "dialog", "store", "twilio", "engine"],
    ),
    ("calls", &["types", "config", "phrase", "scoring", "dialog", "store", "twilio", "twiml", "engine", "judging"]),
    ("jobs", &["types", "config", "wire", "store", "twilio", "engine", "judging"]),
    ("media", &["types", "audio", "vad", "scoring", "store", "twiml", "engine", "judging", "calls", "jobs"]),
    (
        "clients",
        &[
            "types", "config", "wire", "audio", "phrase", "scoring", "dialog", "store", "twiml", "engine", "judging",
            "calls", "jobs",
        ],
    ),
    ("app", &["types", "config", "store", "twilio", "engine", "judging", "calls", "jobs", "media", "clients"]),
    ("http", &["types", "config", "wire", "telnyx", "twilio", "calls", "media", "clients", "app"]),
    // the other end of the line: it sees only what the wire shows
    ("phone", &["types", "audio", "twilio"]),
    // what commands share: arguments, exit codes, a server started for a command
    ("command", &["types", "config", "audio", "models", "store", "twilio", "engine", "phone"]),
    (
        "lab",
        &["types", "config", "audio", "vad", "phrase", "liveness", "scoring", "store", "engine", "phone", "command"],
    ),
    (
        "cli",
        &[
            "types", "config", "audio", "features", "dialog", "models", "store", "twilio", "twiml", "engine", "app",
            "http", "phone", "command", "lab",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Modules that compute and nothing else, and the crates and standard modules that would make them more.
const PURE: [&str; 8] = ["wire", "dialog", "audio", "vad", "features", "phrase", "liveness", "scoring"];
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

/// The only modules that may name each of these crates or words.
const SOLE_USERS: [(&str, &[&str]); 7] = [
    ("ort::", &["models"]),
    ("rusqlite::", &["store"]),
    ("axum::", &["http", "phone"]),
    ("tokio_tungstenite::", &["http", "phone"]),
    // the API's shapes are described where they are sent
    ("utoipa::", &["wire", "http"]),
    ("ToSchema", &["wire", "http"]),
    // tokio's blocking threads resolve names and join the store: computing has a pool of its own
    ("spawn_blocking(", &["store", "lab", "cli"]),
];

/// Circles of more than two files that are meant to be, by their folder, with the reason.
const CIRCLES: [(&str, &str); 1] = [("dialog", "states of the dialogue lead to each other")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A source file: its module path (`media::take`; a folder's `mod.rs` is the folder), and its text without comments.
struct Source {
    module: Vec<String>,
    path: PathBuf,
    /// Everything, inline tests too.
    all: String,
    /// Without the inline tests at the end.
    code: String,
}

impl Source {
    fn read(path: PathBuf) -> Self {
        let relative = path.strip_prefix(root()).unwrap().with_extension("");
        let mut module: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let text = fs::read_to_string(&path).unwrap();
        let all = without_comments(&text);
        let code = without_comments(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text));
        Self { module, path, all, code }
    }

    fn room(&self) -> &str {
        &self.module[0]
    }

    fn is_test(&self) -> bool {
        self.module.iter().any(|part| part == "tests")
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(Source::read(path));
            }
        }
    }
    found
}

/// The modules of this crate that a text names: `crate::x`, `callprint::x`, also inside `use crate::{x, y}`.
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

/// The items of a `{a, b::{c, d}, e}` list, without looking into nested braces; the text begins after the first brace.
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
fn the_table_names_every_module_and_leads_one_way() {
    let named: BTreeSet<&str> = MAY_IMPORT.iter().map(|(module, _)| *module).collect();
    let sources = sources();
    let there: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    assert_eq!(named, there, "the table and src/ differ");
    for (at, (module, may)) in MAY_IMPORT.iter().enumerate() {
        for other in *may {
            assert!(MAY_IMPORT[..at].iter().any(|(above, _)| above == other), "{module} may not import down: {other}");
        }
    }
}

#[test]
fn no_module_imports_what_the_table_does_not_allow() {
    let mut strays = Vec::new();
    for source in sources() {
        let may = MAY_IMPORT.iter().find(|(module, _)| *module == source.room()).map_or(&[][..], |(_, may)| *may);
        for used in used_modules(&source.all) {
            let is_module = MAY_IMPORT.iter().any(|(module, _)| *module == used);
            if is_module && used != source.room() && !may.contains(&used.as_str()) {
                strays.push(format!("{} uses {used}", source.path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn no_row_of_the_table_allows_more_than_is_used() {
    let sources = sources();
    let mut unused = Vec::new();
    for (module, may) in MAY_IMPORT {
        let own = sources.iter().filter(|source| source.room() == module);
        let used: BTreeSet<String> = own.flat_map(|source| used_modules(&source.all)).collect();
        unused.extend(may.iter().filter(|other| !used.contains(**other)).map(|other| format!("{module}: {other}")));
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn pure_modules_touch_no_clock_file_socket_or_model() {
    let mut strays = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.room()) && !source.is_test()) {
        let named = IMPURE.iter().filter(|name| source.code.contains(**name));
        strays.extend(named.map(|name| format!("{} names {name}", source.path.display())));
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn each_outside_world_has_one_door() {
    let mut strays = Vec::new();
    for source in sources() {
        for (name, owners) in SOLE_USERS {
            let named = source
                .code
                .match_indices(name)
                .any(|(at, _)| !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if named && !owners.contains(&source.room()) {
                strays.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

/// Words that add a route, and the only file of `http` that may name them.
const ADDS_ROUTES: [&str; 6] =
    ["Router::new(", "OpenApiRouter", "MethodRouter", "utoipa_axum::", "axum::routing", ".route("];
const ROUTES: [&str; 2] = ["http", "routes"];

#[test]
fn every_route_is_added_where_one_says_who_may_ask_for_it() {
    let mut strays = Vec::new();
    for source in sources().iter().filter(|source| source.room() == "http" && source.module != ROUTES) {
        let named = ADDS_ROUTES.iter().filter(|name| source.code.contains(**name));
        strays.extend(named.map(|name| format!("{} names {name}", source.path.display())));
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

/// Words that make a tenant, or name a user of one, and the files of `clients` that may: keys, and the demo's.
const NAMES_TENANTS: [&str; 4] = ["Tenant::main()", "Tenant::parse", "Tenant::demo", "CallerRef::User"];
const MAY_NAME_TENANTS: [&[&str]; 3] = [&["clients", "client"], &["clients", "keys"], &["clients", "uploads", "demo"]];

#[test]
fn no_tenant_is_looked_into_that_no_client_stands_for() {
    let mut strays = Vec::new();
    let clients = |source: &&Source| source.room() == "clients" && !MAY_NAME_TENANTS.contains(&strs(source).as_slice());
    for source in sources().iter().filter(clients) {
        let named = NAMES_TENANTS.iter().filter(|name| source.code.contains(**name));
        strays.extend(named.map(|name| format!("{} names {name}", source.path.display())));
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

fn strs(source: &Source) -> Vec<&str> {
    source.module.iter().map(String::as_str).collect()
}

#[test]
fn no_folder_holds_a_circle_of_more_than_two_files() {
    let sources: Vec<Source> = sources().into_iter().filter(|source| !source.is_test()).collect();
    let circles = circles(&edges(&sources));
    let large = circles.iter().filter(|circle| circle.len() > 2);
    let unmeant: Vec<_> = large.filter(|circle| !CIRCLES.iter().any(|(room, _)| circle[0][0] == *room)).collect();
    assert!(unmeant.is_empty(), "{unmeant:#?}");
    for (room, reason) in CIRCLES {
        assert!(circles.iter().any(|circle| circle[0][0] == room && circle.len() > 2), "{room}: {reason}: no longer");
    }
}

/// The rooms, whose files each say in their first line what they are for.
const ROOMS: [&str; 9] = ["judging", "calls", "jobs", "media", "clients", "http", "store", "wire", "lab"];

#[test]
fn every_file_of_a_room_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| ROOMS.contains(&source.room()) && !source.is_test())
        .filter(|source| !fs::read_to_string(&source.path).unwrap().starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "begin these with a `//!` line: {silent:#?}");
}

/// As `max_width` of rustfmt.toml, which wraps neither comments nor texts. A test's text in another language stays
/// whole.
const MOST_COLUMNS: usize = 120;

#[test]
fn no_line_is_longer_than_rustfmt_wraps_code() {
    let mut long = Vec::new();
    let mut open: Vec<PathBuf> = ["src", "tests", "benches"].map(|at| root().with_file_name(at)).to_vec();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let is_text = |line: &str| {
                let is_comment = line.trim_start().starts_with("//");
                path.starts_with(root().with_file_name("tests")) && !is_comment && line.contains(['"', '\'', '`', '\\'])
            };
            let lines = text.lines().enumerate();
            let lines = lines.filter(|(_, line)| line.chars().count() > MOST_COLUMNS && !is_text(line));
            long.extend(lines.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
        }
    }
    assert!(long.is_empty(), "wrap these at {MOST_COLUMNS} columns: {long:#?}");
}

type Module = Vec<String>;

/// Which file imports which, facades resolved to the file that defines the name.
///
/// A file and the `mod.rs` above it are one step of the tree and no circle: the parent declares what the child
/// completes.
fn edges(sources: &[Source]) -> BTreeMap<Module, BTreeSet<Module>> {
    let modules: BTreeSet<&[String]> = sources.iter().map(|source| &source.module[..]).collect();
    let mut facades: BTreeMap<Module, BTreeMap<String, Module>> = BTreeMap::new();
    for source in sources {
        for (is_public, path) in uses(&source.code) {
            let name = path.last().cloned().unwrap_or_default();
            if let (true, Some(full)) = (is_public, absolute(&modules, &source.module, &path)) {
                facades.entry(source.module.clone()).or_default().insert(name, full);
            }
        }
    }
    let mut edges: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for source in sources {
        for (is_public, path) in uses(&source.code) {
            let full = absolute(&modules, &source.module, &path).filter(|_| !is_public);
            let Some(file) = full.and_then(|full| file_of(&modules, &facades, full)) else { continue };
            if !source.module.starts_with(&file) {
                edges.entry(source.module.clone()).or_default().insert(file);
            }
        }
    }
    edges
}

/// The paths that a text's `use` items name, each with whether it is exported again.
fn uses(code: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_item = before.is_empty() || before.starts_with("pub");
        let Some(end) = rest[at..].find(';') else { break };
        if is_item {
            let mut paths = Vec::new();
            expand(&rest[at + 4..at + end], &mut Vec::new(), &mut paths);
            found.extend(paths.into_iter().map(|path| (before.starts_with("pub"), path)));
        }
        rest = &rest[at + 4..];
    }
    found
}

fn expand(tree: &str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    if tree.is_empty() {
        return;
    }
    let depth = prefix.len();
    let (head, list) = tree.split_once('{').map_or((tree, None), |(head, list)| (head, Some(list)));
    let head = head.split(" as ").next().unwrap_or_default();
    prefix.extend(head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    match list {
        Some(list) => top_level_items(list).into_iter().for_each(|item| expand(item, prefix, paths)),
        None => paths.push(prefix.clone()),
    }
    prefix.truncate(depth);
}

/// The path from the crate's root; none for another crate's.
fn absolute(modules: &BTreeSet<&[String]>, own: &[String], path: &[String]) -> Option<Module> {
    let (mut base, mut rest) = (own.to_vec(), path);
    match rest.first()?.as_str() {
        "crate" => return Some(rest[1..].to_vec()),
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        child if modules.contains(&[own, &[child.to_owned()]].concat()[..]) => {}
        _ => return None,
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The file that defines a path, through the facades that export it again.
fn file_of(
    modules: &BTreeSet<&[String]>,
    facades: &BTreeMap<Module, BTreeMap<String, Module>>,
    mut full: Module,
) -> Option<Module> {
    for _ in 0..8 {
        let length = (1..=full.len()).rev().find(|length| modules.contains(&full[..*length]))?;
        let (file, rest) = full.split_at(length);
        let next = rest.first().and_then(|name| facades.get(file)?.get(name)).cloned();
        match next {
            Some(next) if next != full => full = next,
            _ => return Some(file.to_vec()),
        }
    }
    None
}

/// The sets of files that each lead to all others of the set: those that reach each other.
fn circles(edges: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = edges.keys().map(|from| (from, reach(edges, from))).collect();
    let mut found = BTreeSet::new();
    for (from, to) in &reached {
        let circle: Vec<Module> = to
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(from)))
            .map(|other| (*other).clone())
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reach<'e>(edges: &'e BTreeMap<Module, BTreeSet<Module>>, from: &'e Module) -> BTreeSet<&'e Module> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for next in edges.get(file).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn the_rules_catch_a_stray_import() {
    let code = "use crate::{types::Llr, store::{self, Store}};\nlet x = crate::http::router();";
    let used: BTreeSet<_> = used_modules(code).into_iter().collect();
    assert_eq!(used.iter().collect::<Vec<_>>(), ["http", "store", "types"]);
}

#[test]
fn the_rules_catch_a_circle_through_a_facade() {
    let source = |module: &[&str], code: &str| Source {
        module: module.iter().map(|part| (*part).to_owned()).collect(),
        path: PathBuf::new(),
        all: String::new(),
        code: code.to_owned(),
    };
    let sources = [
        source(&["room"], "mod a;\nmod b;\nmod c;\npub use a::A;"),
        source(&["room", "a"], "use super::b::B;"),
        source(&["room", "b"], "use super::{c::{self, C}, D};"),
        source(&["room", "c"], "use crate::room::A;"),
    ];
    let found = circles(&edges(&sources));
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3], "{found:?}");
}
