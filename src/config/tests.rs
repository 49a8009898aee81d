use std::fs;

use super::*;
use crate::types::Strictness;

fn from(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callprint.toml");
    fs::write(&path, file).unwrap();
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(Some(&path), &environment).map_err(|error| error.to_string())
}

fn refused(file: &str, variables: &[(&str, &str)]) -> String {
    from(file, variables).expect_err("this configuration should have been refused")
}

#[test]
fn the_defaults_alone_make_one_line_on_loopback() {
    let config = load(None, &Environment::new()).unwrap();
    assert!(config.server.listen.ip().is_loopback());
    assert_eq!(config.lines.len(), 1);
    assert_eq!(config.lines[0].name.0, "main");
    assert_eq!(config.lines[0].strictness, Strictness::Far01Pct);
    assert!(config.twilio.auth_token.is_none());
}

#[test]
fn environment_wins_over_file_over_defaults() {
    let config = from(
        "[server]\nlisten = '127.0.0.1:1000'\n[line]\npassphrase = 'from the file'\nlocale = 'de-DE'",
        &[("CALLPRINT_LINE_PASSPHRASE", "from the environment"), ("CALLPRINT_MODELS_SESSIONS", "7")],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 1000);
    assert_eq!(config.lines[0].passphrase, "from the environment");
    assert_eq!(config.lines[0].locale, "de-DE");
    assert_eq!(config.models.sessions, 7);
}

#[test]
fn named_lines_inherit_and_override_and_answer_their_numbers() {
    let config = from(
        "[line]\npassphrase = 'shared'\n[lines.sales]\nnumbers = ['+15550100']\n[lines.rest]\nlocale = 'de-DE'",
        &[("CALLPRINT_LINES_SALES_NUMBERS", "+15550100, +15550101")],
    )
    .unwrap();
    let sales = config.line_for("+15550101").unwrap();
    assert_eq!((sales.name.0.as_str(), sales.passphrase.as_str()), ("sales", "shared"));
    assert_eq!(config.line_for("+15559999").unwrap().name.0, "rest");
}

#[test]
fn the_providers_own_variable_names_are_read() {
    let sid = format!("AC{}", "0a".repeat(16));
    let config = from("", &[("TWILIO_ACCOUNT_SID", &sid), ("TWILIO_AUTH_TOKEN", "secret-token")]).unwrap();
    assert_eq!(config.twilio.account_sid, sid);
    assert!(config.twilio.auth_token.is_some());
    assert!(!format!("{config:?}").contains("secret-token"));
}

#[test]
fn what_follows_a_verdict_can_be_set_from_the_environment() {
    let variables = [
        ("CALLPRINT_LINE_AFTER_REJECT", "{ dial = '+15550100' }"),
        ("CALLPRINT_LINE_AFTER_ACCEPT", r#"{ redirect = "https://app.example/next" }"#),
        ("CALLPRINT_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
    ];
    let config = from("", &variables).unwrap();
    assert!(matches!(config.lines[0].after_reject, AfterVerdict::Dial(_)));
    assert_eq!(config.lines[0].after_accept, AfterVerdict::Redirect("https://app.example/next".to_owned()));
}

#[test]
fn mistakes_stop_start_up_and_say_what_to_do() {
    /// A file, variables, and what the complaint must say.
    type Mistake = (&'static str, &'static [(&'static str, &'static str)], &'static str);
    let cases: &[Mistake] = &[
        ("[server]\nlissten = 'x'", &[], "did you mean `listen`?"),
        ("[sever]\nlisten = 'x'", &[], "did you mean `server`?"),
        ("[lines.a]\npassfrase = 'x'", &[], "did you mean `passphrase`?"),
        ("lines = 3", &[], "unknown key `lines`"),
        ("[lines]\na = 3", &[], "[lines.a]"),
        ("", &[("CALLPRINT_SERVER_LISTN", "x")], "unknown key `CALLPRINT_SERVER_LISTN`"),
        ("", &[("CALLPRINT_MODELS_SESSIONS", "two")], "CALLPRINT_MODELS_SESSIONS must be a whole number"),
        ("[server]\nlisten = 'here'", &[], "invalid socket address"),
        ("[server]\nlisten = '0.0.0.0:80'", &[], "TWILIO_AUTH_TOKEN"),
        ("[server]\npublic_url = 'https://a.example/'", &[], "must end without slash"),
        ("[server]\npublic_url = 'ftp://a.example'", &[], "https://"),
        ("[twilio]\nauth_token = 'x'", &[], "TWILIO_ACCOUNT_SID"),
        ("[twilio]\naccount_sid = 'AC12'", &[], "32 hex digits"),
        ("[token]\nsecret = 'short'", &[], "at least 32 bytes"),
        ("[listening]\napi_key = 'short'", &[], "listening.api_key: must be at least 32 bytes"),
        ("[listening]\nwebhook_url = 'http://a.example'", &[], "https://"),
        ("[listening]\nwebhook_url = 'https://a.example'", &[], "listening.webhook_secret: must be set"),
        ("[listening]\nwebhook_secret = 'short'", &[], "listening.webhook_secret: must be at least 32 bytes"),
        ("[listening]\nlimit_s = 5", &[], "listening.limit_s: 5 is out of range"),
        ("[line]\nafter_accept = { redirect = 'https://a.example' }", &[], "token.secret"),
        ("[line]\nafter_accept = 'shout'", &[], "unknown variant"),
        ("[line]\nstrictness = '5%'", &[], "unknown variant"),
        ("[line]\npassphrase = ' '", &[], "1 to 200 characters"),
        ("[line]\ncountries = ['usa']", &[], "two-letter country code"),
        ("[lines.a]\n[lines.b]", &[], "one of them would never answer"),
        ("[lines.a]\nnumbers = ['+15550100', '+15550100']", &[], "listed twice"),
        ("[lines.Big]", &[], "lower-case"),
        ("[verification]\nmax_take_s = 1", &[], "verification.max_take_s: 1 is out of range"),
        ("[lockout]\ncooldown_max_s = 1", &[], "lockout.cooldown_max_s"),
        ("[server", &[], "not valid TOML"),
    ];
    for (file, variables, expected) in cases {
        let message = refused(file, variables);
        assert!(message.contains(expected), "{file:?} {variables:?}: {message}");
    }
}

#[test]
fn every_key_of_the_default_file_carries_a_comment() {
    let mut previous_is_comment = false;
    for line in DEFAULTS.lines() {
        let is_key = line.chars().next().is_some_and(char::is_alphabetic);
        // Keys that share the comment above them follow a key directly.
        assert!(!is_key || previous_is_comment, "no comment above: {line}");
        previous_is_comment = line.starts_with('#') || is_key;
    }
}
