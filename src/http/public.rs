//! The routes that anyone may ask for, each with the reason. A test asks for every route without credentials: one that
//! answers and is not listed here fails it.

/// A route that anyone may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public {
    /// How it is asked for.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Why no client and no signature is needed.
    pub why: &'static str,
}

const fn get(path: &'static str, why: &'static str) -> Public {
    Public { method: "GET", path, why }
}

const fn post(path: &'static str, why: &'static str) -> Public {
    Public { method: "POST", path, why }
}

const PROBE: &str = "probes of a load balancer carry no key, and learn only whether calls should come";
const DOCS: &str = "the API's description, the same for everyone";
const SDK: &str = "pages of any origin load the SDK, which holds no secret";
const PAGE: &str = "the demo page and its files hold no secret; its requests carry a token of their own";

/// Every route that anyone may ask for.
pub const PUBLIC: [Public; 18] = [
    get("/healthz", PROBE),
    get("/readyz", PROBE),
    get("/metrics", "counters without names or numbers; a firewall keeps them inside, as with any Prometheus target"),
    get("/openapi.json", DOCS),
    get("/docs", DOCS),
    get("/docs/", DOCS),
    get("/docs/{*rest}", DOCS),
    get("/sdk/voiceauthorize.js", SDK),
    get("/sdk/voiceauthorize-worklet.js", SDK),
    get("/sdk/voiceauthorize.d.ts", SDK),
    get("/demo", PAGE),
    get("/demo/", PAGE),
    get("/demo/demo.js", PAGE),
    get("/demo/words.js", PAGE),
    get("/demo/demo.css", PAGE),
    get("/demo/icon.svg", PAGE),
    post("/v1/keys/demo", "gives out a key of a tenant of its own; off unless the operator allows it, 20 a minute"),
    post("/demo/token", "the same, as a token for one user"),
];
