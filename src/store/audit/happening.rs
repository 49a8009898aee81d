//! Everything that the store writes into the audit, as one type; only `super::audit` turns it into rows.

use serde_json::{Value, json};

use crate::dialog::Standing;
use crate::store::audit::events::WebhookEvent;
use crate::store::audit::particulars::{Erased, Purged, Rotation};
use crate::types::{LineName, ListeningId, Reason, RecordingSid, Tenant, Timestamp, Verdict};

/// One domain event with its particulars; none of them is audio, an embedding or a number in clear.
#[derive(Clone, Copy)]
pub(in crate::store) enum Happening<'a> {
    CallerCreated(CreatedBy<'a>),
    CallerClaimed,
    CallerDeleted(&'a Erased),
    ConsentGiven,
    OptedOut,
    Enrolled { model: &'a str, replaced: bool },
    VoiceprintDeleted,
    Learned { version: u32 },
    Unlearned { had_learned: bool },
    Attempt { verdict: &'a Verdict, line: &'a LineName, turn: u32 },
    LockedOut { party: &'static str, standing: Standing },
    Unlocked { party: &'static str },
    CodeMade { expires_at: Timestamp },
    CodeWrong,
    CodeRedeemed { is_bound: bool },
    CallEnded,
    RecordingDeleted { recording: &'a RecordingSid },
    ListeningAskedFor { listening: &'a ListeningId },
    ListeningEnded(ListeningEnd<'a>),
    ListeningReportGivenUp { listening: &'a ListeningId, tries: u32 },
    WatchListAdded { id: &'a str, tenant: &'a Tenant },
    WatchListRemoved { id: &'a str, tenant: &'a Tenant },
    WatchListHit { id: &'a str, label: &'a str },
    WebhookMade { webhook: &'a str, tenant: &'a Tenant },
    WebhookDeleted { webhook: &'a str, tenant: &'a Tenant },
    ApiKeyMade { key: &'a str, tenant: &'a Tenant, scopes: &'a str },
    ApiKeyRotated { key: &'a str },
    ApiKeyRevoked { key: &'a str },
    KeyRotated(&'a Rotation),
    Purged(&'a Purged),
}

/// By which way a caller was made.
#[derive(Clone, Copy)]
pub(in crate::store) enum CreatedBy<'a> {
    Call { keeps_number: bool },
    Application { tenant: &'a Tenant },
    Code,
}

/// How a listening ended.
#[derive(Clone, Copy)]
pub(in crate::store) struct ListeningEnd<'a> {
    pub(in crate::store) listening: &'a ListeningId,
    pub(in crate::store) line: &'a LineName,
    pub(in crate::store) status: &'static str,
    pub(in crate::store) decision: Option<&'static str>,
    pub(in crate::store) reason: Option<&'static str>,
    /// The provider's id of the call, which only webhooks are told.
    pub(in crate::store) call: Option<&'a str>,
    /// The client's own words, which only webhooks are told.
    pub(in crate::store) reference: Option<&'a str>,
}

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

impl Happening<'_> {
    /// The stable code in the audit.
    pub(in crate::store) const fn kind(&self) -> &'static str {
        match self {
            Self::CallerCreated(_) => "caller_created",
            Self::CallerClaimed => "caller_claimed",
            Self::CallerDeleted(_) => "caller_deleted",
            Self::ConsentGiven => "consent_given",
            Self::OptedOut => "opted_out",
            Self::Enrolled { .. } => "enrolled",
            Self::VoiceprintDeleted => "voiceprint_deleted",
            Self::Learned { .. } => "learned",
            Self::Unlearned { .. } => "unlearned",
            Self::Attempt { .. } => "attempt",
            Self::LockedOut { .. } => "locked_out",
            Self::Unlocked { .. } => "unlocked",
            Self::CodeMade { .. } => "code_made",
            Self::CodeWrong => "code_wrong",
            Self::CodeRedeemed { .. } => "code_redeemed",
            Self::CallEnded => "call_ended",
            Self::RecordingDeleted { .. } => "recording_deleted",
            Self::ListeningAskedFor { .. } => "listening_asked_for",
            Self::ListeningEnded(_) => "listening_ended",
            Self::ListeningReportGivenUp { .. } => "listening_report_given_up",
            Self::WatchListAdded { .. } => "watch_list_added",
            Self::WatchListRemoved { .. } => "watch_list_removed",
            Self::WatchListHit { .. } => "watch_list_hit",
            Self::WebhookMade { .. } => "webhook_made",
            Self::WebhookDeleted { .. } => "webhook_deleted",
            Self::ApiKeyMade { .. } => "api_key_made",
            Self::ApiKeyRotated { .. } => "api_key_rotated",
            Self::ApiKeyRevoked { .. } => "api_key_revoked",
            Self::KeyRotated(_) => "key_rotated",
            Self::Purged(_) => "purged",
        }
    }

    /// The particulars as the audit keeps them.
    pub(in crate::store) fn detail(&self) -> Value {
        match *self {
            Self::CallerCreated(CreatedBy::Call { keeps_number }) => json!({ "keeps_number": keeps_number }),
            Self::CallerCreated(CreatedBy::Application { tenant }) => json!({ "tenant": tenant }),
            Self::CallerCreated(CreatedBy::Code)
            | Self::CallerClaimed
            | Self::ConsentGiven
            | Self::OptedOut
            | Self::VoiceprintDeleted
            | Self::CodeWrong
            | Self::CallEnded => json!({}),
            Self::CallerDeleted(erased) => json!(erased),
            Self::Enrolled { model, replaced } => json!({ "model": model, "replaced": replaced }),
            Self::Learned { version } => json!({ "version": version }),
            Self::Unlearned { had_learned } => json!({ "had_learned": had_learned }),
            Self::Attempt { verdict, line, turn } => {
                let reason = verdict.reason().map(Reason::code);
                json!({ "decision": verdict.code(), "reason": reason, "line": line, "turn": turn })
            }
            Self::LockedOut { party, standing } => json!({ "party": party, "standing": standing }),
            Self::Unlocked { party } => json!({ "party": party }),
            Self::CodeMade { expires_at } => json!({ "expires_at": expires_at }),
            Self::CodeRedeemed { is_bound } => json!({ "is_bound": is_bound }),
            Self::RecordingDeleted { recording } => json!({ "recording": recording }),
            Self::ListeningAskedFor { listening } => json!({ "listening": listening }),
            Self::ListeningEnded(ListeningEnd { listening, line, status, decision, reason, .. }) => json!({
                "listening": listening, "status": status, "decision": decision, "reason": reason, "line": line,
            }),
            Self::ListeningReportGivenUp { listening, tries } => json!({ "listening": listening, "tries": tries }),
            Self::WatchListAdded { id, tenant } | Self::WatchListRemoved { id, tenant } => {
                json!({ "watch_list_id": id, "tenant": tenant })
            }
            Self::WatchListHit { id, label } => json!({ "watch_list_id": id, "label": label }),
            Self::WebhookMade { webhook, tenant } | Self::WebhookDeleted { webhook, tenant } => {
                json!({ "webhook": webhook, "tenant": tenant })
            }
            Self::ApiKeyMade { key, tenant, scopes } => json!({ "key": key, "tenant": tenant, "scopes": scopes }),
            Self::ApiKeyRotated { key } | Self::ApiKeyRevoked { key } => json!({ "key": key }),
            Self::KeyRotated(rotation) => json!(rotation),
            Self::Purged(purged) => json!(purged),
        }
    }

    /// The event that webhooks are told; none for events that stay inside.
    ///
    /// An attempt that ends in another try is none yet, unless something about it is suspect.
    pub(in crate::store) fn webhook_name(&self) -> Option<WebhookEvent> {
        Some(match self {
            Self::CallerCreated(_) => WebhookEvent::Created,
            Self::CallerDeleted(_) => WebhookEvent::Deleted,
            Self::ConsentGiven => WebhookEvent::ConsentGiven,
            Self::OptedOut => WebhookEvent::OptedOut,
            Self::Enrolled { .. } => WebhookEvent::Enrolled,
            Self::VoiceprintDeleted => WebhookEvent::VoiceprintDeleted,
            Self::Attempt { verdict, .. } => return of_attempt(verdict),
            Self::LockedOut { .. } => WebhookEvent::Locked,
            Self::Unlocked { .. } => WebhookEvent::Unlocked,
            Self::CodeMade { .. } => WebhookEvent::CodeMade,
            Self::CodeRedeemed { .. } => WebhookEvent::CodeRedeemed,
            Self::WatchListHit { .. } => WebhookEvent::WatchListHit,
            Self::ListeningEnded(ListeningEnd { decision: Some(_), .. }) => WebhookEvent::ListeningVerdict,
            Self::ListeningEnded(_) => WebhookEvent::ListeningFailed,
            Self::CallerClaimed
            | Self::Learned { .. }
            | Self::Unlearned { .. }
            | Self::CodeWrong
            | Self::CallEnded
            | Self::RecordingDeleted { .. }
            | Self::ListeningAskedFor { .. }
            | Self::ListeningReportGivenUp { .. }
            | Self::WatchListAdded { .. }
            | Self::WatchListRemoved { .. }
            | Self::WebhookMade { .. }
            | Self::WebhookDeleted { .. }
            | Self::ApiKeyMade { .. }
            | Self::ApiKeyRotated { .. }
            | Self::ApiKeyRevoked { .. }
            | Self::KeyRotated(_)
            | Self::Purged(_) => return None,
        })
    }

    /// The particulars that webhooks are told.
    pub(in crate::store) fn told(&self) -> Value {
        let mut detail = self.detail();
        let told = TOLD.into_iter().filter_map(|name| Some((name.to_owned(), detail.get_mut(name)?.take())));
        let mut told: serde_json::Map<_, _> = told.collect();
        if let Self::ListeningEnded(ListeningEnd { listening, status, call, reference, .. }) = *self {
            // The call's id is the provider's own, in whatever form it has.
            let own = [("listening", json!(listening)), ("status", json!(status)), ("call", json!(call))];
            told.extend(own.map(|(name, value)| (name.to_owned(), value)));
            told.insert("reference".to_owned(), json!(reference));
        }
        Value::Object(told)
    }
}

fn of_attempt(verdict: &Verdict) -> Option<WebhookEvent> {
    match (verdict.reason(), verdict) {
        (Some(Reason::ReplaySuspected), _) => Some(WebhookEvent::ReplayDetected),
        (Some(Reason::SyntheticSuspected), _) => Some(WebhookEvent::SpoofSuspected),
        (_, Verdict::Accept) => Some(WebhookEvent::Verified),
        (_, Verdict::Reject { .. } | Verdict::Cooldown { .. }) => Some(WebhookEvent::Rejected),
        (_, Verdict::Retry { .. }) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::events::EVENTS;

    /// Fails to compile when a variant is added, so that the table below gets its row.
    fn place(happening: &Happening<'_>) -> usize {
        match happening {
            Happening::CallerCreated(_) => 0,
            Happening::CallerClaimed => 1,
            Happening::CallerDeleted(_) => 2,
            Happening::ConsentGiven => 3,
            Happening::OptedOut => 4,
            Happening::Enrolled { .. } => 5,
            Happening::VoiceprintDeleted => 6,
            Happening::Learned { .. } => 7,
            Happening::Unlearned { .. } => 8,
            Happening::Attempt { .. } => 9,
            Happening::LockedOut { .. } => 10,
            Happening::Unlocked { .. } => 11,
            Happening::CodeMade { .. } => 12,
            Happening::CodeWrong => 13,
            Happening::CodeRedeemed { .. } => 14,
            Happening::CallEnded => 15,
            Happening::RecordingDeleted { .. } => 16,
            Happening::ListeningAskedFor { .. } => 17,
            Happening::ListeningEnded(_) => 18,
            Happening::ListeningReportGivenUp { .. } => 19,
            Happening::WatchListAdded { .. } => 20,
            Happening::WatchListRemoved { .. } => 21,
            Happening::WatchListHit { .. } => 22,
            Happening::WebhookMade { .. } => 23,
            Happening::WebhookDeleted { .. } => 24,
            Happening::ApiKeyMade { .. } => 25,
            Happening::ApiKeyRotated { .. } => 26,
            Happening::ApiKeyRevoked { .. } => 27,
            Happening::KeyRotated(_) => 28,
            Happening::Purged(_) => 29,
        }
    }

    /// Values that the table below is made of.
    struct Given {
        tenant: Tenant,
        line: LineName,
        listening: ListeningId,
        recording: RecordingSid,
        reject: Verdict,
        erased: Erased,
        purged: Purged,
        rotation: Rotation,
    }

    impl Given {
        fn new() -> Self {
            let zeros = "0".repeat(32);
            Self {
                tenant: Tenant::main(),
                line: LineName("front".to_owned()),
                listening: ListeningId::parse(&format!("LI{zeros}")).unwrap(),
                recording: RecordingSid::parse(&format!("RE{zeros}")).unwrap(),
                reject: Verdict::Reject { reason: Reason::VoiceMismatch },
                erased: Erased {
                    had_voiceprint: true,
                    calls: 1,
                    consents: 2,
                    numbers_blanked: 3,
                    recordings_queued: 4,
                },
                purged: Purged { calls: 1, listenings: 2, codes: 3, tallies: 4, abandoned: 5 },
                rotation: Rotation { from: "a".to_owned(), to: "b".to_owned(), resealed: 7 },
            }
        }
    }

    /// A happening, its kind, its particulars and its webhook event.
    type Row<'a> = (Happening<'a>, &'static str, Value, Option<&'static str>);

    fn of_callers(given: &Given) -> Vec<Row<'_>> {
        let Given { tenant, line, reject, erased, .. } = given;
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let by_application = CreatedBy::Application { tenant };
        vec![
            (
                Happening::CallerCreated(CreatedBy::Call { keeps_number: true }),
                "caller_created",
                json!({ "keeps_number": true }),
                Some("created"),
            ),
            (Happening::CallerCreated(by_application), "caller_created", json!({ "tenant": "main" }), Some("created")),
            (Happening::CallerCreated(CreatedBy::Code), "caller_created", json!({}), Some("created")),
            (Happening::CallerClaimed, "caller_claimed", json!({}), None),
            (
                Happening::CallerDeleted(erased),
                "caller_deleted",
                json!({
                    "had_voiceprint": true, "calls": 1, "consents": 2, "numbers_blanked": 3, "recordings_queued": 4,
                }),
                Some("deleted"),
            ),
            (Happening::ConsentGiven, "consent_given", json!({}), Some("consent_given")),
            (Happening::OptedOut, "opted_out", json!({}), Some("opted_out")),
            (
                Happening::Enrolled { model: "m", replaced: false },
                "enrolled",
                json!({ "model": "m", "replaced": false }),
                Some("enrolled"),
            ),
            (Happening::VoiceprintDeleted, "voiceprint_deleted", json!({}), Some("voiceprint_deleted")),
            (Happening::Learned { version: 2 }, "learned", json!({ "version": 2 }), None),
            (Happening::Unlearned { had_learned: true }, "unlearned", json!({ "had_learned": true }), None),
            (
                Happening::Attempt { verdict: reject, line, turn: 3 },
                "attempt",
                json!({ "decision": "reject", "reason": "voice_mismatch", "line": "front", "turn": 3 }),
                Some("rejected"),
            ),
            (
                Happening::LockedOut { party: "caller", standing: Standing::Locked },
                "locked_out",
                json!({ "party": "caller", "standing": "locked" }),
                Some("locked"),
            ),
            (Happening::Unlocked { party: "number" }, "unlocked", json!({ "party": "number" }), Some("unlocked")),
            (
                Happening::CodeMade { expires_at: at },
                "code_made",
                json!({ "expires_at": "2027-01-15T08:00:00Z" }),
                Some("code_made"),
            ),
            (Happening::CodeWrong, "code_wrong", json!({}), None),
            (
                Happening::CodeRedeemed { is_bound: true },
                "code_redeemed",
                json!({ "is_bound": true }),
                Some("code_redeemed"),
            ),
            (Happening::CallEnded, "call_ended", json!({}), None),
        ]
    }

    fn of_clients(given: &Given) -> Vec<Row<'_>> {
        let Given { tenant, line, listening, recording, purged, rotation, .. } = given;
        let (id, webhook, key) = ("wl_1", "wh_1", "k1");
        let end = ListeningEnd {
            listening,
            line,
            status: "done",
            decision: Some("accept"),
            reason: None,
            call: Some("v3:1"),
            reference: Some("ticket 17"),
        };
        vec![
            (
                Happening::RecordingDeleted { recording },
                "recording_deleted",
                json!({ "recording": recording.as_str() }),
                None,
            ),
            (
                Happening::ListeningAskedFor { listening },
                "listening_asked_for",
                json!({ "listening": listening.as_str() }),
                None,
            ),
            (
                Happening::ListeningEnded(end),
                "listening_ended",
                json!({
                    "listening": listening.as_str(), "status": "done", "decision": "accept", "reason": null,
                    "line": "front",
                }),
                Some("listening.verdict"),
            ),
            (
                Happening::ListeningReportGivenUp { listening, tries: 4 },
                "listening_report_given_up",
                json!({ "listening": listening.as_str(), "tries": 4 }),
                None,
            ),
            (
                Happening::WatchListAdded { id, tenant },
                "watch_list_added",
                json!({ "watch_list_id": "wl_1", "tenant": "main" }),
                None,
            ),
            (
                Happening::WatchListRemoved { id, tenant },
                "watch_list_removed",
                json!({ "watch_list_id": "wl_1", "tenant": "main" }),
                None,
            ),
            (
                Happening::WatchListHit { id, label: "x" },
                "watch_list_hit",
                json!({ "watch_list_id": "wl_1", "label": "x" }),
                Some("watch_list_hit"),
            ),
            (
                Happening::WebhookMade { webhook, tenant },
                "webhook_made",
                json!({ "webhook": "wh_1", "tenant": "main" }),
                None,
            ),
            (
                Happening::WebhookDeleted { webhook, tenant },
                "webhook_deleted",
                json!({ "webhook": "wh_1", "tenant": "main" }),
                None,
            ),
            (
                Happening::ApiKeyMade { key, tenant, scopes: "verify admin" },
                "api_key_made",
                json!({ "key": "k1", "tenant": "main", "scopes": "verify admin" }),
                None,
            ),
            (Happening::ApiKeyRotated { key }, "api_key_rotated", json!({ "key": "k1" }), None),
            (Happening::ApiKeyRevoked { key }, "api_key_revoked", json!({ "key": "k1" }), None),
            (Happening::KeyRotated(rotation), "key_rotated", json!({ "from": "a", "to": "b", "resealed": 7 }), None),
            (
                Happening::Purged(purged),
                "purged",
                json!({ "calls": 1, "listenings": 2, "codes": 3, "tallies": 4, "abandoned": 5 }),
                None,
            ),
        ]
    }

    /// The audit of existing databases and the programs of customers hold these words.
    #[test]
    fn every_happening_keeps_its_stored_kind_its_particulars_and_its_webhook_event() {
        let given = Given::new();
        let table: Vec<_> = of_callers(&given).into_iter().chain(of_clients(&given)).collect();
        for (happening, kind, detail, event) in &table {
            assert_eq!((happening.kind(), &happening.detail()), (*kind, detail));
            assert_eq!(happening.webhook_name().map(WebhookEvent::as_str), *event, "{kind}");
        }
        let mut places: Vec<_> = table.iter().map(|(happening, ..)| place(happening)).collect();
        places.dedup();
        assert_eq!(places, (0..30).collect::<Vec<_>>());
    }

    #[test]
    fn attempts_are_told_by_how_they_ended_and_why() {
        let until = Timestamp::UNIX_EPOCH;
        let retry = |reason| Verdict::Retry { reason };
        let reject = |reason| Verdict::Reject { reason };
        for (verdict, event) in [
            (Verdict::Accept, Some("verified")),
            (reject(Reason::VoiceMismatch), Some("rejected")),
            (Verdict::Cooldown { until }, Some("rejected")),
            (retry(Reason::TooShort), None),
            (retry(Reason::ReplaySuspected), Some("replay_detected")),
            (reject(Reason::SyntheticSuspected), Some("spoof_suspected")),
        ] {
            assert_eq!(of_attempt(&verdict).map(WebhookEvent::as_str), event, "{verdict:?}");
        }
    }

    #[test]
    fn webhooks_are_told_of_a_listening_by_which_call_it_was_and_the_clients_own_words() {
        let listening = ListeningId::parse(&format!("LI{}", "0".repeat(32))).unwrap();
        let line = LineName("front".to_owned());
        let end = ListeningEnd {
            listening: &listening,
            line: &line,
            status: "failed",
            decision: None,
            reason: Some("stream_broken"),
            call: Some("v3:1"),
            reference: Some("ticket 17"),
        };
        let ended = Happening::ListeningEnded(end);
        assert_eq!(ended.webhook_name(), Some(WebhookEvent::ListeningFailed));
        let told = json!({
            "listening": listening, "status": "failed", "decision": null, "reason": "stream_broken", "line": "front",
            "call": "v3:1", "reference": "ticket 17",
        });
        assert_eq!(ended.told(), told);
        assert!(ended.detail().get("reference").is_none(), "the audit outlives the caller");
    }

    #[test]
    fn the_names_that_can_be_subscribed_to_are_the_events_names_each_once() {
        assert_eq!(EVENTS.to_vec(), WebhookEvent::ALL.map(WebhookEvent::as_str));
        let names: std::collections::BTreeSet<_> = EVENTS.into_iter().collect();
        assert_eq!(names.len(), EVENTS.len());
    }
}
