//! Kinds of attack: the rows of the table, and where each sound comes from.

/// A way to get in: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Fresh,
    OwnerOtherWords,
    ImpostorRightWords,
    ImpostorOtherWords,
    CopyExact,
    CopyOtherLine,
    CopyOpus,
    CopyLouder,
    CopyCut,
    CopySlower,
    CopyFaster,
    CopyLonger,
    CopyShorter,
    Loudspeaker,
    PastCopy,
    PastLoudspeaker,
    StolenSentence,
    OtherPitch,
    OtherSpeed,
    Espeak,
    Flite,
    Festival,
}

/// Where an attack's sound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttackSource {
    /// A trial's probe, by whether it is the owner's and whether the words are the enrolled ones.
    Probe { is_owner: bool, same_words: bool },
    /// One of the caller's enrollment takes.
    Take,
    /// A probe of the owner's that was accepted before.
    Past,
    /// A synthesizer's voice.
    Machine,
}

impl Kind {
    pub(super) const ALL: [Self; 22] = [
        Self::Fresh,
        Self::OwnerOtherWords,
        Self::ImpostorRightWords,
        Self::ImpostorOtherWords,
        Self::CopyExact,
        Self::CopyOtherLine,
        Self::CopyOpus,
        Self::CopyLouder,
        Self::CopyCut,
        Self::CopySlower,
        Self::CopyFaster,
        Self::CopyLonger,
        Self::CopyShorter,
        Self::Loudspeaker,
        Self::PastCopy,
        Self::PastLoudspeaker,
        Self::StolenSentence,
        Self::OtherPitch,
        Self::OtherSpeed,
        Self::Espeak,
        Self::Flite,
        Self::Festival,
    ];

    /// The stable code, as JSON has it.
    pub(super) const fn code(self) -> &'static str {
        self.texts().0
    }

    /// A description, for people.
    pub(super) const fn title(self) -> &'static str {
        self.texts().1
    }

    /// The heading it stands under.
    pub(super) const fn group(self) -> &'static str {
        match self {
            Self::Fresh | Self::OwnerOtherWords | Self::ImpostorRightWords | Self::ImpostorOtherWords => "people",
            Self::Loudspeaker => "loudspeakers",
            Self::PastCopy | Self::PastLoudspeaker => "past calls",
            Self::StolenSentence => "challenges",
            Self::OtherPitch | Self::OtherSpeed => "disguises",
            Self::Espeak | Self::Flite | Self::Festival => "machines",
            _ => "copies",
        }
    }

    pub(super) const fn source(self) -> AttackSource {
        match self {
            Self::Fresh | Self::StolenSentence => AttackSource::Probe { is_owner: true, same_words: true },
            Self::OwnerOtherWords => AttackSource::Probe { is_owner: true, same_words: false },
            Self::ImpostorOtherWords => AttackSource::Probe { is_owner: false, same_words: false },
            Self::ImpostorRightWords | Self::OtherPitch | Self::OtherSpeed => {
                AttackSource::Probe { is_owner: false, same_words: true }
            }
            Self::PastCopy | Self::PastLoudspeaker => AttackSource::Past,
            Self::Espeak | Self::Flite | Self::Festival => AttackSource::Machine,
            _ => AttackSource::Take,
        }
    }

    /// Whether a challenge was asked for.
    pub(super) const fn is_challenged(self) -> bool {
        matches!(self, Self::StolenSentence)
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Fresh => ("fresh", "the owner, a fresh take"),
            Self::OwnerOtherWords => ("owner_other_words", "the owner, other words"),
            Self::ImpostorRightWords => ("impostor_right_words", "impostors, the right words"),
            Self::ImpostorOtherWords => ("impostor_other_words", "impostors, other words"),
            Self::CopyExact => ("copy_exact", "the recording itself"),
            Self::CopyOtherLine => ("copy_other_line", "over another line"),
            Self::CopyOpus => ("copy_opus", "through Opus, 12 to 24 kbit/s"),
            Self::CopyLouder => ("copy_louder", "by way of 16 kHz, another level"),
            Self::CopyCut => ("copy_cut", "cut at both ends"),
            Self::CopySlower => ("copy_slower", "2 % slower, deeper"),
            Self::CopyFaster => ("copy_faster", "2 % faster, higher"),
            Self::CopyLonger => ("copy_longer", "2 % longer, same pitch"),
            Self::CopyShorter => ("copy_shorter", "2 % shorter, same pitch"),
            Self::Loudspeaker => ("loudspeaker", "an enrollment take, played"),
            Self::PastCopy => ("past_copy", "an accepted take, copied"),
            Self::PastLoudspeaker => ("past_loudspeaker", "an accepted take, played"),
            Self::StolenSentence => ("stolen_sentence", "the owner's sentence, never heard before"),
            Self::OtherPitch => ("other_pitch", "impostors, another pitch"),
            Self::OtherSpeed => ("other_speed", "impostors, another speed"),
            Self::Espeak => ("espeak", "espeak-ng, six voices"),
            Self::Flite => ("flite", "flite, four voices"),
            Self::Festival => ("festival", "festival, one voice"),
        }
    }
}
