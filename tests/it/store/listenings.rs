use std::sync::Arc;

use callprint::dialog::Effect;
use callprint::store::{
    Admission, CallerRef, Ending, JobKind, Listening, ListeningClaim, ListeningStatus, NewListening, Onward, Orphans,
    ReportBody, StreamRefusal, Work,
};
use callprint::types::media::Track;
use callprint::types::{E164, LineName, ListeningId, Reason, Strictness, Tenant, Timestamp, Verdict};
use serde_json::json;

use super::{Place, at};

const ANNA: &str = "+15550101";
const TOKEN: &str = "li.AAECAwQFBgcICQoLDA0ODw";

fn new(token: &str) -> NewListening {
    NewListening {
        id: ListeningId::new(),
        token: token.to_owned(),
        who: CallerRef::Number(E164::parse(ANNA).unwrap()),
        line: LineName("main".to_owned()),
        strictness: Strictness::Far001Pct,
        call: None,
        track: Track::Outbound,
        reference: Some("ticket 17".to_owned()),
        expires_at: at(60),
        at: at(0),
    }
}

impl Place {
    /// A place where Anna is enrolled and is to be listened to.
    async fn asked() -> (Self, ListeningId) {
        let place = Self::new();
        place.enrolled(1, ANNA).await;
        let new = new(TOKEN);
        let id = new.id.clone();
        assert_eq!(place.store.add_listening(new).await.unwrap(), Admission::Taken);
        (place, id)
    }

    async fn listening(&self, id: &ListeningId) -> Listening {
        self.store.listening(id).await.unwrap().unwrap()
    }

    async fn opened(&self, token: &str, call: &str, now: i64) -> Result<Listening, StreamRefusal> {
        match self.store.open_listening(token, call, at(now)).await.unwrap() {
            ListeningClaim::Mine(listening) => Ok(*listening),
            ListeningClaim::Refused(refusal) => Err(refusal),
        }
    }

    async fn ends(&self, id: &ListeningId, ending: Ending, now: i64) -> bool {
        let body: ReportBody = Arc::new(|ended: &Listening| format!("{:?} {:?}", ended.status, ended.showing));
        self.store.end_listening(id, ending, Some(json!({ "llr": 3.5 })), at(now), Some(body)).await.unwrap()
    }

    async fn opts_out(&self) {
        let call = self.call(7, ANNA).await;
        self.turn(&call, vec![Effect::OptOut]).await.unwrap();
    }
}

fn times(listening: &Listening) -> [Option<Timestamp>; 2] {
    [listening.opened_at, listening.finished_at]
}

#[tokio::test]
async fn a_token_opens_its_listening_once_and_in_time() {
    let (place, id) = Place::asked().await;
    assert_eq!(place.opened("li.guessed", "any", 1).await, Err(StreamRefusal::Unknown));
    assert_eq!(place.opened(TOKEN, "any", 60).await, Err(StreamRefusal::Expired));
    let opened = place.opened(TOKEN, "any", 59).await.unwrap();
    assert_eq!((&opened.id, opened.status, opened.call.as_deref()), (&id, ListeningStatus::Listening, Some("any")));
    assert_eq!(
        (opened.strictness, opened.track, times(&opened)),
        (Strictness::Far001Pct, Track::Outbound, [Some(at(59)), None])
    );
    assert_eq!(place.opened(TOKEN, "any", 59).await, Err(StreamRefusal::Used));
}

#[tokio::test]
async fn a_listening_for_a_call_takes_no_other() {
    let (place, _) = Place::asked().await;
    let asked = NewListening { call: Some("mine".to_owned()), ..new("li.other") };
    place.store.add_listening(asked).await.unwrap();
    assert_eq!(place.opened("li.other", "not mine", 1).await, Err(StreamRefusal::OtherCall));
    assert!(place.opened("li.other", "mine", 1).await.is_ok());
}

#[tokio::test]
async fn nobody_without_a_voiceprint_or_consent_is_listened_to() {
    let (place, id) = Place::asked().await;
    let unknown = NewListening { who: CallerRef::User(Tenant::main(), "nobody".to_owned()), ..new("li.1") };
    assert_eq!(place.store.add_listening(unknown).await.unwrap(), Admission::NotEnrolled);
    place.opts_out().await;
    assert_eq!(place.store.add_listening(new("li.2")).await.unwrap(), Admission::OptedOut);
    assert_eq!(place.opened(TOKEN, "any", 1).await, Err(StreamRefusal::Over), "nor if it was asked for before");
    assert_eq!(place.listening(&id).await.status, ListeningStatus::Waiting, "until its time is over");
}

#[tokio::test]
async fn who_opts_out_meanwhile_ends_it_and_no_verdict_is_kept() {
    let (place, id) = Place::asked().await;
    place.opened(TOKEN, "any", 1).await.unwrap();
    assert_eq!(place.store.note_listening(&id, &json!({}), at(2)).await.unwrap(), Onward::GoOn);
    place.opts_out().await;
    assert_eq!(place.store.note_listening(&id, &json!({}), at(3)).await.unwrap(), Onward::OptedOut);
    assert!(place.ends(&id, Ending::Verdict(Verdict::Accept), 4).await);
    let ended = place.listening(&id).await;
    assert_eq!(
        (ended.status, ended.verdict, ended.reason.as_deref()),
        (ListeningStatus::Failed, None, Some("opted_out"))
    );
}

#[tokio::test]
async fn the_first_ending_counts_and_is_to_be_told() {
    let (place, id) = Place::asked().await;
    place.opened(TOKEN, "any", 1).await.unwrap();
    let verdict = Verdict::Reject { reason: Reason::VoiceMismatch };
    assert!(place.ends(&id, Ending::Verdict(verdict), 5).await);
    assert!(!place.ends(&id, Ending::Verdict(Verdict::Accept), 6).await);
    assert_eq!(place.store.note_listening(&id, &json!({}), at(7)).await.unwrap(), Onward::Over);
    let ended = place.listening(&id).await;
    assert_eq!(
        (ended.status, ended.verdict, times(&ended)),
        (ListeningStatus::Done, Some(verdict), [Some(at(1)), Some(at(5))])
    );

    let queue = place.store.queue();
    let claim = async |now| queue.claim(JobKind::Report, at(now), at(now + 1), 9).await.unwrap();
    assert!(claim(4).await.is_empty());
    let due = claim(5).await;
    let body = format!("{:?} {:?}", ended.status, ended.showing);
    assert!(ended.showing.is_some());
    assert_eq!(due[0].work, Work::Report { listening: id.clone(), body });
    assert_eq!((due.len(), due[0].tries, due[0].made_at), (1, 0, at(5)));
    queue.failed(&due[0], "", at(10)).await.unwrap();
    assert!(claim(9).await.is_empty());
    let due = claim(10).await;
    assert_eq!(due[0].tries, 1);
    queue.done(&due[0], "", at(11)).await.unwrap();
    queue.failed(&due[0], "", at(12)).await.unwrap();
    assert!(claim(99).await.is_empty());
}

#[tokio::test]
async fn a_report_that_is_given_up_is_audited_and_one_goes_with_its_caller() {
    let (place, id) = Place::asked().await;
    place.ends(&id, Ending::Failed("stopped"), 1).await;
    let job = place.store.queue().claim(JobKind::Report, at(1), at(9), 9).await.unwrap().remove(0);
    place.store.queue().give_up(&job, "timed_out", at(2)).await.unwrap();
    let events = place.store.audit_events(None, 1).await.unwrap();
    assert_eq!(events[0].kind, "listening_report_given_up");
    assert_eq!(events[0].detail, json!({ "listening": id, "tries": 0 }));
    let caller = events[0].caller.unwrap();

    place.store.add_listening(new("li.2")).await.unwrap();
    let other = place.store.open_listening("li.2", "any", at(1)).await.unwrap();
    let ListeningClaim::Mine(other) = other else { panic!("{other:?}") };
    place.ends(&other.id, Ending::Failed("stopped"), 3).await;
    assert_eq!(place.store.queue().waiting(JobKind::Report).await.unwrap().len(), 1);
    place.store.delete_caller(caller, at(4)).await.unwrap();
    assert!(place.store.queue().waiting(JobKind::Report).await.unwrap().is_empty());
}

#[tokio::test]
async fn listenings_that_nobody_would_end_are_ended() {
    let (place, id) = Place::asked().await;
    place.store.add_listening(NewListening { expires_at: at(500), ..new("li.2") }).await.unwrap();
    place.store.add_listening(new("li.3")).await.unwrap();
    place.opened(TOKEN, "any", 1).await.unwrap();
    place.store.note_listening(&id, &json!({}), at(50)).await.unwrap();
    let orphans = |since, now| place.store.end_orphans(at(since), at(now), None);
    assert_eq!(orphans(50, 59).await.unwrap(), Orphans::default());
    assert_eq!(orphans(51, 60).await.unwrap(), Orphans { expired: 1, lost: 1 });
    assert_eq!(orphans(51, 60).await.unwrap(), Orphans::default());
    let lost = place.listening(&id).await;
    assert_eq!((lost.status, lost.reason.as_deref()), (ListeningStatus::Failed, Some("listener_lost")));
}

#[tokio::test]
async fn a_listening_goes_with_its_caller_and_with_the_retention() {
    let (place, id) = Place::asked().await;
    place.ends(&id, Ending::Failed("stopped"), 1).await;
    place.store.add_listening(new("li.2")).await.unwrap();
    assert_eq!(place.store.purge(at(30 * 86_400 - 1)).await.unwrap().listenings, 0);
    assert_eq!(place.store.purge(at(30 * 86_400 + 2)).await.unwrap().listenings, 1);
    assert_eq!(place.count("listenings"), 1, "one that is not over stays");
    let caller = place.store.caller_by_number(&E164::parse(ANNA).unwrap()).await.unwrap().unwrap().id;
    place.store.delete_caller(caller, at(2)).await.unwrap();
    assert_eq!(place.count("listenings"), 0);
}

#[tokio::test]
async fn the_database_never_holds_the_token() {
    let (place, _) = Place::asked().await;
    let kept: Vec<u8> = place.sql().query_row("SELECT mac FROM listenings", [], |row| row.get(0)).unwrap();
    assert_eq!(kept.len(), 32);
}
