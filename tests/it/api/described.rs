use serde_json::Value;

use crate::house::House;

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
