//! The SDK and the demo page, in a real Chromium whose microphone plays our recordings.

mod backend;
mod chromium;
mod demo;
mod files;
mod recording;
mod sdk;
mod served;
mod standin;

use std::ops::Range;

use callprint::audio::resample;
use callprint::types::{Clip8k, Clip16k};

use self::chromium::{Chromium, Microphone};
use self::standin::StandIn;
use crate::house::{House, fixture};

/// A house, an API before it that says what it is told to, and a browser.
struct Desk {
    house: House,
    api: StandIn,
    browser: Chromium,
}

impl Desk {
    /// Ready to open a page.
    async fn set_up() -> Self {
        let house = House::open().await;
        let api = StandIn::before(&house).await;
        Self { api, browser: Chromium::start(Microphone::Allowed).await, house }
    }

    /// The same with the demo page open.
    async fn at_demo() -> Self {
        let mut desk = Self::set_up().await;
        desk.browser.open(&format!("{}/demo", desk.api.base)).await;
        desk
    }

    async fn close(self) {
        drop((self.api, self.browser));
        self.house.close().await;
    }
}

/// A recording of `fixtures/audio` with silence before it.
fn after_silence(ms: usize, name: &str) -> Clip8k {
    let spoken = fixture(name);
    Clip8k::new([vec![0.0; 8 * ms].as_slice(), spoken.samples()].concat())
}

/// Above it two recordings are the same one: measured 0.99 and more, and at most 0.5 for another take of the same
/// voice.
const SAME: f32 = 0.9;

/// How alike two recordings are, 0 to 1, where the middle eighth of the first fits best into the second.
fn likeness(said: &Clip8k, heard: &Clip16k) -> f32 {
    let (at, _) = best_fit(said.samples(), resample::to_8k(heard).samples(), 0..usize::MAX);
    // Again around it on a grid twice as fine: half a sample beside it is much for high tones.
    let said = resample::to_16k(said.samples(), Clip8k::RATE_HZ).unwrap();
    best_fit(said.samples(), heard.samples(), (2 * at).saturating_sub(4)..2 * at + 4).1
}

/// Where the middle eighth of one fits best into the other within these places, and how well.
fn best_fit(said: &[f32], heard: &[f32], places: Range<usize>) -> (usize, f32) {
    let piece = &said[said.len() * 7 / 16..said.len() * 9 / 16];
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let own = product(piece, piece);
    let fit = |window: &[f32]| product(piece, window) / (own * product(window, window) + 1e-9).sqrt();
    let windows = heard.windows(piece.len()).enumerate().skip(places.start).take(places.len());
    windows.map(|(at, window)| (at, fit(window))).max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0))
}
