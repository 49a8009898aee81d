use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// Signatures made by others; where each comes from stands in the file.
const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vectors/signatures.json"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    about: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    /// The URL that the provider signed; absent where the signature is made up to be refused.
    signed_url: Option<String>,
    /// The URL as our server spells it, when another.
    presented_url: Option<String>,
    kind: Kind,
    token: String,
    #[serde(default)]
    params: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    signature: String,
    is_valid: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Form,
    Raw,
    Handshake,
}

impl Vector {
    fn all() -> Vec<Self> {
        let file: Vectors = serde_json::from_str(VECTORS).expect("the vectors are JSON");
        assert!(!file.about.is_empty());
        file.vectors
    }

    fn form(&self) -> Form {
        self.params.iter().fold(Form::default(), |form, (name, value)| form.with(name, value.clone()))
    }

    fn url(&self) -> &str {
        self.presented_url.as_ref().or(self.signed_url.as_ref()).expect("a vector has a URL")
    }

    fn verify(&self, token: &str, url: &str, form: &Form, body: &[u8], header: &str) -> Result<(), SignatureError> {
        let url = url.replacen("ws", "http", usize::from(self.kind == Kind::Handshake));
        let (base, path) = url.split_at(url[8..].find('/').map_or(url.len(), |at| at + 8));
        let verifier = Verifier::new(vec![token.into()], base)?;
        match self.kind {
            Kind::Form => verifier.verify(path, Some(header), Body::Form(form)),
            Kind::Raw => verifier.verify(path, Some(header), Body::Raw(body)),
            Kind::Handshake => verifier.verify_handshake(path, Some(header)),
        }
    }
}

#[test]
fn signing_gives_the_published_signatures() {
    for vector in Vector::all() {
        let Some(url) = &vector.signed_url else { continue };
        assert_eq!(sign(url, &vector.form(), &vector.token.as_str().into()), vector.signature, "{}", vector.name);
    }
}

#[test]
fn every_vector_is_taken_or_refused_as_it_says() {
    for vector in Vector::all() {
        let form = vector.form();
        let result = vector.verify(&vector.token, vector.url(), &form, vector.body.as_bytes(), &vector.signature);
        assert_eq!(result.is_ok(), vector.is_valid, "{}: {result:?}", vector.name);
    }
}

#[test]
fn no_vector_passes_with_another_token() {
    for vector in Vector::all() {
        let form = vector.form();
        let result = vector.verify("12346", vector.url(), &form, vector.body.as_bytes(), &vector.signature);
        assert!(result.is_err(), "{}", vector.name);
    }
}

#[test]
fn either_of_two_tokens_may_sign_during_a_rotation() {
    let verifier = Verifier::new(vec!["new".into(), "old".into()], "https://a.example").expect("valid");
    for (token, is_valid) in [("new", true), ("old", true), ("older", false)] {
        let signature = sign("https://a.example/x", &Form::default(), &token.into());
        assert_eq!(verifier.verify("/x", Some(&signature), Body::Empty).is_ok(), is_valid, "{token}");
    }
}

#[test]
fn a_header_that_is_no_signature_gets_its_code() {
    let verifier = Verifier::new(vec!["t".into()], "https://a.example").expect("valid");
    let rows = [
        (None, SignatureError::Missing),
        (Some(""), SignatureError::Malformed),
        (Some("not base64!"), SignatureError::Malformed),
        (Some("AAAA"), SignatureError::Malformed),
        (Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), SignatureError::Malformed),
        (Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), SignatureError::Mismatch),
    ];
    for (header, error) in rows {
        assert_eq!(verifier.verify("/x", header, Body::Empty), Err(error), "{header:?}");
    }
}

#[test]
fn a_raw_body_needs_its_hash_in_the_signed_query() {
    let verifier = Verifier::new(vec!["t".into()], "https://a.example").expect("valid");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let rows = [
        ("/x".to_owned(), &b""[..], Err(SignatureError::BodyMismatch)),
        ("/x?bodySHA256=".to_owned(), b"", Err(SignatureError::BodyMismatch)),
        (format!("/x?bodySHA256={empty}"), b"{}", Err(SignatureError::BodyMismatch)),
        (format!("/x?bodySHA256={}", empty.to_uppercase()), b"", Err(SignatureError::BodyMismatch)),
        (format!("/x?bodySHA256={empty}"), b"", Ok(())),
    ];
    for (path, body, expected) in rows {
        let signature = sign(&format!("https://a.example{path}"), &Form::default(), &"t".into());
        assert_eq!(verifier.verify(&path, Some(&signature), Body::Raw(body)), expected, "{path}");
    }
}

#[test]
fn a_verifier_without_a_token_cannot_be_made() {
    for tokens in [vec![], vec!["".into()], vec!["t".into(), "".into()]] {
        assert_eq!(Verifier::new(tokens, "https://a.example").map(|_| ()), Err(SignatureError::NoToken));
    }
    let url = Verifier::new(vec!["t".into()], "voice.example.com").map(|_| ());
    assert_eq!(url, Err(SignatureError::BadPublicUrl));
}

#[test]
fn debug_shows_no_token() {
    let verifier = Verifier::new(vec!["hunter2".into()], "https://a.example").expect("valid");
    assert!(!format!("{verifier:?}").contains("hunter2"));
}

/// Any byte of any part of a request, for the property test to change.
fn tampered(text: &str, at: usize, by: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] = b'!' + (bytes[at].wrapping_sub(b'!').wrapping_add(by)) % 94;
    String::from_utf8(bytes).expect("ASCII stays ASCII")
}

proptest! {
    #[test]
    fn a_request_with_one_byte_changed_is_refused(
        pairs in proptest::collection::vec(("[A-Za-z]{1,12}", "[ -~]{1,12}"), 1..8),
        query in "[!-~&&[^#]]{1,20}",
        part in 0..4_usize,
        pair in any::<prop::sample::Index>(),
        at in any::<usize>(),
        by in 1..94_u8,
    ) {
        let path = format!("/x?{query}");
        let form = pairs.iter().fold(Form::default(), |form, (k, v)| form.with(k, v.clone()));
        let signature = sign(&format!("https://a.example{path}"), &form, &"t".into());
        let verifier = Verifier::new(vec!["t".into()], "https://a.example").expect("valid");
        prop_assert_eq!(verifier.verify(&path, Some(&signature), Body::Form(&form)), Ok(()));

        let (mut path, mut pairs, mut header) = (path, pairs, signature);
        let pair = pair.index(pairs.len());
        match part {
            0 => path = format!("/x?{}", tampered(&query, at, by)),
            1 => pairs[pair].0 = tampered(&pairs[pair].0, at, by),
            2 => pairs[pair].1 = tampered(&pairs[pair].1, at, by),
            _ => header = tampered(&header, at, by),
        }
        let form = pairs.iter().fold(Form::default(), |form, (k, v)| form.with(k, v.clone()));
        prop_assert!(verifier.verify(&path, Some(&header), Body::Form(&form)).is_err());
    }

    #[test]
    fn the_order_of_the_pairs_does_not_matter(
        pairs in proptest::collection::vec(("[a-c]{1,2}", "[a-c]{0,2}"), 0..8).prop_shuffle(),
    ) {
        let form = pairs.iter().fold(Form::default(), |form, (k, v)| form.with(k, v.clone()));
        let reversed = pairs.iter().rev().fold(Form::default(), |form, (k, v)| form.with(k, v.clone()));
        prop_assert_eq!(sign("u", &form, &"t".into()), sign("u", &reversed, &"t".into()));
    }
}
