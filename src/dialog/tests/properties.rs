//! Properties that hold for all events, in any order, while the world behind the call changes.

use proptest::prelude::*;

use super::*;
use crate::dialog::turn::MAX_TURNS;
use crate::dialog::{CodeCheck, Keys, Lookup, Purpose, prompts};

/// One thing that happens: to the call, or behind its back.
#[derive(Clone, Debug)]
enum Happening {
    /// The event as it is, fitting or not.
    Any(Event),
    /// The answer that leads on from wherever the call is.
    LeadsOn,
    /// The numbers or callers start or stop having to wait.
    Standings(Standing, Standing),
    /// Consent is withdrawn elsewhere.
    WithdrawsConsent,
    /// Another call enrolls the same caller.
    EnrollsElsewhere,
    /// An operator deletes the caller.
    Deleted,
}

fn reasons() -> impl Strategy<Value = Reason> {
    prop::sample::select(Reason::ALL.to_vec())
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        2 => Just(Verdict::Accept),
        2 => reasons().prop_map(|reason| Verdict::Retry { reason }),
        1 => reasons().prop_map(|reason| Verdict::Reject { reason }),
        1 => Just(Verdict::Cooldown { until: noon() }),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let checks = prop::sample::select(vec![CodeCheck::Wrong, CodeCheck::Unbound, CodeCheck::Bound]);
    prop_oneof![
        4 => "[0-9*]{0,9}".prop_map(Event::Keys),
        4 => "[0129*]".prop_map(Event::Keys),
        3 => ("[0-9*]{0,6}", checks).prop_map(|(keys, check)| Event::Code { keys, check }),
        3 => Just(Event::Silence),
        3 => any::<bool>().prop_map(|is_ready| Event::Take(TakeOutcome::Enrolled { is_ready })),
        2 => reasons().prop_map(|reason| Event::Take(TakeOutcome::EnrollFault(reason))),
        3 => verdicts().prop_map(|verdict| Event::Take(TakeOutcome::Verified(verdict))),
        1 => Just(Event::Lost),
    ]
}

fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![8 => Just(Standing::Clear), 1 => Just(in_minutes(200)), 1 => Just(Standing::Locked)]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        10 => events().prop_map(Happening::Any),
        20 => Just(Happening::LeadsOn),
        1 => (standings(), standings()).prop_map(|(a, b)| Happening::Standings(a, b)),
        1 => Just(Happening::WithdrawsConsent),
        1 => Just(Happening::EnrollsElsewhere),
        1 => Just(Happening::Deleted),
    ];
    prop::collection::vec(one, 0..60)
}

fn worlds() -> impl Strategy<Value = Facts> {
    let policies = vec![EnrollmentPolicy::Open, EnrollmentPolicy::Code, EnrollmentPolicy::Closed];
    let callers = vec![
        stranger(),
        member(),
        acquaintance(Consent::None),
        acquaintance(Consent::Given),
        acquaintance(Consent::OptedOut),
    ];
    let limits = (0_u32..4, 0_u32..4, 0_u32..4, 0_u32..3);
    let parts = (prop::sample::select(callers), prop::sample::select(policies), any::<bool>(), limits);
    parts.prop_map(|(facts, policy, has_number_hint, (mismatches, bad, enroll_bad, restarts))| {
        let mut facts = Facts { has_number_hint, ..with_policy(policy, facts) };
        facts.line.verification.max_mismatches = mismatches;
        facts.line.verification.max_bad_takes = bad;
        facts.line.enrollment = Enrollment { max_bad_takes: enroll_bad, max_restarts: restarts };
        facts
    })
}

fn leads_on(state: &State) -> Event {
    match (state.purpose(), state.lookup()) {
        (Some(Purpose::Enroll { take }), _) => Event::Take(TakeOutcome::Enrolled { is_ready: take == 3 }),
        (Some(Purpose::Verify), _) => Event::Take(TakeOutcome::Verified(Verdict::Accept)),
        (None, Lookup::Account) => Event::Keys("48291057".to_owned()),
        (None, Lookup::Code) => Event::Code { keys: "731905".to_owned(), check: CodeCheck::Bound },
        (None, Lookup::None) => Event::Keys("1".to_owned()),
    }
}

/// The watcher's memory of a call.
#[derive(Default)]
struct Watch {
    was_accepted: bool,
    had_code: bool,
    turns: u32,
}

impl Watch {
    fn check(&mut self, before: &Call, event: &Event, after: &Call) {
        let is_accept = *event == Event::Take(TakeOutcome::Verified(Verdict::Accept));
        let was_verifying = before.last.state.purpose() == Some(Purpose::Verify);
        self.was_accepted |= is_accept && was_verifying;
        self.turns += 1;
        assert!(self.turns <= MAX_TURNS, "the call goes on and on");

        let is_let_in = after.last.reply.next == Next::Redirect { url: ACCEPTED_URL.to_owned() };
        assert_eq!(is_let_in, after.last.state.verdict() == Some(Verdict::Accept));
        assert!(!is_let_in || self.was_accepted, "let in without an accepted take");

        for effect in &after.last.effects {
            let caller = before.facts.caller.as_ref();
            let is_enrolled = caller.is_some_and(|caller| caller.is_enrolled);
            let may_change = !is_enrolled || self.was_accepted || self.had_code;
            match effect {
                Effect::SaveVoiceprint => {
                    assert!(caller.is_some_and(|caller| caller.consent == Consent::Given), "saved without consent");
                    assert!(may_change, "replaced a voiceprint");
                    // The next verification is against the new voiceprint, and on its own merits.
                    (self.was_accepted, self.had_code) = (false, false);
                }
                Effect::OptOut => assert!(may_change, "deleted a voiceprint"),
                Effect::RedeemCode(_) => self.had_code = true,
                _ => {}
            }
        }
        Self::check_shape(after);
    }

    fn check_shape(call: &Call) {
        let Step { state, reply, effects } = &call.last;
        let listens = matches!(reply.next, Next::Listen { .. });
        assert_eq!(listens, state.purpose().is_some());
        let types = matches!(reply.next, Next::Gather { keys: Keys::UntilPound(_), .. });
        assert_eq!(types, state.lookup() != Lookup::None);
        let asks = listens || matches!(reply.next, Next::Gather { .. });
        assert_eq!(state.is_over(), !asks);
        assert_eq!(effects.contains(&Effect::End), state.is_over());
        assert!(asks == state.verdict().is_none() || reply.next == Next::Hangup, "a verdict ends the call");
        for sentence in &reply.say {
            let prompt = prompts::ALL.iter().find(|prompt| prompt.key == sentence.key).expect("a known key");
            let mut places = prompt.args.to_vec();
            places.sort_unstable();
            assert_eq!(sentence.args.keys().collect::<Vec<_>>(), places, "{}", sentence.key);
        }
    }
}

fn happen(call: &mut Call, happening: Happening) -> Option<Event> {
    match happening {
        Happening::Any(event) => return Some(event),
        Happening::LeadsOn => return Some(leads_on(&call.last.state)),
        Happening::Standings(caller, number) => {
            call.facts.number_standing = number;
            call.facts.claim_standing = caller;
            call.facts.caller.iter_mut().for_each(|facts| facts.standing = caller);
        }
        Happening::WithdrawsConsent => {
            call.facts.caller.iter_mut().for_each(|caller| caller.consent = Consent::OptedOut);
        }
        Happening::EnrollsElsewhere => {
            call.facts.caller.iter_mut().for_each(|caller| caller.is_enrolled = true);
        }
        Happening::Deleted => call.facts.caller = None,
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_happens_the_promises_hold(facts in worlds(), happenings in happenings()) {
        let mut call = Call::begin(facts);
        let mut watch = Watch::default();
        Watch::check_shape(&call);
        for happening in happenings {
            if call.last.state.is_over() {
                break;
            }
            if let Some(event) = happen(&mut call, happening) {
                let after = call.clone().on(&event);
                watch.check(&call, &event, &after);
                call = after;
            }
        }
    }

    #[test]
    fn every_call_ends_within_the_bound(
        facts in worlds(),
        events in prop::collection::vec(events(), MAX_TURNS as usize),
    ) {
        let call = events.iter().fold(Call::begin(facts), Call::on);
        prop_assert!(call.last.state.is_over());
    }

    #[test]
    fn hanging_up_ends_any_call_quietly(facts in worlds(), happenings in happenings()) {
        let mut call = Call::begin(facts);
        for happening in happenings {
            if let Some(event) = happen(&mut call, happening) {
                call = call.on(&event);
            }
        }
        let was_enrolling = matches!(call.last.state.purpose(), Some(Purpose::Enroll { .. }));
        let call = call.on(&Event::HungUp);
        prop_assert_eq!(&call.last.reply.next, &Next::Nothing);
        prop_assert!(call.last.reply.say.is_empty() && call.last.state.is_over());
        prop_assert_eq!(was_enrolling, call.last.effects.contains(&Effect::DiscardTakes));
    }

    #[test]
    fn an_account_nobody_has_sounds_like_one_somebody_has(
        events in prop::collection::vec(events(), 0..40),
        owner in prop::option::of(Just(acquaintance(Consent::OptedOut))),
    ) {
        let asked = |owner: Option<CallerFacts>| Call::begin(withheld(member())).types_account(owner);
        let (mut real, mut phantom) = (asked(member().caller), asked(owner.and_then(|facts| facts.caller)));
        for event in events {
            // A code for the real caller, and an accepted voice, are what only the real caller has.
            let is_theirs = matches!(event, Event::Code { check: CodeCheck::Bound, .. })
                || event == Event::Take(TakeOutcome::Verified(Verdict::Accept));
            if !is_theirs {
                (real, phantom) = (real.on(&event), phantom.on(&event));
                prop_assert_eq!(&real.last.reply, &phantom.last.reply);
            }
        }
    }
}

#[test]
fn endless_repetition_is_stopped_by_the_turn_bound() {
    let mut facts = member();
    facts.line.verification.max_bad_takes = u32::MAX;
    let mut call = Call::begin(facts);
    for _ in 0..MAX_TURNS {
        call = call.silence();
    }
    call.says(&["too_long", "continue"]).ends_rejected(Reason::NoSpeech);
}
