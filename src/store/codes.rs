use std::time::Duration;

use super::{CallerRef, Store, StoreError};
use crate::dialog::CodeCheck;
use crate::types::{CallerId, Timestamp};

/// An enrollment code, shown this once: only its hash is kept.
#[derive(Clone)]
pub struct NewCode {
    /// Eight digits.
    pub digits: String,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
    /// Whose it is; nobody's in particular when none.
    pub caller: Option<CallerId>,
}

/// What typed digits are worth as an enrollment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedCode {
    /// For the dialogue.
    pub check: CodeCheck,
    /// Whose code it is, when it is somebody's and good.
    pub owner: Option<CallerId>,
}

impl Store {
    /// Makes an enrollment code: single use, until `ttl` has passed.
    ///
    /// A number or user id that nobody has yet becomes a caller, so that the code can be theirs.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] for an id or account number that nobody has.
    pub async fn new_enrollment_code(
        &self,
        _owner: Option<&CallerRef>,
        _ttl: Duration,
        _at: Timestamp,
    ) -> Result<NewCode, StoreError> {
        todo!()
    }

    /// What digits typed in a call of `caller` are worth now; [`crate::dialog::Effect::RedeemCode`] uses them up.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn check_code(
        &self,
        _digits: &str,
        _caller: Option<CallerId>,
        _now: Timestamp,
    ) -> Result<CheckedCode, StoreError> {
        todo!()
    }
}
