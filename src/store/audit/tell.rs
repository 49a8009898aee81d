//! Queues what happened for the webhooks that subscribe to it, in the transaction of what it tells; for the audit.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::audit::events::WebhookEvent;
use crate::store::calls::owner::Owner;
use crate::store::columns::user_id;
use crate::store::queue::put;
use crate::types::{CallerId, Tenant, Timestamp};

/// When an event happened, and whom it is about.
pub(in crate::store) struct About<'a> {
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) caller: Option<CallerId>,
    pub(in crate::store) call: Option<Owner<'a>>,
}

/// Queues an event with its particulars for every webhook of the caller's tenant that subscribes to it.
pub(in crate::store) fn tell(
    db: &Connection,
    event: WebhookEvent,
    about: &About<'_>,
    told: impl FnOnce() -> Value,
) -> Result<(), StoreError> {
    // Most databases have no webhook: that costs one look.
    if !db.prepare_cached("SELECT 1 FROM webhooks LIMIT 1")?.exists([])? {
        return Ok(());
    }
    let (tenant, user_id) = match about.caller {
        None => (Tenant::main(), None),
        Some(id) => {
            let sql = "SELECT tenant, user_id FROM callers WHERE id = ?";
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?));
            // A deleted caller's tenant is unknown: telling no tenant is better than telling another one.
            let Some(found) = db.prepare_cached(sql)?.query_row([id], row).optional()? else { return Ok(()) };
            (found.0, found.1.map(user_id))
        }
    };
    let mut data = json!({ "caller_id": about.caller, "user_id": user_id, "call": null });
    match about.call {
        Some(Owner::Call(sid)) => data["call"] = json!(sid),
        Some(Owner::Upload(id)) => data["attempt"] = json!(id),
        None => {}
    }
    if let (Value::Object(data), Value::Object(told)) = (&mut data, told()) {
        data.extend(told);
    }
    queue(db, &subscribers(db, &tenant, event)?, event, &data, about.at)
}

/// The webhooks of a tenant that subscribe to an event.
fn subscribers(db: &Connection, tenant: &Tenant, event: WebhookEvent) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, events FROM webhooks WHERE tenant = ?")?;
    let rows = statement.query_map([tenant], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let all: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    let wants = |words: &str| words == "*" || words.split(' ').any(|word| word == event.as_str());
    Ok(all.into_iter().filter(|(_, words)| wants(words)).map(|(id, _)| id).collect())
}

/// Queues one event for each of these webhooks.
pub(in crate::store) fn queue(
    db: &Connection,
    webhooks: &[String],
    event: WebhookEvent,
    data: &Value,
    at: Timestamp,
) -> Result<(), StoreError> {
    let id = format!("evt_{}", Uuid::new_v4().simple());
    let kind = event.as_str();
    let body = json!({ "id": id, "type": kind, "created_at": at, "data": data }).to_string();
    webhooks.iter().try_for_each(|webhook| put::delivery(db, webhook, (&id, kind), &body, at))
}
