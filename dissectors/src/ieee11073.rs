//! Numbers and times that the IEEE 11073 family shares (Data Export, 20601): MDER, big-endian.

use crate::octets::ShortText;

/// FLOAT-Type: exponent s8, mantissa s24; the value is mantissa times ten to the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float32(pub u32);

/// SFLOAT-Type: exponent s4, mantissa s12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float16(pub u16);

impl Float32 {
    /// NaN for "not a number" and "not at this resolution".
    pub fn value(self) -> f64 {
        match self.0 & 0x00FF_FFFF {
            0x7F_FFFF..=0x80_0001 => f64::NAN,
            0x7F_FFFE => f64::INFINITY,
            0x80_0002 => f64::NEG_INFINITY,
            mantissa => {
                let mantissa = ((mantissa << 8) as i32) >> 8;
                scaled(mantissa, i32::from((self.0 >> 24) as u8 as i8))
            }
        }
    }
}

impl Float16 {
    /// NaN for "not a number" and "not at this resolution".
    pub fn value(self) -> f64 {
        let exponent = i32::from((self.0 as i16) >> 12);
        match (exponent, self.0 & 0x0FFF) {
            (0, 0x7FF..=0x801) => f64::NAN,
            (0, 0x7FE) => f64::INFINITY,
            (0, 0x802) => f64::NEG_INFINITY,
            (_, mantissa) => scaled(i32::from(((mantissa << 4) as i16) >> 4), exponent),
        }
    }
}

/// Dividing by a power of ten gives the nearest number where multiplying by its inverse would not.
fn scaled(mantissa: i32, exponent: i32) -> f64 {
    let mantissa = f64::from(mantissa);
    if exponent < 0 {
        mantissa / 10f64.powi(-exponent)
    } else {
        mantissa * 10f64.powi(exponent)
    }
}

/// AbsoluteTime: eight BCD bytes, century to 1/100 s. `None` if unknown (all FF) or not BCD.
pub fn absolute_time(bytes: &[u8; 8]) -> Option<ShortText<24>> {
    if bytes.iter().any(|b| b >> 4 > 9 || b & 15 > 9) {
        return None;
    }
    let [cc, yy, mo, dd, hh, mi, ss, _] = *bytes;
    Some(ShortText::of(format_args!(
        "{cc:02x}{yy:02x}-{mo:02x}-{dd:02x}T{hh:02x}:{mi:02x}:{ss:02x}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values of jaj42/intellipy tests/test_float.py, encodings of the Data Export guide.
    #[test]
    fn floats_read_as_the_vectors_say() {
        for (code, value) in [
            (0x0000_0000, 0.0),
            (0x0000_005b, 91.0),
            (0xff00_02d5, 72.5),
            (0xfe00_04d2, 12.34),
            (0xfd00_0005, 0.005),
            (0x0100_000c, 120.0),
            (0x00ff_ffff, -1.0),
            (0xfeff_f000, -40.96),
            (0xff00_02dc, 73.2),
            (0x007f_fffe, f64::INFINITY),
            (0x0080_0002, f64::NEG_INFINITY),
        ] {
            assert_eq!(Float32(code).value(), value, "{code:08x}");
        }
        assert!(Float32(0x007f_ffff).value().is_nan());
        assert!(Float32(0x0080_0000).value().is_nan());
    }

    #[test]
    fn short_floats_read_as_the_vectors_say() {
        for (code, value) in [
            (0xf3c5, 96.5),
            (0xf27b, 63.5),
            (0xf084, 13.2),
            (0x0062, 98.0),
            (0x07fe, f64::INFINITY),
            (0x0802, f64::NEG_INFINITY),
        ] {
            assert_eq!(Float16(code).value(), value, "{code:04x}");
        }
        assert!(Float16(0x07ff).value().is_nan());
        assert!(Float16(0x0800).value().is_nan());
    }

    #[test]
    fn a_time_that_is_no_bcd_is_unknown() {
        assert!(absolute_time(&[0xff; 8]).is_none());
        let time = absolute_time(&[0x20, 0x26, 0x11, 0x24, 0x20, 0x38, 0x02, 0x50]).unwrap();
        assert_eq!(time.as_bytes(), b"2026-11-24T20:38:02");
    }
}
