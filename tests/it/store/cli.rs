//! The operator's commands, run as a person would while a server has the store open.

use std::process::{Command, Output};

use callprint::dialog::Standing;
use callprint::types::{E164, Reason, Timestamp, Verdict};
use serde_json::Value;

use super::{Place, at, attempt};

impl Place {
    fn run(&self, command: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_callprint"))
            .args(command.split(' '))
            .env("CALLPRINT_STORE_DATA_DIR", &self.config.data_dir)
            .output()
            .unwrap()
    }

    /// What a command that succeeds prints.
    fn says(&self, command: &str) -> String {
        let output = self.run(command);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "callprint {command}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.says(&format!("{command} --json"))).unwrap()
    }

    /// What a command that fails complains of.
    fn complains(&self, command: &str) -> String {
        let output = self.run(command);
        assert_eq!(output.status.code(), Some(2), "callprint {command}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[tokio::test]
async fn callers_are_listed_with_their_numbers_masked_unless_asked_for() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await.to_string();
    for command in
        ["callers list", "callers list --json", "callers show +15550100001", "callers show +15550100001 --json"]
    {
        let masked = place.says(command);
        assert!(masked.contains(&id) && !masked.contains("15550100001"), "{command}: {masked}");
        assert!(masked.contains("•01"), "{command}: {masked}");
        let clear = place.says(&format!("{command} --show-numbers"));
        assert!(clear.contains("+15550100001"), "{command}: {clear}");
    }
    let listed = &place.json("callers list")[0];
    assert_eq!((&listed["is_enrolled"], &listed["consent"]), (&true.into(), &"given".into()));
    assert_eq!(place.json("callers list --limit 0"), Value::Array(vec![]));
}

#[tokio::test]
async fn a_caller_is_shown_by_any_of_their_names_with_standing_and_audit() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let account = place.store.caller(id).await.unwrap().unwrap().account_number;
    for name in [id.to_string(), account, "+15550100001".to_owned()] {
        let shown = place.json(&format!("callers show {name}"));
        assert_eq!(shown["caller"]["id"], id.to_string());
        assert_eq!(shown["voiceprint"]["model"], "campplus");
        assert_eq!((&shown["standing"], &shown["audit"][0]["kind"]), (&"clear".into(), &"call_ended".into()));
        assert_eq!(shown["consents"][0]["consent"], "given");
    }
    assert!(place.complains("callers show bob").contains("nobody is called bob"));
}

#[tokio::test]
async fn attempts_are_listed_and_filtered() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100001").await;
    place.take(&call, attempt(Verdict::Reject { reason: Reason::VoiceMismatch })).await;
    let text = place.says("attempts");
    assert!(text.contains("reject") && text.contains("voice_mismatch") && text.contains("-3.5"), "{text}");
    let found = place.json("attempts --caller +15550100001 --line main --since 2020-01-01 --limit 5");
    assert_eq!(found[0]["caller"], id.to_string());
    assert_eq!((&found[0]["decision"], &found[0]["reason"]), (&"reject".into(), &"voice_mismatch".into()));
    assert_eq!(found[0]["signals"]["llr"], -3.5);
    assert_eq!(place.says("attempts --line other").trim(), "no attempts");
    assert!(place.complains("attempts --since yesterday").contains("expected a time"));
}

#[tokio::test]
async fn a_code_is_made_for_a_new_user_and_the_server_takes_it() {
    let place = Place::new();
    let code = place.json("callers code --for user:alice --ttl 7d");
    let owner = place.store.check_code(code["code"].as_str().unwrap(), None, Timestamp::now()).await.unwrap().owner;
    assert_eq!(code["caller"], owner.unwrap().to_string());
    let text = place.says("callers code");
    let digits: String = text.lines().next().unwrap().chars().filter(char::is_ascii_digit).collect();
    assert!(digits.len() == 8 && text.contains("whoever types it"), "{text}");
    assert!(place.complains("callers code --ttl soon").contains("expected a number"));
    assert!(place.complains("callers code --for 00000000").contains("no such caller"));
}

#[tokio::test]
async fn unlocking_a_number_unlocks_it_and_its_caller_for_the_running_server() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100001").await;
    for _ in 0..5 {
        place.take(&call, attempt(Verdict::Retry { reason: Reason::VoiceMismatch })).await;
        place.turn(&call, vec![]).await.unwrap();
    }
    assert_eq!(place.says("callers unlock +15550100001").trim(), "unlocked");
    assert_eq!(place.says("callers unlock +15550100001").trim(), "there was nothing to unlock");
    let number = E164::parse("+15550100001").unwrap();
    let standing = place.store.standing(Some(id), Some(&number), None, at(0)).await.unwrap();
    assert_eq!((standing.caller, standing.number), (Standing::Clear, Standing::Clear));
}

#[tokio::test]
async fn deleting_asks_first_and_then_says_what_went() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    assert!(place.complains("callers delete +15550100001").contains("add --yes"));
    assert!(place.store.caller(id).await.unwrap().is_some());
    let done = place.json("callers delete +15550100001 --yes");
    assert_eq!((&done["deleted"], &done["erased"]["had_voiceprint"]), (&id.to_string().into(), &true.into()));
    assert!(place.store.caller(id).await.unwrap().is_none());
    assert!(place.complains("callers delete +15550100001 --yes").contains("nobody"));
}

#[tokio::test]
async fn an_export_holds_all_but_the_voiceprint_and_overwrites_nothing() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    place.enrolled(2, "+15550100002").await;
    let file = place.config.data_dir.join("export.json");
    let command = format!("callers export --out {}", file.display());
    assert!(place.says(&command).starts_with("2 callers"));
    let exported: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(exported[1]["caller"]["number"], "+15550100001");
    assert_eq!(exported[1]["voiceprint"]["model"], "campplus");
    assert!(place.complains(&command).contains("cannot write"));
    let one: Value = serde_json::from_str(&place.says("callers export +15550100002")).unwrap();
    assert_eq!(one.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_key_is_rotated_beside_a_running_server() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let before = place.json("keys list");
    let rotated = place.json("keys rotate");
    assert_eq!((&rotated["from"], &rotated["resealed"]), (&before["keys"][0]["id"], &1.into()));
    assert!(place.store.voiceprint(id).await.unwrap().is_some());
    let listed = place.says("keys list");
    assert!(listed.contains("voiceprint.key") && listed.contains("in use"), "{listed}");
    let key = std::fs::read_to_string(place.config.data_dir.join("voiceprint.key")).unwrap();
    assert!(!listed.contains(key.lines().last().unwrap()), "a key is printed");
    assert_eq!(place.says("keys new").trim().len(), 44);
}

#[test]
fn a_folder_without_a_database_is_taken_for_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_callprint"))
        .args(["callers", "list"])
        .env("CALLPRINT_STORE_DATA_DIR", dir.path().join("nowhere"))
        .output()
        .unwrap();
    assert_eq!(command.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&command.stderr).contains("there is no database in"));
    assert!(!dir.path().join("nowhere").exists());
}

#[test]
fn every_command_shows_an_example() {
    let commands = ["attempts", "keys", "callers", "callers list", "callers show", "callers code", "callers unlock"];
    for command in commands.into_iter().chain(["callers delete", "callers export"]) {
        let help =
            Command::new(env!("CARGO_BIN_EXE_callprint")).args(command.split(' ')).arg("--help").output().unwrap();
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(text.contains("Example") && text.contains(&format!("  callprint {command}")), "{command}: {text}");
    }
}
