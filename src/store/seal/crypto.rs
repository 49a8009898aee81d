//! AES-256-GCM and HMAC-SHA256 over labelled values; for the vault and the rotation of keys.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of an AES-256 key, of an AES-GCM nonce, and of the key id in front of both.
const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 12;
const ID_LEN: usize = 8;

/// The tenant of everything sealed so far; the label has a place for others.
const TENANT: &str = "default";

/// Which key sealed something: the start of the key's SHA-256, so a key and its id cannot be mixed up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::store) struct KeyId([u8; ID_LEN]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 256-bit secret, wiped from memory when dropped; its `Debug` shows nothing.
#[derive(Clone)]
pub(in crate::store) struct Secret(Zeroizing<[u8; KEY_LEN]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub(in crate::store) struct NoRandom;

impl Secret {
    /// A new secret from the operating system.
    pub(in crate::store) fn random() -> Result<Self, NoRandom> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        SysRng.try_fill_bytes(bytes.as_mut()).map_err(|_| NoRandom)?;
        Ok(Self(bytes))
    }

    /// Reads 32 bytes in base64.
    pub(in crate::store) fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        Self::from_bytes(&bytes)
    }

    /// Takes 32 bytes.
    pub(in crate::store) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The secret in base64, for the key file.
    pub(in crate::store) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_ref()))
    }

    /// The secret itself, to be sealed.
    pub(in crate::store) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The id under which things sealed with it are found.
    pub(in crate::store) fn id(&self) -> KeyId {
        let digest =
            Sha256::new().chain_update(b"callprint voiceprint key id\0").chain_update(self.0.as_ref()).finalize();
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&digest[..ID_LEN]);
        KeyId(id)
    }

    /// A keyed hash of `text`, different for every `purpose`.
    pub(in crate::store) fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        // HMAC takes keys of any length, so this cannot fail.
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_ref()).expect("any key length");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// The kind and the owner of a sealed value; it opens under the same label only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Label<'a> {
    /// `voiceprint`, `take`, …
    pub(in crate::store) kind: &'a str,
    /// The caller, or the call and turn.
    pub(in crate::store) subject: &'a str,
    /// The model that made it; empty where that is inside.
    pub(in crate::store) model: &'a str,
}

impl Label<'_> {
    /// Each part behind its length, so that no two labels read the same.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.kind, TENANT, self.subject, self.model] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// Seals with AES-256-GCM: key id, random nonce, ciphertext and tag.
///
/// A random 96-bit nonce is safe for 2³² seals a key (NIST SP 800-38D, 8.3); a busy line makes a few thousand a day.
pub(in crate::store) fn seal(key: &Secret, label: &Label<'_>, clear: &[u8]) -> Result<Vec<u8>, NoRandom> {
    let mut nonce = [0; NONCE_LEN];
    SysRng.try_fill_bytes(&mut nonce).map_err(|_| NoRandom)?;
    let cipher = Aes256Gcm::new(&(*key.0).into());
    // AES-GCM refuses only messages above 64 GiB, which no voiceprint is.
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: clear, aad: &label.bytes() })
        .expect("a message below the limit of AES-GCM");
    Ok([key.id().0.as_slice(), &nonce, &sealed].concat())
}

/// The id of the key something was sealed with; none when it is too short to be sealed at all.
pub(in crate::store) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    sealed.first_chunk().copied().map(KeyId)
}

/// Opens what [`seal`] made; none when key or label differ or a bit changed.
pub(in crate::store) fn open(key: &Secret, label: &Label<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.get(ID_LEN..)?.split_first_chunk::<NONCE_LEN>()?;
    let cipher = Aes256Gcm::new(&(*key.0).into());
    let matches_key = key_of(sealed) == Some(key.id());
    let opened = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &label.bytes() }).ok();
    opened.filter(|_| matches_key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LABEL: Label<'_> =
        Label { kind: "voiceprint", subject: "018f0000-0000-7000-8000-000000000001", model: "campplus" };

    fn key(byte: u8) -> Secret {
        Secret::from_bytes(&[byte; KEY_LEN]).unwrap()
    }

    fn from_hex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn what_pythons_cryptography_sealed_opens() {
        // AESGCM(b"1" * 32).encrypt(bytes(range(12)), b"a voiceprint", aad) of cryptography, behind the id by hashlib.
        let sealed = "7c8883a638364914000102030405060708090a0b1cd576488589cfa7de0b0d2f12079508ea04037c1df909dbba90fc8b";
        assert_eq!(open(&key(b'1'), &LABEL, &from_hex(sealed)).unwrap(), b"a voiceprint");
        assert_eq!(key(b'1').id().to_string(), "7c8883a638364914");
    }

    #[test]
    fn keyed_hashes_are_those_of_pythons_hmac() {
        // hmac.new(b"1" * 32, b"number\0+15550100001", "sha256")
        let expected = "999a0d16be90296580e9182b9a68d8405a7d592478641a4e674f36a201e65691";
        assert_eq!(key(b'1').mac("number", "+15550100001").as_slice(), from_hex(expected));
        assert_ne!(key(b'1').mac("claim", "+15550100001"), key(b'1').mac("number", "+15550100001"));
    }

    #[test]
    fn sealing_twice_never_gives_the_same() {
        assert_ne!(seal(&key(1), &LABEL, b"same").unwrap(), seal(&key(1), &LABEL, b"same").unwrap());
    }

    #[test]
    fn secrets_do_not_show() {
        let secret = Secret::from_base64("MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_under_its_label(clear in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let sealed = seal(&key(1), &LABEL, &clear).unwrap();
            prop_assert_eq!(open(&key(1), &LABEL, &sealed), Some(clear));
        }

        #[test]
        fn one_flipped_bit_anywhere_keeps_it_shut(clear in proptest::collection::vec(any::<u8>(), 0..300), at: usize) {
            let mut sealed = seal(&key(1), &LABEL, &clear).unwrap();
            let bit = at % (sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&key(1), &LABEL, &sealed), None);
        }

        #[test]
        fn cut_anywhere_it_stays_shut(clear in proptest::collection::vec(any::<u8>(), 0..300), at: usize) {
            let sealed = seal(&key(1), &LABEL, &clear).unwrap();
            prop_assert_eq!(open(&key(1), &LABEL, &sealed[..at % sealed.len()]), None);
        }

        #[test]
        fn another_label_keeps_it_shut(parts: [String; 3], others: [String; 3]) {
            let label = |[kind, subject, model]: &[String; 3]| Label { kind, subject, model }.bytes();
            prop_assume!(parts != others);
            prop_assert_ne!(label(&parts), label(&others));
            let [kind, subject, model] = &parts;
            let sealed = seal(&key(1), &Label { kind, subject, model }, b"clear").unwrap();
            let [kind, subject, model] = &others;
            prop_assert_eq!(open(&key(1), &Label { kind, subject, model }, &sealed), None);
        }

        #[test]
        fn another_key_keeps_it_shut(other in 2_u8..) {
            let sealed = seal(&key(1), &LABEL, b"clear").unwrap();
            prop_assert_eq!(open(&key(other), &LABEL, &sealed), None);
        }
    }
}
