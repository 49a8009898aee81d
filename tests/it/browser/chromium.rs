//! A Chromium of its own for one test, driven over the `DevTools` protocol, with a fake microphone.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callprint::audio::wav;
use callprint::types::Clip8k;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What Debian and others call it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// No step takes longer, on a machine that compiles beside it.
const PATIENCE: Duration = Duration::from_secs(80);

/// What the page may do without being asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Microphone {
    Allowed,
    Denied,
}

/// A browser with one page; both end with it.
pub(crate) struct Chromium {
    process: Child,
    folder: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Value,
    last_id: u64,
    events: VecDeque<Value>,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The browser's program: `CHROMIUM` in the environment, else what is in the path.
fn program() -> PathBuf {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = || {
        let folders = std::env::split_paths(&path).collect::<Vec<_>>();
        NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
    };
    named.or_else(found).expect("no Chromium is installed: run `make setup-tests` (or `.ci/setup tests`)")
}

impl Chromium {
    /// Starts a browser whose microphone is silent until [`Self::hears`] says otherwise.
    pub(crate) async fn start(microphone: Microphone) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        command
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--no-proxy-server", "--remote-debugging-port=0", "--use-fake-device-for-media-stream"])
            .arg(format!("--use-file-for-fake-audio-capture={}%noloop", said_in(folder.path()).display()))
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if microphone == Microphone::Allowed {
            command.arg("--use-fake-ui-for-media-stream");
        }
        let mut process = command.arg("about:blank").spawn().unwrap();
        let address = listening(&mut process);
        let (socket, _) = connect_async(address).await.unwrap();
        let mut browser =
            Self { process, folder, socket, session: Value::Null, last_id: 0, events: VecDeque::default() };
        browser.hears(&Clip8k::new(vec![0.0; 800]));
        if microphone == Microphone::Denied {
            let denied = json!({ "permission": { "name": "microphone" }, "setting": "denied" });
            browser.call("Browser.setPermission", denied).await;
        }
        let page = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let to_it = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", to_it).await["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    /// Puts this before the microphone; it begins when the microphone is opened the next time.
    pub(crate) fn hears(&self, clip: &Clip8k) {
        std::fs::write(said_in(self.folder.path()), wav::encode_8k(clip)).unwrap();
    }

    /// One command and its result.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": params });
        if !self.session.is_null() {
            command["sessionId"] = self.session.clone();
        }
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        loop {
            let message = self.next(method).await;
            if message["id"] == self.last_id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    async fn next(&mut self, wanted: &str) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let message = message.unwrap_or_else(|_| panic!("waited in vain for {wanted}")).unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Opens a page and waits until it has loaded.
    pub(crate) async fn open(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": url })).await;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next("the page to load").await;
            self.events.push_back(event);
        }
    }

    /// The value of an expression in the page, awaited, as after a click.
    pub(crate) async fn eval(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let outcome = self.call("Runtime.evaluate", params).await;
        assert!(outcome["exceptionDetails"].is_null(), "{expression}: {}", outcome["exceptionDetails"]);
        outcome["result"]["value"].clone()
    }

    /// Waits until an expression in the page is true.
    pub(crate) async fn until(&mut self, condition: &str) {
        assert_eq!(self.until_or_late(condition).await, true, "waited in vain until {condition}");
    }

    /// Waits until an expression in the page is true, or for half of our patience.
    async fn until_or_late(&mut self, condition: &str) -> Value {
        let late = PATIENCE.as_millis() / 2;
        let look = format!(
            "new Promise((done) => {{
                const late = performance.now() + {late};
                const look = () => {{
                    const is = Boolean({condition});
                    if (is || performance.now() > late) done(is); else setTimeout(look, 10); }};
                look(); }})"
        );
        self.eval(&look).await
    }

    /// Waits until an element's text holds these words; gives all of it.
    pub(crate) async fn until_said(&mut self, selector: &str, words: &str) -> String {
        let text = format!("(document.querySelector({selector:?})?.textContent ?? '')");
        self.until_or_late(&format!("{text}.includes({words:?})")).await;
        let said = self.eval(&text).await.as_str().unwrap().to_owned();
        assert!(said.contains(words), "waited for {words:?}; {selector} says {said:?}");
        said
    }

    /// Clicks with the mouse in the middle of an element, which must be the one that is hit there.
    pub(crate) async fn click(&mut self, selector: &str) {
        let middle = self
            .eval(&format!(
                "(() => {{ const element = document.querySelector({selector:?});
                    element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                    const {{ x, y, width, height }} = element.getBoundingClientRect();
                    const at = {{ x: x + width / 2, y: y + height / 2 }};
                    const hit = document.elementFromPoint(at.x, at.y);
                    return {{ ...at, hits: element.contains(hit) || hit?.contains(element) }}; }})()"
            ))
            .await;
        assert_eq!(middle["hits"], true, "{selector} cannot be clicked");
        for kind in ["mousePressed", "mouseReleased"] {
            let (x, y) = (&middle["x"], &middle["y"]);
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into what has the focus.
    pub(crate) async fn type_in(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses a key: its name, its code, and the text it makes.
    pub(crate) async fn press(&mut self, (key, code, text): (&str, u32, &str)) {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Makes the window this large, in this colour scheme.
    pub(crate) async fn look(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Keeps a picture of the whole page in `target/tmp`, for people to look at.
    pub(crate) async fn picture(&mut self, name: &str) {
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let png = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png")), png).unwrap();
    }

    /// Warnings and errors since the page was opened: of its scripts, of its policy, of its requests.
    pub(crate) async fn complaints(&mut self) -> Vec<String> {
        // Whatever was said before this answer has arrived with it.
        self.eval("0").await;
        let told = |event: &Value| {
            let params = &event["params"];
            match event["method"].as_str() {
                Some("Log.entryAdded") if params["entry"]["level"] != "verbose" => {
                    Some(params["entry"]["text"].to_string())
                }
                Some("Runtime.consoleAPICalled") if params["type"] == "warning" || params["type"] == "error" => {
                    Some(params["args"].to_string())
                }
                Some("Runtime.exceptionThrown") => Some(params["exceptionDetails"].to_string()),
                _ => None,
            }
        };
        self.events.iter().filter_map(told).collect()
    }
}

/// The file that the fake microphone plays.
fn said_in(folder: &Path) -> PathBuf {
    folder.join("said.wav")
}

/// The address that the browser tells on its standard error once it listens.
fn listening(process: &mut Child) -> String {
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let address = loop {
        let Some(Ok(line)) = lines.next() else { panic!("Chromium did not start: {said:#?}") };
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            break address.to_owned();
        }
        said.push(line);
    };
    // Read on, or the browser would stop at a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    address
}
