//! G.711 A-law, the encoding of telephone lines elsewhere.

/// Expands one A-law byte to 16-bit linear: −32256 to 32256.
pub const fn to_linear(_byte: u8) -> i16 {
    todo!()
}

/// Compresses one 16-bit linear sample to A-law.
pub const fn from_linear(_sample: i16) -> u8 {
    todo!()
}
