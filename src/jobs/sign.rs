//! The signature of events and reports: HMAC-SHA256 over time and body.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::types::Timestamp;

/// The header that carries it.
pub(super) const SIGNATURE: &str = "callprint-signature";

/// Signs a report: `t=UNIX,v1=HEX`, an HMAC-SHA256 over `UNIX.BODY`.
///
/// The time is signed too, so that a receiver can refuse an old event that is sent again.
pub(super) fn signature(secret: &SecretString, body: &str, at: Timestamp) -> String {
    let time = at.as_second();
    // Any key length is good for HMAC, so there is no other case.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    let digest = mac.chain_update(format!("{time}.{body}")).finalize().into_bytes();
    digest.iter().fold(format!("t={time},v1="), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_signed_as_python_checks_it() {
        // hmac.new(b"0123456789abcdef0123456789abcdef", b'1700000000.{"id":"LI1"}', "sha256").hexdigest()
        let secret = "0123456789abcdef0123456789abcdef".into();
        let signed = signature(&secret, r#"{"id":"LI1"}"#, Timestamp::from_second(1_700_000_000).unwrap());
        assert_eq!(signed, "t=1700000000,v1=4f340bc6125d5748ce87e484f1726d15f641c20800c605fa19fc03ab416b89ff");
    }
}
