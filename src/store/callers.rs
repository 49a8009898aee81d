use serde::Serialize;

use super::{Store, StoreError};
use crate::dialog::Consent;
use crate::types::{CallerId, E164, Timestamp};

/// Someone who can be verified: an account, found by number, account number or user id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// Our id, random.
    pub id: CallerId,
    /// The operator's id for the same person.
    pub user_id: Option<String>,
    /// The number that was shown at enrollment.
    pub number: Option<E164>,
    /// Eight random digits to type in when the number is withheld.
    pub account_number: String,
    /// Whether the caller agreed to a voiceprint.
    pub consent: Consent,
    /// Whether there is a voiceprint.
    pub is_enrolled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// One change of a caller's consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentRecord {
    /// When.
    pub at: Timestamp,
    /// Given or withdrawn.
    pub consent: Consent,
    /// The call it was said in, if any.
    pub call: Option<String>,
}

/// How an operator names a caller: our id, `+number`, account number, or user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerRef {
    /// Our own id.
    Id(CallerId),
    /// A phone number.
    Number(E164),
    /// The eight-digit account number.
    Account(String),
    /// The operator's id.
    User(String),
}

impl CallerRef {
    /// Reads an id, a `+number`, eight digits, and takes anything else for a user id.
    pub fn parse(_text: &str) -> Self {
        todo!()
    }
}

/// A caller's voiceprint, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredVoiceprint {
    /// The voiceprint in its byte form.
    pub bytes: Vec<u8>,
    /// The model that made it.
    pub model_id: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What deleting a caller took away; a proof without personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Whether there was a voiceprint.
    pub voiceprint: bool,
    /// Attempts.
    pub attempts: u64,
    /// Calls, with their turns and takes.
    pub calls: u64,
    /// Consent records.
    pub consents: u64,
}

impl Store {
    /// The caller of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller(&self, _id: CallerId) -> Result<Option<Caller>, StoreError> {
        todo!()
    }

    /// The caller enrolled from that number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller_by_number(&self, _number: &E164) -> Result<Option<Caller>, StoreError> {
        todo!()
    }

    /// The caller with that account number, digits only.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller_by_account(&self, _digits: &str) -> Result<Option<Caller>, StoreError> {
        todo!()
    }

    /// The caller an operator means.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn find_caller(&self, _who: &CallerRef) -> Result<Option<Caller>, StoreError> {
        todo!()
    }

    /// Callers, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn callers(&self, _limit: u32) -> Result<Vec<Caller>, StoreError> {
        todo!()
    }

    /// The caller's voiceprint, opened.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it was altered or moved.
    pub async fn voiceprint(&self, _id: CallerId) -> Result<Option<StoredVoiceprint>, StoreError> {
        todo!()
    }

    /// The changes of a caller's consent, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn consents(&self, _id: CallerId) -> Result<Vec<ConsentRecord>, StoreError> {
        todo!()
    }

    /// Deletes a caller with everything that belongs to them; leaves a proof in the audit.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] when there is none.
    pub async fn delete_caller(&self, _id: CallerId, _at: Timestamp) -> Result<Deleted, StoreError> {
        todo!()
    }
}
