//! Which classes of bytes a text is made of.

/// A set of classes of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Classes(u16);

impl Classes {
    /// `A` to `Z`
    pub const UPPER: Self = Self(1);
    /// `a` to `z`
    pub const LOWER: Self = Self(2);
    /// `0` to `9`
    pub const DIGIT: Self = Self(4);
    /// `-`
    pub const DASH: Self = Self(8);
    /// `_`
    pub const UNDERSCORE: Self = Self(16);
    /// `.`
    pub const DOT: Self = Self(32);
    /// `:`
    pub const COLON: Self = Self(64);
    /// `@`
    pub const AT: Self = Self(128);
    /// `/`
    pub const SLASH: Self = Self(256);
    /// The space.
    pub const SPACE: Self = Self(512);
    /// Other printable ASCII.
    pub const OTHER: Self = Self(1024);
    /// Control bytes and all beyond ASCII.
    pub const WILD: Self = Self(2048);

    /// The class of one byte.
    pub fn of_byte(byte: u8) -> Self {
        Self(TABLE[usize::from(byte)])
    }

    /// The classes of all bytes of `text`.
    pub fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |all, &byte| all | TABLE[usize::from(byte)]))
    }

    /// All of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether some class is in both.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all classes are in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is none: nothing was seen, or empty texts.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The inside of a bracket expression of a regular expression; `None` when a class has no
    /// telling one.
    pub fn expression(self) -> Option<String> {
        if self.is_empty() || !self.within(WORD) {
            return None;
        }
        // The dash comes last, where it stands for itself.
        let parts = [
            (Self::UPPER, "A-Z"),
            (Self::LOWER, "a-z"),
            (Self::DIGIT, "0-9"),
            (Self::UNDERSCORE, "_"),
            (Self::DOT, "."),
            (Self::DASH, "-"),
        ];
        Some(parts.iter().filter(|(class, _)| self.meets(*class)).map(|(_, part)| *part).collect())
    }
}

/// Letters of both cases.
pub const LETTERS: Classes = Classes::UPPER.union(Classes::LOWER);

/// What words are made of.
pub const WORD: Classes = LETTERS
    .union(Classes::DIGIT)
    .union(Classes::DASH)
    .union(Classes::UNDERSCORE)
    .union(Classes::DOT);

static TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => Classes::UPPER.0,
            b'a'..=b'z' => Classes::LOWER.0,
            b'0'..=b'9' => Classes::DIGIT.0,
            b'-' => Classes::DASH.0,
            b'_' => Classes::UNDERSCORE.0,
            b'.' => Classes::DOT.0,
            b':' => Classes::COLON.0,
            b'@' => Classes::AT.0,
            b'/' => Classes::SLASH.0,
            b' ' => Classes::SPACE.0,
            b'!'..=b'~' => Classes::OTHER.0,
            _ => Classes::WILD.0,
        };
        byte += 1;
    }
    table
};
