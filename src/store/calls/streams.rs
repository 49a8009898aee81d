//! Streams that a reply asked the provider to open; for the media socket.

use rusqlite::{Connection, OptionalExtension};

use crate::store::calls;
use crate::store::columns::{At, Json};
use crate::store::seal::vault::Vault;
use crate::store::{Call, Lasting, Store, StoreError};
use crate::types::{CallSid, StreamId, Timestamp};

/// A stream that a reply asks the provider to open.
///
/// The token is in the reply and nowhere else; only its keyed hash is kept.
#[derive(Clone)]
pub struct NewStream {
    /// Ours.
    pub id: StreamId,
    /// The token that the stream shows at its start; single use.
    pub token: String,
    /// Keys of the sentences that are played into it.
    pub plays: Vec<String>,
    /// From then on the token is worth nothing.
    pub expires_at: Timestamp,
}

/// Without the token.
impl std::fmt::Debug for NewStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewStream").field("id", &self.id).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The worth of a token shown at a stream's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamClaim {
    /// The stream may speak for this turn of this call, once: now.
    Mine(Box<OpenStream>),
    /// It may not.
    Refused(StreamRefusal),
}

/// A stream that has shown its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStream {
    /// Ours.
    pub id: StreamId,
    /// The call as it stands; its next turn is the one that listens.
    pub call: Call,
    /// Keys of the sentences to play into it.
    pub plays: Vec<String>,
}

/// Why a stream may not speak for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamRefusal {
    /// There is no such token.
    Unknown,
    /// The token was given to another call.
    OtherCall,
    /// The token was shown before.
    Used,
    /// The token came too late.
    Expired,
    /// The call has gone on without it.
    Over,
}

impl StreamRefusal {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "stream_unknown_token",
            Self::OtherCall => "stream_other_call",
            Self::Used => "stream_used_token",
            Self::Expired => "stream_expired_token",
            Self::Over => "stream_over",
        }
    }
}

impl Store {
    /// Takes a token that a stream of `call` shows at its start. A token is taken once.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn open_stream(&self, token: &str, call: &CallSid, now: Timestamp) -> Result<StreamClaim, StoreError> {
        let (token, sid) = (token.to_owned(), call.clone());
        self.write(Lasting::Process, move |tx, vault| {
            let sql = "SELECT call, turn, id, plays, expires_at, opened_at FROM streams WHERE mac = ?";
            let row = tx.prepare_cached(sql)?.query_row([mac(vault, &token)], |row| {
                let opened = row.get::<_, Option<At>>(5)?.is_some();
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Json<_>>(3)?.0, row.get::<_, At>(4)?.0, opened))
            });
            let found: Option<(CallSid, u32, StreamId, Vec<String>, Timestamp, bool)> = row.optional()?;
            let refused = |refusal| Ok(StreamClaim::Refused(refusal));
            let Some((owner, turn, id, plays, expires_at, opened)) = found else {
                return refused(StreamRefusal::Unknown);
            };
            if owner != sid {
                return refused(StreamRefusal::OtherCall);
            }
            if opened {
                return refused(StreamRefusal::Used);
            }
            if expires_at <= now {
                return refused(StreamRefusal::Expired);
            }
            let call = calls::find(tx, &sid)?.ok_or(StoreError::UnknownCall)?;
            if call.turn != turn || call.ended_at.is_some() {
                return refused(StreamRefusal::Over);
            }
            let sql = "UPDATE streams SET opened_at = ? WHERE call = ? AND turn = ?";
            tx.prepare_cached(sql)?.execute((At(now), &sid, turn))?;
            Ok(StreamClaim::Mine(Box::new(OpenStream { id, call, plays })))
        })
        .await
    }

    /// Has the takes of a call recorded from now on: a stream of it has failed.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn record_from_now_on(&self, call: &CallSid) -> Result<(), StoreError> {
        let sid = call.clone();
        self.write(Lasting::Process, move |tx, _| {
            tx.prepare_cached("UPDATE calls SET is_recorded = 1 WHERE sid = ?")?.execute([&sid])?;
            Ok(())
        })
        .await
    }
}

/// Writes down the stream that the reply before this turn asks for.
pub(in crate::store) fn announce(
    db: &Connection,
    vault: &Vault,
    call: &CallSid,
    turn: u32,
    stream: &NewStream,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO streams (call, turn, id, mac, plays, expires_at) VALUES (?, ?, ?, ?, ?, ?)";
    let NewStream { id, token, plays, expires_at } = stream;
    db.prepare_cached(sql)?.execute((call, turn, id, mac(vault, token), Json(plays), At(*expires_at)))?;
    Ok(())
}

fn mac(vault: &Vault, token: &str) -> [u8; 32] {
    vault.mac("stream", token)
}
