//! The SDK and the demo page, in a real Chromium whose microphone plays our recordings.

mod backend;
mod chromium;
mod demo;
mod files;
mod recording;
mod sdk;
mod served;
mod standin;

use callprint::types::Clip8k;

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

/// How alike two recordings are, 0 to 1, where half a second from the middle of the first fits best into the second.
///
/// The same recording has above 0.95, not 1: it may lie half a sample beside the grid, which high tones feel.
fn likeness(said: &Clip8k, heard: &Clip8k) -> f32 {
    let middle = said.samples().len() / 2;
    let piece = &said.samples()[middle - 2_000..middle + 2_000];
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let own = product(piece, piece);
    heard
        .samples()
        .windows(piece.len())
        .map(|window| product(piece, window) / (own * product(window, window) + 1e-9).sqrt())
        .fold(0.0, f32::max)
}
