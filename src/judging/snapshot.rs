//! Everything that a take is held against, read from the store in one transaction, and opened.

use super::{Fault, Judge};
use crate::engine::{Claimed, Enrolled, Voice};
use crate::liveness::Fingerprint;
use crate::scoring::{Learned, TakePrint};
use crate::store::{Caller, NewLearning, Watched};
use crate::types::{CallSid, CallerId, Tenant, Timestamp};

/// Everything that a take is held against.
pub(crate) struct Snapshot {
    /// Whose attempt it is; none for an account that nobody has.
    pub(super) caller: Option<CallerId>,
    /// The voiceprint.
    pub(super) who: Claimed,
    /// Learned since the enrollment.
    pub(super) learned: Option<Learned>,
    /// Counts how often the voice was learned from.
    pub(super) learned_version: u32,
    /// Takes of earlier calls.
    pub(super) earlier: Vec<Fingerprint>,
    /// Earlier takes of this verification.
    pub(super) before: Vec<Voice>,
    /// The tenant's watch-list, as far as the voice's model made it.
    pub(super) watch_list: Vec<(Watched, TakePrint)>,
    /// When the take began, for the deadline of a challenge.
    pub(super) opened_at: Option<Timestamp>,
    /// Mismatches of the caller within a day; counted for uploads, whose risk is not the dialogue's.
    pub(crate) failures: u32,
}

/// Records of a verification that outlive it, in byte forms.
#[derive(Default)]
pub(crate) struct TakeRecords {
    /// The voice, for the next takes of the call.
    pub(crate) print: Option<Vec<u8>>,
    /// The fingerprint, to know a recording of the take again.
    pub(crate) heard: Option<Vec<u8>>,
    /// The voice as learned after the take.
    pub(crate) learned: Option<NewLearning>,
}

impl Snapshot {
    /// The same with another voiceprint of the caller in place of the stored one.
    #[must_use]
    pub(crate) fn with_voiceprint(self, enrolled: Enrolled) -> Self {
        Self { who: Claimed::Caller(Box::new(enrolled)), ..self }
    }

    /// How far the voiceprint has followed the voice, 0 to 1.
    pub(crate) fn learning_progress(&self) -> f32 {
        self.learned.as_ref().map_or(0.0, Learned::progress)
    }
}

impl Judge {
    /// The snapshot for a take of a call. `caller` is none for an account that nobody has.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn snapshot_of_take(
        &self,
        call: &CallSid,
        turn: u32,
        caller: Option<CallerId>,
    ) -> Result<Snapshot, Fault> {
        let store = &self.cx().store;
        let opened_at = store.take(call, turn).await?.map(|take| take.opened_at);
        let mut snapshot = match caller {
            // Phone calls are of the tenant `main`.
            Some(caller) => self.snapshot_of_caller(caller, &Tenant::main()).await?,
            None => {
                let call = store.call(call).await?;
                let claim = call.and_then(|call| call.claim).unwrap_or_default();
                Snapshot::of_nobody(None, salt(&claim))
            }
        };
        for bytes in store.probe_takes(call).await? {
            let TakePrint { embedding, net_speech_ms } = TakePrint::from_bytes(&bytes)?;
            snapshot.before.push(Voice { embedding, heard_ms: net_speech_ms });
        }
        Ok(Snapshot { opened_at, ..snapshot })
    }

    /// The snapshot for an upload of a caller.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn snapshot_of_upload(&self, caller: &Caller) -> Result<Snapshot, Fault> {
        let snapshot = self.snapshot_of_caller(caller.id, &caller.tenant).await?;
        let failures = self.cx().store.recent_failures(caller.id, self.cx().now()).await?;
        Ok(Snapshot { failures, ..snapshot })
    }

    async fn snapshot_of_caller(&self, caller: CallerId, tenant: &Tenant) -> Result<Snapshot, Fault> {
        let store = &self.cx().store;
        let watched = store.watched_voices(tenant, self.engine().model().as_str()).await?;
        let watch_list = watched
            .into_iter()
            .map(|(watched, bytes)| Ok((watched, TakePrint::from_bytes(&bytes)?)))
            .collect::<Result<_, Fault>>()?;
        let Some(stored) = store.voiceprint(caller).await? else {
            return Ok(Snapshot { watch_list, ..Snapshot::of_nobody(Some(caller), caller.0.as_u64_pair().1) });
        };
        let learned = store.learned(caller).await?;
        let heard = store.heard(caller).await?;
        Ok(Snapshot {
            caller: Some(caller),
            who: Claimed::Caller(Box::new(Enrolled::from_bytes(&stored.bytes)?)),
            learned_version: learned.version,
            learned: learned.bytes.map(|bytes| Learned::from_bytes(&bytes)).transpose()?,
            earlier: heard.iter().map(|bytes| Fingerprint::from_bytes(bytes)).collect::<Result<_, _>>()?,
            before: Vec::new(),
            watch_list,
            opened_at: None,
            failures: 0,
        })
    }
}

impl Snapshot {
    fn of_nobody(caller: Option<CallerId>, salt: u64) -> Self {
        Self {
            caller,
            who: Claimed::Nobody { salt },
            learned: None,
            learned_version: 0,
            earlier: Vec::new(),
            before: Vec::new(),
            watch_list: Vec::new(),
            opened_at: None,
            failures: 0,
        }
    }
}

/// The same number for the same typed digits.
fn salt(claim: &str) -> u64 {
    // FNV-1a: there is nothing to gain by finding another claim with the same salt.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    claim.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
