//! What it costs to build the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Every package that is compiled over these kinds of edges, with the features it is compiled with.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--offline", "--locked", "--prefix", "none", "--no-dedupe", "-f", "{p}|{f}", "-e", edges]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        if let Some((package, features)) = line.split_once('|') {
            found.entry(package.to_owned()).or_default().insert(features.trim_end_matches(" (*)").to_owned());
        }
    }
    found
}

#[test]
fn the_tests_need_no_crate_of_the_program_compiled_again() {
    let (program, tests) = (features("normal,build"), features("normal,build,dev"));
    assert!(program.len() > 200, "{program:?}");
    for (package, features) in program {
        assert_eq!(tests[&package], features, "{package}: give it the tests' features in Cargo.toml, beside `either`");
    }
}
