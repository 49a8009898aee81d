use thiserror::Error;

/// Why audio was refused. The limit that was broken is part of the error.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AudioError {
    /// The bytes do not start like a RIFF/WAVE file.
    #[error("not a WAV file")]
    NotWav,
    /// A header or chunk is cut off or contradicts itself.
    #[error("the WAV file is damaged: {0}")]
    Damaged(&'static str),
    /// The encoding is none we decode.
    #[error("WAV format {tag} with {bits} bits is not supported")]
    Unsupported {
        /// The format tag of the `fmt ` chunk, or of the extensible format's sub-format.
        tag: u16,
        /// Bits per sample.
        bits: u16,
    },
    /// The file is of a kind that is not taken.
    #[error("{0} is not taken: send WAV, Opus in WebM or Ogg, or raw µ-law")]
    Format(&'static str),
    /// A container holds something else than Opus.
    #[error("the {container} file holds {codec}, not Opus")]
    Codecs {
        /// The container's name.
        container: &'static str,
        /// The codec found in it.
        codec: &'static str,
    },
    /// A container is cut off before its sound starts, or contradicts itself.
    #[error("the {container} file is damaged: {what}")]
    Container {
        /// The container's name.
        container: &'static str,
        /// The fault.
        what: &'static str,
    },
    /// Raw µ-law is said to have another rate than a telephone line.
    #[error("raw µ-law has to be 8000 Hz")]
    LineRate,
    /// The file has more bytes than are taken.
    #[error("the audio is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// The clip is longer than is taken.
    #[error("the audio is longer than {max_seconds} s")]
    TooLong {
        /// The limit.
        max_seconds: f32,
    },
    /// The sample rate is outside what is taken.
    #[error("a sample rate of {hz} Hz is not between {min_hz} and {max_hz} Hz")]
    Rate {
        /// The rate found.
        hz: u32,
        /// The lowest rate taken.
        min_hz: u32,
        /// The highest rate taken.
        max_hz: u32,
    },
    /// The sample rate is not one that streams have.
    #[error("a stream of {hz} Hz is not 8, 16, 24, 32 or 48 kHz")]
    StreamRate {
        /// The rate found.
        hz: u32,
    },
    /// A codec's library could not start, or refused a packet of its own.
    #[error("the {0} codec failed")]
    Codec(&'static str),
    /// There are no channels, or too many.
    #[error("{count} channels are not between 1 and {max}")]
    Channels {
        /// The number found.
        count: u16,
        /// The highest number taken.
        max: u16,
    },
    /// There is not a single sample.
    #[error("the audio is empty")]
    Empty,
    /// A floating-point sample is infinite or not a number.
    #[error("the audio has samples that are not finite")]
    NotFinite,
}

impl AudioError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotWav => "audio_not_wav",
            Self::Damaged(_) | Self::Container { .. } => "audio_damaged",
            Self::Format(_) => "audio_format",
            Self::Codecs { .. } => "audio_not_opus",
            Self::Unsupported { .. } => "audio_unsupported",
            Self::TooLarge { .. } => "audio_too_large",
            Self::TooLong { .. } => "audio_too_long",
            Self::Rate { .. } | Self::LineRate => "audio_rate",
            Self::StreamRate { .. } => "audio_stream_rate",
            Self::Codec(_) => "audio_codec",
            Self::Channels { .. } => "audio_channels",
            Self::Empty => "audio_empty",
            Self::NotFinite => "audio_not_finite",
        }
    }
}
