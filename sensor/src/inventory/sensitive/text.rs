//! A value with the classes of its bytes, and the ways in which checks read it.

/// Classes of bytes, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes(u16);

impl Bytes {
    pub(super) const DIGIT: Self = Self(1);
    pub(super) const UPPER: Self = Self(1 << 1);
    pub(super) const LOWER: Self = Self(1 << 2);
    pub(super) const SPACE: Self = Self(1 << 3);
    pub(super) const DASH: Self = Self(1 << 4);
    pub(super) const DOT: Self = Self(1 << 5);
    pub(super) const SLASH: Self = Self(1 << 6);
    pub(super) const AT: Self = Self(1 << 7);
    pub(super) const UNDERSCORE: Self = Self(1 << 8);
    pub(super) const PLUS: Self = Self(1 << 9);
    pub(super) const COLON: Self = Self(1 << 10);
    pub(super) const COMMA: Self = Self(1 << 11);
    pub(super) const BRACKET: Self = Self(1 << 12);
    /// Other visible ASCII.
    pub(super) const OTHER: Self = Self(1 << 13);
    /// Beyond ASCII.
    pub(super) const WIDE: Self = Self(1 << 14);
    /// Line ends and other control bytes.
    pub(super) const CONTROL: Self = Self(1 << 15);

    pub(super) const NONE: Self = Self(0);
    pub(super) const ANY: Self = Self(u16::MAX);
    pub(super) const LETTER: Self = Self::UPPER.or(Self::LOWER);
    pub(super) const ALNUM: Self = Self::LETTER.or(Self::DIGIT);
    /// What people put between the groups of a number.
    pub(super) const SEPARATOR: Self = Self::SPACE.or(Self::DASH).or(Self::DOT).or(Self::SLASH);
    /// A number in groups.
    pub(super) const NUMBER: Self = Self::DIGIT.or(Self::SEPARATOR);
    /// Letters and digits in groups.
    pub(super) const CODE: Self = Self::ALNUM.or(Self::SEPARATOR);
    /// Base64 of RFC 4648 section 5 and what tokens join their parts with.
    pub(super) const TOKEN: Self = Self::ALNUM.or(Self::DASH).or(Self::UNDERSCORE).or(Self::DOT);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every class of `self` is in `other`.
    pub(super) const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether they share a class.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Its bits, as two bytes.
    pub(super) const fn halves(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }

    const fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self::DIGIT,
            b'A'..=b'Z' => Self::UPPER,
            b'a'..=b'z' => Self::LOWER,
            b' ' => Self::SPACE,
            b'-' => Self::DASH,
            b'.' => Self::DOT,
            b'/' => Self::SLASH,
            b'@' => Self::AT,
            b'_' => Self::UNDERSCORE,
            b'+' => Self::PLUS,
            b':' => Self::COLON,
            b',' => Self::COMMA,
            b'(' | b')' => Self::BRACKET,
            0x80.. => Self::WIDE,
            0..0x20 | 0x7f => Self::CONTROL,
            _ => Self::OTHER,
        }
    }
}

static CLASSES: [Bytes; 256] = {
    let mut table = [Bytes::NONE; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = Bytes::of(byte as u8);
        byte += 1;
    }
    table
};

/// A value, looked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub value: &'a str,
    /// The classes of its bytes.
    pub classes: Bytes,
    /// How many digits it has.
    pub digits: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(value: &'a str) -> Self {
        let (mut classes, mut digits) = (0, 0);
        for byte in value.bytes() {
            let class = CLASSES[usize::from(byte)].0;
            classes |= class;
            digits += usize::from(class & Bytes::DIGIT.0);
        }
        Self { value, classes: Bytes(classes), digits }
    }

    /// Its digits, when there are exactly `N` and nothing else but separators.
    pub(super) fn digits<const N: usize>(&self) -> Option<[u8; N]> {
        if self.digits != N {
            return None;
        }
        if let Ok(digits) = <[u8; N]>::try_from(self.value.as_bytes()) {
            return Some(digits.map(|byte| byte.wrapping_sub(b'0')));
        }
        let code = self.code::<N>()?;
        let mut digits = [0; N];
        for (digit, byte) in digits.iter_mut().zip(code) {
            *digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        }
        Some(digits)
    }

    /// Its letters (as upper case) and digits, when there are exactly `N` and nothing else but
    /// separators.
    pub(super) fn code<const N: usize>(&self) -> Option<[u8; N]> {
        let mut code = [0; N];
        (self.code_into(&mut code)? == N).then_some(code)
    }

    /// As [`Text::code`], of any number that fits; gives the number.
    pub(super) fn code_into(&self, code: &mut [u8]) -> Option<usize> {
        let mut length = 0;
        for byte in self.value.bytes() {
            if byte.is_ascii_alphanumeric() {
                *code.get_mut(length)? = byte.to_ascii_uppercase();
                length += 1;
            } else if !CLASSES[usize::from(byte)].within(Bytes::SEPARATOR) {
                return None;
            }
        }
        Some(length)
    }

    /// The text after a prefix, when that has between `least` and `greatest` bytes, all of
    /// `allowed`.
    pub(super) fn after(
        &self,
        prefix: &str,
        (least, greatest): (usize, usize),
        allowed: Bytes,
    ) -> Option<&'a str> {
        let rest = self.value.strip_prefix(prefix)?;
        let fits = (least..=greatest).contains(&rest.len())
            && rest.bytes().all(|byte| CLASSES[usize::from(byte)].within(allowed));
        fits.then_some(rest)
    }

    /// Whether it stands for a value that is not given, or is masked.
    pub(super) fn is_placeholder(&self) -> bool {
        const WORDS: [&str; 14] = [
            "null",
            "none",
            "nil",
            "undefined",
            "unknown",
            "n/a",
            "na",
            "true",
            "false",
            "redacted",
            "[redacted]",
            "masked",
            "hidden",
            "string",
        ];
        let masked = |byte: u8| matches!(byte, b'*' | b'x' | b'X' | b'-' | b'.' | b'#' | b' ');
        self.value.bytes().all(masked)
            || self.value.chars().all(|letter| letter == '•')
            || self.value.starts_with("***")
            || WORDS.iter().any(|word| self.value.eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_across_separators_only() {
        assert_eq!(Text::new("12-3 4").digits(), Some([1, 2, 3, 4]));
        assert_eq!(Text::new("1234").digits::<3>(), None);
        assert_eq!(Text::new("12").digits::<3>(), None);
        assert_eq!(Text::new("12a").digits::<3>(), None);
        assert_eq!(Text::new("12:3").digits::<3>(), None);
        assert_eq!(Text::new("ab.1").code(), Some(*b"AB1"));
    }

    #[test]
    fn what_stands_for_no_value_is_known() {
        for placeholder in ["", "null", "N/A", "****1234", "xxxx", "-", "•••"] {
            assert!(Text::new(placeholder).is_placeholder(), "{placeholder}");
        }
        for value in ["Ann", "hunter2", "nullary"] {
            assert!(!Text::new(value).is_placeholder(), "{value}");
        }
    }
}
