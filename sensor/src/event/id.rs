//! Ids of records that are no exchanges; those have ids from where they are paired.

use serde::{Serialize, Serializer};

use crate::mask::HexDigits;

/// The id of a record, shown as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId(u128);

/// Makes ids that no other process makes.
#[derive(Debug)]
pub struct EventIds {
    /// 96 bits of this process, then the number of the record.
    next: u128,
}

impl EventIds {
    /// Ids of this process: they follow from the boot, the process id and the time.
    pub fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let process = format!("{boot}{} {:?}", std::process::id(), std::time::SystemTime::now());
        let hash = blake3::hash(process.as_bytes());
        let bits = hash.as_bytes().first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        Self { next: bits & !u128::from(u32::MAX) }
    }

    /// An id that was not there before.
    pub fn make(&mut self) -> EventId {
        let id = EventId(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }
}

impl Default for EventIds {
    fn default() -> Self {
        Self::new()
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HexDigits::<32>::new(&self.0.to_be_bytes()).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_a_process_and_between_processes() {
        let (mut one, mut other) = (EventIds::new(), EventIds { next: 7 << 32 });
        let ids = [one.make(), one.make(), other.make(), other.make()];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
        assert_eq!(
            serde_json::to_string(&ids[3]).unwrap(),
            r#""00000000000000000000000700000001""#
        );
    }
}
