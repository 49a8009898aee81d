use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;
use thiserror::Error;

/// A voice webhook is 1 to 3 KiB; the provider's own cap on a document is 64 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// A voice webhook has 20 to 60 pairs; a SIP call adds one per header.
const MAX_PAIRS: usize = 500;

/// A decoded form body: every pair in the order it came.
///
/// The signature covers every pair, those we never read included, so none is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// A body that is not a form we take.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FormError {
    /// The body is larger than any webhook of the provider.
    #[error("form is larger than {max} bytes")]
    TooLarge {
        /// The cap, in bytes.
        max: usize,
    },
    /// There are more pairs than any webhook of the provider has.
    #[error("form has more than {max} pairs")]
    TooManyPairs {
        /// The cap.
        max: usize,
    },
    /// A decoded name or value is not UTF-8.
    #[error("form is not UTF-8")]
    NotUtf8,
    /// A parameter every webhook carries is not there.
    #[error("form has no {name}")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter does not have the shape it always has.
    #[error("{name} is malformed")]
    Malformed {
        /// Its name.
        name: &'static str,
    },
}

impl FormError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "form_too_large",
            Self::TooManyPairs { .. } => "form_too_many_pairs",
            Self::NotUtf8 => "form_not_utf8",
            Self::Missing { .. } => "form_missing",
            Self::Malformed { .. } => "form_malformed",
        }
    }
}

impl Form {
    /// Decodes an `application/x-www-form-urlencoded` body, keeping everything.
    ///
    /// The ready-made parsers put U+FFFD in place of broken UTF-8, which would change what was signed.
    ///
    /// # Errors
    /// [`FormError`] when a limit is passed or the text is not UTF-8.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_BYTES {
            return Err(FormError::TooLarge { max: MAX_BYTES });
        }
        let mut pairs = Vec::new();
        for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PAIRS {
                return Err(FormError::TooManyPairs { max: MAX_PAIRS });
            }
            let middle = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = middle.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self { pairs })
    }

    /// Adds one pair at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.pairs.push((name.to_owned(), value.into()));
        self
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The form as a request body.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }
}

/// Names only: values are numbers, keys and tokens.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Undoes `+` and `%XX`; a `%` without two hex digits stands for itself, as everywhere on the web.
fn decode(bytes: &[u8]) -> Result<String, FormError> {
    let spaced: Cow<'_, [u8]> = if bytes.contains(&b'+') {
        bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect()
    } else {
        bytes.into()
    };
    String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| FormError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(body: &[u8]) -> Vec<(String, String)> {
        Form::parse(body).expect("a form").pairs
    }

    #[test]
    fn every_spelling_of_a_pair_is_taken() {
        let rows: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("&&", &[]),
            ("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
            ("a&b=&=c", &[("a", ""), ("b", ""), ("", "c")]),
            ("a==b", &[("a", "=b")]),
            ("From=%2B14158675309", &[("From", "+14158675309")]),
            ("From=+14158675309", &[("From", " 14158675309")]),
            ("n=+Jos%C3%A9+%26+S%c3%b6hne+", &[("n", " José & Söhne ")]),
            ("a=100%&b=%zz&c=%4", &[("a", "100%"), ("b", "%zz"), ("c", "%4")]),
            ("a=%00%0A", &[("a", "\0\n")]),
        ];
        for (body, expected) in rows {
            let expected: Vec<_> = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(pairs(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn what_is_not_a_form_gets_its_code() {
        let rows = [
            (vec![b'a'; MAX_BYTES + 1], "form_too_large"),
            (b"a=1&".repeat(MAX_PAIRS + 1), "form_too_many_pairs"),
            (b"a=%FF".to_vec(), "form_not_utf8"),
            (b"%C3=a".to_vec(), "form_not_utf8"),
            (b"a=\xED\xA0\x80".to_vec(), "form_not_utf8"),
        ];
        for (body, code) in rows {
            assert_eq!(Form::parse(&body).expect_err(code).code(), code);
        }
    }

    #[test]
    fn a_form_at_its_limits_is_taken() {
        assert_eq!(pairs(&vec![b'a'; MAX_BYTES]).len(), 1);
        assert_eq!(pairs(&b"a=1&".repeat(MAX_PAIRS)).len(), MAX_PAIRS);
    }

    #[test]
    fn debug_shows_no_value() {
        let form = Form::default().with("Digits", "1234");
        assert_eq!(format!("{form:?}"), r#"["Digits"]"#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_form_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn what_is_encoded_decodes_to_the_same(pairs in proptest::collection::vec((".{1,20}", ".{0,40}"), 0..40)) {
            let form = Form { pairs };
            prop_assert_eq!(Form::parse(form.encode().as_bytes()), Ok(form));
        }
    }
}
