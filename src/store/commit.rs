use super::{Store, StoreError};
use crate::config::Lockout;
use crate::dialog::Effect;
use crate::types::{CallSid, CallerId, Timestamp};

/// A turn that is decided: what was said, where the dialogue stands, what follows from it.
#[derive(Clone, Debug)]
pub struct TurnCommit {
    /// The call.
    pub call: CallSid,
    /// The turn; the call's next one.
    pub turn: u32,
    /// The dialogue's state after it, as JSON.
    pub state: String,
    /// The reply, as it went out.
    pub reply: String,
    /// What the dialogue wants done, in order.
    pub effects: Vec<Effect>,
    /// The facts' caller, whom [`Effect::BindCaller`] binds the call to.
    pub caller: Option<CallerId>,
    /// Account digits typed in this turn that nobody has.
    pub claim: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Whether committing a turn was the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// This reply counts.
    Fresh,
    /// The turn was committed before: the reply that counts.
    Already(String),
}

impl Store {
    /// Commits a turn: state, reply and effects in one transaction.
    ///
    /// Turn numbers start at 0 and have no gaps. Of two commits of one turn the first counts.
    ///
    /// # Errors
    /// [`StoreError::OutOfTurn`] for a turn ahead of the call, [`StoreError::CodeInvalid`] when a code was redeemed
    /// meanwhile, [`StoreError::AlreadyEnrolled`] when another call enrolled the caller meanwhile.
    pub async fn commit_turn(&self, _turn: TurnCommit, _lockout: &Lockout) -> Result<Committed, StoreError> {
        todo!()
    }
}
