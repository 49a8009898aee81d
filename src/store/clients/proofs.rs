//! Authentication sessions and result tokens, each good once; for the upload API and result tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use rusqlite::OptionalExtension;

use crate::store::columns::At;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{CallerId, Timestamp};

/// An authentication session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthSession {
    /// Whose voice is in question.
    pub caller: CallerId,
    /// The challenge, as [`crate::phrase::Challenge`] writes it.
    pub challenge: String,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

/// The outcome of using up something that is good once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed<T> {
    /// It was good, and is used up now.
    Good(T),
    /// It was used before.
    Used,
    /// Its time is over.
    Expired,
    /// There never was one, or it is another's.
    Unknown,
}

impl Store {
    /// Begins an authentication session; the id is given out this once and kept only as a keyed hash.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn begin_auth(&self, session: AuthSession, at: Timestamp) -> Result<String, StoreError> {
        self.write(Lasting::Process, move |tx, vault| {
            let random: [u8; 24] = rand::rng().random();
            let id = URL_SAFE_NO_PAD.encode(random);
            let sql = "INSERT INTO auth_sessions (mac, caller, challenge, made_at, expires_at) VALUES (?, ?, ?, ?, ?)";
            let AuthSession { caller, challenge, expires_at } = session;
            tx.prepare_cached(sql)?.execute((vault.mac(SESSION, &id), caller, challenge, At(at), At(expires_at)))?;
            tx.prepare_cached("DELETE FROM auth_sessions WHERE expires_at < ?")?.execute([At(long_before(at))])?;
            Ok(id)
        })
        .await
    }

    /// Uses an authentication session of a caller up.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn redeem_auth(
        &self,
        id: &str,
        caller: CallerId,
        at: Timestamp,
    ) -> Result<Redeemed<AuthSession>, StoreError> {
        let id = id.to_owned();
        self.write(Lasting::PowerCut, move |tx, vault| {
            let mac = vault.mac(SESSION, &id);
            let sql =
                "SELECT challenge, expires_at, used_at IS NOT NULL FROM auth_sessions WHERE mac = ? AND caller = ?";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, At>(1)?.0, row.get(2)?));
            let found: Option<(String, Timestamp, bool)> =
                tx.prepare_cached(sql)?.query_row((mac, caller), row).optional()?;
            Ok(match found {
                None => Redeemed::Unknown,
                Some((_, _, true)) => Redeemed::Used,
                Some((_, expires_at, _)) if expires_at <= at => Redeemed::Expired,
                Some((challenge, expires_at, _)) => {
                    tx.prepare_cached("UPDATE auth_sessions SET used_at = ? WHERE mac = ?")?.execute((At(at), mac))?;
                    Redeemed::Good(AuthSession { caller, challenge, expires_at })
                }
            })
        })
        .await
    }

    /// Writes down a signed result that is handed out.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn issue_voice_token(
        &self,
        id: &str,
        caller: CallerId,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(Lasting::PowerCut, move |tx, _| {
            let sql = "INSERT INTO voice_tokens (id, caller, made_at, expires_at) VALUES (?, ?, ?, ?)";
            tx.prepare_cached(sql)?.execute((id, caller, At(at), At(expires_at)))?;
            tx.prepare_cached("DELETE FROM voice_tokens WHERE expires_at < ?")?.execute([At(long_before(at))])?;
            Ok(())
        })
        .await
    }

    /// Uses a signed result up, and says whom it is about.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn redeem_voice_token(&self, id: &str, at: Timestamp) -> Result<Redeemed<CallerId>, StoreError> {
        let id = id.to_owned();
        self.write(Lasting::PowerCut, move |tx, _| {
            let sql = "SELECT caller, expires_at, used_at IS NOT NULL FROM voice_tokens WHERE id = ?";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, At>(1)?.0, row.get(2)?));
            let found: Option<(CallerId, Timestamp, bool)> =
                tx.prepare_cached(sql)?.query_row([&id], row).optional()?;
            Ok(match found {
                None => Redeemed::Unknown,
                Some((_, _, true)) => Redeemed::Used,
                Some((_, expires_at, _)) if expires_at <= at => Redeemed::Expired,
                Some((caller, ..)) => {
                    tx.prepare_cached("UPDATE voice_tokens SET used_at = ? WHERE id = ?")?.execute((At(at), &id))?;
                    Redeemed::Good(caller)
                }
            })
        })
        .await
    }

    /// A secret of this database's own, the same after key rotations, for one purpose.
    pub fn own_secret(&self, purpose: &str) -> [u8; 32] {
        self.0.vault.mac("own secret", purpose)
    }
}

/// The purpose of the keyed hash of a session's id.
const SESSION: &str = "auth session";

/// A day after its end a proof is answered like one that never existed.
fn long_before(at: Timestamp) -> Timestamp {
    at.saturating_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}
