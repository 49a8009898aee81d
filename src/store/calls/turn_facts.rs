//! The facts that the dialogue needs to answer a turn, read as of one moment; for the code that answers turns.

use rusqlite::{Connection, Transaction};

use crate::store::callers;
use crate::store::callers::codes;
use crate::store::calls::signs;
use crate::store::calls::standing;
use crate::store::seal::vault::Vault;
use crate::store::{Call, CallHistory, Caller, CallerRef, CheckedCode, Standings, Store, StoreError};
use crate::types::{CallerId, E164, Timestamp};

/// Keys that were just typed, and could name a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// None: the turn is about the call's own caller or claim.
    Nothing,
    /// The digits of an account number, or of the number that a caller enrolled from; none when the keys can be
    /// neither.
    Account(Option<String>),
    /// An enrollment code.
    Code(String),
}

/// Facts about a turn's caller, number and claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnFacts {
    /// The caller the turn is about: the call's, the one whose account was typed, or the code's owner.
    pub caller: Option<Caller>,
    /// The digits just typed, when they led to no caller.
    pub claim: Option<String>,
    /// The worth of the code just typed.
    pub code: Option<CheckedCode>,
    /// Whether the caller, the number and the claim may try now.
    pub standings: Standings,
    /// The day of the number and the caller, beside this call.
    pub history: CallHistory,
}

impl Store {
    /// Reads the facts about a call's caller, number and claim as of now, with the keys that were typed in this turn.
    ///
    /// A typed account without a voiceprint counts as one that does not exist, so that callers cannot tell them apart.
    /// A code's owner becomes the caller only where the call has no caller and no claim yet.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn turn_facts(&self, call: &Call, typed: Typed, now: Timestamp) -> Result<TurnFacts, StoreError> {
        let call = call.clone();
        self.read(move |tx, vault| read(tx, vault, &call, typed, now)).await
    }
}

fn read(
    tx: &Transaction<'_>,
    vault: &Vault,
    call: &Call,
    typed: Typed,
    now: Timestamp,
) -> Result<TurnFacts, StoreError> {
    let of = |id: Option<CallerId>| id.map_or(Ok(None), |id| callers::find(tx, &CallerRef::Id(id)));
    let about = match typed {
        Typed::Nothing => About { caller: of(call.caller)?, claim: call.claim.clone(), typed: None, code: None },
        Typed::Account(digits) => {
            let caller = digits.as_deref().map_or(Ok(None), |digits| of_digits(tx, digits))?;
            let claim = digits.filter(|_| caller.is_none());
            About { caller, typed: claim.clone(), claim, code: None }
        }
        Typed::Code(digits) => {
            let code = codes::check(tx, vault, &digits, call.caller, now)?;
            let is_free = call.caller.is_none() && call.claim.is_none();
            let caller = of(code.owner.filter(|_| is_free).or(call.caller))?;
            About { caller, claim: call.claim.clone(), typed: None, code: Some(code) }
        }
    };
    let About { caller, claim, typed, code } = about;
    let (id, claim) = (caller.as_ref().map(|caller| caller.id), claim.as_deref());
    Ok(TurnFacts {
        standings: standing::standings(tx, vault, id, call.origin.number(), claim, now)?,
        history: signs::history(tx, call, id, claim, now)?,
        caller,
        claim: typed,
        code,
    })
}

/// Who a turn is about, before anything is known of them.
struct About {
    caller: Option<Caller>,
    /// Digits that led to no caller, in this turn or an earlier one.
    claim: Option<String>,
    /// The same, if they were typed in this turn.
    typed: Option<String>,
    code: Option<CheckedCode>,
}

/// The enrolled caller with this account number, or who enrolled from this number.
fn of_digits(db: &Connection, digits: &str) -> Result<Option<Caller>, StoreError> {
    let by_account = callers::find(db, &CallerRef::Account(digits.to_owned()))?;
    let found = match (by_account, E164::parse(&format!("+{digits}"))) {
        (None, Ok(number)) => callers::find(db, &CallerRef::Number(number))?,
        (found, _) => found,
    };
    Ok(found.filter(|caller| caller.is_enrolled))
}
