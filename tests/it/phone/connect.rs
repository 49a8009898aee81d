use super::answering_machine::call;

/// What follows a stream that no server takes: the verb's action, or the next verb.
#[tokio::test]
async fn a_call_goes_on_after_a_refused_stream() {
    let table = [(r#"action="/next?n=2""#, "/next?n=2"), ("", "/other")];
    for (attributes, expected) in table {
        let stream = r#"<Stream url="wss://a.example/media"><Parameter name="token" value="t"/></Stream>"#;
        let verbs = format!("<Connect {attributes}>{stream}</Connect><Redirect>/other</Redirect>");
        let (report, asked) = call(&verbs, Vec::new()).await;
        assert!(report.violations.is_empty(), "{attributes}: {:?}", report.violations);
        assert_eq!(asked[1].path_and_query, expected);
    }
}
