//! Commits a turn: state, reply and effects in one transaction; for the code that answers turns.

use rusqlite::Transaction;

use crate::config::Lockout;
use crate::dialog::Effect;
use crate::store::calls;
use crate::store::calls::effects::Applied;
use crate::store::calls::streams;
use crate::store::columns::At;
use crate::store::{Lasting, NewStream, Store, StoreError};
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
    /// The effects that the dialogue asks for, in order.
    pub effects: Vec<Effect>,
    /// The facts' caller, whom [`Effect::BindCaller`] binds the call to.
    pub caller: Option<CallerId>,
    /// Digits typed in this turn that led to no caller.
    pub claim: Option<String>,
    /// The stream that the reply asks for; it is heard in the next turn.
    pub stream: Option<NewStream>,
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
    pub async fn commit_turn(&self, turn: TurnCommit, lockout: &Lockout) -> Result<Committed, StoreError> {
        let lockout = *lockout;
        // A turn without effects promises nothing: after a power cut the call is over anyway.
        let lasting = if turn.effects.is_empty() { Lasting::Process } else { Lasting::PowerCut };
        self.write(lasting, move |tx, vault| {
            let call = calls::find(tx, &turn.call)?.ok_or(StoreError::UnknownCall)?;
            if turn.turn > call.turn {
                return Err(StoreError::OutOfTurn { turn: turn.turn, expected: call.turn });
            }
            if turn.turn < call.turn {
                let reply = calls::reply(tx, &turn.call, turn.turn)?;
                return reply.map(Committed::Already).ok_or(StoreError::UnknownCall);
            }
            let mut applied = Applied::new(tx, vault, call, &turn, &lockout);
            turn.effects.iter().try_for_each(|effect| applied.apply(effect))?;
            keep(tx, &turn, applied.caller())?;
            if let Some(stream) = &turn.stream {
                streams::announce(tx, vault, &turn.call, turn.turn + 1, stream)?;
            }
            Ok(Committed::Fresh)
        })
        .await
    }
}

fn keep(tx: &Transaction<'_>, turn: &TurnCommit, caller: Option<CallerId>) -> Result<(), StoreError> {
    let sql = "INSERT INTO turns (call, turn, reply, at) VALUES (?, ?, ?, ?)";
    tx.prepare_cached(sql)?.execute((&turn.call, turn.turn, &turn.reply, At(turn.at)))?;
    let sql = "UPDATE calls SET turn = turn + 1, state = ?, caller = ?, claim = coalesce(?, claim) WHERE sid = ?";
    tx.prepare_cached(sql)?.execute((&turn.state, caller, &turn.claim, &turn.call))?;
    Ok(())
}
