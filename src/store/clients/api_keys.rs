//! API keys, their secrets and their use; for authentication and the command line.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::columns::At;
use crate::store::seal::vault::Vault;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{Tenant, Timestamp};

/// The beginning of every secret, so that scanners find one that leaked.
const PREFIX: &str = "cpk_";

/// A permission of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Making callers and voiceprints.
    Enroll,
    /// Verifying voices.
    Verify,
    /// Everything about the tenant's callers: lists, exports, deletions, codes.
    Admin,
    /// Seeing scores, not only verdicts.
    Scores,
}

impl Scope {
    /// Every scope, in order.
    pub const ALL: [Self; 4] = [Self::Enroll, Self::Verify, Self::Admin, Self::Scores];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Verify => "verify",
            Self::Admin => "admin",
            Self::Scores => "scores",
        }
    }

    /// The scope of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Whose callers it sees.
    pub tenant: Tenant,
    /// For people.
    pub name: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests a day (UTC).
    pub per_day: u32,
    /// Whether it was given out to try things.
    pub is_demo: bool,
    /// From then on it is worth nothing.
    pub expires_at: Option<Timestamp>,
}

/// A key of the API, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Its public id.
    pub id: String,
    /// Whose callers it sees.
    pub tenant: Tenant,
    /// For people.
    pub name: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests a day (UTC).
    pub per_day: u32,
    /// Whether it was given out to try things.
    pub is_demo: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// Since when it is worth nothing.
    pub revoked_at: Option<Timestamp>,
}

/// A key with the secret that proves it, shown this once.
#[derive(Clone)]
pub struct FreshApiKey {
    /// The key.
    pub key: ApiKey,
    /// The secret that a client shows.
    pub secret: String,
}

/// How often a key was used for something on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The day, UTC.
    pub day: String,
    /// For what.
    pub what: String,
    /// How often.
    pub count: u32,
}

impl Store {
    /// Makes a key.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn new_api_key(&self, new: NewApiKey, at: Timestamp) -> Result<FreshApiKey, StoreError> {
        self.write(Lasting::PowerCut, move |tx, vault| {
            let id = format!("{:012x}", rand::rng().random_range(0..1_u64 << 48));
            let sql = "INSERT INTO api_keys (id, tenant, name, scopes, per_minute, per_day, is_demo, made_at, \
                       expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let scopes = new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
            let (minute, day) = (new.per_minute, new.per_day);
            let row = (&id, &new.tenant, &new.name, &scopes, minute, day, new.is_demo, At(at), new.expires_at.map(At));
            tx.prepare_cached(sql)?.execute(row)?;
            let secret = give_secret(tx, vault, &id, at)?;
            let made = Happening::ApiKeyMade { key: &id, tenant: &new.tenant, scopes: &scopes };
            Happened::by_operator(at, None).record(tx, made)?;
            Ok(FreshApiKey { key: find(tx, &id)?, secret })
        })
        .await
    }

    /// Every key, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|tx, _| {
            let mut statement = tx.prepare_cached(&format!("{SELECT} ORDER BY made_at DESC, id"))?;
            let keys = statement.query_map([], api_key)?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Gives a key another secret; the ones before are good for `overlap` more.
    ///
    /// # Errors
    /// [`StoreError::UnknownApiKey`] when there is no such key, or it is revoked.
    pub async fn rotate_api_key(&self, id: &str, overlap: Duration, at: Timestamp) -> Result<FreshApiKey, StoreError> {
        let id = id.to_owned();
        self.write(Lasting::PowerCut, move |tx, vault| {
            let key = find(tx, &id)?;
            if key.revoked_at.is_some() {
                return Err(StoreError::UnknownApiKey);
            }
            let until = At(at.saturating_add(overlap).unwrap_or(Timestamp::MAX));
            let sql = "UPDATE api_secrets SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE key = ?2";
            tx.prepare_cached(sql)?.execute((until, &id))?;
            let secret = give_secret(tx, vault, &id, at)?;
            Happened::by_operator(at, None).record(tx, Happening::ApiKeyRotated { key: &id })?;
            Ok(FreshApiKey { key, secret })
        })
        .await
    }

    /// Makes a key worthless; says whether it was worth something.
    ///
    /// # Errors
    /// [`StoreError::UnknownApiKey`] when there is no such key.
    pub async fn revoke_api_key(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(Lasting::PowerCut, move |tx, _| {
            find(tx, &id)?;
            tx.prepare_cached("DELETE FROM api_secrets WHERE key = ?")?.execute([&id])?;
            let sql = "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
            let is_news = tx.prepare_cached(sql)?.execute((At(at), &id))? > 0;
            if is_news {
                Happened::by_operator(at, None).record(tx, Happening::ApiKeyRevoked { key: &id })?;
            }
            Ok(is_news)
        })
        .await
    }

    /// The key that a secret proves, if it is worth something now.
    ///
    /// Found by its keyed hash: how long it takes tells nothing of how close a guess was.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn api_key_of(&self, secret: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let secret = secret.to_owned();
        self.read(move |tx, vault| {
            let sql = format!(
                "{SELECT} JOIN api_secrets ON api_secrets.key = id WHERE mac = ?1 AND revoked_at IS NULL \
                 AND coalesce(api_keys.expires_at > ?2, 1) AND coalesce(api_secrets.expires_at > ?2, 1)"
            );
            let mac = vault.mac(PURPOSE, &secret);
            Ok(tx.prepare_cached(&sql)?.query_row((mac, At(now)), api_key).optional()?)
        })
        .await
    }

    /// The key of that id, if it is worth something now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn api_key(&self, id: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx, _| {
            let sql = format!("{SELECT} WHERE id = ?1 AND revoked_at IS NULL AND coalesce(expires_at > ?2, 1)");
            Ok(tx.prepare_cached(&sql)?.query_row((&id, At(now)), api_key).optional()?)
        })
        .await
    }

    /// Counts one use of a key, and says how often it was used for `what` on that day, this one included.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn count_usage(&self, id: &str, what: &str, now: Timestamp) -> Result<u32, StoreError> {
        let (id, what) = (id.to_owned(), what.to_owned());
        self.write(Lasting::Process, move |tx, _| count(tx, &id, &what, now)).await
    }

    /// Counts one use of a key for `what`; one that is over `most` of that day is counted as `beyond` too.
    ///
    /// Whether the use was within the limit. Both counts are one transaction.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn count_within(
        &self,
        id: &str,
        (what, beyond): (&'static str, &'static str),
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(Lasting::Process, move |tx, _| {
            let is_within = count(tx, &id, what, now)? <= most;
            if !is_within {
                count(tx, &id, beyond, now)?;
            }
            Ok(is_within)
        })
        .await
    }

    /// The uses of a key since a day, the earliest day first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn usage(&self, id: &str, since: Timestamp) -> Result<Vec<Usage>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx, _| {
            let sql = "SELECT day, what, count FROM api_usage WHERE key = ? AND day >= ? ORDER BY day, what";
            let mut statement = tx.prepare_cached(sql)?;
            let usage = statement.query_map((&id, day(since)), |row| {
                Ok(Usage { day: row.get(0)?, what: row.get(1)?, count: row.get(2)? })
            })?;
            Ok(usage.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// The purpose of the keyed hash of a secret.
const PURPOSE: &str = "api key";

const SELECT: &str = "SELECT id, tenant, name, scopes, per_minute, per_day, is_demo, api_keys.made_at, \
                      api_keys.expires_at, revoked_at FROM api_keys";

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Counts one use of a key; how often it was used for that on that day.
pub(in crate::store) fn count(db: &Connection, id: &str, what: &str, now: Timestamp) -> Result<u32, StoreError> {
    let sql = "INSERT INTO api_usage (key, day, what, count) VALUES (?, ?, ?, 1) \
               ON CONFLICT (key, day, what) DO UPDATE SET count = count + 1 RETURNING count";
    Ok(db.prepare_cached(sql)?.query_row((id, day(now), what), |row| row.get(0))?)
}

fn find(db: &Connection, id: &str) -> Result<ApiKey, StoreError> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id = ?"))?;
    statement.query_row([id], api_key).optional()?.ok_or(StoreError::UnknownApiKey)
}

fn give_secret(db: &Connection, vault: &Vault, id: &str, at: Timestamp) -> Result<String, StoreError> {
    let random: [u8; 32] = rand::rng().random();
    let secret = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(random));
    let sql = "INSERT INTO api_secrets (mac, key, made_at) VALUES (?, ?, ?)";
    db.prepare_cached(sql)?.execute((vault.mac(PURPOSE, &secret), id, At(at)))?;
    Ok(secret)
}

fn api_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let time = |at: Option<At>| at.map(|at| at.0);
    Ok(ApiKey {
        id: row.get(0)?,
        tenant: row.get(1)?,
        name: row.get(2)?,
        scopes: row.get_ref(3)?.as_str()?.split(' ').filter_map(Scope::parse).collect(),
        per_minute: row.get(4)?,
        per_day: row.get(5)?,
        is_demo: row.get(6)?,
        made_at: row.get::<_, At>(7)?.0,
        expires_at: time(row.get(8)?),
        revoked_at: time(row.get(9)?),
    })
}
