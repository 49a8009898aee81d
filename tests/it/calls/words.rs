use std::path::Path;

/// The sentences of a locale, with an operator's replacements.
pub(super) struct Words(toml::Table);

impl Words {
    pub(super) fn load(locale: &str, own: &toml::Table) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("twiml/prompts/{locale}.toml"));
        let mut words: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        words.extend(own.clone());
        Self(words)
    }

    /// Whether what was said is this sentence with its places filled, or contains this text when it is no key.
    pub(super) fn is(&self, expected: &str, said: &str) -> bool {
        match self.0.get(expected) {
            None => said.contains(expected),
            Some(toml::Value::String(sentence)) => fits(sentence, said),
            Some(recorded) => recorded.get("play").and_then(toml::Value::as_str) == Some(said),
        }
    }

    /// The first expected thing that was not heard in its order.
    pub(super) fn first_missing<'e>(&self, expected: &'e [String], said: &[&str]) -> Option<&'e str> {
        let mut said = said.iter();
        expected.iter().find(|expected| !said.any(|said| self.is(expected, said))).map(String::as_str)
    }
}

/// Whether `said` is `sentence` with anything in place of each `{…}`.
fn fits(sentence: &str, said: &str) -> bool {
    let mut rest = said;
    let mut parts = sentence.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let Some(mut found) = parts.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    for part in parts {
        rest = found;
        match rest.find(part) {
            Some(at) if !part.is_empty() => found = &rest[at + part.len()..],
            _ => return part.is_empty(),
        }
    }
    found.is_empty()
}

#[test]
fn a_sentence_is_known_by_its_words_and_not_by_what_fills_its_places() {
    for (sentence, said, is) in [
        ("Good.", "Good.", true),
        ("Good.", "Good. Night.", false),
        ("Welcome to {service}.", "Welcome to Callprint.", true),
        ("Welcome to {service}.", "Welcome home", false),
        ("It is {digits}. Once more: {digits}.", "It is 1 2. Once more: 1 2.", true),
        ("It is {digits}. Once more: {digits}.", "It is 1 2.", false),
    ] {
        assert_eq!(fits(sentence, said), is, "{sentence} / {said}");
    }
}
