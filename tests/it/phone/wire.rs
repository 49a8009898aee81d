use std::time::Duration;

use callprint::phone::{Ended, Limits, Script};

use super::answering_machine::{AnsweringMachine, Reply, phone, twiml};

async fn outcome(replies: &[(&str, Reply)]) -> (Ended, Vec<String>) {
    let machine = AnsweringMachine::start(replies).await;
    let limits = Limits { answer: Duration::from_millis(500), ..Limits::default() };
    let report = phone().0.with_limits(limits).call(&machine.outgoing(), Script::in_order([])).await;
    (report.ended, report.violations.into_iter().map(|fault| fault.code).collect())
}

#[tokio::test]
async fn answers_are_taken_or_refused_as_the_provider_does() {
    let xml = || b"<Response><Hangup/></Response>".to_vec();
    let table = [
        (Reply::Typed("text/xml", xml()), Ended::HungUp, None),
        (Reply::Typed("application/xml; charset=utf-8", xml()), Ended::HungUp, None),
        (Reply::Typed("text/html", xml()), Ended::HungUp, None),
        (Reply::Typed("text/plain", xml()), Ended::HungUp, None),
        (Reply::Typed("text/plain", b"Internal error".to_vec()), Ended::HungUp, Some("http_text")),
        (Reply::Typed("audio/mpeg", vec![0; 10]), Ended::HungUp, None),
        (Reply::Typed("application/json", b"{}".to_vec()), Ended::Failed, Some("http_content_type")),
        (Reply::Typed("", xml()), Ended::Failed, Some("http_content_type")),
        (Reply::Typed("text/xml", Vec::new()), Ended::Failed, Some("http_empty")),
        (Reply::Typed("text/xml", vec![b' '; 65_537]), Ended::Failed, Some("http_too_large")),
        (Reply::Typed("text/xml", vec![0xff, 0xfe]), Ended::Failed, Some("http_not_utf8")),
        (Reply::Status(403), Ended::Failed, Some("http_status")),
        (Reply::Status(503), Ended::Failed, Some("http_status")),
        (Reply::Never, Ended::Failed, Some("http_too_slow")),
        (twiml("<Sing/>"), Ended::Failed, Some("twiml_unknown_verb")),
    ];
    for (number, (reply, ended, fault)) in table.into_iter().enumerate() {
        let expected = (ended, fault.map(str::to_owned).into_iter().collect());
        assert_eq!(outcome(&[("/start", reply)]).await, expected, "row {number}");
    }
}

#[tokio::test]
async fn ten_redirects_are_followed_and_eleven_are_not() {
    let chain: Vec<_> = (0..11).map(|_| ("/start", Reply::Location(307, "/start"))).collect();
    let followed = [&chain[..10], &[("/start", twiml("<Hangup/>"))]].concat();
    assert_eq!(outcome(&followed).await, (Ended::HungUp, vec![]));
    let too_many = [&chain[..], &[("/start", twiml("<Hangup/>"))]].concat();
    assert_eq!(outcome(&too_many).await, (Ended::Failed, vec!["http_redirects".to_owned()]));
}

#[tokio::test]
async fn a_redirect_keeps_the_form_or_becomes_a_get_by_its_status() {
    for (status, method) in [(307, "POST"), (308, "POST"), (302, "GET"), (303, "GET")] {
        let replies = [("/start", Reply::Location(status, "/next")), ("/next", twiml("<Hangup/>"))];
        let machine = AnsweringMachine::start(&replies).await;
        let report = phone().0.call(&machine.outgoing(), Script::in_order([])).await;
        assert_eq!((report.ended, machine.asked()[1].method.as_str()), (Ended::HungUp, method), "{status}");
    }
}
