//! The bytes that all connections together may buffer.

/// An account of buffered bytes. Every buffer that grows with traffic is booked here.
#[derive(Debug)]
pub struct Memory {
    used: usize,
    limit: usize,
    /// Times that a hole was given up because too much waited behind it.
    pub overflows: u64,
    /// Times that bytes were not buffered because the limit was reached.
    pub refused: u64,
    /// Payload bytes left out because they lay too far from where their stream was.
    pub stray_bytes: u64,
}

impl Memory {
    /// An empty account with a limit in bytes.
    pub fn new(limit: usize) -> Self {
        Self { used: 0, limit, overflows: 0, refused: 0, stray_bytes: 0 }
    }

    /// Books bytes whatever the limit; the caller looks at [`Memory::exhausted`].
    pub fn take(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Books bytes if they fit.
    pub fn try_take(&mut self, bytes: usize) -> bool {
        let fits = self.used + bytes <= self.limit;
        if fits {
            self.used += bytes;
        } else {
            self.refused += 1;
        }
        fits
    }

    /// Books bytes that can be done without, if half of the limit is left for the others.
    pub fn try_take_spare(&mut self, bytes: usize) -> bool {
        let fits = self.used + bytes <= self.limit / 2;
        if fits {
            self.used += bytes;
        } else {
            self.refused += 1;
        }
        fits
    }

    /// Gives bytes back.
    pub fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Whether the limit is passed.
    pub fn exhausted(&self) -> bool {
        self.used > self.limit
    }

    /// Bytes booked.
    pub fn used(&self) -> usize {
        self.used
    }
}
