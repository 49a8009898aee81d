use std::convert::Infallible;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::super::account::new_sid;
use super::super::event::What;
use super::FRAME_MS;
use super::caller::StreamCaller;
use super::earpiece::Earpiece;
use super::messages::{Messages, Wish};
use super::network::{Network, Pace};
use super::pacer::Pacer;
use super::sides::Sides;
use super::socket::Socket;
use super::streamed::{StreamEnd, Streamed};
use crate::types::media::Track;

/// A server that takes nothing for so long will not take anything any more.
const SEND_PATIENCE: Duration = Duration::from_secs(5);
/// How long the other side may take to close after us.
const FAREWELL: Duration = Duration::from_millis(500);
/// Unpaced, how long a server may take to make itself heard before the caller is in the middle of it.
const HARK: Duration = Duration::from_millis(250);
/// A frame that is later than its own length is late.
const LATE: Duration = Duration::from_millis(FRAME_MS);

/// The start message of a stream, besides its own id.
pub(in super::super) struct Opening<'o> {
    pub(in super::super) url: &'o str,
    pub(in super::super) account_sid: &'o str,
    pub(in super::super) call_sid: &'o str,
    pub(in super::super) params: &'o [(String, String)],
}

/// Who is to be told what happens, and when: milliseconds since the stream began.
pub(in super::super) type Told<'t> = &'t mut (dyn FnMut(u64, What) + Send);

/// Whose voice is on the line.
pub(super) enum FrameSource {
    /// A caller who listens and speaks.
    StreamCaller(Box<StreamCaller>),
    /// The sides of a call that goes on elsewhere.
    Sides(Sides),
}

/// Carries what a caller does until the server closes; gives also when that was.
pub(in super::super) async fn converse(
    socket: Socket,
    opening: &Opening<'_>,
    answer: &super::super::script::Answer,
    network: &Network,
    told: Told<'_>,
) -> (Streamed, Instant) {
    let source = FrameSource::StreamCaller(Box::new(StreamCaller::new(answer, network)));
    carry(socket, opening, source, network, told).await
}

pub(super) async fn carry(
    socket: Socket,
    opening: &Opening<'_>,
    source: FrameSource,
    network: &Network,
    told: Told<'_>,
) -> (Streamed, Instant) {
    let run = Run {
        socket,
        opening,
        messages: Messages::new(new_sid("MZ")),
        ear: Earpiece::default(),
        pacer: Pacer::new(network.pace, Instant::now()),
        network,
        last_spoken: None,
        streamed: Streamed::new(opening.url),
        told,
    };
    run.until_it_ends(source).await
}

struct Run<'r> {
    socket: Socket,
    opening: &'r Opening<'r>,
    messages: Messages,
    ear: Earpiece,
    pacer: Pacer,
    network: &'r Network,
    last_spoken: Option<Instant>,
    streamed: Streamed,
    told: Told<'r>,
}

impl Run<'_> {
    async fn until_it_ends(mut self, mut source: FrameSource) -> (Streamed, Instant) {
        let Err(ended) = self.go_on(&mut source).await;
        let now = Instant::now();
        // The part heard of a sound that was not over.
        self.ear.clear();
        self.tell_heard();
        self.streamed.ended = ended;
        if ended == StreamEnd::Closed {
            let spoken = self.last_spoken.filter(|_| self.network.pace == Pace::RealTime);
            self.streamed.pause_ms = spoken.map(|at| milliseconds(now - at));
            // Our half of the farewell; the server has said its own.
            let _ = tokio::time::timeout(FAREWELL, self.socket.flush()).await;
        } else if ended != StreamEnd::Broken {
            self.say_goodbye().await;
        }
        (self.told)(self.streamed.line_ms, What::StreamClosed { how: ended, pause_ms: self.streamed.pause_ms });
        (self.streamed, now)
    }

    async fn say_goodbye(&mut self) {
        let stop = self.messages.stop(self.opening.account_sid, self.opening.call_sid);
        let goodbye = async {
            self.socket.send(Message::text(stop)).await?;
            self.socket.close(None).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<(), tokio_tungstenite::tungstenite::Error>(())
        };
        // The call goes on whether the server has listened or not.
        let _ = tokio::time::timeout(FAREWELL, goodbye).await;
    }

    /// Sends frame after frame; there is always a reason to end.
    async fn go_on(&mut self, source: &mut FrameSource) -> Result<Infallible, StreamEnd> {
        let tracks = match source {
            FrameSource::StreamCaller(_) => vec![Track::Inbound],
            FrameSource::Sides(sides) => sides.tracks(),
        };
        let Opening { account_sid, call_sid, params, .. } = self.opening;
        self.send(Messages::connected()).await?;
        let start = self.messages.start(account_sid, call_sid, &tracks, params);
        self.send(start).await?;
        let is_talk = matches!(source, FrameSource::StreamCaller(_));
        if is_talk && self.network.pace == Pace::AsTaken {
            self.hark().await?;
        }
        self.pacer = Pacer::new(self.network.pace, Instant::now());
        let mut was_silent = false;
        for frame in 0.. {
            let at_ms = frame * FRAME_MS;
            if self.network.hang_up_after_ms.is_some_and(|after| at_ms >= after) {
                return Err(StreamEnd::HungUp);
            }
            if at_ms >= self.network.longest_ms {
                return Err(StreamEnd::TooLong);
            }
            let departure = self.pacer.departure(frame, self.network, was_silent, Instant::now());
            self.listen_until(departure, is_talk).await?;
            let is_late = departure.is_some_and(|at| Instant::now() > at + LATE);
            let ends = match source {
                FrameSource::StreamCaller(caller) => {
                    let deed = caller.next(self.ear.is_playing());
                    was_silent = deed.is_silent;
                    if let Some(what) = deed.begins {
                        (self.told)(at_ms, what);
                    }
                    self.media(frame, &[(Track::Inbound, deed.payload)], is_late).await?;
                    if deed.is_last_spoken {
                        self.last_spoken = Some(Instant::now());
                    }
                    let extra = self.network.keys.iter().filter(|(at, _)| at / FRAME_MS == frame).map(|(_, key)| *key);
                    for key in deed.key.into_iter().chain(extra) {
                        (self.told)(at_ms, What::Pressed { keys: key.to_string() });
                        let dtmf = self.messages.dtmf(key);
                        self.send(dtmf).await?;
                    }
                    deed.hangs_up.then_some(StreamEnd::HungUp)
                }
                FrameSource::Sides(sides) => {
                    self.media(frame, &sides.frame(frame), is_late).await?;
                    (frame >= sides.last_frame()).then_some(StreamEnd::Stopped)
                }
            };
            self.streamed.line_ms = at_ms + FRAME_MS;
            for name in self.ear.tick() {
                let mark = self.messages.mark(&name);
                self.send(mark).await?;
            }
            self.tell_heard();
            if let Some(ended) = ends {
                return Err(ended);
            }
        }
        Err(StreamEnd::TooLong)
    }

    /// One frame of each track, or what the network leaves of it.
    async fn media(&mut self, frame: u64, tracks: &[(Track, &str)], is_late: bool) -> Result<(), StreamEnd> {
        if self.network.loses(frame) {
            self.streamed.lost_frames += 1;
            return Ok(());
        }
        self.streamed.late_frames += u64::from(is_late);
        for (track, payload) in tracks {
            let media = self.messages.media(*track, frame * FRAME_MS, payload);
            if self.network.doubles(frame) {
                self.streamed.doubled_frames += 1;
                self.streamed.frames += 1;
                self.send(media.clone()).await?;
            }
            self.streamed.frames += 1;
            self.send(media).await?;
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), StreamEnd> {
        match tokio::time::timeout(SEND_PATIENCE, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.last_words().await),
            Err(_) => Err(StreamEnd::Broken),
        }
    }

    /// A socket that takes nothing more may still have something to read: that it was closed properly.
    async fn last_words(&mut self) -> StreamEnd {
        let close = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(_))) => return StreamEnd::Closed,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return StreamEnd::Broken,
                }
            }
        };
        tokio::time::timeout(FAREWELL, close).await.unwrap_or(StreamEnd::Broken)
    }

    /// Waits a moment for the server to make itself heard.
    async fn hark(&mut self) -> Result<(), StreamEnd> {
        match tokio::time::timeout(HARK, self.socket.next()).await {
            Ok(received) => self.receive(received, true).await,
            Err(_) => Ok(()),
        }
    }

    /// Takes what the server sends until it is time; without a time, what is there already.
    async fn listen_until(&mut self, departure: Option<Instant>, is_talk: bool) -> Result<(), StreamEnd> {
        loop {
            let due = async {
                match departure {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => tokio::task::yield_now().await,
                }
            };
            let received = tokio::select! {
                biased;
                received = self.socket.next() => received,
                () = due => return Ok(()),
            };
            self.receive(received, is_talk).await?;
        }
    }

    async fn receive(
        &mut self,
        received: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
        is_talk: bool,
    ) -> Result<(), StreamEnd> {
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_))) => return Err(StreamEnd::Closed),
            Some(Ok(Message::Binary(_))) => {
                self.fault("stream_binary_frame", "a binary message");
                return Ok(());
            }
            Some(Ok(_)) => return Ok(()),
            Some(Err(_)) | None => return Err(StreamEnd::Broken),
        };
        if !is_talk {
            self.fault("stream_unidirectional", "a message to a stream that only listens");
            return Ok(());
        }
        let marks = match self.messages.read(&text) {
            Ok(Wish::Audio(samples)) => {
                self.ear.push(samples);
                Vec::new()
            }
            Ok(Wish::Mark(name)) => self.ear.mark(name).into_iter().collect(),
            Ok(Wish::Clear) => self.ear.clear(),
            Err((code, message)) => {
                self.fault(code, &message);
                Vec::new()
            }
        };
        self.tell_heard();
        for name in marks {
            let mark = self.messages.mark(&name);
            self.send(mark).await?;
        }
        Ok(())
    }

    fn tell_heard(&mut self) {
        if let Some(ms) = self.ear.heard_ms() {
            self.streamed.heard_ms += ms;
            (self.told)(self.streamed.line_ms, What::Heard { ms });
        }
    }

    fn fault(&mut self, code: &str, message: &str) {
        let message = format!("the stream got {message}, which the provider ignores");
        (self.told)(self.streamed.line_ms, What::Faulted { code: code.to_owned(), message });
    }
}

/// With two decimals, which is what a clock is good for here.
pub(in super::super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}
