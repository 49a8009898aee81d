//! Files for browsers: the SDK, and a page to try it on. Everything is compiled in; nothing is read at run time.

use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Edge;
use super::routes::Routes;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const SVG: &str = "image/svg+xml";
/// A `.d.ts` has no type of its own; this one every browser shows.
const TYPESCRIPT: &str = "text/plain; charset=utf-8";

/// The page may load: its own files, its own server's API, and the recording that it has just made.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The microphone for this page alone; nothing else of the machine.
const PERMISSIONS: &str = "microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()";

/// Where the page's text is filled in.
const PASSPHRASE: &str = "{passphrase}";
const LOCALE: &str = "{locale}";

/// The files of the SDK: pages of any origin may load them, there is nothing secret in them.
const SDK: [(&str, &str, &str); 3] = [
    ("/sdk/voiceauthorize.js", JAVASCRIPT, include_str!("voiceauthorize.js")),
    ("/sdk/voiceauthorize-worklet.js", JAVASCRIPT, include_str!("voiceauthorize-worklet.js")),
    ("/sdk/voiceauthorize.d.ts", TYPESCRIPT, include_str!("voiceauthorize.d.ts")),
];

/// The files of the demo page.
const DEMO: [(&str, &str, &str); 4] = [
    ("/demo/demo.js", JAVASCRIPT, include_str!("demo.js")),
    ("/demo/words.js", JAVASCRIPT, include_str!("words.js")),
    ("/demo/demo.css", CSS, include_str!("demo.css")),
    ("/demo/icon.svg", SVG, include_str!("icon.svg")),
];

/// Every route of browsers that is no API.
pub(super) fn routes() -> Routes {
    let mut routes = Routes::new()
        .public("/demo", page)
        // The page's links are relative to `/demo`, so that it works under any prefix of a reverse proxy.
        .public("/demo/", async || Redirect::permanent("../demo"));
    for (path, kind, text) in SDK {
        routes = routes.public(path, move |headers: HeaderMap| async move {
            let shared = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (CORP, "cross-origin")];
            (shared, file(&headers, kind, text, "public, max-age=3600")).into_response()
        });
    }
    for (path, kind, text) in DEMO {
        routes = routes.public(path, move |headers: HeaderMap| async move { file(&headers, kind, text, "no-cache") });
    }
    routes
}

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The demo page, with the sentence that callers of the first line say.
async fn page(State(edge): State<Edge>, headers: HeaderMap) -> Response {
    let line = edge.app.config().lines.first();
    let (passphrase, locale) = line.map_or(("", "en"), |line| (line.passphrase.as_str(), line.locale.as_str()));
    let text = include_str!("demo.html").replace(PASSPHRASE, &escaped(passphrase)).replace(LOCALE, &escaped(locale));
    file(&headers, HTML, &text, "no-cache")
}

/// A file, or that the browser has it already.
fn file(headers: &HeaderMap, kind: &'static str, text: &str, caching: &'static str) -> Response {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..12]));
    let is_known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let about = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, caching),
        (ETAG, tag.as_str()),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    if is_known { (StatusCode::NOT_MODIFIED, about).into_response() } else { (about, text.to_owned()).into_response() }
}

/// Text as it may stand in HTML, also in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
