//! WAV files of any usual kind: PCM of 8 to 32 bits, floats, µ-law, A-law, also as `WAVE_FORMAT_EXTENSIBLE`.
//!
//! `riff` walks the file, hound reads linear samples and 32-bit floats from a clean header put in front of the data,
//! and the rest (G.711, 64-bit floats) is decoded here. A file that ends early counts as far as it goes.

use std::io::Read;

use super::{AudioError, alaw, check_bytes, check_duration, mulaw, resample, riff};
use crate::config::AudioLimits;
use crate::types::{Clip8k, Clip16k};

/// More channels than this no telephone, browser or meeting recorder writes.
const MAX_CHANNELS: u16 = 8;

/// Decodes a WAV file of any usual kind, mixed down to one channel.
///
/// Channels are averaged; floats beyond full scale are cut off there, as a converter would.
///
/// # Errors
/// [`AudioError`] for what is no WAV file, damaged, unsupported, empty or beyond the limits.
pub fn decode(bytes: &[u8], limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    check_bytes(bytes.len(), limits)?;
    let (format, data) = riff::find(bytes)?;
    let (channels, width) = (usize::from(format.channels), usize::from(format.width));
    if channels == 0 || format.channels > MAX_CHANNELS {
        return Err(AudioError::Channels { count: format.channels, max: MAX_CHANNELS });
    }
    resample::check_rate(format.rate_hz)?;
    let unsupported = AudioError::Unsupported { tag: format.tag, bits: format.bits };
    if width == 0 || width > 8 {
        return Err(unsupported);
    }
    let frames = data.len() / (channels * width);
    check_duration(frames, format.rate_hz, limits)?;
    let data = &data[..frames * channels * width];
    let samples: Vec<f32> = match (format.tag, width) {
        (riff::PCM, 1..=4) => linear(format, data)?,
        (riff::FLOAT, 4) => floats(format, data)?,
        (riff::FLOAT, 8) => data.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect(),
        (riff::MULAW, 1) => data.iter().map(|&b| f32::from(mulaw::to_linear(b)) / 32_768.0).collect(),
        (riff::ALAW, 1) => data.iter().map(|&b| f32::from(alaw::to_linear(b)) / 32_768.0).collect(),
        _ => return Err(unsupported),
    };
    if !samples.iter().all(|sample| sample.is_finite()) {
        return Err(AudioError::NotFinite);
    }
    let mixed: Vec<f32> = samples
        .chunks_exact(channels)
        .map(|frame| frame.iter().map(|s| s.clamp(-1.0, 1.0)).sum::<f32>() / channels as f32)
        .collect();
    resample::to_16k(&mixed, format.rate_hz)
}

/// Encodes a clip as the provider serves its recordings: 8 kHz, 16-bit, mono.
pub fn encode_8k(clip: &Clip8k) -> Vec<u8> {
    let data: Vec<u8> = clip.samples().iter().flat_map(|s| ((s * 32_768.0).round() as i16).to_le_bytes()).collect();
    let format = riff::Format { tag: riff::PCM, channels: 1, rate_hz: Clip8k::RATE_HZ, bits: 16, width: 2 };
    [clean_header(format, data.len()).as_slice(), &data].concat()
}

/// Reads integer samples by hound, full scale ±1.0.
fn linear(format: riff::Format, data: &[u8]) -> Result<Vec<f32>, AudioError> {
    // 24 bits in four bytes stand in the lower three; other odd counts are left-aligned and read as whole bytes.
    let bits = if (format.width, format.bits) == (4, 24) { 24 } else { format.width * 8 };
    let full_scale = 2.0_f32.powi(i32::from(bits) - 1);
    let reader = hound(riff::Format { bits, ..format }, data)?;
    reader.into_samples::<i32>().map(|sample| sample.map(|s| s as f32 / full_scale).map_err(|_| REFUSED)).collect()
}

/// Reads 32-bit floats by hound.
fn floats(format: riff::Format, data: &[u8]) -> Result<Vec<f32>, AudioError> {
    let reader = hound(riff::Format { bits: 32, ..format }, data)?;
    reader.into_samples::<f32>().map(|sample| sample.map_err(|_| REFUSED)).collect()
}

/// hound refuses what the walk let through: not known to happen.
const REFUSED: AudioError = AudioError::Damaged("the samples cannot be read");

fn hound(format: riff::Format, data: &[u8]) -> Result<hound::WavReader<impl Read>, AudioError> {
    hound::WavReader::new(std::io::Cursor::new(clean_header(format, data.len())).chain(data)).map_err(|_| REFUSED)
}

/// The plainest header that fits: RIFF, a format of 16 bytes, data.
fn clean_header(format: riff::Format, data_bytes: usize) -> [u8; 44] {
    let mut header = *b"RIFF....WAVEfmt \x10\0\0\0................data....";
    let block = format.channels * format.width;
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(4, &(data_bytes as u32 + 36).to_le_bytes());
    put(20, &format.tag.to_le_bytes());
    put(22, &format.channels.to_le_bytes());
    put(24, &format.rate_hz.to_le_bytes());
    put(28, &(format.rate_hz * u32::from(block)).to_le_bytes());
    put(32, &block.to_le_bytes());
    put(34, &format.bits.to_le_bytes());
    put(40, &(data_bytes as u32).to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use hound::{SampleFormat, WavSpec, WavWriter};
    use proptest::prelude::*;

    use super::*;

    const LIMITS: AudioLimits = AudioLimits { max_bytes: 1 << 20, max_seconds: 10.0 };

    /// hound's own writer, the outside tool of these tests. 16 kHz is not resampled, so samples compare exactly.
    fn written<S: hound::Sample + Copy>(bits: u16, format: SampleFormat, channels: u16, samples: &[S]) -> Vec<u8> {
        let mut file = std::io::Cursor::new(Vec::new());
        let spec = WavSpec { channels, sample_rate: 16_000, bits_per_sample: bits, sample_format: format };
        let mut writer = WavWriter::new(&mut file, spec).unwrap();
        for &sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    /// A file by hand: the format chunk's fields, what follows them, the data.
    fn by_hand((tag, channels, rate_hz, width, bits): (u16, u16, u32, u16, u16), more: &[u8], data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend((16 + more.len() as u32).to_le_bytes());
        file.extend(tag.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(rate_hz.to_le_bytes());
        file.extend([0; 4]);
        file.extend(channels.wrapping_mul(width).to_le_bytes());
        file.extend(bits.to_le_bytes());
        file.extend(more);
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    /// The part after the plain fields in `WAVE_FORMAT_EXTENSIBLE`.
    fn extension(valid_bits: u16, tag: u16) -> Vec<u8> {
        let guid_rest = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
        [&[22, 0][..], &valid_bits.to_le_bytes(), &[0; 4], &tag.to_le_bytes(), &guid_rest].concat()
    }

    fn samples(file: &[u8]) -> Vec<f32> {
        decode(file, &LIMITS).unwrap().samples().to_vec()
    }

    fn code(file: &[u8]) -> &'static str {
        decode(file, &LIMITS).unwrap_err().code()
    }

    #[test]
    fn every_linear_width_is_read_at_its_scale() {
        let int = SampleFormat::Int;
        assert_eq!(samples(&written(8, int, 1, &[-128_i32, 0, 64])), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(&written(16, int, 1, &[-32_768_i32, 0, 16_384])), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(&written(24, int, 1, &[-8_388_608_i32, 0, 4_194_304])), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(&written(32, int, 1, &[i32::MIN, 0, 1 << 30])), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(&written(32, SampleFormat::Float, 1, &[-1.0_f32, 0.0, 0.5])), [-1.0, 0.0, 0.5]);
        let doubles: Vec<u8> = [-1.0_f64, 0.0, 0.5].iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(samples(&by_hand((3, 1, 16_000, 8, 64), &[0, 0], &doubles)), [-1.0, 0.0, 0.5]);
    }

    #[test]
    fn bits_that_do_not_fill_their_bytes_are_read_where_they_stand() {
        // 24 bits in four bytes, and 12 in two, which are left-aligned; a block size of 0 is worked out from the bits.
        assert_eq!(samples(&by_hand((1, 1, 16_000, 4, 24), &[], &[0, 0, 0x40, 0])), [0.5]);
        assert_eq!(samples(&by_hand((1, 1, 16_000, 2, 12), &[], &[0, 0x40])), [0.5]);
        assert_eq!(samples(&by_hand((1, 1, 16_000, 0, 16), &[], &[0, 0x40])), [0.5]);
    }

    #[test]
    fn telephone_laws_are_read_plain_and_extensible() {
        for (tag, to_linear) in [(6, alaw::to_linear as fn(u8) -> i16), (7, mulaw::to_linear)] {
            let bytes: Vec<u8> = (0..=255).collect();
            let expected: Vec<f32> = bytes.iter().map(|&b| f32::from(to_linear(b)) / 32_768.0).collect();
            assert_eq!(samples(&by_hand((tag, 1, 16_000, 1, 8), &[0, 0], &bytes)), expected);
            assert_eq!(samples(&by_hand((0xfffe, 1, 16_000, 1, 8), &extension(8, tag), &bytes)), expected);
        }
    }

    #[test]
    fn channels_are_averaged() {
        assert_eq!(samples(&written(16, SampleFormat::Int, 2, &[16_384_i32, 0, -16_384, -16_384])), [0.25, -0.5]);
    }

    #[test]
    fn floats_beyond_full_scale_are_cut_off_and_those_that_are_none_refused() {
        assert_eq!(samples(&written(32, SampleFormat::Float, 1, &[3.0_f32, -1e30])), [1.0, -1.0]);
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(code(&written(32, SampleFormat::Float, 1, &[0.0, bad])), "audio_not_finite");
        }
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused_by_its_code() {
        assert_eq!(code(&vec![0; LIMITS.max_bytes + 1]), "audio_too_large");
        assert_eq!(code(&by_hand((7, 1, 8_000, 1, 8), &[], &vec![0xff; 80_001])), "audio_too_long");
        assert_eq!(code(&by_hand((1, 1, 96_000, 2, 16), &[], &[0; 4])), "audio_rate");
        assert_eq!(code(&by_hand((1, 0, 8_000, 2, 16), &[], &[0; 4])), "audio_channels");
        assert_eq!(code(&by_hand((1, 9, 8_000, 2, 16), &[], &[0; 36])), "audio_channels");
        assert_eq!(code(&by_hand((1, 1, 8_000, 2, 16), &[], &[])), "audio_empty");
        assert_eq!(code(&by_hand((1, 2, 8_000, 2, 16), &[], &[0; 3])), "audio_empty");
        for (tag, width, bits) in
            [(1, 8, 64), (1, 0, 0), (2, 1, 4), (3, 2, 16), (7, 2, 16), (0x55, 1, 0), (1, 60_000, 16)]
        {
            assert_eq!(
                code(&by_hand((tag, 1, 8_000, width, bits), &[], &[0; 64])),
                "audio_unsupported",
                "{tag} {bits}"
            );
        }
        assert_eq!(code(&by_hand((0xfffe, 1, 8_000, 2, 16), &[22, 0], &[0; 4])), "audio_damaged");
        assert_eq!(code(&by_hand((0xfffe, 1, 8_000, 2, 16), &[7; 24], &[0; 4])), "audio_unsupported");
        assert_eq!(code(b"ID3\x03 not this kind of file"), "audio_not_wav");
    }

    #[test]
    fn a_file_cut_anywhere_counts_as_far_as_its_samples_go() {
        let whole = written(16, SampleFormat::Int, 1, &(1..=50_i32).collect::<Vec<_>>());
        let first_sample = whole.len() - 100;
        for end in 0..=whole.len() {
            let found = decode(&whole[..end], &LIMITS);
            match end.saturating_sub(first_sample) / 2 {
                0 => assert!(found.is_err(), "{end}"),
                count => assert_eq!(found.unwrap().samples(), &samples(&whole)[..count]),
            }
        }
    }

    #[test]
    fn what_we_encode_is_what_the_provider_serves() {
        let clip = Clip8k::new(vec![0.0, 0.5, -0.5, 1.5, -1.5, 0.1 / 32_768.0]);
        let bytes = encode_8k(&clip);
        let reader = hound::WavReader::new(bytes.as_slice()).unwrap();
        let spec = WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        assert_eq!(reader.spec(), spec);
        let read: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
        assert_eq!(read, [0, 16_384, -16_384, 32_767, -32_768, 0]);
    }

    /// The same words in every container; `fixtures/audio/make_voices.py` wrote them with Python's `struct` and
    /// `audioop`.
    #[test]
    fn every_container_of_the_fixtures_holds_the_same_words() {
        macro_rules! fixture {
            ($name:literal) => {
                ($name, include_bytes!(concat!("../../fixtures/audio/formats/", $name)).as_slice())
            };
        }
        let plain = samples(fixture!("pcm16_8k.wav").1);
        // The largest error allowed, in steps of 16 bits: an 8-bit step, an A-law step at this level, two resamplers.
        for ((name, file), steps) in [
            (fixture!("mulaw_8k.wav"), 0.0),
            (fixture!("pcm32_8k.wav"), 0.0),
            (fixture!("extensible_8k.wav"), 0.0),
            (fixture!("list_fact_8k.wav"), 0.0),
            (fixture!("odd_chunk_8k.wav"), 0.0),
            (fixture!("data_size_0.wav"), 0.0),
            (fixture!("data_size_ffffffff.wav"), 0.0),
            (fixture!("truncated.wav"), 50.0),
            (fixture!("pcm8_8k.wav"), 300.0),
            (fixture!("alaw_8k.wav"), 300.0),
            (fixture!("pcm16_16k.wav"), 50.0),
            (fixture!("float32_44k1.wav"), 50.0),
            (fixture!("pcm24_48k_stereo.wav"), 50.0),
        ] {
            let found = samples(file);
            let expected = if name == "truncated.wav" { plain.len() / 2 } else { plain.len() };
            assert!(found.len().abs_diff(expected) <= 4, "{name}: {} samples, not {expected}", found.len());
            let worst = found.iter().zip(&plain).map(|(f, p)| (f - p).abs()).fold(0.0, f32::max) * 32_768.0;
            assert!(worst <= steps, "{name}: off by {worst} steps");
        }
        let raw = mulaw::decode(fixture!("raw_8k.ulaw").1, &LIMITS).unwrap();
        assert_eq!(raw.samples(), plain);
        assert_eq!(code(fixture!("twilio_404.xml").1), "audio_not_wav");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes, &LIMITS);
            let _ = mulaw::decode(&bytes, &LIMITS);
        }

        #[test]
        fn arbitrary_chunks_never_panic(
            tag in prop_oneof![Just(1), Just(3), Just(6), Just(7), Just(0xfffe), any::<u16>()],
            channels in 0..10_u16, rate_hz in prop_oneof![Just(8_000), Just(44_100), any::<u32>()],
            width in 0..10_u16, bits in 0..70_u16,
            more in proptest::collection::vec(any::<u8>(), 0..40),
            data in proptest::collection::vec(any::<u8>(), 0..200),
            (at, value) in any::<(prop::sample::Index, u8)>(),
        ) {
            let mut file = by_hand((tag, channels, rate_hz, width, bits), &more, &data);
            if let Ok(clip) = decode(&file, &LIMITS) {
                prop_assert!(!clip.samples().is_empty() && clip.samples().iter().all(|s| s.is_finite()));
            }
            let at = at.index(file.len());
            file[at] = value;
            let _ = decode(&file, &LIMITS);
        }

        #[test]
        fn every_written_format_comes_back(
            frames in proptest::collection::vec(any::<i16>(), 1..50), channels in 1..=8_u16,
            (bits, format) in prop_oneof![
                Just((16, SampleFormat::Int)), Just((24, SampleFormat::Int)),
                Just((32, SampleFormat::Int)), Just((32, SampleFormat::Float)),
            ],
        ) {
            let expected: Vec<f32> = frames.iter().map(|&s| f32::from(s) / 32_768.0).collect();
            let all_channels = frames.iter().flat_map(|&s| std::iter::repeat_n(s, usize::from(channels)));
            let file = match format {
                SampleFormat::Int => {
                    let samples: Vec<_> = all_channels.map(|s| i32::from(s) << (bits - 16)).collect();
                    written(bits, format, channels, &samples)
                }
                SampleFormat::Float => {
                    let samples: Vec<_> = all_channels.map(|s| f32::from(s) / 32_768.0).collect();
                    written(bits, format, channels, &samples)
                }
            };
            let found = samples(&file);
            prop_assert_eq!(found.len(), expected.len());
            prop_assert!(found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-6));
        }
    }
}
