use super::{Store, StoreError};
use crate::dialog::Standing;
use crate::types::{CallerId, E164, Timestamp};

/// Whose failures are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A caller, whatever number they call from.
    Caller(CallerId),
    /// A number, whomever it claims to be.
    Number(E164),
    /// Account digits that nobody has.
    Claim(String),
}

/// Whether a call may try now, seen from each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standings {
    /// The caller's own; clear for an unknown one.
    pub caller: Standing,
    /// The number's; clear for a withheld one.
    pub number: Standing,
    /// That of account digits nobody has; clear when none were typed.
    pub claim: Standing,
}

impl Store {
    /// Whether the caller, the number and the claim may try now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn standing(
        &self,
        _caller: Option<CallerId>,
        _number: Option<&E164>,
        _claim: Option<&str>,
        _now: Timestamp,
    ) -> Result<Standings, StoreError> {
        todo!()
    }

    /// Forgets the failures counted against a caller or a number; says whether there were any.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn unlock(&self, _subject: Subject, _at: Timestamp) -> Result<bool, StoreError> {
        todo!()
    }
}
