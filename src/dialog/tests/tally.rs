use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::config::Lockout;
use crate::dialog::{Party, Tally};

const POLICY: Lockout = Lockout {
    caller_failures: 3,
    number_failures: 5,
    window_s: 600,
    cooldown_s: 60,
    cooldown_max_s: 3600,
    lock_after: 4,
};

fn at(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

fn after_mismatches(times: &[i64], party: Party, policy: &Lockout) -> Tally {
    times.iter().fold(Tally::default(), |tally, s| tally.after_mismatch(party, policy, at(*s)))
}

fn cools_until(seconds: i64) -> Standing {
    Standing::Cooldown { until: at(seconds) }
}

#[test]
fn mismatches_lead_to_cooldowns_that_double_and_then_to_a_lock() {
    let mut tally = Tally::default();
    let mut now = 0;
    for length in [60, 120, 240, 480] {
        for _ in 0..3 {
            assert_eq!(tally.standing(at(now)), Standing::Clear);
            tally = tally.after_mismatch(Party::Caller, &POLICY, at(now));
        }
        assert_eq!(tally.standing(at(now)), cools_until(now + length));
        now += length;
    }
    let tally = (0..3).fold(tally, |tally, _| tally.after_mismatch(Party::Caller, &POLICY, at(now)));
    assert_eq!(tally.standing(at(now + 1_000_000)), Standing::Locked);
    assert_eq!(tally.after_accept(at(now)).standing(at(now)), Standing::Locked);
    assert_eq!(Tally::unlocked().standing(at(now)), Standing::Clear);
}

#[test]
fn a_number_may_fail_more_often_than_a_caller() {
    let number = |times: &[i64]| after_mismatches(times, Party::Number, &POLICY).standing(at(10));
    assert_eq!(number(&[0, 1, 2, 3]), Standing::Clear);
    assert_eq!(number(&[0, 1, 2, 3, 4]), cools_until(64));
}

#[test]
fn mismatches_older_than_the_window_do_not_count() {
    let caller = |times: &[i64]| after_mismatches(times, Party::Caller, &POLICY).standing(at(602));
    assert_eq!(caller(&[0, 1, 600]), Standing::Clear);
    assert_eq!(caller(&[0, 1, 599]), cools_until(659));
}

#[test]
fn cooldowns_have_a_longest_and_a_row_ends_after_that_long_a_quiet() {
    let policy = Lockout { cooldown_max_s: 100, lock_after: 0, ..POLICY };
    let tally = after_mismatches(&[0, 0, 0, 60, 60, 60], Party::Caller, &policy);
    assert_eq!(tally.standing(at(60)), cools_until(160));
    let soon = (0..3).fold(tally.clone(), |tally, _| tally.after_mismatch(Party::Caller, &policy, at(259)));
    assert_eq!(soon.standing(at(259)), cools_until(359));
    let late = (0..3).fold(tally, |tally, _| tally.after_mismatch(Party::Caller, &policy, at(260)));
    assert_eq!(late.standing(at(260)), cools_until(320));
}

#[test]
fn an_accept_forgives_the_callers_mismatches_but_not_the_numbers() {
    let accept = |party, limit: usize| {
        let tally = after_mismatches(&vec![0; limit - 1], party, &POLICY);
        let tally = tally.after(&Verdict::Accept, party, &POLICY, at(1));
        tally.after_mismatch(party, &POLICY, at(2)).standing(at(2))
    };
    assert_eq!(accept(Party::Caller, 3), Standing::Clear);
    assert_eq!(accept(Party::Number, 5), cools_until(62));
}

#[test]
fn an_accept_opens_no_running_cooldown() {
    let tally = after_mismatches(&[0, 0, 0], Party::Caller, &POLICY).after_accept(at(5));
    assert_eq!(tally.standing(at(5)), cools_until(60));
}

#[test]
fn a_shorter_cooldown_in_the_configuration_does_not_shorten_a_running_one() {
    let tally = after_mismatches(&[0, 0, 0], Party::Caller, &POLICY);
    let shorter = Lockout { cooldown_s: 5, ..POLICY };
    let tally = (0..3).fold(tally, |tally, _| tally.after_mismatch(Party::Caller, &shorter, at(1)));
    assert_eq!(tally.standing(at(1)), cools_until(60));
}

#[test]
fn only_mismatches_count() {
    for reason in Reason::ALL {
        for verdict in [Verdict::Retry { reason }, Verdict::Reject { reason }] {
            let tally = Tally::default().after(&verdict, Party::Caller, &POLICY, at(0));
            assert_eq!(tally != Tally::default(), reason.is_mismatch(), "{reason}");
        }
    }
}

proptest! {
    #[test]
    fn no_mismatch_ever_shortens_a_wait(
        steps in prop::collection::vec((0_i64..4000, any::<bool>()), 1..80),
        caller_failures in 0_u32..5, window_s in 0_u64..2000, cooldown_s in any::<u64>(),
        cooldown_max_s in any::<u64>(), lock_after in 0_u32..5,
    ) {
        let policy = Lockout {
            caller_failures, number_failures: 5, window_s, cooldown_s, cooldown_max_s, lock_after,
        };
        let (mut tally, mut now) = (Tally::default(), 0);
        for (later, is_mismatch) in steps {
            now += later;
            let before = tally.standing(at(now));
            tally = if is_mismatch {
                tally.after_mismatch(Party::Caller, &policy, at(now))
            } else {
                tally.after_accept(at(now))
            };
            let after = tally.standing(at(now));
            prop_assert_eq!(after.or_stricter(before), after);
            let kept = serde_json::to_string(&tally).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Tally>(&kept).unwrap(), &tally);
        }
    }
}
