//! The files as they are served, without a browser.

use reqwest::{Method, StatusCode};

use crate::house::House;

/// Every file of browsers, the beginning of its type, and what must stand in it.
const FILES: [(&str, &str, &str); 8] = [
    ("/sdk/voiceauthorize.js", "text/javascript", "root.VoiceAuthorize"),
    ("/sdk/voiceauthorize-worklet.js", "text/javascript", "registerProcessor"),
    ("/sdk/voiceauthorize.d.ts", "text/plain", "declare const VoiceAuthorize"),
    ("/demo", "text/html", "Never forget tomorrow is a new day"),
    ("/demo/demo.js", "text/javascript", "VoiceAuthorize.init"),
    ("/demo/words.js", "text/javascript", "export function"),
    ("/demo/demo.css", "text/css", "prefers-color-scheme"),
    ("/demo/icon.svg", "image/svg+xml", "<svg"),
];

#[tokio::test]
async fn every_file_has_its_type_a_strict_policy_and_a_tag_that_saves_sending_it_again() {
    let house = House::open().await;
    for (path, kind, text) in FILES {
        let answer = house.send(Method::GET, path, &[], Vec::new()).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(header("content-type").starts_with(kind) && answer.body.contains(text), "{path}: {answer:?}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");

        let tag = header("etag").to_owned();
        for known in [tag.clone(), format!("\"other\", W/{tag}")] {
            let again = house.send(Method::GET, path, &[("if-none-match", &known)], Vec::new()).await;
            assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
            assert_eq!(again.headers["etag"], tag.as_str());
        }
        let changed = house.send(Method::GET, path, &[("if-none-match", "\"other\"")], Vec::new()).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn pages_of_other_origins_may_load_the_sdk_and_nothing_else() {
    let house = House::open().await;
    for (path, ..) in FILES {
        let headers = house.send(Method::GET, path, &[("origin", "https://app.example.com")], Vec::new()).await.headers;
        let is_shared = headers.get("access-control-allow-origin").is_some_and(|origin| origin == "*");
        assert_eq!(is_shared, path.starts_with("/sdk/"), "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn the_page_shows_the_passphrase_of_the_first_line_as_text_and_in_its_language() {
    let house = House::with("[line]\npassphrase = 'morgen & <b>heute</b>'\nlocale = 'de-DE'").await;
    let page = house.send(Method::GET, "/demo", &[], Vec::new()).await.body;
    assert!(
        page.contains(r#"<blockquote lang="de-DE" id="passphrase">morgen &amp; &lt;b&gt;heute&lt;/b&gt;</blockquote>"#)
    );
    assert!(!page.contains("{passphrase}") && !page.contains("{locale}"), "{page}");
    house.close().await;
}
