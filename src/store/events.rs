use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::Happened;
use super::columns::At;
use super::{StoreError, callers, webhooks};
use crate::types::{Reason, Tenant};

/// What customers can be told of.
pub const EVENTS: [&str; 16] = [
    "created",
    "enrolled",
    "consent_given",
    "opted_out",
    "voiceprint_deleted",
    "deleted",
    "locked",
    "unlocked",
    "verified",
    "rejected",
    "spoof_suspected",
    "replay_detected",
    "code_made",
    "code_redeemed",
    "watch_list_hit",
    TEST,
];

/// The event that is asked for to see whether deliveries arrive.
pub(super) const TEST: &str = "test";

/// Particulars that customers are told: none of them is a number, a score or anything of a voice.
const TOLD: [&str; 11] = [
    "decision",
    "reason",
    "line",
    "turn",
    "party",
    "replaced",
    "expires_at",
    "had_voiceprint",
    "is_bound",
    "watch_list_id",
    "label",
];

/// What an audit event is called outside; none when it is nobody's business.
///
/// An attempt that ends in another try is none yet, unless something about it is suspect.
fn event_of(kind: &str, detail: &Value) -> Option<&'static str> {
    let word = |name: &str| detail.get(name).and_then(Value::as_str);
    Some(match kind {
        "caller_created" => "created",
        "enrolled" => "enrolled",
        "consent_given" => "consent_given",
        "opted_out" => "opted_out",
        "voiceprint_deleted" => "voiceprint_deleted",
        "caller_deleted" => "deleted",
        "locked_out" => "locked",
        "unlocked" => "unlocked",
        "code_made" => "code_made",
        "code_redeemed" => "code_redeemed",
        "watch_list_hit" => "watch_list_hit",
        "attempt" => match (word("decision")?, word("reason").and_then(Reason::from_code)) {
            (_, Some(Reason::ReplaySuspected)) => "replay_detected",
            (_, Some(Reason::SyntheticSuspected)) => "spoof_suspected",
            ("accept", _) => "verified",
            ("reject" | "cooldown", _) => "rejected",
            _ => return None,
        },
        _ => return None,
    })
}

/// Queues what happened for everyone who wants to be told, in the transaction of what it tells.
pub(super) fn tell(db: &Connection, happened: &Happened<'_>, kind: &str, mut detail: Value) -> Result<(), StoreError> {
    let Some(event) = event_of(kind, &detail) else { return Ok(()) };
    // Most houses have nobody to tell: that costs one look.
    if !db.prepare_cached("SELECT 1 FROM webhooks LIMIT 1")?.exists([])? {
        return Ok(());
    }
    let (tenant, user_id) = match happened.caller {
        None => (Tenant::main(), None),
        Some(id) => {
            let sql = "SELECT tenant, user_id FROM callers WHERE id = ?";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?));
            // Whose a caller was that is gone cannot be told: better nobody is than another tenant.
            let Some(found) = db.prepare_cached(sql)?.query_row([id], row).optional()? else { return Ok(()) };
            (found.0, found.1.map(callers::user_id))
        }
    };
    let mut data = json!({ "caller_id": happened.caller, "user_id": user_id, "call": happened.call });
    for name in TOLD {
        if let Some(value) = detail.get_mut(name) {
            data[name] = value.take();
        }
    }
    let wanted = webhooks::ids_wanting(db, &tenant, event)?;
    queue(db, &wanted, event, &data, happened.at)
}

/// Queues one event for each of these webhooks.
pub(super) fn queue(
    db: &Connection,
    webhooks: &[String],
    event: &str,
    data: &Value,
    at: crate::types::Timestamp,
) -> Result<(), StoreError> {
    let id = format!("evt_{}", Uuid::new_v4().simple());
    let body = json!({ "id": id, "type": event, "created_at": at, "data": data }).to_string();
    let sql =
        "INSERT INTO webhook_deliveries (webhook, event, kind, body, made_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    for webhook in webhooks {
        db.prepare_cached(sql)?.execute((webhook, &id, event, &body, At(at)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_told_by_how_they_ended_and_why() {
        let table = [
            ("accept", None, Some("verified")),
            ("reject", Some("voice_mismatch"), Some("rejected")),
            ("cooldown", Some("locked_out"), Some("rejected")),
            ("retry", Some("too_short"), None),
            ("retry", Some("replay_suspected"), Some("replay_detected")),
            ("reject", Some("synthetic_suspected"), Some("spoof_suspected")),
        ];
        for (decision, reason, event) in table {
            let detail = json!({ "decision": decision, "reason": reason });
            assert_eq!(event_of("attempt", &detail), event, "{detail}");
        }
        assert_eq!(event_of("attempt", &json!({})), None);
        assert_eq!(event_of("api_key_made", &json!({})), None);
    }

    #[test]
    fn whatever_is_told_can_be_asked_for() {
        let kinds = ["caller_created", "caller_deleted", "locked_out", "unlocked", "code_redeemed", "watch_list_hit"];
        assert!(kinds.iter().all(|kind| EVENTS.contains(&event_of(kind, &json!({})).unwrap())));
    }
}
