use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use toml::{Table, Value};

use super::TwimlError;
use super::words::{Speaker, Words, clean};
use crate::audio::{mulaw, resample, wav};
use crate::config::{AudioLimits, Line};
use crate::dialog::Sentence;
use crate::dialog::prompts::{ALL, Prompt};

/// The built-in languages: locale and file.
const BUILT_IN: [(&str, &str); 2] = [
    ("en-US", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/twiml/prompts/en-US.toml"))),
    ("de-DE", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/twiml/prompts/de-DE.toml"))),
];

/// The place that cannot be left to a recording, nor left out: only this sentence tells the caller.
const MUST_TELL: [&str; 2] = ["digits", "challenge"];

/// The largest and longest sound: callers do not listen to a sentence of a minute.
const SOUND: AudioLimits = AudioLimits { max_bytes: 8_000_000, max_seconds: 60.0 };

/// Every sentence of a line, checked when it was loaded.
#[derive(Clone, Debug)]
pub struct Prompts {
    speaker: Speaker,
    sentences: BTreeMap<String, Entry>,
}

/// The sentence or sound behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Text(Vec<Piece>),
    Play(String),
    /// A sound for streams, and the text that is read where there is none.
    Sound(Sound, Vec<Piece>),
}

/// A recorded sentence: µ-law at 8 kHz, no header.
pub type Sound = Arc<[u8]>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

impl Prompts {
    /// Reads the built-in sentences of a locale, replaced where the operator's file has others.
    ///
    /// A locale we do not have takes its language's sentences, `de-AT` those of `de-DE`; another language needs a
    /// file with every sentence.
    ///
    /// # Errors
    /// [`TwimlError`] names the file and the sentence.
    pub fn load(locale: &str, replacements: Option<&Path>) -> Result<Self, TwimlError> {
        let mut sentences = BTreeMap::new();
        let built_in = built_in(locale);
        if let Some((name, text)) = built_in {
            sentences = parse(name, text)?;
        }
        if let Some(path) = replacements {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| TwimlError::Unreadable { path: file.clone(), message: error.to_string() })?;
            sentences.extend(parse(&file, &text)?);
        } else if built_in.is_none() {
            let known = BUILT_IN.map(|(name, _)| name).join(", ");
            return Err(TwimlError::UnknownLocale { locale: locale.to_owned(), known });
        }
        if let Some(missing) = ALL.iter().find(|prompt| !sentences.contains_key(prompt.key)) {
            let file = replacements.map_or_else(|| locale.to_owned(), |path| path.display().to_string());
            return Err(bad(&file, missing.key, "is missing"));
        }
        let speaker = Speaker { language: locale.to_owned(), voice: String::new() };
        Ok(Self { speaker, sentences })
    }

    /// The prompts of a line: its locale, its voice, its own file.
    ///
    /// # Errors
    /// As [`Prompts::load`].
    pub fn for_line(line: &Line) -> Result<Self, TwimlError> {
        let mut prompts = Self::load(&line.locale, line.prompts.as_deref())?;
        prompts.speaker.voice.clone_from(&line.voice);
        Ok(prompts)
    }

    /// The sentences at the end that are played into a stream, if these are said before one.
    pub fn played<'s>(&self, say: &'s [Sentence]) -> &'s [Sentence] {
        let sounds = say.iter().rev().take_while(|sentence| self.sound(&sentence.key).is_some()).count();
        &say[say.len() - sounds..]
    }

    /// The sound of a sentence, where the operator has recorded one for streams.
    pub fn sound(&self, key: &str) -> Option<&Sound> {
        match self.sentences.get(key) {
            Some(Entry::Sound(sound, _)) => Some(sound),
            _ => None,
        }
    }

    pub(super) fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Fills the places of a sentence; `None` when nothing is left to say.
    pub(super) fn words(&self, sentence: &Sentence) -> Result<Option<Words>, TwimlError> {
        let unknown = || TwimlError::UnknownSentence { key: sentence.key.clone() };
        let pieces = match self.sentences.get(&sentence.key).ok_or_else(unknown)? {
            Entry::Play(url) => return Ok(Some(Words::Recorded { url: url.clone() })),
            Entry::Text(pieces) | Entry::Sound(_, pieces) => pieces,
        };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Place(name) => text.push_str(
                    sentence
                        .args
                        .get(name)
                        .ok_or_else(|| TwimlError::MissingPlace { key: sentence.key.clone(), place: name.clone() })?,
                ),
            }
        }
        let text = clean(&text);
        Ok(if text.trim().is_empty() { None } else { Some(Words::Spoken { text }) })
    }
}

/// The sentences of a locale, or of its language.
fn built_in(locale: &str) -> Option<(&'static str, &'static str)> {
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = BUILT_IN.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(locale));
    exact.or_else(|| BUILT_IN.into_iter().find(|(name, _)| language(name) == language(locale)))
}

fn bad(file: &str, key: &str, fault: impl Into<String>) -> TwimlError {
    TwimlError::BadPrompt { file: file.to_owned(), key: key.to_owned(), fault: fault.into() }
}

fn parse(file: &str, text: &str) -> Result<BTreeMap<String, Entry>, TwimlError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| TwimlError::Unreadable {
        path: file.to_owned(),
        message: error.to_string(),
    })?;
    let mut sentences = BTreeMap::new();
    for (key, value) in table {
        let prompt = ALL.iter().find(|prompt| prompt.key == key);
        let prompt = prompt.ok_or_else(|| bad(file, &key, "is not a sentence we say"))?;
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        let entry = entry(prompt, &value, folder).map_err(|fault| bad(file, &key, fault))?;
        sentences.insert(key, entry);
    }
    Ok(sentences)
}

/// A string is a sentence, `{ play = "https://…" }` a recording of one, `{ sound = "a.wav", text = "…" }` one for
/// streams.
fn entry(prompt: &Prompt, value: &Value, folder: &Path) -> Result<Entry, String> {
    let entry = match value {
        Value::String(text) => Entry::Text(pieces(text)?),
        Value::Table(table) => match (table.get("play"), table.get("sound"), table.get("text")) {
            (Some(Value::String(url)), None, None) if table.len() == 1 => Entry::Play(recording(url)?),
            (None, Some(Value::String(file)), Some(Value::String(text))) if table.len() == 2 => {
                Entry::Sound(sound(&folder.join(file))?, pieces(text)?)
            }
            _ => {
                return Err(
                    "needs `play` with a URL, or `sound` with a WAV file and `text`, and nothing else".to_owned()
                );
            }
        },
        _ => {
            return Err(
                "is neither a text nor { play = \"https://…\" } nor { sound = \"a.wav\", text = \"…\" }".to_owned()
            );
        }
    };
    let mut places: Vec<&str> = Vec::new();
    if let Entry::Text(pieces) | Entry::Sound(_, pieces) = &entry {
        places.extend(pieces.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        }));
    }
    if let Some(unknown) = places.iter().find(|place| !prompt.args.contains(place)) {
        return Err(format!("has no place {{{unknown}}}"));
    }
    if let Some(needed) = prompt.args.iter().find(|place| MUST_TELL.contains(place)) {
        // A sound is played in the words' place and says the same to everybody.
        if !places.contains(needed) || matches!(entry, Entry::Sound(..)) {
            return Err(format!("must tell the {{{needed}}} in words"));
        }
    }
    Ok(entry)
}

/// Splits a sentence at its `{places}`.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    if text.trim().is_empty() {
        return Err("says nothing".to_owned());
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        let (before, from_brace) = rest.split_at(brace);
        let inside = from_brace.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, after) = inside.ok_or("has a brace without its other half")?;
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Place(name.to_owned()));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

/// Reads a WAV file as a telephone line carries it.
fn sound(path: &Path) -> Result<Sound, String> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let clip = wav::decode(&bytes, &SOUND).map_err(|error| format!("{name}: {error}"))?;
    let clip = resample::to_8k(&clip);
    let samples = clip.samples().iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16);
    Ok(samples.map(mulaw::from_linear).collect())
}

fn recording(url: &str) -> Result<String, String> {
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if is_web { Ok(url.to_owned()) } else { Err(format!("`{url}` is not an http or https URL")) }
}

#[cfg(test)]
mod tests;
