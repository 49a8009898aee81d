//! The store over a real database in a temporary folder; time is an argument, so nothing waits.

mod api_keys;
mod callers;
mod calls;
mod cli;
mod codes;
mod keys;
mod listenings;
mod lockout;
mod memory;
mod one_read;
mod opening;
mod queue;
mod streams;
mod takes;
mod uploads;

use std::time::Duration;

use callprint::config;
use callprint::dialog::{Effect, Purpose};
use callprint::store::{
    Call, Committed, Finished, NewAttempt, NewCall, NewVoiceprint, Store, StoreError, TakeResult, TurnCommit,
};
use callprint::types::{
    Attestation, CallSid, CallerId, E164, LineName, Origin, RecordingSid, Source, Timestamp, Verdict,
};
use tempfile::TempDir;

/// What the third failure leads to, in numbers that are easy to reckon with.
pub(crate) const LOCKOUT: config::Lockout = config::Lockout {
    caller_failures: 3,
    number_failures: 5,
    window_s: 3_600,
    cooldown_s: 600,
    cooldown_max_s: 3_600,
    lock_after: 0,
};

/// A store in a folder of its own.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) config: config::Store,
    _dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        Self { store: Store::open(&config).unwrap(), config, _dir: dir }
    }

    /// Closes the store and opens it again, as a restart does.
    pub(crate) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Store::open(&self.config).unwrap();
    }

    /// A connection beside the store, to look and to meddle.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.config.data_dir.join("callprint.db")).unwrap()
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> i64 {
        self.sql().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// A call from `from` that has been greeted, about whoever has that number.
    pub(crate) async fn call(&self, n: u32, from: &str) -> CallSid {
        let number = E164::parse(from).unwrap();
        let caller = self.store.caller_by_number(&number).await.unwrap().map(|caller| caller.id);
        let call = NewCall { caller, ..new_call(n, Origin::Number(number)) };
        self.store.begin_call(call).await.unwrap();
        self.turn(&sid(n), vec![]).await.unwrap();
        sid(n)
    }

    /// Commits the call's next turn with these effects.
    pub(crate) async fn turn(&self, call: &CallSid, effects: Vec<Effect>) -> Result<Committed, StoreError> {
        let turn = TurnCommit { effects, ..turn(call, self.found(call).await.turn) };
        self.store.commit_turn(turn, &LOCKOUT).await
    }

    /// The call as the store has it.
    pub(crate) async fn found(&self, call: &CallSid) -> Call {
        self.store.call(call).await.unwrap().unwrap()
    }

    /// Opens and finishes the take of the call's current turn.
    pub(crate) async fn take(&self, call: &CallSid, result: TakeResult) -> Finished {
        let (turn, source) = (self.found(call).await.turn, source(rand::random()));
        let lease = Duration::from_secs(30);
        let is_probe = result.attempt.is_some() || result.print.is_none();
        let purpose = if is_probe { Purpose::Verify } else { Purpose::Enroll { take: 1 } };
        self.store.open_take(call, turn, &source, purpose, at(0), lease).await.unwrap();
        self.store.finish_take(call, turn, at(0), &LOCKOUT, move |_| result).await.unwrap()
    }

    /// A caller with a voiceprint, enrolled in call `n` from that number.
    pub(crate) async fn enrolled(&self, n: u32, from: &str) -> CallerId {
        let call = self.call(n, from).await;
        self.turn(&call, vec![Effect::CreateCaller { keeps_number: true }, Effect::GiveConsent]).await.unwrap();
        for _ in 0..2 {
            self.take(&call, print(b"a take")).await;
            self.turn(&call, vec![]).await.unwrap();
        }
        self.take(&call, voiceprint(from.as_bytes())).await;
        self.turn(&call, vec![Effect::SaveVoiceprint, Effect::End]).await.unwrap();
        self.found(&call).await.caller.unwrap()
    }
}

pub(crate) fn config(dir: &std::path::Path) -> config::Store {
    config::Store { data_dir: dir.join("data"), voiceprint_key: None, retention_days: 30 }
}

/// So many seconds after a moment that means nothing.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

pub(crate) fn recording(n: u32) -> RecordingSid {
    RecordingSid::parse(&format!("RE{n:032x}")).unwrap()
}

/// The same as a take's source.
pub(crate) fn source(n: u32) -> Source {
    Source::Recording(recording(n))
}

pub(crate) fn new_call(n: u32, origin: Origin) -> NewCall {
    NewCall {
        sid: sid(n),
        line: LineName("main".to_owned()),
        origin,
        to: "+15550100000".to_owned(),
        attestation: Attestation::Full,
        forwarded_from: None,
        caller: None,
        at: at(0),
    }
}

pub(crate) fn turn(call: &CallSid, turn: u32) -> TurnCommit {
    TurnCommit {
        call: call.clone(),
        turn,
        state: format!("{{\"turn\":{turn}}}"),
        reply: format!("<Response>{turn}</Response>"),
        effects: vec![],
        caller: None,
        claim: None,
        stream: None,
        at: at(0),
    }
}

pub(crate) fn outcome(text: &str) -> TakeResult {
    TakeResult {
        outcome: text.to_owned(),
        attempt: None,
        print: None,
        heard: None,
        learned: None,
        voiceprint: None,
        watch_hit: None,
        delete_recording: None,
    }
}

pub(crate) fn print(bytes: &[u8]) -> TakeResult {
    TakeResult { print: Some(bytes.to_vec()), ..outcome("good") }
}

pub(crate) fn voiceprint(bytes: &[u8]) -> TakeResult {
    let voiceprint = NewVoiceprint { bytes: bytes.to_vec(), model_id: "campplus".to_owned() };
    TakeResult { voiceprint: Some(voiceprint), ..print(bytes) }
}

pub(crate) fn attempt(verdict: Verdict) -> TakeResult {
    let signals = Some("{\"llr\":-3.5}".to_owned());
    TakeResult { attempt: Some(NewAttempt { verdict, signals }), ..outcome("judged") }
}
