use super::frames::MAX_WIDTH;
use super::{Frames, PhraseError};

/// Values of one encoder frame.
pub const ENCODED: usize = 288;

/// From encoder frames to comparable ones: a centre, and the directions that are kept.
///
/// `frame = directions · (encoded − centre)`; the directions carry their weight.
#[derive(Clone, Debug)]
pub struct Space {
    name: String,
    centre: Vec<f32>,
    directions: Vec<Vec<f32>>,
}

impl Space {
    /// `name` is kept with all frames; frames of another name compare with none of these.
    ///
    /// # Errors
    /// [`PhraseError::Output`] when the numbers are not `[288]` and at most 255 of `[288]`, all finite.
    pub fn new(name: &str, centre: Vec<f32>, directions: Vec<Vec<f32>>) -> Result<Self, PhraseError> {
        let fits = |row: &Vec<f32>| row.len() == ENCODED && row.iter().all(|value| value.is_finite());
        if !(fits(&centre) && directions.iter().all(fits) && (1..=MAX_WIDTH).contains(&directions.len())) {
            return Err(PhraseError::Output("a projection of another size"));
        }
        Ok(Self { name: name.to_owned(), centre, directions })
    }

    /// Projects encoder frames `[frames, 288]`.
    ///
    /// # Errors
    /// [`PhraseError::Output`] for no frames, too many, or values that are not numbers.
    pub fn project(&self, encoded: &[f32]) -> Result<Frames, PhraseError> {
        let (rows, rest) = encoded.as_chunks::<ENCODED>();
        if !rest.is_empty() {
            return Err(PhraseError::Output("not whole frames"));
        }
        let along = |row: &[f32; ENCODED], direction: &Vec<f32>| -> f32 {
            row.iter().zip(&self.centre).zip(direction).map(|((value, centre), weight)| (value - centre) * weight).sum()
        };
        let projected: Vec<f32> =
            rows.iter().flat_map(|row| self.directions.iter().map(move |direction| along(row, direction))).collect();
        Frames::round(&self.name, self.directions.len(), &projected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_centred_and_projected() {
        let mut direction = vec![0.0; ENCODED];
        direction[3] = 2.0;
        let mut other = vec![0.0; ENCODED];
        other[5] = 1.0;
        let space = Space::new("s", vec![1.0; ENCODED], vec![direction, other]).unwrap();
        let mut frame = vec![1.0; ENCODED];
        (frame[3], frame[5]) = (2.0, 0.0);
        // (2 − 1)·2 = 2 and (0 − 1)·1 = −1, scaled to 127 and −64.
        assert_eq!(space.project(&frame).unwrap().to_bytes()[7..], [2, 1, 0, 127, 0xc0]);
        assert_eq!(space.project(&frame[1..]).unwrap_err().code(), "phrase_output");
        assert_eq!(space.project(&[]).unwrap_err().code(), "phrase_output");
        assert_eq!(Space::new("s", vec![1.0; 2], vec![]).unwrap_err().code(), "phrase_output");
    }
}
