use std::time::Duration;

use callprint::phone::{Account, Answer, Lag, Provider, Recordings, Script, Trouble};
use reqwest::{Client, StatusCode};

use super::answering_machine::{AnsweringMachine, tone, twiml};
use crate::wait::eventually;

/// A header, and at 16 bits and 8 kHz one second of tone and one until the recorder has had enough.
const WAV_BYTES: usize = 44 + 2 * 16_000;

/// A provider with one recording made by a call.
struct Scene {
    provider: Provider,
    recordings: Recordings,
    account: Account,
    recording: String,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let replies = [("/start", twiml(r#"<Record action="/next" timeout="1"/>"#)), ("/next", twiml("<Hangup/>"))];
        let machine = AnsweringMachine::start(&replies).await;
        let (recordings, account) = (Recordings::new(), Account::random());
        let provider =
            Provider::start("127.0.0.1:0".parse().unwrap(), account.clone(), recordings.clone()).await.unwrap();
        let phone = callprint::phone::Phone::new(account.clone(), recordings.clone()).unwrap();
        phone.call(&machine.outgoing(), Script::in_order([Answer::Say(tone(1000))])).await;
        let recording = machine.asked()[1].get("RecordingSid").to_owned();
        Self { provider, recordings, account, recording, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self, suffix: &str) -> String {
        let (base, account) = (self.provider.base_url(), &self.account.sid);
        format!("{base}/2010-04-01/Accounts/{account}/Recordings/{}{suffix}", self.recording)
    }

    async fn get(&self, url: String) -> reqwest::Result<(StatusCode, Vec<u8>)> {
        let password = secrecy::ExposeSecret::expose_secret(&self.account.token);
        let response = self.client.get(url).basic_auth(&self.account.sid, Some(password)).send().await?;
        Ok((response.status(), response.bytes().await?.to_vec()))
    }

    async fn delete(&self) -> StatusCode {
        let password = secrecy::ExposeSecret::expose_secret(&self.account.token);
        let request = self.client.delete(self.url(".json")).basic_auth(&self.account.sid, Some(password));
        request.send().await.unwrap().status()
    }
}

#[tokio::test]
async fn a_recording_is_served_as_wav_until_it_is_deleted() {
    let scene = Scene::new().await;
    for suffix in ["", ".wav"] {
        let (status, wav) = scene.get(scene.url(suffix)).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(wav.len(), WAV_BYTES);
        assert!(wav.starts_with(b"RIFF"));
    }
    assert_eq!(scene.delete().await, 204);
    assert_eq!(scene.delete().await, 404);
    assert_eq!(scene.get(scene.url("")).await.unwrap().0, 404);
    assert_eq!((scene.recordings.fetches(), scene.recordings.deletes(), scene.recordings.remaining()), (3, 1, 0));
}

#[tokio::test]
async fn a_recording_that_is_not_ready_is_a_404_that_looks_like_the_providers() {
    let scene = Scene::new().await;
    scene.recordings.set_lag(Lag::Requests(2));
    for expected in [404, 404, 200] {
        let (status, body) = scene.get(scene.url("")).await.unwrap();
        assert_eq!(status, expected);
        assert_eq!(body.starts_with(b"<?xml"), expected == 404);
    }
}

#[tokio::test]
async fn only_the_account_gets_anything() {
    let scene = Scene::new().await;
    let password = secrecy::ExposeSecret::expose_secret(&scene.account.token).to_owned();
    let table = [
        (None, 401),
        (Some((scene.account.sid.as_str(), "wrong")), 401),
        (Some(("AC00000000000000000000000000000000", password.as_str())), 401),
        (Some((scene.account.sid.as_str(), password.as_str())), 200),
        (Some(("SK00000000000000000000000000000000", password.as_str())), 200),
    ];
    for (credentials, status) in table {
        let mut request = scene.client.get(scene.url(""));
        if let Some((user, password)) = credentials {
            request = request.basic_auth(user, Some(password));
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{credentials:?}");
    }
}

#[tokio::test]
async fn the_account_itself_can_be_asked_for() {
    let scene = Scene::new().await;
    let url = format!("{}/2010-04-01/Accounts/{}.json", scene.provider.base_url(), scene.account.sid);
    let (status, body) = scene.get(url).await.unwrap();
    let account: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status.as_u16(), account["status"].as_str()), (200, Some("active")));
}

#[tokio::test]
async fn troubles_are_what_they_are_called() {
    let scene = Scene::new().await;
    let table = [
        (Trouble::NeverReady, 404, None),
        (Trouble::ServerError, 500, None),
        (Trouble::ErrorAsAudio, 200, None),
        (Trouble::CutFile, 200, Some(WAV_BYTES / 2)),
        (Trouble::Huge(1_000_000), 200, Some(1_000_000)),
        (Trouble::Slow(Duration::from_millis(1)), 200, Some(WAV_BYTES)),
        (Trouble::None, 200, Some(WAV_BYTES)),
    ];
    for (trouble, status, length) in table {
        scene.recordings.set_trouble(trouble);
        let (found, body) = scene.get(scene.url("")).await.unwrap();
        assert_eq!(found, status, "{trouble:?}");
        assert!(length.is_none_or(|length| body.len() == length), "{trouble:?}: {} bytes", body.len());
    }
    scene.recordings.set_trouble(Trouble::CutConnection);
    assert!(scene.get(scene.url("")).await.is_err(), "the promised length does not come");
    scene.recordings.fail_deletes(1);
    assert_eq!(scene.delete().await, 500);
    assert_eq!(scene.delete().await, 204);
}

/// Two processes share a folder: one serves what the other recorded, and takes over when it is gone.
#[tokio::test]
async fn whoever_holds_the_address_serves_the_recordings_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let account = Account::random();
    let (first, second) = (Recordings::shared(&folder).unwrap(), Recordings::shared(&folder).unwrap());
    let holder = Provider::start("127.0.0.1:0".parse().unwrap(), account.clone(), first).await.unwrap();
    let address = holder.base_url().trim_start_matches("http://").parse().unwrap();
    let waiting = Provider::take_over(address, account.clone(), second.clone());

    let replies = [("/start", twiml(r#"<Record action="/next" timeout="1"/>"#)), ("/next", twiml("<Hangup/>"))];
    let machine = AnsweringMachine::start(&replies).await;
    let phone = callprint::phone::Phone::new(account.clone(), second.clone()).unwrap();
    phone.call(&machine.outgoing(), Script::in_order([Answer::Say(tone(1000))])).await;
    let recording = machine.asked()[1].get("RecordingSid").to_owned();
    let client = Client::builder().no_proxy().build().unwrap();
    let scene = Scene { provider: waiting, recordings: second, account, recording, client };

    assert_eq!(scene.get(scene.url("")).await.unwrap().0, 200);
    assert_eq!(scene.recordings.fetches(), 0, "the other one served it");
    drop(holder);
    // Until the address is taken over nobody answers.
    let answered = || async { scene.get(scene.url("")).await.ok() };
    let (status, _) = eventually(30, "the address is not taken over", answered).await;
    assert_eq!(status, 200);
    assert_eq!(scene.delete().await, 204);
    assert_eq!(scene.recordings.remaining(), 0);
}

#[test]
fn a_folder_that_others_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Recordings::shared(folder.path()).is_err());
}
