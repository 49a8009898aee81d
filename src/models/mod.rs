//! The neural models: checked against their manifest, loaded once, lent out one inference at a time.
//!
//! The only place that knows ONNX Runtime. Nothing is trusted: every file loaded must have the manifest's hash, every
//! model the tensors that the manifest lists and this build feeds, and the manifest must describe the front end that
//! this build computes. Whatever differs is refused with an error that says what to do.
//!
//! Inference blocks: on a free session first, then on the computation. It belongs on blocking threads.

mod backend_file;
mod contract;
mod error;
mod files;
/// The manifest, as types.
pub mod manifest;
mod phrase;
mod phrase_part;
mod phrase_text;
mod pool;
mod runtime;
mod second_model;
mod session;
mod speaker;
mod spec;
mod speech;
mod spoof;
mod stream;

use std::path::Path;
use std::sync::Arc;
use std::thread;

pub use error::ModelError;
pub use phrase::Encoded;
pub use second_model::SecondModelSpec;
pub use spec::SpeakerSpec;
pub use stream::SpeechStream;

use crate::config;
use crate::features::Features;
use crate::phrase::{ChallengeCalibration, PhraseCalibration, Reading, Sound, Space, Spelling, Tokens};
use crate::scoring::ModelId;
use crate::types::{Clip8k, Clip16k};
use crate::vad::CHUNK;
use manifest::{Manifest, Role};
use phrase::PhraseEncoder;
use phrase_text::PhraseDecoder;
use second_model::SecondModel;
use speaker::SpeakerModel;
use speech::SpeechModel;
use spoof::LazySpoof;

/// The silence that tells what a text is worth where nothing was said, in samples at 8 kHz: 3 s, as long as a take.
const SILENCE: usize = 3 * Clip8k::RATE_HZ as usize;

/// The loaded models. Cheap to clone; clones share their sessions.
#[derive(Clone, Debug)]
pub struct Library(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    manifest: Manifest,
    spec: SpeakerSpec,
    speaker: SpeakerModel,
    second: Option<SecondModel>,
    speech: SpeechModel,
    encoder: PhraseEncoder,
    decoder: PhraseDecoder,
    /// The encoder's frames of silence.
    silence: Encoded,
    spoof: LazySpoof,
}

impl Library {
    /// Finds, checks and loads the models and ONNX Runtime.
    ///
    /// Opens `config.sessions` sessions of each model, all at once on threads of their own.
    ///
    /// # Errors
    /// [`ModelError`] says what is missing or wrong, and what to do about it.
    pub fn load(config: &config::Models) -> Result<Self, ModelError> {
        let manifest = Manifest::read(&files::folder(config.dir.as_deref())?)?;
        let speech = manifest.select(Role::Vad, "")?;
        let encoder = manifest.select(Role::PhraseEncoder, "")?;
        let decoder = manifest.select(Role::PhraseDecoder, "")?;
        let (speaker, second) = manifest.select_speaker(&config.speaker)?;
        let spec = SpeakerSpec::read(speaker, &manifest.folder)?;
        let dimension = spec.backend.dimension();
        let surroundings = |entry| Ok((entry, SecondModelSpec::read(entry, &spec, &manifest.folder)?));
        let second = second.map(surroundings).transpose()?;
        let environment = runtime::environment(config.onnxruntime.as_deref())?;
        let spoof = LazySpoof::new(&environment);
        let opener = session::Opener { environment: &environment, folder: &manifest.folder, sessions: config.sessions };
        let (speaker, second, speech, encoder, decoder) = thread::scope(|scope| {
            let speech = scope.spawn(|| SpeechModel::load(speech, &opener));
            let encoder = scope.spawn(|| PhraseEncoder::load(encoder, &opener));
            let decoder = scope.spawn(|| PhraseDecoder::load(decoder, &opener));
            let second = second.map(|(entry, spec)| scope.spawn(|| SecondModel::load(entry, spec, &opener)));
            let speaker = SpeakerModel::load(speaker, dimension, &opener);
            (speaker, second.map(finished), finished(speech), finished(encoder), finished(decoder))
        });
        let (speaker, second, speech) = (speaker?, second.transpose()?, speech?);
        let (encoder, decoder) = (encoder?, decoder?);
        let silence = encoder.encode(&Sound::of(&Clip8k::new(vec![0.0; SILENCE]), 0..SILENCE))?;
        Ok(Self(Arc::new(Loaded { manifest, spec, speaker, second, speech, encoder, decoder, silence, spoof })))
    }

    /// The probability of speech in each 32 ms of a clip. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn speech_probabilities(&self, clip: &Clip8k) -> Result<Vec<f32>, ModelError> {
        self.0.speech.probabilities(clip)
    }

    /// A stream for [`speech_step`](Self::speech_step) that has heard half a second of line noise and nothing else.
    pub fn speech_stream(&self) -> SpeechStream {
        self.0.speech.stream()
    }

    /// The probability of speech in the next 32 ms of each of several streams, in one inference.
    ///
    /// Gives what [`speech_probabilities`](Self::speech_probabilities) gives for the same samples, to within 1e-5,
    /// whatever else is in the batch. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; every stream is then as it was.
    pub fn speech_step(&self, chunks: &mut [(&mut SpeechStream, &[f32; CHUNK])]) -> Result<Vec<f32>, ModelError> {
        self.0.speech.step(chunks)
    }

    /// The raw embedding of a stretch of speech. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn embed(&self, features: &Features) -> Result<Vec<f32>, ModelError> {
        self.0.speaker.embed(features)
    }

    /// The phrase encoder's frames of a sound. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn encode(&self, sound: &Sound) -> Result<Encoded, ModelError> {
        self.0.encoder.encode(sound)
    }

    /// How likely a text is for a sound. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`], also for a text of more than 128 tokens.
    pub fn weigh(&self, encoded: &Encoded, spelling: &Spelling) -> Result<Reading, ModelError> {
        self.0.decoder.read(encoded, spelling)
    }

    /// How likely a text is where nothing was said: what the model expects of texts. Blocks until a session is free.
    ///
    /// # Errors
    /// As [`weigh`](Self::weigh).
    pub fn weigh_silence(&self, spelling: &Spelling) -> Result<Reading, ModelError> {
        self.0.decoder.read(&self.0.silence, spelling)
    }

    /// From the encoder's frames to comparable ones.
    pub fn phrase_space(&self) -> &Space {
        &self.0.encoder.space
    }

    /// The calibration of distances between phrases.
    pub fn phrase_calibration(&self) -> &PhraseCalibration {
        &self.0.encoder.calibration
    }

    /// The tokens that texts are spelled in.
    pub fn tokens(&self) -> &Tokens {
        &self.0.decoder.tokens
    }

    /// The calibration of a challenge's fit.
    pub fn challenge_calibration(&self) -> &ChallengeCalibration {
        &self.0.decoder.calibration
    }

    /// How much a stretch of speech sounds like a person rather than a synthesizer: a raw logit, high for a person.
    ///
    /// The model is opened when first asked, which takes 50 ms, and has one session, however many the others have.
    /// Blocks until that is free.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] when the manifest has no such model, those of loading it, and [`ModelError::Inference`].
    pub fn spoof_logit(&self, speech: &Clip16k) -> Result<f32, ModelError> {
        self.0.spoof.open(&self.0.manifest)?.logit(speech)
    }

    /// The raw embedding by the second model, if there is one. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn second_embed(&self, features: &Features) -> Result<Option<Vec<f32>>, ModelError> {
        self.0.second.as_ref().map(|second| second.embed(features)).transpose()
    }

    /// The second model's id, projection and calibration, if one is heard.
    pub fn second_model(&self) -> Option<&SecondModelSpec> {
        self.0.second.as_ref().map(|second| &second.spec)
    }

    /// The id that voices carry: the speaker model's, joined with the second model's where one is heard.
    pub fn voice_id(&self) -> &ModelId {
        self.second_model().map_or(&self.speaker().id, |second| &second.id)
    }

    /// The speaker model's id, projection and calibration.
    pub fn speaker(&self) -> &SpeakerSpec {
        &self.0.spec
    }

    /// The ONNX Runtime library in use; its name tells the version.
    pub fn runtime(&self) -> Option<&'static Path> {
        runtime::library()
    }

    /// The manifest, also of models that are not loaded.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }
}

fn finished<T>(loading: thread::ScopedJoinHandle<'_, T>) -> T {
    loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
