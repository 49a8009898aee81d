use askama::Template;

use super::words::{Speaker, Words};
use super::{MAX_BYTES, Prompts, TwimlError};
use crate::dialog::{Keys, Next, Reply};

/// Where the call goes on, as paths or absolute URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Takes the keys or the take of this turn.
    pub turn: String,
    /// Takes the same turn when the caller did nothing.
    pub silent: String,
    /// Asks again while a take is judged.
    pub wait: String,
    /// Hears the take of this turn as a stream; none has it recorded.
    pub stream: Option<StreamUrls>,
}

/// The stream that hears a take.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamUrls {
    /// The web socket, absolute.
    pub socket: String,
    /// Takes the turn when the socket was closed, or could not be opened.
    pub action: String,
    /// The token that the socket is told at its start.
    pub token: String,
}

/// Without the token.
impl std::fmt::Debug for StreamUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamUrls").field("socket", &self.socket).field("action", &self.action).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "gather.xml")]
struct Gather<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    turn: &'a str,
    silent: &'a str,
    num_digits: u32,
    finish_on_key: &'static str,
    timeout_s: u32,
}

#[derive(Template)]
#[template(path = "listen.xml")]
struct Listen<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    turn: &'a str,
    silent: &'a str,
    max_s: u32,
    end_silence_s: u32,
}

#[derive(Template)]
#[template(path = "stream.xml")]
struct Stream<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    urls: &'a StreamUrls,
}

#[derive(Template)]
#[template(path = "wait.xml")]
struct Wait<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    again: &'a str,
    pause_s: u32,
}

#[derive(Template)]
#[template(path = "hangup.xml")]
struct Hangup<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
}

#[derive(Template)]
#[template(path = "redirect.xml")]
struct Redirect<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "dial.xml")]
struct Dial<'a> {
    say: &'a [Words],
    speaker: &'a Speaker,
    number: &'a str,
}

#[derive(Template)]
#[template(path = "nothing.xml")]
struct Nothing;

#[derive(Template)]
#[template(path = "start.xml")]
struct Start<'a> {
    socket: &'a str,
    token: &'a str,
}

/// The verb that has both tracks of a call streamed while the call goes on: for a client's own document.
///
/// # Errors
/// [`TwimlError::Template`].
pub fn start_stream(socket: &str, token: &str) -> Result<String, TwimlError> {
    Start { socket, token }.render().map_err(|error| TwimlError::Template { message: error.to_string() })
}

/// Puts a reply into the provider's XML.
///
/// # Errors
/// [`TwimlError`] when a sentence is missing or the document is too large.
pub fn render(reply: &Reply, prompts: &Prompts, urls: &Urls) -> Result<String, TwimlError> {
    let Urls { turn, silent, wait, stream } = urls;
    let stream = stream.as_ref().filter(|_| matches!(reply.next, Next::Listen { .. }));
    // Sentences that the stream plays are not said before it.
    let played = if stream.is_some() { prompts.played(&reply.say).len() } else { 0 };
    let words = reply.say[..reply.say.len() - played].iter().filter_map(|sentence| prompts.words(sentence).transpose());
    let say = &words.collect::<Result<Vec<_>, _>>()?[..];
    let speaker = prompts.speaker();
    let xml = match (&reply.next, stream) {
        (Next::Gather { keys, timeout_s }, _) => {
            let (num_digits, finish_on_key) = match keys {
                // No key ends it, so that `#` and `*` are answers as well.
                Keys::One => (1, ""),
                // One more than asked for, so that the pound key is heard here and not by the next reply.
                Keys::UntilPound(most) => (most.saturating_add(1), "#"),
            };
            Gather { say, speaker, turn, silent, num_digits, finish_on_key, timeout_s: *timeout_s }.render()
        }
        (Next::Listen { .. }, Some(stream)) => Stream { say, speaker, urls: stream }.render(),
        (&Next::Listen { max_s, end_silence_s }, None) => {
            Listen { say, speaker, turn, silent, max_s, end_silence_s }.render()
        }
        (&Next::Wait { pause_s, .. }, _) => Wait { say, speaker, again: wait, pause_s }.render(),
        (Next::Hangup, _) => Hangup { say, speaker }.render(),
        (Next::Redirect { url }, _) => Redirect { say, speaker, url }.render(),
        (Next::Dial { number }, _) => Dial { say, speaker, number: number.as_str() }.render(),
        (Next::Nothing, _) => Nothing.render(),
    };
    let xml = xml.map_err(|error| TwimlError::Template { message: error.to_string() })?;
    if xml.len() > MAX_BYTES { Err(TwimlError::TooLarge { max: MAX_BYTES }) } else { Ok(xml) }
}
