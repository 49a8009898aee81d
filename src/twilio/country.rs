use crate::types::E164;

/// The ISO 3166 country a number belongs to, when its plan says so.
pub fn country(_number: &E164) -> Option<String> {
    todo!()
}

/// Loads the numbering plans, which takes 80 ms the first time.
pub fn warm() {
    todo!()
}
