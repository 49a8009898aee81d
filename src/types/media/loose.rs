//! Numbers as strings, strings as numbers, and anything else: what providers put where one value belongs.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One JSON value, of which only text and whole numbers mean something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loose<'m> {
    Text(Cow<'m, str>),
    Number(u64),
    Other,
}

impl<'m> Loose<'m> {
    /// The whole number it is or spells.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => Some(*number),
            Self::Other => None,
        }
    }

    /// The text it is, or a number's digits.
    pub(crate) fn text(self) -> Option<Cow<'m, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string().into()),
            Self::Other => None,
        }
    }

    /// The text it is, unless it is blank.
    pub(crate) fn filled(self) -> Option<String> {
        self.text().filter(|text| !text.trim().is_empty()).map(Cow::into_owned)
    }

    /// The key of a telephone it names.
    pub(crate) fn key(self) -> Option<char> {
        let text = self.text()?;
        let mut chars = text.trim().chars();
        let key = chars.next()?.to_ascii_uppercase();
        (matches!(key, '0'..='9' | '*' | '#' | 'A'..='D') && chars.next().is_none()).then_some(key)
    }
}

impl<'de: 'm, 'm> Deserialize<'de> for Loose<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(number))
    }

    fn visit_i64<E>(self, _negative: i64) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // Up to 2^53 a float holds every whole number.
        let is_whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        Ok(if is_whole { Loose::Number(number as u64) } else { Loose::Other })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Loose<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_number_may_come_as_text_and_text_as_a_number() {
        for json in ["7", "7.0", "\"7\"", "\" 7 \"", "\"\\u0037\""] {
            assert_eq!(read(json).number(), Some(7), "{json}");
            assert_eq!(read(json).key(), Some('7'), "{json}");
        }
        assert_eq!(read("18446744073709551615").number(), Some(u64::MAX));
        assert_eq!(read("12").text().as_deref(), Some("12"));
    }

    #[test]
    fn anything_else_is_nothing_and_no_error() {
        for json in [
            "-1",
            "1.5",
            "1e300",
            "true",
            "null",
            "[1,[2]]",
            "{\"a\":{\"b\":3}}",
            "\"\"",
            "\"x1\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(read(json).number(), None, "{json}");
            assert_eq!(read(json).key(), None, "{json}");
        }
        assert_eq!(read("\"  \"").filled(), None);
    }

    #[test]
    fn plain_text_is_borrowed_from_the_message() {
        assert!(matches!(read("\"abc\""), Loose::Text(Cow::Borrowed("abc"))));
        assert!(matches!(read("\"a\\/c\""), Loose::Text(Cow::Owned(text)) if text == "a/c"));
    }
}
