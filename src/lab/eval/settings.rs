//! Settings of an evaluation by stream.

use crate::engine::Engine;
use crate::scoring::Voiceprint;
use crate::vad::EndpointConfig;

/// How recordings become streams, and when a turn ends.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Streams")]
pub(super) struct StreamArgs {
    /// Send every recording down a simulated line and hear it as a call does, turns ending by themselves
    #[arg(long)]
    pub(super) stream: bool,
    /// Silence to put into each probe, at the quietest moment of its middle third; several: 0,300,500
    #[arg(long, value_name = "MS", value_delimiter = ',', default_value = "0", requires = "stream",
          value_parser = clap::value_parser!(u32).range(0..=5_000))]
    pause_ms: Vec<u32>,
    /// Change when turns end: `silence_ms=900`, `complete_share=0.8`, … (repeatable)
    #[arg(long = "endpoint", value_name = "NAME=VALUE", requires = "stream", value_parser = setting)]
    settings: Vec<Setting>,
    /// Which take tells how long the phrase is
    #[arg(long, value_name = "TAKE", default_value = "mean", requires = "stream")]
    expect: Expect,
}

/// Whose net speech is expected.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Expect {
    Shortest,
    Mean,
    Longest,
}

/// A named number of [`EndpointConfig`].
#[derive(Clone, Debug)]
struct Setting {
    name: String,
    value: f32,
}

impl StreamArgs {
    /// The defaults with the settings given.
    pub(super) fn config(&self) -> EndpointConfig {
        let mut config = EndpointConfig::default();
        for setting in &self.settings {
            setting.apply(&mut config);
        }
        config
    }

    /// The lengths of pause, in the order given.
    pub(super) fn pauses_ms(&self) -> &[u32] {
        &self.pause_ms
    }

    /// The net speech expected of a speaker who claims a voiceprint.
    pub(super) fn expected_ms(&self, voiceprint: &Voiceprint) -> Option<u32> {
        let takes = voiceprint.takes().iter().map(|take| take.net_speech_ms);
        match self.expect {
            Expect::Shortest => takes.min(),
            Expect::Mean => Engine::expected_ms(voiceprint),
            Expect::Longest => takes.max(),
        }
    }
}

impl Setting {
    /// Whether the name is one.
    fn apply(&self, config: &mut EndpointConfig) -> bool {
        let ms = match self.name.as_str() {
            "pause_ms" => &mut config.pause_ms,
            "complete_silence_ms" => &mut config.complete_silence_ms,
            "recognised_silence_ms" => &mut config.recognised_silence_ms,
            "silence_ms" => &mut config.silence_ms,
            "incomplete_silence_ms" => &mut config.incomplete_silence_ms,
            "scant_silence_ms" => &mut config.scant_silence_ms,
            "scant_ms" => &mut config.scant_ms,
            "recognised_ms" => &mut config.recognised_ms,
            "no_speech_ms" => &mut config.no_speech_ms,
            "max_turn_ms" => &mut config.max_turn_ms,
            "incomplete_share" => {
                config.incomplete_share = self.value;
                return true;
            }
            "complete_share" => {
                config.complete_share = self.value;
                return true;
            }
            "recognised_share" => {
                config.recognised_share = self.value;
                return true;
            }
            _ => return false,
        };
        *ms = self.value as u32;
        true
    }
}

fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = value.parse().ok().filter(|value| (0.0..=60_000.0).contains(value));
    let setting = Setting { name: name.to_owned(), value: value.ok_or("expected a number from 0 to 60000")? };
    if setting.apply(&mut EndpointConfig::default()) { Ok(setting) } else { Err(format!("no setting is named {name}")) }
}
