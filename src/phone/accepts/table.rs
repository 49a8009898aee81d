use super::Violation;
use super::tree::Node;

/// The provider speaks up to about this many characters a verb.
const MAX_SAY_CHARS: usize = 4096;

/// The provider takes fewer characters than this of a stream's parameter, name and value together.
const PARAMETER_CHARS: usize = 500;

/// A call lasts four hours at most, so no sensible duration in seconds is longer.
const CALL_S: u32 = 14_400;

/// The values that an attribute may hold.
enum Value {
    /// Anything.
    Any,
    /// A URL, absolute or relative.
    Url,
    /// A URL of a web socket, absolute or relative, without a query; without TLS on this machine only.
    Socket,
    /// A whole number in this range.
    Number(u32, u32),
    /// `auto`, or a whole number in this range.
    AutoOr(u32, u32),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Several of these words, separated by spaces.
    AllOf(&'static [&'static str]),
    /// Keys of a keypad, at least and at most so many.
    Keys(usize, usize),
    /// Keys to be played, with pauses.
    Tones,
}

const BOOL: Value = Value::OneOf(&["true", "false"]);
const METHOD: Value = Value::OneOf(&["GET", "POST"]);
const SECONDS: Value = Value::Number(0, CALL_S);

/// The content between an element's tags.
enum Content {
    /// Nothing.
    Nothing,
    /// Elements, with space between them.
    Elements,
    /// One element, with space around it.
    OneElement,
    /// Text, perhaps with elements in it, and not without any.
    Text,
    /// A URL.
    Url,
    /// A URL, or nothing where the named attribute stands for it.
    UrlOr(&'static str),
    /// Text or elements, and not without either.
    TextOrElements,
}

/// One row of the table.
struct Element {
    name: &'static str,
    /// The attributes that cannot be left out.
    needs: &'static [&'static str],
    attributes: &'static [(&'static str, Value)],
    children: &'static [&'static str],
    content: Content,
}

/// Spoken markup, which the provider's better voices understand; its attributes are not looked at.
const SSML: &[&str] = &["break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"];

/// Every verb we or an operator's application may answer with.
const ELEMENTS: &[Element] = &[
    Element {
        name: "Response",
        needs: &[],
        attributes: &[],
        children: &[
            "Say", "Play", "Pause", "Gather", "Record", "Redirect", "Dial", "Connect", "Start", "Hangup", "Reject",
        ],
        content: Content::Elements,
    },
    Element {
        name: "Say",
        needs: &[],
        attributes: &[("voice", Value::Any), ("language", Value::Any), ("loop", Value::Number(0, 1000))],
        children: SSML,
        content: Content::Text,
    },
    Element {
        name: "Play",
        needs: &[],
        attributes: &[("loop", Value::Number(0, 1000)), ("digits", Value::Tones)],
        children: &[],
        content: Content::UrlOr("digits"),
    },
    Element {
        name: "Pause",
        needs: &[],
        attributes: &[("length", Value::Number(1, CALL_S))],
        children: &[],
        content: Content::Nothing,
    },
    Element {
        name: "Gather",
        needs: &[],
        attributes: &[
            ("action", Value::Url),
            ("method", METHOD),
            ("input", Value::AllOf(&["dtmf", "speech"])),
            ("numDigits", Value::Number(1, 1000)),
            ("timeout", SECONDS),
            ("finishOnKey", Value::Keys(0, 1)),
            ("actionOnEmptyResult", BOOL),
            ("speechTimeout", Value::AutoOr(0, CALL_S)),
            ("maxSpeechTime", SECONDS),
            ("hints", Value::Any),
            ("language", Value::Any),
            ("speechModel", Value::Any),
            ("enhanced", BOOL),
            ("profanityFilter", BOOL),
            ("partialResultCallback", Value::Url),
            ("partialResultCallbackMethod", METHOD),
            ("bargeIn", BOOL),
            ("debug", BOOL),
        ],
        children: &["Say", "Play", "Pause"],
        content: Content::Elements,
    },
    Element {
        name: "Record",
        needs: &[],
        attributes: &[
            ("action", Value::Url),
            ("method", METHOD),
            ("timeout", SECONDS),
            ("finishOnKey", Value::Keys(0, 12)),
            ("maxLength", Value::Number(2, CALL_S)),
            ("playBeep", BOOL),
            ("trim", Value::OneOf(&["trim-silence", "do-not-trim"])),
            ("recordingStatusCallback", Value::Url),
            ("recordingStatusCallbackMethod", METHOD),
            ("recordingStatusCallbackEvent", Value::AllOf(&["in-progress", "completed", "absent"])),
            ("transcribe", BOOL),
            ("transcribeCallback", Value::Url),
            ("recordingConfigurationId", Value::Any),
        ],
        children: &[],
        content: Content::Nothing,
    },
    Element { name: "Redirect", needs: &[], attributes: &[("method", METHOD)], children: &[], content: Content::Url },
    Element {
        name: "Dial",
        needs: &[],
        attributes: &[
            ("action", Value::Url),
            ("method", METHOD),
            ("timeout", Value::Number(1, 600)),
            ("hangupOnStar", BOOL),
            ("timeLimit", Value::Number(1, CALL_S)),
            ("callerId", Value::Any),
            ("answerOnBridge", BOOL),
            ("record", Value::Any),
        ],
        children: &["Number"],
        content: Content::TextOrElements,
    },
    Element {
        name: "Number",
        needs: &[],
        attributes: &[("sendDigits", Value::Tones)],
        children: &[],
        content: Content::Text,
    },
    Element {
        name: "Connect",
        needs: &[],
        attributes: &[("action", Value::Url), ("method", METHOD)],
        children: &["Stream"],
        content: Content::OneElement,
    },
    Element { name: "Start", needs: &[], attributes: &[], children: &["Stream"], content: Content::OneElement },
    Element {
        name: "Stream",
        needs: &["url"],
        attributes: &[
            ("url", Value::Socket),
            ("name", Value::Any),
            ("track", Value::OneOf(&["inbound_track", "outbound_track", "both_tracks"])),
            ("statusCallback", Value::Url),
            ("statusCallbackMethod", METHOD),
            ("connectorName", Value::Any),
        ],
        children: &["Parameter"],
        content: Content::Elements,
    },
    Element {
        name: "Parameter",
        needs: &["name", "value"],
        attributes: &[("name", Value::Any), ("value", Value::Any)],
        children: &[],
        content: Content::Nothing,
    },
    Element { name: "Hangup", needs: &[], attributes: &[], children: &[], content: Content::Nothing },
    Element {
        name: "Reject",
        needs: &[],
        attributes: &[("reason", Value::OneOf(&["rejected", "busy"]))],
        children: &[],
        content: Content::Nothing,
    },
];

/// Everything in a tree that the table does not have.
pub(super) fn violations(root: &Node) -> Vec<Violation> {
    if root.name != "Response" {
        return vec![Violation::new("twiml_root", format!("the root is <{}>, not <Response>", root.name))];
    }
    let mut found = Vec::new();
    if root.children.iter().skip(1).any(|verb| verb.name == "Reject") {
        found.push(Violation::new("twiml_reject_not_first", "<Reject> is not the first verb"));
    }
    visit(root, &mut found);
    found
}

fn visit(node: &Node, found: &mut Vec<Violation>) {
    let allowed = match element(&node.name) {
        Some(element) => {
            check_attributes(element, node, found);
            check_content(element, node, found);
            element.children
        }
        None => SSML,
    };
    for child in &node.children {
        let name = child.name.as_str();
        // A stream that goes both ways carries what the caller says, and nothing else.
        if let ("Connect", Some(track @ ("outbound_track" | "both_tracks"))) =
            (node.name.as_str(), child.attribute("track"))
        {
            found.push(Violation::new("twiml_bad_value", format!("<Connect> of <{name} track={track:?}>")));
        }
        if allowed.contains(&name) {
            visit(child, found);
        } else if element(name).is_some() || SSML.contains(&name) {
            found.push(Violation::new("twiml_misplaced", format!("<{name}> inside <{}>", node.name)));
        } else {
            found.push(Violation::new("twiml_unknown_verb", format!("<{name}>")));
        }
    }
}

fn element(name: &str) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| element.name == name)
}

fn check_attributes(element: &Element, node: &Node, found: &mut Vec<Violation>) {
    for (name, text) in &node.attributes {
        let known = element.attributes.iter().find(|(known, _)| known == name);
        let code = match known {
            None => "twiml_unknown_attribute",
            Some((_, value)) if !value.takes(text) => "twiml_bad_value",
            Some(_) => continue,
        };
        found.push(Violation::new(code, format!("<{} {name}={text:?}>", node.name)));
    }
    for name in element.needs.iter().filter(|name| node.attribute(name).is_none()) {
        found.push(Violation::new("twiml_missing_attribute", format!("<{}> without {name}", node.name)));
    }
    if node.name == "Parameter" {
        let chars: usize = node.attributes.iter().map(|(_, text)| text.chars().count()).sum();
        if chars >= PARAMETER_CHARS {
            found.push(Violation::new("twiml_parameter_too_long", format!("<Parameter> of {chars} characters")));
        }
    }
}

fn check_content(element: &Element, node: &Node, found: &mut Vec<Violation>) {
    let text = node.trimmed();
    let is_blank = text.is_empty();
    let code = match element.content {
        Content::Nothing | Content::Elements | Content::OneElement if node.has_own_text => "twiml_stray_text",
        Content::OneElement if node.children.len() != 1 => "twiml_not_one_child",
        Content::Text | Content::TextOrElements if is_blank => "twiml_nothing_said",
        Content::Text if text.chars().count() > MAX_SAY_CHARS => "twiml_say_too_long",
        Content::Url if !is_url(text) => "twiml_bad_url",
        Content::UrlOr(other) if is_blank && node.attribute(other).is_none() => "twiml_bad_url",
        Content::UrlOr(_) if !is_blank && !is_url(text) => "twiml_bad_url",
        _ => return,
    };
    found.push(Violation::new(code, format!("<{}>", node.name)));
}

impl Value {
    fn takes(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Url => is_url(text),
            Self::Socket => {
                (is_address(text, &["wss"]) || is_address(text, &["ws"]) && is_on_this_machine(text))
                    && !text.contains(['?', '#'])
            }
            Self::Number(least, most) => is_number(text, *least, *most),
            Self::AutoOr(least, most) => text == "auto" || is_number(text, *least, *most),
            Self::OneOf(words) => words.contains(&text),
            Self::AllOf(words) => !text.is_empty() && text.split(' ').all(|word| words.contains(&word)),
            Self::Keys(least, most) => {
                (*least..=*most).contains(&text.len()) && text.chars().all(|key| "0123456789*#".contains(key))
            }
            Self::Tones => !text.is_empty() && text.chars().all(|key| "0123456789*#wWABCD".contains(key)),
        }
    }
}

fn is_number(text: &str, least: u32, most: u32) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && text.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
}

/// Absolute over HTTP, or relative to the document.
fn is_url(text: &str) -> bool {
    is_address(text, &["http", "https"])
}

/// Whether it is `ws://` with a loopback host: the provider needs TLS, a simulated one on the same machine does not.
fn is_on_this_machine(text: &str) -> bool {
    let place = text.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let is_port = |rest: &str| rest.strip_prefix(':').is_some_and(|port| is_number(port, 1, u32::from(u16::MAX)));
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|host| place.strip_prefix(host).is_some_and(|rest| rest.is_empty() || is_port(rest)))
}

/// Absolute with one of these schemes, or relative; in either case without spaces.
fn is_address(text: &str, schemes: &[&str]) -> bool {
    let is_taken = match text.split_once(':') {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            schemes.contains(&scheme) && rest.len() > 2 && rest.starts_with("//")
        }
        _ => true,
    };
    !text.is_empty() && is_taken && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
