//! The API's own description: served, shown without the outside world, and true.

use std::path::Path;
use std::process::Command;

use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_route_and_how_to_be_let_in() {
    let house = House::open().await;
    let (status, described, _) = house.request(Method::GET, "/openapi.json", "", &Value::Null).await;
    assert_eq!((status, &described["info"]["title"]), (200, &json!("Callprint")));
    for path in ["/create-profile", "/enroll", "/v1/voice/verify", "/start-auth", "/verify-voice", "/verify-token"] {
        let post = &described["paths"][path]["post"];
        assert!(post["summary"].is_string() && post["security"].is_array(), "{path}: {post}");
    }
    assert_eq!(described["components"]["securitySchemes"]["key"]["name"], "x-api-key");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_shows_it_asks_nobody_else_for_anything() {
    let house = House::open().await;
    let page = house.send(Method::GET, "/docs/", &[], Vec::new()).await;
    assert_eq!(page.status.as_u16(), 200);
    for part in page.body.split(['"', '\'']).filter(|part| [".js", ".css"].iter().any(|end| part.ends_with(end))) {
        assert!(!part.contains("//"), "{part}");
        let asset = house.send(Method::GET, &format!("/docs/{}", part.trim_start_matches("./")), &[], Vec::new()).await;
        assert_eq!(asset.status.as_u16(), 200, "{part}");
    }
    house.close().await;
}

/// Runs schemathesis over some of the paths; what it says, and whether it found nothing.
async fn tried(house: &House, key: &str, more: &'static [&'static str]) -> (bool, String) {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime/schemathesis");
    assert!(tool.is_dir(), "schemathesis is missing: run `make setup-tests`");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command
        .current_dir(folder.path())
        .env("PYTHONPATH", tool)
        .args(["-m", "schemathesis.cli", "run", &format!("{}/openapi.json", house.base)])
        .args(["-H", &format!("x-api-key: {key}"), "--no-color", "--continue-on-failure", "--seed", "1"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--checks", "all"])
        .args(more);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("python3");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tokens, cursors and names that lead nowhere are well-formed too, random bytes are no audio, and some fields rule out
/// each other: of those requests it is not asked that they succeed, only that the answer is as described.
const LEADS_ON: &str = "^/(enroll|verify-voice|verify-token|\
                        v1/(voice|listenings|attempts|callers|codes|deletions|identify|watch-list|webhooks)(/.*)?)$";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let house = House::with("[api]\ndemo_keys = true\n").await;
    let key = house.limited_key("main", &Scope::ALL, 1_000_000, 100_000_000).await;
    let (is_fine, said) = tried(&house, &key, &["--exclude-path-regex", LEADS_ON]).await;
    assert!(is_fine, "{said}");
    let more = &["--include-path-regex", LEADS_ON, "--exclude-checks", "positive_data_acceptance"];
    let (is_fine, said) = tried(&house, &key, more).await;
    assert!(is_fine, "{said}");
    house.close().await;
}

/// Every `$ref` of a description.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_routes_are_described_with_their_errors_and_nothing_is_referred_to_that_is_not_there() {
    let house = House::open().await;
    let description = house.get("/openapi.json", "", 200).await;
    let routes = [
        ("/v1/callers", "get post"),
        ("/v1/callers/{id}", "get delete"),
        ("/v1/callers/{id}/consent", "post"),
        ("/v1/callers/{id}/opt-out", "post"),
        ("/v1/callers/{id}/unlock", "post"),
        ("/v1/callers/{id}/export", "get"),
        ("/v1/deletions/verify", "post"),
        ("/v1/codes", "post"),
        ("/v1/attempts", "get"),
        ("/v1/challenges", "post"),
        ("/v1/webhooks", "get post"),
        ("/v1/webhooks/{id}", "delete"),
        ("/v1/webhooks/{id}/test", "post"),
        ("/v1/webhooks/{id}/deliveries", "get"),
        ("/v1/watch-list", "get post"),
        ("/v1/watch-list/{id}", "delete"),
        ("/v1/identify", "post"),
    ];
    for (path, methods) in routes {
        for method in methods.split(' ') {
            let route = &description["paths"][path][method];
            for status in ["4XX", "5XX"] {
                let body = &route["responses"][status]["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(body, "#/components/schemas/ErrorBody", "{method} {path}: {route}");
            }
            assert!(route["security"].is_array(), "{method} {path}");
        }
    }
    let mut referred = Vec::new();
    references(&description, &mut referred);
    for name in referred {
        let pointer = name.trim_start_matches('#');
        assert!(description.pointer(pointer).is_some(), "{name} is not there");
    }
    house.close().await;
}
