//! What the SDK records: the whole utterance, unchanged, as 16 kHz WAV; and when it stops.

use std::f32::consts::TAU;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callprint::audio::{resample, wav};
use callprint::types::{Clip8k, Clip16k};
use serde_json::{Value, json};

use super::{Desk, SAME, after_silence, likeness};
use crate::house::{fixture, settings};

/// Gives a Blob as base64, for the way to the test.
const AS_TEXT: &str = "const asText = async (blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
};";

impl Desk {
    /// Records with these options: the file, and what `onState` and `onLevel` were told.
    async fn record(&mut self, options: &str) -> (Vec<u8>, Value) {
        let told = self
            .browser
            .eval(&format!(
                "(async () => {{ {AS_TEXT}
                    const [states, levels] = [[], []];
                    const audio = await VoiceAuthorize.record({{
                        onState: (state) => states.push(state), onLevel: (level) => levels.push(level),
                        ...{options} }});
                    return {{ audio: await asText(audio), type: audio.type, states, levels }}; }})()"
            ))
            .await;
        (STANDARD.decode(told["audio"].as_str().unwrap()).unwrap(), told)
    }

    /// The code of the error that an expression ends with.
    async fn code_of(&mut self, expression: &str) -> Value {
        let caught = format!(
            "({expression}).then(() => 'no error', (error) =>
                error instanceof VoiceAuthorize.VoiceAuthorizeError ? error.code : String(error))"
        );
        self.browser.eval(&caught).await
    }

    /// Whether the browser still has the microphone open.
    async fn is_microphone_open(&mut self) -> bool {
        self.browser
            .eval("opened.some((stream) => stream.getTracks().some((track) => track.readyState === 'live'))")
            .await
            == true
    }

    /// Keeps every stream that the page opens from here on.
    async fn watch_microphone(&mut self) {
        let watch = "globalThis.opened = [];
            const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wanted) => {
                const stream = await open(wanted); opened.push(stream); return stream; }; 0";
        self.browser.eval(watch).await;
    }
}

fn decoded(file: &[u8]) -> Clip16k {
    wav::decode(file, &settings("").audio).unwrap()
}

fn rms_db(samples: &[f32]) -> f32 {
    10.0 * (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).log10()
}

#[tokio::test]
async fn an_utterance_is_recorded_as_it_was_said_and_ends_by_itself() {
    let mut desk = Desk::at_demo().await;
    let said = fixture("anna_pass_1");
    desk.browser.hears(&after_silence(1_500, "anna_pass_1"));
    desk.watch_microphone().await;
    let (file, told) = desk.record("{}").await;
    assert_eq!(told["type"], "audio/wav");
    assert_eq!(told["states"], json!(["asking", "listening", "speaking", "done"]));
    assert!(!desk.is_microphone_open().await);

    // The header by offsets: PCM, one channel, 16 kHz, 16 bits, and as much data as there is.
    assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
    assert_eq!(file[20..28], [1, 0, 1, 0, 0x80, 0x3e, 0, 0]);
    assert_eq!(u32::from_le_bytes(file[40..44].try_into().unwrap()) as usize, file.len() - 44);

    let heard = decoded(&file);
    let (said_ms, heard_ms) = (said.duration_ms(), heard.duration_ms());
    assert!(heard_ms < said_ms + 800, "{heard_ms} of {said_ms} ms: the silence before it is cut off, but for a margin");
    let alike = likeness(&said, &heard);
    assert!(alike > SAME, "{alike}");
    // Neither louder nor softer: nobody levelled it or took noise away.
    let energy = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>();
    let gain = energy(resample::to_8k(&heard).samples()) / energy(said.samples());
    assert!((0.9..1.1).contains(&gain), "{gain}");

    let levels = told["levels"].as_array().unwrap();
    let loudest = levels.iter().map(|level| level["level"].as_f64().unwrap()).fold(0.0, f64::max);
    assert!((0.4..=1.0).contains(&loudest), "{loudest}");
    assert!(levels.iter().any(|level| level["speaking"] == true) && levels[0]["speaking"] == false);
    desk.close().await;
}

#[tokio::test]
async fn the_end_is_heard_over_steady_noise() {
    let mut desk = Desk::at_demo().await;
    let spoken = after_silence(1_500, "ben_pass_1");
    let loudness = rms_db(fixture("ben_pass_1").samples());
    // 20 dB below the voice, for ten seconds; a fixed sequence, so that every run hears the same.
    let mut state = 1_u32;
    let noise = (0..80_000).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let white = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let speech = spoken.samples().get(n).copied().unwrap_or(0.0);
        speech + white * 3.0_f32.sqrt() * 10.0_f32.powf((loudness - 20.0) / 20.0)
    });
    desk.browser.hears(&Clip8k::new(noise.collect::<Vec<_>>()));
    let (file, _) = desk.record("{ maxMs: 9500 }").await;
    let heard = decoded(&file);
    let said_ms = fixture("ben_pass_1").duration_ms();
    assert!((said_ms - 900..said_ms + 1_000).contains(&heard.duration_ms()), "{} of {said_ms}", heard.duration_ms());
    let alike = likeness(&fixture("ben_pass_1"), &heard);
    assert!(alike > SAME, "{alike}");
    desk.close().await;
}

#[tokio::test]
async fn silence_is_an_error_and_the_longest_recording_is_kept_to() {
    let mut desk = Desk::at_demo().await;
    desk.watch_microphone().await;
    assert_eq!(desk.code_of("VoiceAuthorize.record({ waitMs: 700 })").await, "no_speech");
    assert_eq!(desk.code_of("VoiceAuthorize.record({ maxMs: 700 })").await, "no_speech");
    assert!(!desk.is_microphone_open().await);
    desk.browser.hears(&fixture("anna_pass_1"));
    let (file, _) = desk.record("{ maxMs: 1500 }").await;
    assert!(decoded(&file).duration_ms() <= 1_500, "{}", decoded(&file).duration_ms());
    desk.close().await;
}

#[tokio::test]
async fn a_recording_is_given_up_or_finished_by_whoever_asked_for_it() {
    let mut desk = Desk::at_demo().await;
    desk.browser.hears(&fixture("anna_pass_1"));
    desk.watch_microphone().await;
    let given_up = "(() => { const stop = new AbortController();
        return VoiceAuthorize.record({ signal: stop.signal, onState: (state) => state === 'speaking' && stop.abort() }); })()";
    assert_eq!(desk.code_of(given_up).await, "aborted");
    assert!(!desk.is_microphone_open().await);
    assert_eq!(desk.code_of("VoiceAuthorize.record({ signal: AbortSignal.abort() })").await, "aborted");

    desk.browser.eval("globalThis.enough = new AbortController(); 0").await;
    let finished = "{ finish: enough.signal, onLevel: ({ speaking }) => {
        globalThis.spoken = (globalThis.spoken ?? 0) + (speaking ? 20 : 0); if (spoken >= 800) enough.abort(); } }";
    let (file, _) = desk.record(finished).await;
    let heard_ms = decoded(&file).duration_ms();
    assert!((700..2_000).contains(&heard_ms), "{heard_ms}");
    desk.close().await;
}

#[tokio::test]
async fn any_rate_is_brought_to_16_khz_without_aliases() {
    let mut desk = Desk::at_demo().await;
    for rate_hz in [8_000, 22_050, 44_100, 48_000, 96_000] {
        for (hz, is_kept) in [(1_000.0, true), (3_400.0, true), (7_000.0, true), (9_500.0, false), (20_000.0, false)] {
            if hz > 0.45 * f64::from(rate_hz) {
                continue;
            }
            let tone = format!(
                "(async () => {{ {AS_TEXT}
                    const tone = Float32Array.from({{ length: {rate_hz} }}, (_, n) =>
                        0.5 * Math.cos((2 * Math.PI * {hz} * n) / {rate_hz}));
                    return asText(VoiceAuthorize.toWav(tone, {rate_hz})); }})()"
            );
            let text = desk.browser.eval(&tone).await;
            let clip = decoded(&STANDARD.decode(text.as_str().unwrap()).unwrap());
            assert_eq!(clip.samples().len(), 16_000, "{rate_hz}");
            // Not the edges, where a wave that starts at once has no band.
            let middle = &clip.samples()[1_600..14_400];
            if is_kept {
                let wave = |n: usize| 0.5 * (TAU * ((hz as f32 * n as f32) % 16_000.0) / 16_000.0).cos();
                let error = middle.iter().enumerate().map(|(n, s)| s - wave(n + 1_600)).collect::<Vec<_>>();
                assert!(rms_db(&error) < -60.0, "{hz} Hz at {rate_hz}: {} dB beside it", rms_db(&error));
            } else {
                assert!(rms_db(middle) < -80.0, "{hz} Hz at {rate_hz}: {} dB of it left", rms_db(middle));
            }
        }
    }
    desk.close().await;
}
