use super::{Frames, PhraseError};

/// How far the path may leave the straight line, in frames: one second.
const BAND: f32 = 40.0;

/// Takes whose lengths differ by more than this are not the same phrase, and no path is looked for.
const MAX_RATIO: usize = 3;

/// The distance of two takes that no path joins; unrelated speech measures 0.6 to 0.8.
const APART: f32 = 1.0;

/// How unlike two takes are in what was said: 0 for the same frames, about 0.7 for unrelated speech.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Distance(pub f32);

/// Compares what was said in two takes, by dynamic time warping over one less the cosine of their frames.
///
/// The mean along the cheapest path; a path goes ahead in one take or in both, all steps alike.
///
/// # Errors
/// [`PhraseError::Mismatch`] when other models made them.
pub fn distance(left: &Frames, right: &Frames) -> Result<Distance, PhraseError> {
    if left.space() != right.space() {
        return Err(PhraseError::Mismatch { left: left.space().to_owned(), right: right.space().to_owned() });
    }
    // The longer one goes down: the band then holds a whole step of the line in every row.
    let (long, short) = if left.count() >= right.count() { (left, right) } else { (right, left) };
    let (rows, columns) = (long.count(), short.count());
    if rows > MAX_RATIO * columns {
        return Ok(Distance(APART));
    }
    let slope = columns as f32 / rows as f32;
    let mut above = vec![Path::NONE; columns + 1];
    above[0] = Path::START;
    let mut row = above.clone();
    for at in 0..rows {
        let line = (at + 1) as f32 * slope;
        let from = ((line - BAND).max(1.0)) as usize;
        let to = ((line + BAND) as usize).min(columns);
        row.fill(Path::NONE);
        for column in from..=to {
            let cost = long.unlikeness(at, short, column - 1);
            row[column] = above[column - 1].cheaper(above[column]).cheaper(row[column - 1]).step(cost);
        }
        std::mem::swap(&mut row, &mut above);
    }
    Ok(above[columns].mean())
}

/// The cheapest way to a pair of frames.
#[derive(Clone, Copy)]
struct Path {
    cost: f32,
    steps: f32,
}

impl Path {
    const START: Self = Self { cost: 0.0, steps: 0.0 };
    const NONE: Self = Self { cost: f32::INFINITY, steps: 0.0 };

    /// The cheaper of two; of equal ones the first.
    fn cheaper(self, other: Self) -> Self {
        if other.cost < self.cost { other } else { self }
    }

    fn step(self, cost: f32) -> Self {
        Self { cost: self.cost + cost, steps: self.steps + 1.0 }
    }

    fn mean(self) -> Distance {
        Distance(if self.cost.is_finite() { self.cost / self.steps } else { APART })
    }
}

/// How far a probe is from an enrolled phrase, and how far the phrase's takes are from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// From the probe to the takes, the mean.
    pub distance: Distance,
    /// Between the takes, the mean of all pairs; zero for a single take.
    pub spread: Distance,
}

/// Compares a probe with the takes of an enrolled phrase.
///
/// # Errors
/// [`PhraseError::NoTakes`], or [`PhraseError::Mismatch`].
pub fn compare(takes: &[Frames], probe: &Frames) -> Result<Comparison, PhraseError> {
    if takes.is_empty() {
        return Err(PhraseError::NoTakes);
    }
    let to_takes = takes.iter().map(|take| distance(take, probe)).collect::<Result<Vec<_>, _>>()?;
    Ok(Comparison { distance: mean(&to_takes), spread: mean(&pairs(takes)?) })
}

/// The distances of all pairs of takes: what an enrollment is held to.
///
/// # Errors
/// [`PhraseError::Mismatch`].
pub fn pairs(takes: &[Frames]) -> Result<Vec<Distance>, PhraseError> {
    let pair = |(at, take)| takes[at + 1..].iter().map(move |other| distance(take, other));
    takes.iter().enumerate().flat_map(pair).collect()
}

fn mean(distances: &[Distance]) -> Distance {
    let sum: f32 = distances.iter().map(|distance| distance.0).sum();
    Distance(sum / distances.len().max(1) as f32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(directions: &[[f32; 2]]) -> Frames {
        Frames::round("s", 2, directions.as_flattened()).unwrap()
    }

    type Case<'a> = (&'a [[f32; 2]], &'a [[f32; 2]], f32);

    const EAST: [f32; 2] = [1.0, 0.0];
    const NORTH: [f32; 2] = [0.0, 1.0];

    #[test]
    fn distances_by_hand() {
        //   two takes, the mean along the cheapest path
        let table: [Case; 5] = [
            (&[EAST], &[EAST], 0.0),
            (&[EAST], &[NORTH], 1.0),
            // Stretching costs nothing where the frames agree.
            (&[EAST, NORTH], &[EAST, EAST, NORTH, NORTH, NORTH], 0.0),
            // (E,E) 0, (N,E) 1: two steps.
            (&[EAST, NORTH], &[EAST], 0.5),
            // E–N, N–E: diagonally 1 + 1 over two steps; by the corner 1 + 0 + 1 over three would be as dear, and comes
            // second.
            (&[EAST, NORTH], &[NORTH, EAST], 1.0),
        ];
        for (left, right, expected) in table {
            for (left, right) in [(left, right), (right, left)] {
                let found = distance(&frames(left), &frames(right)).unwrap().0;
                assert!((found - expected).abs() < 1e-6, "{left:?} {right:?}: {found}");
            }
        }
    }

    #[test]
    fn takes_of_very_different_length_are_apart() {
        assert_eq!(distance(&frames(&[EAST; 100]), &frames(&[EAST; 30])), Ok(Distance(APART)));
    }

    #[test]
    fn a_probe_is_as_far_as_the_mean_of_the_takes() {
        let (east, north) = (frames(&[EAST]), frames(&[NORTH]));
        let comparison = compare(&[east.clone(), north.clone(), north], &east).unwrap();
        assert!((comparison.distance.0 - 2.0 / 3.0).abs() < 1e-6 && (comparison.spread.0 - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(compare(&[], &east), Err(PhraseError::NoTakes));
    }

    #[test]
    fn frames_of_other_models_are_not_compared() {
        let other = Frames::round("t", 2, &EAST).unwrap();
        assert_eq!(distance(&frames(&[EAST]), &other).unwrap_err().code(), "phrase_model_mismatch");
    }

    proptest! {
        #[test]
        fn distances_are_symmetric_and_never_beyond_two(
            left in prop::collection::vec([-1.0_f32..1.0, 0.1..1.0], 1..200),
            right in prop::collection::vec([-1.0_f32..1.0, 0.1..1.0], 1..200),
        ) {
            let (left, right) = (frames(&left), frames(&right));
            let there = distance(&left, &right).unwrap().0;
            // Ties may go another way round: the same cost over another number of steps.
            prop_assert!((0.0..=2.0).contains(&there));
            prop_assert!(distance(&left, &left).unwrap().0 < 1e-5);
        }
    }
}
