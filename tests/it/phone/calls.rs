use callprint::phone::{Answer, Ended, Outgoing, Provider, Repeat, Script, Silence, Then, Utterance};
use callprint::twilio::{Body, Verifier};

use super::answering_machine::{AnsweringMachine, CALLER, LINE, Reply, call, phone, tone, twiml};

const RECORD: &str =
    r#"<Record action="/next" timeout="2" maxLength="8" trim="do-not-trim"/><Redirect>/other</Redirect>"#;

#[tokio::test]
async fn every_webhook_is_signed_and_carries_what_the_provider_sends() {
    let replies = [("/start", twiml("<Redirect>/next?n=1&amp;x=%20</Redirect>")), ("/next", twiml("<Hangup/>"))];
    let machine = AnsweringMachine::start(&replies).await;
    let outgoing = machine.outgoing().with("StirVerstat", "TN-Validation-Passed-A");
    let report = phone().0.call(&outgoing, Script::in_order([])).await;
    assert!(report.is_proper(), "{:?}", report.violations);

    let verifier = Verifier::new(vec!["12345".into()], machine.base.as_str().trim_end_matches('/')).unwrap();
    let asked = machine.asked();
    assert_eq!(asked.len(), 2);
    for (request, status) in asked.iter().zip(["ringing", "in-progress"]) {
        let header = request.headers.get("x-twilio-signature").map(|value| value.to_str().unwrap());
        verifier.verify(&request.path_and_query, header, Body::Form(&request.form)).unwrap();
        let expected = [
            ("CallSid", report.call_sid.as_str()),
            ("CallStatus", status),
            ("From", CALLER),
            ("Caller", CALLER),
            ("To", LINE),
            ("Called", LINE),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
            ("StirVerstat", "TN-Validation-Passed-A"),
            ("FromCity", ""),
        ];
        for (name, value) in expected {
            assert_eq!(request.get(name), value, "{name}");
        }
    }
}

#[tokio::test]
async fn a_take_is_recorded_reported_and_served() {
    let replies = [("/start", twiml(RECORD)), ("/next", twiml("<Hangup/>"))];
    let machine = AnsweringMachine::start(&replies).await;
    let (phone, recordings) = phone();
    let report = phone.call(&machine.outgoing(), Script::in_order([Answer::Say(tone(3000))])).await;
    assert_eq!(report.ended, Ended::HungUp);
    assert_eq!(report.spoken(), ["tone"]);
    assert_eq!(recordings.remaining(), 1);

    let action = &machine.asked()[1];
    assert_eq!(action.get("RecordingDuration"), "5", "three seconds of tone and two of silence");
    assert_eq!(action.get("Digits"), "(absent)");
    let sid = action.get("RecordingSid");
    assert!(action.get("RecordingUrl").ends_with(&format!("/Recordings/{sid}")));
}

/// What the caller does during a `<Record>`, and which request comes of it with which digits.
#[tokio::test]
async fn a_record_ends_as_the_caller_ends_it() {
    let say = |then| Answer::Say(Utterance { then, ..tone(3000) });
    let table = [
        (say(Then::Wait), "/next", "(absent)", Ended::HungUp),
        (say(Then::Press('#')), "/next", "#", Ended::HungUp),
        (say(Then::HangUp), "/next", "hangup", Ended::CallerHungUp),
        (Answer::Keys("7".to_owned()), "/next", "7", Ended::HungUp),
        (Answer::HangUp, "/next", "hangup", Ended::CallerHungUp),
        (Answer::Nothing, "/next", "(absent)", Ended::HungUp),
    ];
    for (answer, path, digits, ended) in table {
        let told = format!("{answer:.40?}");
        let (report, asked) = call(RECORD, vec![answer]).await;
        assert_eq!((asked[1].path_and_query.as_str(), asked[1].get("Digits")), (path, digits), "{told}");
        assert_eq!(report.ended, ended, "{told}");
    }
}

#[tokio::test]
async fn a_silent_recording_falls_through_where_the_provider_does_it_so() {
    let replies = [("/start", twiml(RECORD)), ("/other", twiml("<Hangup/>"))];
    let machine = AnsweringMachine::start(&replies).await;
    let phone = phone().0.with_silence(Silence::FallsThrough);
    phone.call(&machine.outgoing(), Script::in_order([])).await;
    assert_eq!(machine.asked()[1].path_and_query, "/other");
}

#[tokio::test]
async fn hanging_up_while_keys_are_wanted_is_told_only_by_the_status_callback() {
    let gather = twiml(r#"<Gather action="/next"/>"#);
    let replies = [("/start", gather), ("/status", twiml(""))];
    let machine = AnsweringMachine::start(&replies).await;
    let outgoing = Outgoing { status_callback: Some(machine.base.join("status").unwrap()), ..machine.outgoing() };
    let report = phone().0.call(&outgoing, Script::in_order([Answer::HangUp])).await;
    assert_eq!(report.ended, Ended::CallerHungUp);
    let asked = machine.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[1].path_and_query.as_str(), asked[1].get("CallStatus")), ("/status", "completed"));
}

/// How a document ends a call when nothing else is asked.
#[tokio::test]
async fn a_call_ends_as_its_last_document_says() {
    let table = [
        ("<Hangup/>", Ended::HungUp, None),
        ("<Say>Bye.</Say>", Ended::RanOut, None),
        ("", Ended::RanOut, None),
        (r#"<Reject reason="busy"/>"#, Ended::Rejected, None),
        ("<Dial>+15550111</Dial>", Ended::Dialed, Some("+15550111")),
        ("<Dial>+15550111</Dial><Hangup/>", Ended::Dialed, Some("+15550111")),
        (r#"<Dial action="/next">+15550111</Dial>"#, Ended::Dialed, Some("+15550111")),
        ("<Redirect>/next</Redirect><Say>never</Say>", Ended::HungUp, None),
        ("<Redirect>/start</Redirect>", Ended::TooLong, None),
        (r#"<Say loop="0">again</Say>"#, Ended::RanOut, None),
    ];
    for (verbs, ended, dialed) in table {
        let (report, _) = call(verbs, vec![]).await;
        assert_eq!((report.ended, report.dialed()), (ended, dialed), "{verbs}");
        assert!(report.violations.is_empty(), "{verbs}: {:?}", report.violations);
    }
}

#[tokio::test]
async fn a_call_that_leaves_for_another_application_is_not_followed() {
    // {"sub":"someone","verdict":"accept"}
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lb25lIiwidmVyZGljdCI6ImFjY2VwdCJ9.c2lnbmVk";
    let verbs = format!("<Redirect>https://app.example/next?a=1&amp;callprint_token={token}</Redirect>");
    let (report, asked) = call(&verbs, vec![]).await;
    assert_eq!((report.ended, asked.len()), (Ended::Redirected, 1));
    let (url, claims) = report.redirected().unwrap();
    assert!(url.starts_with("https://app.example/next?a=1&"));
    assert_eq!(claims.unwrap()["verdict"], "accept");
}

#[tokio::test]
async fn a_repeated_webhook_must_be_answered_alike_unless_it_only_waits() {
    let waits = || twiml("<Say>One moment.</Say><Redirect>/next</Redirect>");
    let table = [
        (vec![twiml("<Say>a</Say>")], None),
        (vec![twiml("<Say>a</Say>"), twiml("<Say>b</Say>")], Some("repeat_differs")),
        (vec![waits(), twiml("<Say>b</Say>")], None),
    ];
    for (replies, fault) in table {
        for repeat in [Repeat::Afterwards, Repeat::AtOnce] {
            let replies: Vec<_> = replies.iter().map(|reply| ("/start", reply.clone())).collect();
            let machine = AnsweringMachine::start(&replies).await;
            let report = phone().0.repeating(repeat).call(&machine.outgoing(), Script::in_order([])).await;
            let codes: Vec<_> = report.violations.iter().map(|fault| fault.code.as_str()).collect();
            assert_eq!(codes, fault.into_iter().collect::<Vec<_>>(), "{repeat:?}");
        }
    }
}

#[tokio::test]
async fn a_webhook_sent_again_is_the_same_to_the_byte() {
    let machine = AnsweringMachine::start(&[("/start", twiml("<Hangup/>"))]).await;
    let (phone, _) = phone();
    let report = phone.call(&machine.outgoing(), Script::in_order([])).await;
    let (status, body) = phone.send_again(&report.turns[0].exchange).await;
    assert_eq!(status, Some(200));
    assert!(body.unwrap().contains("Hangup"));
    let asked = machine.asked();
    assert_eq!(asked[0].headers, asked[1].headers);
    assert!(asked[0].form == asked[1].form);
}

#[tokio::test]
async fn fifty_callers_at_once_do_not_get_in_each_others_way() {
    let replies = [("/start", twiml(RECORD)), ("/next", twiml("<Hangup/>"))];
    let machine = AnsweringMachine::start(&replies).await;
    let (phone, recordings) = phone();
    let provider =
        Provider::start("127.0.0.1:0".parse().unwrap(), callprint::phone::Account::random(), recordings.clone());
    provider.await.unwrap();
    let calls = (0..50).map(|_| {
        let (phone, outgoing) = (phone.clone(), machine.outgoing());
        tokio::spawn(async move { phone.call(&outgoing, Script::in_order([Answer::Say(tone(500))])).await })
    });
    let mut sids = std::collections::BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        let report = call.await.unwrap();
        assert!(report.is_proper(), "{:?}", report.violations);
        sids.insert(report.call_sid);
    }
    assert_eq!((sids.len(), recordings.remaining(), machine.asked().len()), (50, 50, 100));
}

#[tokio::test]
async fn a_machine_that_is_not_there_is_a_failed_call() {
    let outgoing = {
        let machine = AnsweringMachine::start(&[("/start", Reply::Never)]).await;
        machine.outgoing()
    };
    let report = phone().0.call(&outgoing, Script::in_order([])).await;
    assert_eq!((report.ended, report.violations[0].code.as_str()), (Ended::Failed, "http_unreachable"));
    assert_eq!(report.turns[0].status, None);
}
