//! Which protocol a turn begins with, by at most eight bytes.
//!
//! Biased towards missing nothing that is HTTP: the method list holds every registered method
//! that a server is known to answer, and bytes that may still become one are copied. A line
//! protocol that happens to begin with such a word costs a few copied segments.

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Protocol {
    Request,
    Response,
    Http2,
    ClientHello,
    ServerHello,
    /// A record of a TLS connection whose handshake was not seen.
    TlsRecord,
    /// Too few bytes to tell, and all of them fit.
    Undecided,
    Other,
}

/// TLS record of type handshake with major version 3.
const TLS_HANDSHAKE: u64 = 0x0316;
/// Bytes needed to see the type of a handshake message.
const TLS_BYTES: u32 = 6;
/// TLS record of type application data with major version 3.
const TLS_DATA: u64 = 0x0317;
/// Bytes of a record's header.
const TLS_HEADER: u32 = 5;
const CLIENT_HELLO: u64 = 1;
const SERVER_HELLO: u64 = 2;

/// Matches `word`'s first `have` bytes (little endian, the rest zero) against words of at most
/// eight bytes: a hit returns `$found`; a longer word that still fits clears `$open`.
macro_rules! words {
    ($word:ident, $have:ident, $open:ident, $found:expr, [$($text:literal),* $(,)?]) => {
        $({
            const LENGTH: u32 = $text.len() as u32;
            const VALUE: u64 = pack($text);
            if $have >= LENGTH {
                if $word & mask(LENGTH) == VALUE {
                    return $found;
                }
            } else if VALUE & mask($have) == $word {
                $open = true;
            }
        })*
    };
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn sensor_protocol(word: u64, have: u32) -> Protocol {
    let mut open = false;
    words!(word, have, open, Protocol::Response, [b"HTTP/1."]);
    words!(word, have, open, Protocol::Http2, [b"PRI * HT"]);
    words!(
        word,
        have,
        open,
        Protocol::Request,
        [
            b"GET ",
            b"POST ",
            b"PUT ",
            b"HEAD ",
            b"DELETE ",
            b"PATCH ",
            b"OPTIONS ",
            b"CONNECT ",
            b"TRACE ",
            b"QUERY ",
            b"PROPFIND",
            b"PROPPATC",
            b"MKCOL ",
            b"COPY ",
            b"MOVE ",
            b"LOCK ",
            b"UNLOCK ",
            b"REPORT ",
            b"SEARCH ",
            b"PURGE ",
            b"MKCALEND",
            b"ACL ",
            b"BIND ",
            b"UNBIND ",
            b"LINK ",
            b"UNLINK ",
            b"MERGE ",
            b"CHECKOUT",
            b"SUBSCRIB",
            b"UNSUBSCR",
            b"NOTIFY ",
            b"M-SEARCH",
            b"BREW ",
            b"BAN ",
        ]
    );
    if word & mask(if have < 2 { have } else { 2 }) == TLS_HANDSHAKE & mask(have) {
        if have < TLS_BYTES {
            return Protocol::Undecided;
        }
        match (word >> 40) & 0xff {
            CLIENT_HELLO => return Protocol::ClientHello,
            SERVER_HELLO => return Protocol::ServerHello,
            _ => {}
        }
    }
    if have >= TLS_HEADER && word & 0xffff == TLS_DATA && is_record_tail(word) {
        return Protocol::TlsRecord;
    }
    if open { Protocol::Undecided } else { Protocol::Other }
}

/// Minor version 1 to 3, and a length that a record can have (RFC 8446 section 5.2).
#[inline(always)]
const fn is_record_tail(word: u64) -> bool {
    let minor = (word >> 16) & 0xff;
    let length = (word >> 16) & 0xff00 | (word >> 32) & 0xff;
    minor >= 1 && minor <= 3 && length > 16 && length <= (16 << 10) + 2048
}

/// The low `bytes` bytes of a word.
#[inline(always)]
const fn mask(bytes: u32) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (bytes * 8)) - 1 }
}

const fn pack(text: &[u8]) -> u64 {
    let mut word = 0;
    let mut index = 0;
    while index < text.len() {
        word |= (text[index] as u64) << (index * 8);
        index += 1;
    }
    word
}
