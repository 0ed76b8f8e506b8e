//! Packet times of pcapng interfaces.
//!
//! Read here from the options and not by `pcap-parser`, which takes offsets for little-endian
//! in big-endian sections and refuses resolutions that are powers of two.

use pcap_parser::{OptionCode, PcapNGOption};

use crate::exchange::Timestamp;

const NANOSECONDS: u64 = 1_000_000_000;

/// How an interface counts time (options `if_tsresol` and `if_tsoffset`).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    ticks_per_second: u128,
    /// Zero when a tick is no whole number of nanoseconds.
    nanoseconds_per_tick: u64,
    offset_seconds: i64,
}

impl Clock {
    /// Takes the two options out of those of an interface description; absent or ill-formed
    /// ones mean microseconds since the Unix epoch.
    pub fn new(options: &[PcapNGOption<'_>], big_endian: bool) -> Self {
        let value = |code| {
            let option = options.iter().find(|option| option.code == code)?;
            option.as_bytes().ok()
        };
        let resolution = value(OptionCode::IfTsresol).and_then(<[u8]>::first).copied();
        let offset = value(OptionCode::IfTsoffset).and_then(|value| value.try_into().ok());
        let offset = offset.map_or(0, |bytes| {
            if big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
        });
        Self::counting(ticks_per_second(resolution.unwrap_or(6)), offset)
    }

    fn counting(ticks_per_second: u128, offset_seconds: i64) -> Self {
        let nanoseconds_per_tick = match u64::try_from(ticks_per_second) {
            Ok(ticks) if NANOSECONDS.is_multiple_of(ticks) => NANOSECONDS / ticks,
            _ => 0,
        };
        Self { ticks_per_second, nanoseconds_per_tick, offset_seconds }
    }

    /// The time of a packet, kept within what a timestamp can hold.
    pub fn time(self, high: u32, low: u32) -> Timestamp {
        let ticks = u64::from(high) << 32 | u64::from(low);
        let nanoseconds = match self.nanoseconds_per_tick {
            0 => u128::from(ticks) * u128::from(NANOSECONDS) / self.ticks_per_second,
            // The common case, without the slow division.
            scale if self.offset_seconds == 0 => return Timestamp(ticks.saturating_mul(scale)),
            scale => u128::from(ticks) * u128::from(scale),
        };
        let offset = i128::from(self.offset_seconds) * i128::from(NANOSECONDS);
        // Both terms are below 2^94.
        let sum = (nanoseconds as i128 + offset).clamp(0, i128::from(u64::MAX));
        Timestamp(sum as u64)
    }
}

/// A negative power of ten, or of two when the top bit is set.
fn ticks_per_second(resolution: u8) -> u128 {
    let exponent = u32::from(resolution & 0x7f);
    if resolution & 0x80 == 0 { 10_u128.checked_pow(exponent) } else { Some(1 << exponent) }
        .unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn option(code: OptionCode, value: &[u8]) -> PcapNGOption<'_> {
        PcapNGOption { code, len: value.len() as u16, value: Cow::Borrowed(value) }
    }

    #[test]
    fn ticks_become_nanoseconds() {
        let check = |resolution: u8, offset: i64, ticks: u64, expect: u64| {
            let (resolution, offset) = ([resolution], offset.to_be_bytes());
            let options = [
                option(OptionCode::IfTsresol, &resolution),
                option(OptionCode::IfTsoffset, &offset),
            ];
            let time = Clock::new(&options, true).time((ticks >> 32) as u32, ticks as u32);
            assert_eq!(time, Timestamp(expect), "{resolution:?} {offset:?} {ticks}");
        };
        check(6, 0, 1_700_000_000_000_001, 1_700_000_000_000_001_000);
        check(9, 0, 1_700_000_000_000_000_001, 1_700_000_000_000_000_001);
        check(0, 0, 1_700_000_000, 1_700_000_000_000_000_000);
        check(3, 10, 1, 10_001_000_000);
        check(3, -10, 10_001, 1_000_000);
        check(3, -10, 1, 0);
        check(3, i64::MIN, u64::MAX, 0);
        check(3, i64::MAX, u64::MAX, u64::MAX);
        check(0, 0, u64::MAX, u64::MAX);
        check(12, 0, 1_999, 1);
        check(19, 0, u64::MAX, 1_844_674_407);
        check(127, 0, u64::MAX, 0);
        check(0x80, 0, 7, 7_000_000_000);
        check(0x8a, 0, 1_536, 1_500_000_000);
        check(0x94, 1, 1 << 20, 2_000_000_000);
        check(0xff, 0, u64::MAX, 0);
    }

    #[test]
    fn ill_formed_options_mean_microseconds() {
        let check = |options: &[PcapNGOption<'_>]| {
            assert_eq!(Clock::new(options, false).time(0, 3), Timestamp(3_000));
        };
        check(&[]);
        check(&[option(OptionCode::IfTsresol, &[])]);
        check(&[option(OptionCode::IfTsoffset, &[1, 2, 3])]);
        check(&[PcapNGOption {
            code: OptionCode::IfTsresol,
            len: 9,
            value: Cow::Borrowed(&[3, 0, 0, 0]),
        }]);
    }
}
