//! Who may ask for what: every route of the server without credentials, and every described one with each kind of them.

use std::collections::BTreeSet;

use callprint::http::{self, Access, PUBLIC};
use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin::ALL;
use crate::house::House;

/// Every described route for clients: the scope it needs, and whether a page's token will do.
const NEEDS: [(&str, &str, Option<Scope>, bool); 33] = [
    ("POST", "/create-profile", Some(Scope::Enroll), true),
    ("POST", "/enroll", Some(Scope::Enroll), true),
    ("POST", "/v1/voice/verify", Some(Scope::Verify), true),
    ("GET", "/v1/user-learning/{user_id}", Some(Scope::Verify), true),
    ("POST", "/start-auth", Some(Scope::Verify), true),
    ("POST", "/verify-voice", Some(Scope::Verify), true),
    ("POST", "/verify-token", Some(Scope::Verify), false),
    ("POST", "/v1/user-tokens", None, false),
    ("GET", "/v1/usage", None, false),
    ("POST", "/v1/challenges", Some(Scope::Verify), false),
    ("POST", "/v1/identify", Some(Scope::Verify), false),
    ("POST", "/v1/listenings", Some(Scope::Verify), false),
    ("GET", "/v1/listenings/{id}", Some(Scope::Verify), false),
    ("DELETE", "/v1/listenings/{id}", Some(Scope::Verify), false),
    ("POST", "/v1/callers", Some(Scope::Admin), false),
    ("GET", "/v1/callers", Some(Scope::Admin), false),
    ("GET", "/v1/callers/{id}", Some(Scope::Admin), false),
    ("DELETE", "/v1/callers/{id}", Some(Scope::Admin), false),
    ("POST", "/v1/callers/{id}/consent", Some(Scope::Admin), false),
    ("POST", "/v1/callers/{id}/opt-out", Some(Scope::Admin), false),
    ("POST", "/v1/callers/{id}/unlock", Some(Scope::Admin), false),
    ("GET", "/v1/callers/{id}/export", Some(Scope::Admin), false),
    ("POST", "/v1/deletions/verify", Some(Scope::Admin), false),
    ("POST", "/v1/codes", Some(Scope::Admin), false),
    ("GET", "/v1/attempts", Some(Scope::Admin), false),
    ("POST", "/v1/webhooks", Some(Scope::Admin), false),
    ("GET", "/v1/webhooks", Some(Scope::Admin), false),
    ("DELETE", "/v1/webhooks/{id}", Some(Scope::Admin), false),
    ("POST", "/v1/webhooks/{id}/test", Some(Scope::Admin), false),
    ("GET", "/v1/webhooks/{id}/deliveries", Some(Scope::Admin), false),
    ("POST", "/v1/watch-list", Some(Scope::Admin), false),
    ("GET", "/v1/watch-list", Some(Scope::Admin), false),
    ("DELETE", "/v1/watch-list/{id}", Some(Scope::Admin), false),
];

fn needs() -> impl Iterator<Item = (Method, &'static str, Option<Scope>, bool)> {
    NEEDS.into_iter().map(|(method, path, scope, page)| (method.parse().unwrap(), path, scope, page))
}

/// A path with this in place of every parameter.
fn filled(path: &str, with: &str) -> String {
    let fill = |part| if str::starts_with(part, '{') { with } else { part };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_without_credentials_unless_the_table_says_why() {
    let house = House::open().await;
    let mut public = BTreeSet::new();
    for route in http::routes() {
        let answer = house.send(route.method.clone(), &filled(&route.path, "x"), &[], Vec::new()).await;
        let (status, name) = (answer.status.as_u16(), (route.method.to_string(), route.path.clone()));
        match route.access {
            Access::Client => assert_eq!(status, 401, "{route:?}"),
            Access::Signed => assert_eq!(status, 403, "{route:?}"),
            Access::Public => {
                assert!(![401, 403].contains(&status), "{route:?}: {status}");
                assert!(public.insert(name), "{route:?} is there twice");
            }
        }
    }
    let table = PUBLIC.iter().map(|open| (open.method.to_owned(), open.path.to_owned())).collect();
    assert_eq!(public, table, "the table of public routes and the router differ");
    assert!(PUBLIC.iter().all(|open| open.why.len() > 10), "a public route without a reason");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_route_is_there_for_its_scope_and_for_no_other() {
    let house = House::open().await;
    let described = house.get("/openapi.json", "", 200).await;
    let described: BTreeSet<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, route)| (path, method, route)))
        .filter(|(.., route)| route["security"].is_array())
        .map(|(path, method, _)| (method.to_uppercase(), path.clone()))
        .collect();
    let tried: BTreeSet<_> = needs().map(|(method, path, ..)| (method.to_string(), path.to_owned())).collect();
    assert_eq!(tried, described, "the table of this test and the description differ");

    for scopes in [&[][..], &[Scope::Enroll], &[Scope::Verify], &[Scope::Admin], &[Scope::Scores], &Scope::ALL] {
        let key = house.api_key("main", scopes).await;
        let page = house.page_token(&key, "anna").await;
        for (method, path, scope, is_for_pages) in needs() {
            let has_scope = scope.is_none_or(|scope| scopes.contains(&scope));
            for (shown, is_allowed) in [(&key, has_scope), (&page, has_scope && is_for_pages)] {
                let path = filled(path, "anna");
                let (status, body, _) = house.request(method.clone(), &path, shown, &Value::Null).await;
                let is_refused = (status, &body["error"]) == (403, &json!("forbidden"));
                assert_eq!(is_refused, !is_allowed, "{scopes:?} {method} {path}: {status} {body}");
                assert_ne!(status, 401, "{scopes:?} {method} {path}: {body}");
            }
        }
    }
    for (method, path, ..) in needs() {
        for shown in ["", "cpk_000000000000_x", "not.a.token"] {
            let (status, body, _) = house.request(method.clone(), &filled(path, "anna"), shown, &Value::Null).await;
            assert_eq!((status, &body["error"]), (401, &json!("unauthorized")), "{method} {path}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_key_finds_nothing_of_ours_on_any_described_route() {
    let house = House::open().await;
    let (own, other) = (house.api_key("main", ALL).await, house.api_key("acme", ALL).await);
    let caller = house.new_user(&own, "anna").await;
    let hook = house.put("/v1/webhooks", &own, json!({ "url": "https://example.com/x" }), 201).await;
    let hook = hook["id"].as_str().unwrap();
    let (callers, hooks) = (house.get("/v1/callers", &own, 200).await, house.get("/v1/webhooks", &own, 200).await);
    for (method, path, ..) in needs() {
        let id = match path {
            _ if path.starts_with("/v1/callers/") => &caller[..],
            _ if path.starts_with("/v1/webhooks/") => hook,
            _ => "anna",
        };
        let asked = filled(path, id);
        let body = if path == "/start-auth" { json!({ "user_id": "anna" }) } else { Value::Null };
        let (status, answer, _) = house.request(method.clone(), &asked, &other, &body).await;
        let expected = if path.starts_with("/v1/listenings") {
            Some(403)
        } else {
            (path.contains('{') || path == "/start-auth").then_some(404)
        };
        assert!(expected.is_none_or(|expected| status == expected), "{method} {asked}: {status} {answer}");
        let told = answer.to_string();
        assert!(!told.contains(&caller) && !told.contains(hook), "{method} {asked}: {told}");
    }
    assert_eq!(house.get("/v1/callers", &own, 200).await, callers);
    assert_eq!(house.get("/v1/webhooks", &own, 200).await, hooks);
    house.close().await;
}
