use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Violation, is_xml};

/// Our deepest reply is 3 deep (`Response`, `Gather`, `Say`), with SSML in it perhaps 6.
const MAX_DEPTH: usize = 10;

/// Our longest reply has 8 elements.
const MAX_ELEMENTS: usize = 500;

/// The characters that XML counts as space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// An element with everything a check needs.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    /// The character data of the element and of what is inside it, in order.
    pub(super) text: String,
    /// Whether some of it is the element's own, and not just space.
    pub(super) has_own_text: bool,
}

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn add_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.has_own_text |= !text.trim_matches(SPACE).is_empty();
    }

    /// The text without the line breaks and indentation around it.
    pub(super) fn trimmed(&self) -> &str {
        self.text.trim_matches(SPACE)
    }
}

/// Reads well-formed XML without a DTD into a tree.
///
/// quick-xml leaves parts of well-formedness to its user; what it lets pass is refused here.
pub(super) fn parse(xml: &str) -> Result<Node, Violation> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    // The last one is being read; the first only collects the root.
    let mut open = vec![Node::default()];
    let mut elements = 0;
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| not_xml(error.to_string()))?;
        match event {
            Event::Start(start) => {
                count(&mut elements, open.len())?;
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                count(&mut elements, open.len())?;
                let node = element(&start)?;
                last(&mut open).children.push(node);
            }
            Event::End(_) => {
                let node = open.pop().unwrap_or_default();
                let Some(parent) = open.last_mut() else { return Err(not_xml("an end tag too many")) };
                // Spoken markup (`Say` with `emphasis` in it) is one text.
                parent.text.push_str(&node.text);
                parent.children.push(node);
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                if text.contains("]]>") {
                    return Err(not_xml("`]]>` in text"));
                }
                last(&mut open).add_text(&text);
            }
            Event::CData(text) => last(&mut open).add_text(&text.xml10_content()),
            Event::GeneralRef(reference) => last(&mut open).add_text(character(&reference)?.encode_utf8(&mut [0; 4])),
            Event::Comment(_) => {}
            Event::Decl(declaration) => {
                if at != 0 {
                    return Err(Violation::new("twiml_before_declaration", "the XML declaration is not at the start"));
                }
                if !declaration.strip_prefix("xml").is_some_and(is_declaration) {
                    return Err(not_xml("the XML declaration is not that of XML 1.0 in UTF-8"));
                }
            }
            Event::PI(_) => return Err(not_xml("a processing instruction")),
            Event::DocType(_) => return Err(Violation::new("twiml_dtd", "a document type is not taken")),
            Event::Eof => break,
        }
    }
    let mut top = open.pop().unwrap_or_default();
    if !open.is_empty() {
        return Err(not_xml(format!("<{}> is not closed", top.name)));
    }
    match top.children.pop() {
        Some(root) if top.children.is_empty() && !top.has_own_text => Ok(root),
        _ => Err(not_xml("not exactly one root element")),
    }
}

fn last(open: &mut [Node]) -> &mut Node {
    open.last_mut().expect("the collecting node is only taken out by an end tag too many, which is an error")
}

fn count(elements: &mut usize, depth: usize) -> Result<(), Violation> {
    *elements += 1;
    if *elements > MAX_ELEMENTS {
        return Err(Violation::new("twiml_too_many_elements", format!("more than {MAX_ELEMENTS} elements")));
    }
    if depth > MAX_DEPTH {
        return Err(Violation::new("twiml_too_deep", format!("elements more than {MAX_DEPTH} deep")));
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Result<Node, Violation> {
    let name = start.name().into_inner().to_owned();
    let raw = start.attributes_raw();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| not_xml(format!("<{name}>: {error}")))?;
        let key = attribute.key.into_inner().to_owned();
        if attribute.value.contains('<') {
            return Err(not_xml(format!("<{name} {key}>: `<` in a value")));
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0);
        let value = value.map_err(|error| not_xml(format!("<{name} {key}>: {error}")))?;
        if let Some(forbidden) = value.chars().find(|&c| !is_xml(c)) {
            let message = format!("<{name} {key}>: {forbidden:?} cannot be in XML");
            return Err(Violation::new("twiml_control_character", message));
        }
        attributes.push((key, value.into_owned()));
    }
    if !is_spaced(raw) {
        return Err(not_xml(format!("<{name}>: no space between attributes")));
    }
    Ok(Node { name, attributes, ..Node::default() })
}

/// Whether it is `xml version="1.0"`, perhaps with `encoding="UTF-8"`, perhaps with `standalone="yes"`.
fn is_declaration(declaration: &str) -> bool {
    let mut parts = declaration.split_ascii_whitespace().peekable();
    let mut take = |name: &str, values: &[&str]| {
        let quoted = parts.peek().and_then(|part| part.strip_prefix(name)?.strip_prefix('='));
        let is_known = |value: &str| values.iter().any(|known| known.eq_ignore_ascii_case(value));
        let unquoted = |text: &'_ str, quote| text.strip_prefix(quote)?.strip_suffix(quote).map(is_known);
        let is_there = quoted.and_then(|text| unquoted(text, '"').or_else(|| unquoted(text, '\''))) == Some(true);
        is_there && parts.next().is_some()
    };
    let has_version = take("version", &["1.0"]);
    take("encoding", &["UTF-8"]);
    take("standalone", &["yes", "no"]);
    has_version && parts.next().is_none()
}

/// Whether each closing quote is followed by a space, a slash, or the end.
fn is_spaced(attributes: &str) -> bool {
    let mut quote = None;
    let mut is_closed = false;
    for c in attributes.chars() {
        if is_closed && !c.is_ascii_whitespace() && c != '/' {
            return false;
        }
        is_closed = quote == Some(c);
        quote = match quote {
            Some(open) if open != c => Some(open),
            Some(_) => None,
            None => ['"', '\''].into_iter().find(|&open| open == c),
        };
    }
    true
}

/// The five names XML itself has, and numbers; there is no DTD for others to be declared in.
fn character(reference: &BytesRef<'_>) -> Result<char, Violation> {
    let numbered = reference.resolve_char_ref().map_err(|error| not_xml(error.to_string()))?;
    let named = || match &*reference.xml10_content() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    };
    match numbered.or_else(named) {
        Some(c) if is_xml(c) => Ok(c),
        Some(c) => Err(Violation::new("twiml_control_character", format!("{c:?} cannot be in XML"))),
        None => Err(Violation::new("twiml_entity", format!("&{}; is not defined", reference.xml10_content()))),
    }
}

fn not_xml(message: impl Into<String>) -> Violation {
    Violation::new("twiml_not_xml", message)
}
