//! Challenges of the API, each good once; for uploads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use rusqlite::{OptionalExtension, Row};

use crate::store::columns::At;
use crate::store::{Lasting, Redeemed, Store, StoreError};
use crate::types::{Tenant, Timestamp};

/// The purpose of the keyed hash of a challenge's id.
const CHALLENGE: &str = "open challenge";

/// How long one that is over can still be told from what never was.
const KEPT_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

impl Store {
    /// Keeps a challenge of a tenant; its id is given out this once and kept only as a keyed hash.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn new_challenge(
        &self,
        tenant: &Tenant,
        text: String,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<String, StoreError> {
        let tenant = tenant.clone();
        self.write(Lasting::Process, move |tx, vault| {
            let random: [u8; 24] = rand::rng().random();
            let id = URL_SAFE_NO_PAD.encode(random);
            let sql = "INSERT INTO challenges (mac, tenant, challenge, made_at, expires_at) VALUES (?, ?, ?, ?, ?)";
            let row = (vault.mac(CHALLENGE, &id), tenant, text, At(at), At(expires_at));
            tx.prepare_cached(sql)?.execute(row)?;
            let long_before = at.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
            tx.prepare_cached("DELETE FROM challenges WHERE expires_at < ?")?.execute([At(long_before)])?;
            Ok(id)
        })
        .await
    }

    /// Uses a challenge of a tenant up: what was to be said.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn redeem_challenge(
        &self,
        tenant: &Tenant,
        id: &str,
        at: Timestamp,
    ) -> Result<Redeemed<String>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        self.write(Lasting::PowerCut, move |tx, vault| {
            let mac = vault.mac(CHALLENGE, &id);
            let sql = "SELECT challenge, expires_at, used_at IS NOT NULL FROM challenges WHERE mac = ? AND tenant = ?";
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, At>(1)?.0, row.get(2)?));
            let found: Option<(String, Timestamp, bool)> =
                tx.prepare_cached(sql)?.query_row((mac, tenant), row).optional()?;
            Ok(match found {
                None => Redeemed::Unknown,
                Some((_, _, true)) => Redeemed::Used,
                Some((_, expires_at, _)) if expires_at <= at => Redeemed::Expired,
                Some((challenge, ..)) => {
                    tx.prepare_cached("UPDATE challenges SET used_at = ? WHERE mac = ?")?.execute((At(at), mac))?;
                    Redeemed::Good(challenge)
                }
            })
        })
        .await
    }
}
