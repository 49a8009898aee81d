use super::tree::Node;

/// A checked reply: what a phone does, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The verbs under `<Response>`.
    pub verbs: Vec<Verb>,
}

/// One thing the provider does, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Speaks.
    Say {
        /// The words.
        text: String,
        /// The voice; `None` is the account's.
        voice: Option<String>,
        /// BCP 47 tag.
        language: String,
        /// How often; 0 is until hang-up.
        times: u32,
    },
    /// Plays a file, or keys.
    Play {
        /// The file's URL; empty when keys are played.
        url: String,
        /// Keys to play.
        digits: Option<String>,
        /// How often; 0 is until hang-up.
        times: u32,
    },
    /// Waits.
    Pause {
        /// How long, in seconds.
        seconds: u32,
    },
    /// Collects keys.
    Gather(Gather),
    /// Records the caller.
    Record(Record),
    /// Continues with another document.
    Redirect {
        /// Where it is.
        url: String,
        /// How it is fetched.
        method: Method,
    },
    /// Connects another number.
    Dial(Dial),
    /// Sends what the caller says to a web socket, until that is closed.
    Connect(Connect),
    /// Sends what is said to a web socket from now on, while the call goes on.
    Start(Start),
    /// Ends the call.
    Hangup,
    /// Refuses the call before it is answered.
    Reject {
        /// Whether the caller hears a busy tone.
        busy: bool,
    },
}

/// How a document is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in a form.
    #[default]
    Post,
}

/// The attributes of `<Gather>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// Where the keys go; `None` is the current document.
    pub action: Option<String>,
    /// How they go there.
    pub method: Method,
    /// Seconds without a key that end it.
    pub timeout_s: u32,
    /// How many keys end it; `None` is any number.
    pub num_digits: Option<u32>,
    /// The key that ends it; empty is none.
    pub finish_on_key: String,
    /// Whether `action` is fetched without any key as well.
    pub action_on_empty_result: bool,
    /// Whether a key interrupts what is said.
    pub barge_in: bool,
    /// Verbs that play meanwhile: `Say`, `Play`, `Pause` only.
    pub children: Vec<Verb>,
}

/// The attributes of `<Record>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the recording goes; `None` is the current document.
    pub action: Option<String>,
    /// How it goes there.
    pub method: Method,
    /// Seconds of silence that end it; 0 is never.
    pub timeout_s: u32,
    /// The keys that end it; empty is none.
    pub finish_on_key: String,
    /// The longest recording, in seconds.
    pub max_length_s: u32,
    /// Whether a beep starts it.
    pub play_beep: bool,
    /// Whether silence at both ends is cut off.
    pub trim_silence: bool,
}

/// The attributes of `<Dial>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Who is called.
    pub number: String,
    /// Where the outcome goes; `None` goes on with the next verb.
    pub action: Option<String>,
    /// How it goes there.
    pub method: Method,
    /// Seconds it may ring.
    pub timeout_s: u32,
}

/// The attributes of `<Connect>` and of the `<Stream>` in it, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Where the call goes on after the stream; `None` goes on with the next verb.
    pub action: Option<String>,
    /// How it goes there.
    pub method: Method,
    /// The web socket the audio goes to.
    pub url: String,
    /// Parameters that the socket is told at its start: names and values, in order.
    pub parameters: Vec<(String, String)>,
}

/// The attributes of the `<Stream>` in a `<Start>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The web socket the audio goes to.
    pub url: String,
    /// Whose side of the call it gets.
    pub tracks: Tracks,
    /// Parameters that the socket is told at its start: names and values, in order.
    pub parameters: Vec<(String, String)>,
}

/// Sides of a call, seen from the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracks {
    /// The caller's voice.
    #[default]
    Inbound,
    /// The sound that the caller hears.
    Outbound,
    /// Each on its own.
    Both,
}

impl Tracks {
    /// Whether what the caller says is among them.
    pub const fn has_inbound(self) -> bool {
        matches!(self, Self::Inbound | Self::Both)
    }

    /// Whether what the caller hears is among them.
    pub const fn has_outbound(self) -> bool {
        matches!(self, Self::Outbound | Self::Both)
    }
}

impl Document {
    /// Reads a tree that the table has found nothing wrong with.
    pub(super) fn from_root(root: &Node) -> Self {
        Self { verbs: verbs(root) }
    }
}

fn verbs(parent: &Node) -> Vec<Verb> {
    parent.children.iter().filter_map(verb).collect()
}

/// A name that is no verb has been refused by the table.
fn verb(node: &Node) -> Option<Verb> {
    Some(match node.name.as_str() {
        "Say" => Verb::Say {
            text: node.trimmed().to_owned(),
            voice: owned(node, "voice"),
            language: owned(node, "language").unwrap_or_else(|| "en-US".to_owned()),
            times: number(node, "loop", 1),
        },
        "Play" => {
            Verb::Play { url: node.trimmed().to_owned(), digits: owned(node, "digits"), times: number(node, "loop", 1) }
        }
        "Pause" => Verb::Pause { seconds: number(node, "length", 1) },
        "Gather" => Verb::Gather(Gather {
            action: owned(node, "action"),
            method: method(node),
            timeout_s: number(node, "timeout", 5),
            num_digits: node.attribute("numDigits").and_then(|text| text.parse().ok()),
            finish_on_key: owned(node, "finishOnKey").unwrap_or_else(|| "#".to_owned()),
            action_on_empty_result: flag(node, "actionOnEmptyResult", false),
            barge_in: flag(node, "bargeIn", true),
            children: verbs(node),
        }),
        "Record" => Verb::Record(Record {
            action: owned(node, "action"),
            method: method(node),
            timeout_s: number(node, "timeout", 5),
            finish_on_key: owned(node, "finishOnKey").unwrap_or_else(|| "1234567890*#".to_owned()),
            max_length_s: number(node, "maxLength", 3600),
            play_beep: flag(node, "playBeep", true),
            trim_silence: node.attribute("trim") != Some("do-not-trim"),
        }),
        "Redirect" => Verb::Redirect { url: node.trimmed().to_owned(), method: method(node) },
        "Dial" => Verb::Dial(Dial {
            // With a `Number` inside, its text is all there is.
            number: node.trimmed().to_owned(),
            action: owned(node, "action"),
            method: method(node),
            timeout_s: number(node, "timeout", 30),
        }),
        "Connect" => Verb::Connect(connect(node)?),
        "Start" => Verb::Start(start(node)?),
        "Hangup" => Verb::Hangup,
        "Reject" => Verb::Reject { busy: node.attribute("reason") == Some("busy") },
        _ => return None,
    })
}

fn connect(node: &Node) -> Option<Connect> {
    let stream = node.children.first()?;
    let (url, parameters) = (owned(stream, "url")?, parameters(stream));
    Some(Connect { action: owned(node, "action"), method: method(node), url, parameters })
}

fn start(node: &Node) -> Option<Start> {
    let stream = node.children.first()?;
    let tracks = match stream.attribute("track") {
        Some("both_tracks") => Tracks::Both,
        Some("outbound_track") => Tracks::Outbound,
        _ => Tracks::Inbound,
    };
    Some(Start { url: owned(stream, "url")?, tracks, parameters: parameters(stream) })
}

fn parameters(stream: &Node) -> Vec<(String, String)> {
    let pair = |parameter: &Node| Some((owned(parameter, "name")?, owned(parameter, "value")?));
    stream.children.iter().filter_map(pair).collect()
}

fn owned(node: &Node, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn number(node: &Node, name: &str, default: u32) -> u32 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn flag(node: &Node, name: &str, default: bool) -> bool {
    node.attribute(name).map_or(default, |text| text == "true")
}

fn method(node: &Node) -> Method {
    if node.attribute("method") == Some("GET") { Method::Get } else { Method::Post }
}
