//! Calls played against the dialogue, with a store small enough to be written down here.

mod account;
mod challenge;
mod consent;
mod ends;
mod enrollment;
mod properties;
mod tally;
mod verification;

use crate::config::{AfterVerdict, ChallengePolicy, Enrollment, EnrollmentPolicy, Verification};
use crate::dialog::{
    CallerFacts, Consent, Effect, Event, Facts, FreshChallenge, LineFacts, Next, Risk, Standing, State, Step,
    TakeOutcome, advance, begin,
};
use crate::types::{CallerId, Reason, Timestamp, Verdict};

const ACCEPTED_URL: &str = "https://app.example/accepted";
const REJECTED_URL: &str = "https://app.example/rejected";

fn noon() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn in_minutes(minutes: i64) -> Standing {
    Standing::Cooldown { until: noon() + jiff::SignedDuration::from_mins(minutes) }
}

fn stranger() -> Facts {
    let line = LineFacts {
        service_name: "Example Bank".to_owned(),
        passphrase: "never forget tomorrow is a new day".to_owned(),
        own_passphrase: false,
        challenge: ChallengePolicy::Risk,
        policy: EnrollmentPolicy::Open,
        after_accept: AfterVerdict::Redirect(ACCEPTED_URL.to_owned()),
        after_reject: AfterVerdict::Redirect(REJECTED_URL.to_owned()),
        enrollment: Enrollment { max_bad_takes: 5, max_restarts: 2 },
        verification: Verification {
            max_mismatches: 2,
            max_bad_takes: 3,
            max_take_s: 8,
            end_silence_s: 2,
            challenge_ttl_s: 60,
            ask_again_within: 12.0,
            replay: true,
            synthetic: false,
            learn: false,
        },
    };
    Facts {
        line,
        has_number_hint: true,
        caller: None,
        number_standing: Standing::Clear,
        claim_standing: Standing::Clear,
        risk: Risk::default(),
        fresh_challenge: Some(FreshChallenge { code: "d472913".to_owned(), spoken: "4 7 2, 9 1 3".to_owned() }),
    }
}

fn acquaintance(consent: Consent) -> Facts {
    let caller = CallerFacts {
        id: CallerId::new(),
        consent,
        is_enrolled: false,
        standing: Standing::Clear,
        account_number: "48291057".to_owned(),
    };
    Facts { caller: Some(caller), ..stranger() }
}

fn member() -> Facts {
    let mut facts = acquaintance(Consent::Given);
    facts.caller.as_mut().unwrap().is_enrolled = true;
    facts
}

fn with_policy(policy: EnrollmentPolicy, mut facts: Facts) -> Facts {
    facts.line.policy = policy;
    facts
}

fn withheld(facts: Facts) -> Facts {
    Facts { has_number_hint: false, caller: None, ..facts }
}

/// A call in progress and the store behind it.
#[derive(Clone, Debug)]
struct Call {
    facts: Facts,
    last: Step,
    /// Everything done since the call began.
    done: Vec<Effect>,
}

impl Call {
    fn begin(facts: Facts) -> Self {
        let last = begin(&facts, noon());
        let mut call = Self { facts, last, done: Vec::new() };
        call.apply();
        call
    }

    /// Plays one event, with the state having gone through its kept form.
    fn on(mut self, event: &Event) -> Self {
        let state = State::from_json(&self.last.state.to_json()).unwrap();
        assert_eq!(state, self.last.state, "the state survives being kept");
        self.last = advance(state, event, &self.facts, noon());
        self.apply();
        self
    }

    fn apply(&mut self) {
        for effect in &self.last.effects {
            self.done.push(effect.clone());
            if matches!(effect, Effect::CreateCaller { .. }) {
                self.facts.caller = acquaintance(Consent::None).caller;
            }
            let Some(caller) = &mut self.facts.caller else { continue };
            match effect {
                Effect::GiveConsent => caller.consent = Consent::Given,
                Effect::OptOut => (caller.consent, caller.is_enrolled) = (Consent::OptedOut, false),
                Effect::SaveVoiceprint => caller.is_enrolled = true,
                _ => {}
            }
        }
    }

    fn keys(self, keys: &str) -> Self {
        self.on(&Event::Keys(keys.to_owned()))
    }

    fn silence(self) -> Self {
        self.on(&Event::Silence)
    }

    fn good_take(self) -> Self {
        self.on(&Event::Take(TakeOutcome::Enrolled { is_ready: false }))
    }

    fn three_good_takes(self) -> Self {
        self.good_take().good_take().on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }))
    }

    fn fault(self, reason: Reason) -> Self {
        self.on(&Event::Take(TakeOutcome::EnrollFault(reason)))
    }

    fn verified(self, verdict: Verdict) -> Self {
        self.on(&Event::Take(TakeOutcome::Verified(verdict)))
    }

    fn accept(self) -> Self {
        self.verified(Verdict::Accept)
    }

    fn retry(self, reason: Reason) -> Self {
        self.verified(Verdict::Retry { reason })
    }

    fn reject(self, reason: Reason) -> Self {
        self.verified(Verdict::Reject { reason })
    }

    /// Plays a typed account number, as the session would look it up.
    fn types_account(mut self, owner: Option<CallerFacts>) -> Self {
        self.facts.caller = owner;
        let call = self.keys("48291057");
        let is_bound = call.done.contains(&Effect::BindCaller);
        Self { facts: Facts { caller: call.facts.caller.filter(|_| is_bound), ..call.facts }, ..call }
    }

    #[track_caller]
    fn says(self, expected: &[&str]) -> Self {
        let said: Vec<&str> = self.last.reply.say.iter().map(|sentence| sentence.key.as_str()).collect();
        assert_eq!(said, expected);
        self
    }

    /// Compares the effects of the last step.
    #[track_caller]
    fn does(self, expected: &[Effect]) -> Self {
        assert_eq!(self.last.effects, expected);
        self
    }

    #[track_caller]
    fn listens(self) -> Self {
        assert_eq!(self.last.reply.next, Next::Listen { max_s: 8, end_silence_s: 2 });
        self
    }

    #[track_caller]
    fn ends_accepted(self) -> Self {
        assert_eq!(self.last.reply.next, Next::Redirect { url: ACCEPTED_URL.to_owned() });
        assert_eq!(self.last.state.verdict(), Some(Verdict::Accept));
        self
    }

    #[track_caller]
    fn ends_rejected(self, reason: Reason) -> Self {
        assert_eq!(self.last.reply.next, Next::Redirect { url: REJECTED_URL.to_owned() });
        assert_eq!(self.last.state.verdict(), Some(Verdict::Reject { reason }));
        assert_eq!(self.last.effects.last(), Some(&Effect::End));
        self
    }
}

fn record_reject(reason: Reason) -> Effect {
    Effect::RecordVerdict(Verdict::Reject { reason })
}

fn record_retry(reason: Reason) -> Effect {
    Effect::RecordVerdict(Verdict::Retry { reason })
}
