//! Reading the presentation language of TLS (RFC 8446 section 3): big-endian numbers and
//! vectors with a length before them. Whatever does not fit is `None`.

#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u24(&mut self) -> Option<u32> {
        self.array().map(|[high, middle, low]| u32::from_be_bytes([0, high, middle, low]))
    }

    /// A vector with a length of one byte.
    pub fn vector8(&mut self) -> Option<Self> {
        let length = self.u8()?;
        self.bytes(length.into()).map(Self)
    }

    /// A vector with a length of two bytes.
    pub fn vector16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.bytes(length.into()).map(Self)
    }

    /// A vector with a length of three bytes.
    pub fn vector24(&mut self) -> Option<Self> {
        let length = self.u24()?;
        self.bytes(length as usize).map(Self)
    }

    /// What is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}
