/// A checked reply: what a phone does, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The verbs under `<Response>`.
    pub verbs: Vec<Verb>,
}

/// One thing the provider does, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Speaks.
    Say {
        /// What is said.
        text: String,
        /// The voice; `None` is the account's.
        voice: Option<String>,
        /// BCP 47 tag.
        language: String,
        /// How often; 0 is until hang-up.
        times: u32,
    },
    /// Plays a file, or keys.
    Play {
        /// The file's URL; empty when keys are played.
        url: String,
        /// Keys to play.
        digits: Option<String>,
        /// How often; 0 is until hang-up.
        times: u32,
    },
    /// Waits.
    Pause {
        /// How long, in seconds.
        seconds: u32,
    },
    /// Collects keys.
    Gather(Gather),
    /// Records the caller.
    Record(Record),
    /// Continues with another document.
    Redirect {
        /// Where it is.
        url: String,
        /// How it is fetched.
        method: Method,
    },
    /// Connects somebody else.
    Dial(Dial),
    /// Ends the call.
    Hangup,
    /// Refuses the call before it is answered.
    Reject {
        /// Whether the caller hears a busy tone.
        busy: bool,
    },
}

/// How a document is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in a form.
    #[default]
    Post,
}

/// The attributes of `<Gather>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// Where the keys go; `None` is the current document.
    pub action: Option<String>,
    /// How they go there.
    pub method: Method,
    /// Seconds without a key that end it.
    pub timeout_s: u32,
    /// How many keys end it; `None` is any number.
    pub num_digits: Option<u32>,
    /// The key that ends it; empty is none.
    pub finish_on_key: String,
    /// Whether `action` is fetched without any key as well.
    pub action_on_empty_result: bool,
    /// Whether a key interrupts what is said.
    pub barge_in: bool,
    /// What is said meanwhile: `Say`, `Play`, `Pause` only.
    pub children: Vec<Verb>,
}

/// The attributes of `<Record>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the recording goes; `None` is the current document.
    pub action: Option<String>,
    /// How it goes there.
    pub method: Method,
    /// Seconds of silence that end it; 0 is never.
    pub timeout_s: u32,
    /// The keys that end it; empty is none.
    pub finish_on_key: String,
    /// The longest recording, in seconds.
    pub max_length_s: u32,
    /// Whether a beep starts it.
    pub play_beep: bool,
    /// Whether silence at both ends is cut off.
    pub trim_silence: bool,
}

/// The attributes of `<Dial>`, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Who is called.
    pub number: String,
    /// Where the outcome goes; `None` goes on with the next verb.
    pub action: Option<String>,
    /// How it goes there.
    pub method: Method,
    /// Seconds it may ring.
    pub timeout_s: u32,
}
