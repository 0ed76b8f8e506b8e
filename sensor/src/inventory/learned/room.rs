//! The bound that the fields of all endpoints have in common.

/// Most fields of one endpoint, in all its messages.
const OF_ENDPOINT: usize = 512;

/// Exchanges without room from one count to the next: a count looks at every row.
const RECOUNT: u64 = 1 << 16;

/// Fields in use, of at most so many.
pub(super) struct Room {
    most: usize,
    used: usize,
    refused: u64,
    /// Of `refused`, at the last count.
    counted_at: u64,
}

impl Room {
    pub fn new(most: usize) -> Self {
        Self { most, used: 0, refused: 0, counted_at: 0 }
    }

    /// How many fields an endpoint may have that has so many now.
    pub fn of_endpoint(&mut self, fields: usize) -> usize {
        let left = self.most.saturating_sub(self.used);
        self.refused += u64::from(left == 0);
        OF_ENDPOINT.min(fields.saturating_add(left))
    }

    /// An endpoint has grown.
    pub fn book(&mut self, before: usize, now: usize) {
        self.used = self.used.saturating_sub(before).saturating_add(now);
    }

    /// Whether what was forgotten since may have made room.
    pub fn wants_recount(&self) -> bool {
        self.refused - self.counted_at >= RECOUNT
    }

    pub fn recount(&mut self, used: usize) {
        self.used = used;
        self.counted_at = self.refused;
    }

    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_field_is_the_last() {
        let mut room = Room::new(1000);
        assert_eq!(room.of_endpoint(10), 512);
        room.book(0, 490);
        room.book(0, 490);
        assert_eq!(room.of_endpoint(490), 510);
        room.book(490, 510);
        assert_eq!((room.of_endpoint(0), room.of_endpoint(490), room.refused()), (0, 490, 2));
    }

    #[test]
    fn what_was_forgotten_makes_room() {
        let mut room = Room::new(100);
        room.book(0, 100);
        for _ in 0..RECOUNT {
            assert!(!room.wants_recount());
            room.of_endpoint(0);
        }
        assert!(room.wants_recount());
        room.recount(40);
        assert!(!room.wants_recount());
        assert_eq!(room.of_endpoint(0), 60);
    }
}
