//! G.711 A-law, the encoding of telephone lines outside North America and Japan.

/// Expands one A-law byte to 16-bit linear: −32256 to 32256.
pub const fn to_linear(byte: u8) -> i16 {
    // Every other bit is inverted on the line, so that silence has transitions.
    let code = (byte ^ 0x55) as i16;
    let segment = (code & 0x70) >> 4;
    let step = ((code & 0x0f) << 4) + 8;
    let magnitude = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::g711_golden;

    #[test]
    fn every_byte_expands_as_the_outside_tool_says() {
        let ours: Vec<i64> = (0..=255).map(|byte| i64::from(to_linear(byte))).collect();
        assert_eq!(serde_json::json!(ours), g711_golden()["alaw_to_linear"]);
    }
}
