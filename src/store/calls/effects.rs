//! Applies the dialogue's effects inside the transaction that commits their turn; for `commit` alone.

use rusqlite::{OptionalExtension, Transaction};

use crate::config::Lockout;
use crate::dialog::{Consent, Effect};
use crate::store::audit::happening::{CreatedBy, Happening};
use crate::store::audit::{Actor, Happened};
use crate::store::callers;
use crate::store::callers::codes;
use crate::store::calls;
use crate::store::calls::attempts;
use crate::store::calls::owner::Owner;
use crate::store::calls::standing::{self, Subject};
use crate::store::calls::take_prints::{self, pending_label};
use crate::store::seal::vault::Vault;
use crate::store::{Call, CallerRef, NewAttempt, StoreError, TurnCommit};
use crate::types::{CallerId, Verdict};

/// The effects of one turn, applied one after the other inside its transaction.
pub(in crate::store) struct Applied<'a> {
    tx: &'a Transaction<'a>,
    vault: &'a Vault,
    /// The call as the effects so far have left it.
    call: Call,
    turn: &'a TurnCommit,
    lockout: &'a Lockout,
}

impl<'a> Applied<'a> {
    pub(in crate::store) fn new(
        tx: &'a Transaction<'a>,
        vault: &'a Vault,
        mut call: Call,
        turn: &'a TurnCommit,
        lockout: &'a Lockout,
    ) -> Self {
        call.claim = turn.claim.clone().or(call.claim);
        Self { tx, vault, call, turn, lockout }
    }

    /// Who the call is about by now.
    pub(in crate::store) fn caller(&self) -> Option<CallerId> {
        self.call.caller
    }

    pub(in crate::store) fn apply(&mut self, effect: &Effect) -> Result<(), StoreError> {
        match effect {
            Effect::CreateCaller { keeps_number } => self.create_caller(*keeps_number),
            Effect::BindCaller => self.bind_caller(),
            Effect::GiveConsent => self.consent(Consent::Given),
            Effect::OptOut => self.opt_out(),
            Effect::SaveVoiceprint => self.save_voiceprint(),
            Effect::DiscardTakes => take_prints::discard(self.tx, (&self.call.sid).into()),
            Effect::RedeemCode(digits) => {
                // A code typed on the way to a caller is theirs whom the same turn binds the call to.
                let caller = self.call.caller.or(self.turn.caller);
                codes::redeem(self.tx, self.vault, digits, caller, &self.happened())
            }
            Effect::CountWrongCode => self.count_wrong_code(),
            Effect::RecordVerdict(verdict) => self.record_verdict(*verdict),
            Effect::End => calls::end(self.tx, &self.happened(), (&self.call.sid).into()),
        }
    }

    fn happened(&self) -> Happened<'_> {
        Happened {
            at: self.turn.at,
            actor: Actor::Caller,
            caller: self.call.caller,
            call: Some(Owner::Call(&self.call.sid)),
        }
    }

    fn known_caller(&self) -> Result<CallerId, StoreError> {
        self.call.caller.ok_or(StoreError::UnknownCaller)
    }

    /// Two calls from one new number at once are about the same caller.
    fn create_caller(&mut self, keeps_number: bool) -> Result<(), StoreError> {
        let number = self.call.origin.number().filter(|_| keeps_number);
        let known = number.map(|number| callers::find(self.tx, &CallerRef::Number(number.clone()))).transpose()?;
        if let Some(Some(known)) = known {
            self.call.caller = Some(known.id);
            return Ok(());
        }
        self.call.caller = Some(callers::create(self.tx, number, None, self.turn.at)?);
        self.happened().record(self.tx, Happening::CallerCreated(CreatedBy::Call { keeps_number }))
    }

    fn bind_caller(&mut self) -> Result<(), StoreError> {
        let id = self.turn.caller.ok_or(StoreError::UnknownCaller)?;
        callers::find(self.tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)?;
        self.call.caller = Some(id);
        self.happened().record(self.tx, Happening::CallerClaimed)
    }

    fn consent(&self, consent: Consent) -> Result<(), StoreError> {
        callers::set_consent(self.tx, self.known_caller()?, consent, &self.happened())
    }

    fn opt_out(&self) -> Result<(), StoreError> {
        take_prints::discard(self.tx, (&self.call.sid).into())?;
        callers::opt_out(self.tx, self.known_caller()?, &self.happened())
    }

    /// Invariant 1, kept here whatever the dialogue believes: a voiceprint is replaced only by a call that has
    /// verified its caller or redeemed that caller's own code, and none is kept without consent.
    fn save_voiceprint(&self) -> Result<(), StoreError> {
        let id = self.known_caller()?;
        let caller = callers::find(self.tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)?;
        if caller.consent != Consent::Given {
            return Err(StoreError::NoConsent);
        }
        let sid = &self.call.sid;
        let is_proved = || {
            Ok::<_, StoreError>(
                attempts::has_accept(self.tx, sid, id)? || codes::has_own_code(self.tx, sid.into(), id)?,
            )
        };
        if caller.is_enrolled && !is_proved()? {
            return Err(StoreError::AlreadyEnrolled);
        }
        let sql = "SELECT model_id, sealed FROM pending_voiceprints WHERE call = ?";
        let pending = self.tx.prepare_cached(sql)?.query_row([sid], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (model, sealed): (String, Vec<u8>) = pending.ok_or(StoreError::NoVoiceprint)?;
        let clear = zeroize::Zeroizing::new(self.vault.open(&pending_label(sid.as_str(), &model), &sealed)?);
        take_prints::discard(self.tx, sid.into())?;
        callers::keep_voiceprint(self.tx, self.vault, &caller, &model, &clear, &self.happened())
    }

    fn count_wrong_code(&self) -> Result<(), StoreError> {
        self.happened().record(self.tx, Happening::CodeWrong)?;
        let Some(number) = self.call.origin.number() else {
            return Ok(());
        };
        let subject = Subject::Number(number.clone());
        standing::count_mismatch(self.tx, self.vault, &subject, self.lockout, &self.happened())
    }

    fn record_verdict(&self, verdict: Verdict) -> Result<(), StoreError> {
        let (happened, subjects) = (self.happened(), Subject::of(&self.call));
        let attempt = NewAttempt { verdict, signals: None };
        attempts::keep(self.tx, &self.call.line, self.turn.turn, &attempt, &happened)?;
        standing::count(self.tx, self.vault, &subjects, &verdict, self.lockout, &happened)
    }
}
