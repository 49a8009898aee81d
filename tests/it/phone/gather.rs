use callprint::phone::{Answer, Ended};

use super::answering_machine::call;

/// The attributes of a `<Gather>`, what is pressed, and the `Digits` sent; `None` goes on with the next verb.
#[tokio::test]
async fn keys_are_collected_as_the_attributes_say() {
    let table = [
        (r#"numDigits="1""#, "1", Some("1")),
        (r#"numDigits="1""#, "23", Some("2")),
        (r#"numDigits="1""#, "", None),
        (r#"numDigits="4""#, "12", Some("12")),
        ("", "48290017#", Some("48290017")),
        ("", "48290017", Some("48290017")),
        ("", "12#34", Some("12")),
        ("", "#", None),
        ("", "*", Some("*")),
        (r#"finishOnKey="""#, "12#", Some("12#")),
        (r#"finishOnKey="*" numDigits="3""#, "1*", Some("1")),
        (r#"actionOnEmptyResult="true""#, "", Some("")),
        (r#"actionOnEmptyResult="true""#, "#", Some("")),
    ];
    for (attributes, keys, digits) in table {
        let verbs =
            format!(r#"<Gather action="/next" {attributes}><Say>Keys?</Say></Gather><Redirect>/other</Redirect>"#);
        let answer = if keys.is_empty() { Answer::Nothing } else { Answer::Keys(keys.to_owned()) };
        let (report, asked) = call(&verbs, vec![answer]).await;
        assert!(report.is_proper(), "{attributes}: {:?}", report.violations);
        let sent = (asked[1].path_and_query == "/next").then(|| asked[1].get("Digits"));
        assert_eq!(sent, digits, "{attributes:?} and {keys:?}");
    }
}

#[tokio::test]
async fn keys_go_to_the_current_document_where_no_action_is_named() {
    let (_, asked) = call(r#"<Gather numDigits="1"/><Hangup/>"#, vec![Answer::Keys("5".to_owned())]).await;
    assert_eq!((asked[1].path_and_query.as_str(), asked[1].get("Digits")), ("/start", "5"));
}

#[tokio::test]
async fn a_get_action_carries_its_parameters_in_the_query() {
    let verbs = r#"<Gather action="/next?n=2" method="GET" numDigits="1"/>"#;
    let (report, asked) = call(verbs, vec![Answer::Keys("5".to_owned())]).await;
    assert_eq!((asked[1].method.as_str(), report.ended), ("GET", Ended::HungUp));
    assert!(asked[1].path_and_query.starts_with("/next?n=2&CallSid=CA"), "{}", asked[1].path_and_query);
    assert!(asked[1].path_and_query.contains("&Digits=5"));
}
