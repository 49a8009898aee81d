use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

use super::ModelError;
use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry, Manifest, Role};
use super::pool::Pool;
use super::session::Opener;
use crate::types::Clip16k;

/// Samples the model is shown, at 16 kHz: 2 s.
///
/// It was trained on 4.04 s, and takes any length. Shown 2 s it takes half the time (69 ms of
/// 142) and memory, and hears formant synthesis less well: EER 17 to 19 % in place of 8 to 17 (`docs/liveness.md`).
pub(super) const WINDOW: usize = 32_000;

const INPUTS: [Expected<'static>; 1] = [("waveform", ElementType::F32, &[Some(1), Some(WINDOW)])];
const OUTPUTS: [Expected<'static>; 1] = [("logits", ElementType::F32, &[Some(1), Some(2)])];

/// The model of synthetic speech: AASIST.
#[derive(Debug)]
pub(super) struct SpoofModel {
    id: String,
    sessions: Pool<Session>,
}

/// The model, opened when first asked: most lines never ask, and it holds 113 MB.
#[derive(Debug)]
pub(super) struct LazySpoof {
    environment: Environment,
    opened: Mutex<Option<Arc<SpoofModel>>>,
}

impl LazySpoof {
    pub(super) fn new(environment: &Environment) -> Self {
        Self { environment: environment.clone(), opened: Mutex::new(None) }
    }

    /// The model; other threads wait while it is being opened. A failed opening is tried again.
    pub(super) fn open(&self, manifest: &Manifest) -> Result<Arc<SpoofModel>, ModelError> {
        // The lock is held while it opens and set last: a poisoned one holds none or a whole one.
        let mut kept = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = kept.as_ref() {
            return Ok(Arc::clone(model));
        }
        let opener = Opener { environment: &self.environment, folder: &manifest.folder, sessions: 1 };
        let model = Arc::new(SpoofModel::load(manifest.select(Role::Spoof, "")?, &opener)?);
        Ok(Arc::clone(kept.insert(model)))
    }
}

impl SpoofModel {
    fn load(entry: &Entry, opener: &Opener) -> Result<Self, ModelError> {
        check_entry(entry, &INPUTS, &OUTPUTS)?;
        Ok(Self { id: entry.id.clone(), sessions: opener.open_single(entry)? })
    }

    /// The logit of a person's voice less that of a synthetic one. Speech shorter than the window is repeated.
    pub(super) fn logit(&self, speech: &Clip16k) -> Result<f32, ModelError> {
        let failed = |problem: String| ModelError::Inference { model: self.id.clone(), problem };
        if speech.samples().is_empty() {
            return Err(failed("there is no sample to judge".to_owned()));
        }
        let logits = run(&mut self.sessions.borrow(), &window(speech)).map_err(|error| failed(error.to_string()))?;
        match logits[..] {
            [spoof, person] if (person - spoof).is_finite() => Ok(person - spoof),
            _ => Err(failed(format!("its output is not two numbers but {logits:?}"))),
        }
    }
}

/// The middle of the speech at full scale, as the model was trained; what is too short again and again.
fn window(speech: &Clip16k) -> Vec<f32> {
    let samples = speech.samples();
    let start = samples.len().saturating_sub(WINDOW) / 2;
    let peak = samples.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs())).max(1e-6);
    samples[start..].iter().cycle().take(WINDOW).map(|sample| sample / peak).collect()
}

fn run(session: &mut Session, window: &[f32]) -> ort::Result<Vec<f32>> {
    let outputs = session.run(ort::inputs!["waveform" => TensorRef::from_array_view(([1, WINDOW], window))?])?;
    let (_, logits) = outputs["logits"].try_extract_tensor::<f32>()?;
    Ok(logits.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_shown_at_full_scale_and_short_speech_repeats() {
        let short = window(&Clip16k::new(vec![0.1, -0.2, 0.05]));
        assert_eq!((short.len(), &short[..4]), (WINDOW, &[0.5, -1.0, 0.25, 0.5][..]));
        let mut long = vec![0.0; 3 * WINDOW];
        long[WINDOW..2 * WINDOW].fill(0.3);
        assert!(window(&Clip16k::new(long)).iter().all(|sample| (sample - 1.0).abs() < 1e-6));
        assert!(window(&Clip16k::new(vec![0.0; 10])).iter().all(|sample| *sample == 0.0));
    }
}
