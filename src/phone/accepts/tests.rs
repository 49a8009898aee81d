use proptest::prelude::*;

use super::*;

fn codes(xml: &str) -> Vec<&'static str> {
    check(xml).map_or_else(|violations| violations.iter().map(|v| v.code).collect(), |_| Vec::new())
}

fn verbs(body: &str) -> Vec<Verb> {
    check(&format!("<Response>{body}</Response>")).expect(body).verbs
}

/// A stream that is told one parameter, `token`.
fn streaming(token: &str) -> String {
    let parameter = format!("<Parameter name='token' value='{token}'/>");
    format!("<Response><Connect><Stream url='wss://a.example/media'>{parameter}</Stream></Connect></Response>")
}

#[test]
fn each_fault_of_a_document_gets_its_code() {
    let rows: &[(&str, &[&str])] = &[
        ("", &["twiml_empty"]),
        ("\n<?xml version=\"1.0\"?><Response/>", &["twiml_before_declaration"]),
        ("\u{feff}<Response/>", &["twiml_before_declaration"]),
        ("Hello", &["twiml_before_declaration"]),
        ("<!-- first --><?xml version=\"1.0\"?><Response/>", &["twiml_before_declaration"]),
        ("<?xml version=\"1.0\" encoding=\"latin1\"?><Response/>", &["twiml_not_xml"]),
        ("<?xml version=\"1.1\"?><Response/>", &["twiml_not_xml"]),
        ("<?xml version=\"1.0'?><Response/>", &["twiml_not_xml"]),
        ("<?xml encoding=\"UTF-8\" version=\"1.0\"?><Response/>", &["twiml_not_xml"]),
        ("<?xml version=\"1.0\" lang=\"en\"?><Response/>", &["twiml_not_xml"]),
        ("<?xml?><Response/>", &["twiml_not_xml"]),
        ("<Response>", &["twiml_not_xml"]),
        ("<Response/></Response>", &["twiml_not_xml"]),
        ("</Response>", &["twiml_not_xml"]),
        ("<Response></response>", &["twiml_not_xml"]),
        ("<Response/><Response/>", &["twiml_not_xml"]),
        ("<Response/>text", &["twiml_not_xml"]),
        ("<Response/>&amp;", &["twiml_not_xml"]),
        ("<Response><Say>a & b</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say>a ]]> b</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Redirect>/x?a=1&b=2</Redirect></Response>", &["twiml_not_xml"]),
        ("<Response><Gather action=\"/x?a=1&b=2\"/></Response>", &["twiml_not_xml"]),
        ("<Response><Say voice='a' voice='b'>x</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say voice='a'language='b'>x</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say voice=a>x</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say voice>x</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say voice='<'>x</Say></Response>", &["twiml_not_xml"]),
        ("<Response><?php x ?></Response>", &["twiml_not_xml"]),
        ("<Response><!-- a -- b --></Response>", &["twiml_not_xml"]),
        ("<!DOCTYPE r [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>", &["twiml_dtd"]),
        ("<Response><Say>&nbsp;</Say></Response>", &["twiml_entity"]),
        ("<Response><Say>&#0;</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say>&#xD800;</Say></Response>", &["twiml_not_xml"]),
        ("<Response><Say>&#1;</Say></Response>", &["twiml_control_character"]),
        ("<Response><Say voice='&#xFFFE;'>a</Say></Response>", &["twiml_control_character"]),
        ("<Response><Say>\u{7}</Say></Response>", &["twiml_control_character"]),
        ("<response/>", &["twiml_root"]),
        ("<Say>a</Say>", &["twiml_root"]),
        ("<Response><say>a</say></Response>", &["twiml_unknown_verb"]),
        ("<Response><Enqueue/><Sing/></Response>", &["twiml_unknown_verb", "twiml_unknown_verb"]),
        ("<Response><Say Voice='a'>a</Say></Response>", &["twiml_unknown_attribute"]),
        ("<Response><Record recordingTrack='both'/></Response>", &["twiml_unknown_attribute"]),
        ("<Response version='1'/>", &["twiml_unknown_attribute"]),
        ("<Response><Say>a<Say>b</Say></Say></Response>", &["twiml_misplaced"]),
        ("<Response><Gather><Record/></Gather></Response>", &["twiml_misplaced"]),
        ("<Response><Gather><Hangup/></Gather></Response>", &["twiml_misplaced"]),
        ("<Response><Record><Say>a</Say></Record></Response>", &["twiml_misplaced"]),
        ("<Response><Number>1</Number></Response>", &["twiml_misplaced"]),
        ("<Response><break/></Response>", &["twiml_misplaced"]),
        ("<Response><Say>a<p>b<Hangup/></p></Say></Response>", &["twiml_misplaced"]),
        ("<Response><Response/></Response>", &["twiml_misplaced"]),
        ("<Response><Say>a</Say><Reject/></Response>", &["twiml_reject_not_first"]),
        ("<Response>Hello</Response>", &["twiml_stray_text"]),
        ("<Response><Hangup>now</Hangup></Response>", &["twiml_stray_text"]),
        ("<Response><Gather>Press 1</Gather></Response>", &["twiml_stray_text"]),
        ("<Response><Say> </Say></Response>", &["twiml_nothing_said"]),
        ("<Response><Dial/></Response>", &["twiml_nothing_said"]),
        ("<Response><Redirect/></Response>", &["twiml_bad_url"]),
        ("<Response><Redirect>ftp://a.example</Redirect></Response>", &["twiml_bad_url"]),
        ("<Response><Redirect>javascript:x</Redirect></Response>", &["twiml_bad_url"]),
        ("<Response><Redirect>https://</Redirect></Response>", &["twiml_bad_url"]),
        ("<Response><Redirect>/a b</Redirect></Response>", &["twiml_bad_url"]),
        ("<Response><Play/></Response>", &["twiml_bad_url"]),
        ("<Response><Pause length='0'/></Response>", &["twiml_bad_value"]),
        ("<Response><Pause length='1.5'/></Response>", &["twiml_bad_value"]),
        ("<Response><Pause length='+1'/></Response>", &["twiml_bad_value"]),
        ("<Response><Pause length=''/></Response>", &["twiml_bad_value"]),
        ("<Response><Record maxLength='1'/></Response>", &["twiml_bad_value"]),
        ("<Response><Record maxLength='14401'/></Response>", &["twiml_bad_value"]),
        ("<Response><Record finishOnKey='x'/></Response>", &["twiml_bad_value"]),
        ("<Response><Record trim='yes'/></Response>", &["twiml_bad_value"]),
        ("<Response><Record playBeep='True'/></Response>", &["twiml_bad_value"]),
        ("<Response><Gather finishOnKey='12'/></Response>", &["twiml_bad_value"]),
        ("<Response><Gather numDigits='0'/></Response>", &["twiml_bad_value"]),
        ("<Response><Gather input='keys'/></Response>", &["twiml_bad_value"]),
        ("<Response><Gather method='PUT' action=''/></Response>", &["twiml_bad_value", "twiml_bad_value"]),
        ("<Response><Reject reason='bored'/></Response>", &["twiml_bad_value"]),
        ("<Response><Dial timeout='601'>+15550100</Dial></Response>", &["twiml_bad_value"]),
    ];
    for (xml, expected) in rows {
        assert_eq!(codes(xml), *expected, "{xml}");
    }
}

#[test]
fn each_fault_of_a_stream_gets_its_code() {
    let rows: &[(&str, &[&str])] = &[
        ("<Response><Stream url='/media'/></Response>", &["twiml_misplaced"]),
        ("<Response><Connect><Parameter name='a' value='b'/></Connect></Response>", &["twiml_misplaced"]),
        ("<Response><Connect><Say>a</Say></Connect></Response>", &["twiml_misplaced"]),
        ("<Response><Connect/></Response>", &["twiml_not_one_child"]),
        ("<Response><Connect><Stream url='/a'/><Stream url='/b'/></Connect></Response>", &["twiml_not_one_child"]),
        ("<Response><Connect>now<Stream url='/a'/></Connect></Response>", &["twiml_stray_text"]),
        ("<Response><Connect><Stream/></Connect></Response>", &["twiml_missing_attribute"]),
        (
            "<Response><Connect><Stream url='/a'><Parameter/></Stream></Connect></Response>",
            &["twiml_missing_attribute", "twiml_missing_attribute"],
        ),
        ("<Response><Connect><Stream url='ws://a.example/m'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='ws://127.0.0.1.a.example/m'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='ws://localhost:x/m'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='ws://a@127.0.0.1/m'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='https://a.example/m'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='wss://a.example/m?t=1'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Connect><Stream url='/a' track='both_tracks'/></Connect></Response>", &["twiml_bad_value"]),
        ("<Response><Start/></Response>", &["twiml_not_one_child"]),
        ("<Response><Start><Say>a</Say></Start></Response>", &["twiml_misplaced"]),
        ("<Response><Start action='/t'><Stream url='/a'/></Start></Response>", &["twiml_unknown_attribute"]),
        ("<Response><Start><Stream url='/a' track='all'/></Start></Response>", &["twiml_bad_value"]),
    ];
    for (xml, expected) in rows {
        assert_eq!(codes(xml), *expected, "{xml}");
    }
}

#[test]
fn what_is_too_big_gets_its_code() {
    let nested = format!("<Response><Say>{}a{}</Say></Response>", "<p>".repeat(20), "</p>".repeat(20));
    let rows = [
        (format!("<Response><!--{}--></Response>", "a".repeat(MAX_BYTES)), "twiml_too_large"),
        (format!("<Response>{}</Response>", "<Hangup/>".repeat(600)), "twiml_too_many_elements"),
        (nested, "twiml_too_deep"),
        (format!("<Response><Say>{}</Say></Response>", "a".repeat(4097)), "twiml_say_too_long"),
        (streaming(&"v".repeat(495)), "twiml_parameter_too_long"),
    ];
    for (xml, code) in rows {
        assert_eq!(codes(&xml), [code]);
    }
}

#[test]
fn every_verb_is_read_with_its_defaults() {
    let gather = Gather {
        action: None,
        method: Method::Post,
        timeout_s: 5,
        num_digits: None,
        finish_on_key: "#".to_owned(),
        action_on_empty_result: false,
        barge_in: true,
        children: Vec::new(),
    };
    let record = Record {
        action: None,
        method: Method::Post,
        timeout_s: 5,
        finish_on_key: "1234567890*#".to_owned(),
        max_length_s: 3600,
        play_beep: true,
        trim_silence: true,
    };
    let connect = Connect { action: None, method: Method::Post, url: "/media".to_owned(), parameters: Vec::new() };
    let start = Start { url: "/media".to_owned(), tracks: Tracks::Inbound, parameters: Vec::new() };
    let dial = Dial { number: "+15550100".to_owned(), action: None, method: Method::Post, timeout_s: 30 };
    let rows = [
        ("<Say>a</Say>", Verb::Say { text: "a".into(), voice: None, language: "en-US".into(), times: 1 }),
        ("<Play>/a.wav</Play>", Verb::Play { url: "/a.wav".into(), digits: None, times: 1 }),
        ("<Play digits='w1'/>", Verb::Play { url: String::new(), digits: Some("w1".into()), times: 1 }),
        ("<Pause/>", Verb::Pause { seconds: 1 }),
        ("<Gather/>", Verb::Gather(gather)),
        ("<Record/>", Verb::Record(record)),
        ("<Redirect>/x</Redirect>", Verb::Redirect { url: "/x".into(), method: Method::Post }),
        ("<Dial>+15550100</Dial>", Verb::Dial(dial.clone())),
        ("<Dial>\n  <Number>+15550100</Number>\n</Dial>", Verb::Dial(dial)),
        ("<Connect><Stream url='/media'/></Connect>", Verb::Connect(connect)),
        ("<Start><Stream url='/media'/></Start>", Verb::Start(start)),
        ("<Hangup/>", Verb::Hangup),
        ("<Reject/>", Verb::Reject { busy: false }),
    ];
    for (xml, verb) in rows {
        assert_eq!(verbs(xml), [verb], "{xml}");
    }
}

#[test]
fn every_attribute_the_phone_needs_is_read() {
    let gather = "<Gather action='/t?n=1&amp;x=2' method='GET' timeout='3' numDigits='8' finishOnKey=''
        actionOnEmptyResult='true' bargeIn='false'><Say language='de-DE' voice='Polly.Vicki' loop='2'>a</Say></Gather>";
    let said = Verb::Say { text: "a".into(), voice: Some("Polly.Vicki".into()), language: "de-DE".into(), times: 2 };
    let expected = Gather {
        action: Some("/t?n=1&x=2".to_owned()),
        method: Method::Get,
        timeout_s: 3,
        num_digits: Some(8),
        finish_on_key: String::new(),
        action_on_empty_result: true,
        barge_in: false,
        children: vec![said],
    };
    assert_eq!(verbs(gather), [Verb::Gather(expected)]);

    let record = "<Record action='/t' method='GET' timeout='0' finishOnKey='#' maxLength='8' playBeep='false'
        trim='do-not-trim'/>";
    let expected = Record {
        action: Some("/t".to_owned()),
        method: Method::Get,
        timeout_s: 0,
        finish_on_key: "#".to_owned(),
        max_length_s: 8,
        play_beep: false,
        trim_silence: false,
    };
    assert_eq!(verbs(record), [Verb::Record(expected)]);

    let connect = "<Connect action='/t' method='GET'>
        <Stream url='wss://a.example/media' name='take' track='inbound_track'>
            <Parameter name='token' value='a&amp;b'/>
            <Parameter name='turn' value=''/>
        </Stream>
    </Connect>";
    let expected = Connect {
        action: Some("/t".to_owned()),
        method: Method::Get,
        url: "wss://a.example/media".to_owned(),
        parameters: vec![("token".to_owned(), "a&b".to_owned()), ("turn".to_owned(), String::new())],
    };
    assert_eq!(verbs(connect), [Verb::Connect(expected)]);
    assert_eq!(verbs("<Reject reason='busy'/>"), [Verb::Reject { busy: true }]);
}

#[test]
fn text_is_read_as_xml_means_it() {
    let rows = [
        ("a &lt;&gt;&amp;&apos;&quot; &#65;&#x1F600;", "a <>&'\" A😀"),
        ("<![CDATA[<b> & ]]>c", "<b> & c"),
        ("a<!-- not said -->b", "ab"),
        ("\n    a\r\nb\n  ", "a\nb"),
        ("one <emphasis level='strong'>two</emphasis> three", "one two three"),
    ];
    for (xml, expected) in rows {
        let verbs = verbs(&format!("<Say>{xml}</Say>"));
        assert!(matches!(&verbs[..], [Verb::Say { text, .. }] if text == expected), "{xml}: {verbs:?}");
    }
}

#[test]
fn a_document_at_every_limit_is_taken() {
    let rows = [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- comment -->\n<Response/>\n".to_owned(),
        "<?xml version='1.0' encoding='utf-8' standalone='no' ?><Response/>".to_owned(),
        "<Response><Reject/><Say>not reached</Say></Response>".to_owned(),
        format!("<Response><Say>{}</Say></Response>", "ä".repeat(4096)),
        "<Response><Record maxLength=\"14400\" finishOnKey=\"\"/><Record maxLength=\"2\"/></Response>".to_owned(),
        streaming(&"ä".repeat(494)),
        "<Response><Gather input=\"dtmf speech\" speechTimeout=\"auto\"/></Response>".to_owned(),
    ];
    for xml in rows {
        assert_eq!(codes(&xml), [""; 0], "{xml}");
    }
}

/// Pieces that make a document likely enough to get past the first checks.
const PIECES: &[&str] = &[
    "<?xml version=\"1.0\"?>",
    "<Response>",
    "</Response>",
    "<Response/>",
    "<Say>",
    "</Say>",
    "<Gather numDigits=\"1\"",
    " action='/x'",
    ">",
    "/>",
    "</Gather>",
    "<Record/>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&amp;",
    "&#",
    "x0;",
    "<!DOCTYPE",
    "<?",
    "\u{0}",
    "é😀",
    " ",
    "\"",
    "'",
    "=",
];

proptest! {
    #[test]
    fn any_bytes_are_a_document_or_violations(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces_of_xml_are_a_document_or_violations(
        pieces in proptest::collection::vec(prop::sample::select(PIECES), 0..40),
    ) {
        if let Err(violations) = check(&pieces.concat()) {
            prop_assert!(!violations.is_empty());
        }
    }

    #[test]
    fn a_document_cut_short_is_never_taken(at in any::<prop::sample::Index>()) {
        let xml = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/twiml/apology.xml")).trim_end();
        let cut = at.index(xml.len());
        prop_assert!(check(&xml[..cut]).is_err());
    }
}

#[test]
fn a_started_stream_says_whose_side_it_gets() {
    for (name, tracks) in
        [("inbound_track", Tracks::Inbound), ("outbound_track", Tracks::Outbound), ("both_tracks", Tracks::Both)]
    {
        let start = format!(
            "<Start><Stream url='wss://a.example/m' track='{name}'><Parameter name='token' value='t'/></Stream></Start>"
        );
        let parameters = vec![("token".to_owned(), "t".to_owned())];
        let expected = Start { url: "wss://a.example/m".to_owned(), tracks, parameters };
        assert_eq!(verbs(&start), [Verb::Start(expected)]);
    }
}

#[test]
fn a_socket_on_this_machine_needs_no_tls() {
    for host in ["127.0.0.1", "127.0.0.1:8080", "localhost", "localhost:1", "[::1]", "[::1]:65535"] {
        let connect = format!("<Connect><Stream url='ws://{host}/media'/></Connect>");
        assert_eq!(verbs(&connect).len(), 1, "{host}");
    }
}
