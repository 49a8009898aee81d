use std::fmt;

use secrecy::SecretString;

use crate::twilio::LOCAL_ACCOUNT_SID;

/// An account at the simulated provider: who signs webhooks and may fetch recordings.
#[derive(Clone)]
pub struct Account {
    /// `AC` and 32 hex digits.
    pub sid: String,
    /// Signs webhooks; the password of the REST API.
    pub token: SecretString,
}

impl Account {
    /// The account that a server without a configured one expects: its own local token, and zeros for the id.
    pub fn local(token: SecretString) -> Self {
        Self { sid: LOCAL_ACCOUNT_SID.to_owned(), token }
    }

    /// A fresh random account.
    pub fn random() -> Self {
        Self { sid: new_sid("AC"), token: SecretString::from(hex()) }
    }
}

/// Without the token.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.sid).finish()
    }
}

/// A new id of the provider's shape: two letters and 32 hex digits.
pub(super) fn new_sid(prefix: &str) -> String {
    format!("{prefix}{}", hex())
}

fn hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}
