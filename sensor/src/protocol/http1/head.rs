//! Start lines and field lines, by httparse; what strict parsing refuses is tried again the way
//! lenient servers take it, and flagged.

use std::{borrow::Cow, mem::MaybeUninit};

use bytes::Bytes;
use httparse::{ParserConfig, Status};

use super::{Mark, MessageHead, Side};
use crate::exchange::{FieldSpan, Head, Method, Problems, Span, Version};

/// Field lines that are read on the stack.
const USUAL_FIELDS: usize = 64;
/// Field lines that are kept. Those beyond still say how the content is framed.
const MAX_FIELDS: usize = 2048;

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine {
    /// Of a request.
    Request {
        /// The method.
        method: Method,
        /// The target, in [`Head::raw`].
        target: Span,
        /// The version.
        version: Version,
    },
    /// Of a response.
    Status {
        /// The status code.
        status: u16,
        /// The version.
        version: Version,
    },
}

/// What field lines say on framing and coding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldFacts {
    /// The agreed Content-Length.
    pub content_length: Option<u64>,
    /// What Transfer-Encoding says.
    pub transfer: Transfer,
    /// Index of the Content-Encoding field.
    pub content_encoding: Option<u16>,
    /// Index of the Content-Type field.
    pub content_type: Option<u16>,
}

/// Transfer-Encoding (RFC 9112 section 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// No such field.
    #[default]
    None,
    /// Chunked is the last coding.
    Chunked,
    /// Chunked is not the last coding.
    Other,
}

/// Whether bytes may be the beginning of a message. Biased towards yes: the parser decides.
pub(super) fn may_begin(side: Side, bytes: &[u8]) -> bool {
    match side {
        Side::Response => {
            let length = bytes.len().min(5);
            bytes[..length] == b"HTTP/"[..length]
        }
        Side::Request => {
            // A method is a token; every registered one is upper case with perhaps a hyphen.
            let token = bytes
                .iter()
                .take(32)
                .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'-')
                .count();
            token > 0 && (token == bytes.len() || (token >= 3 && bytes[token] == b' '))
        }
    }
}

/// Whether bytes are the beginning of a message, where content may come too: enough of it must
/// be there to tell. Biased towards no.
pub(super) fn begins(side: Side, bytes: &[u8]) -> bool {
    may_begin(side, bytes)
        && match side {
            Side::Response => bytes.len() >= 5,
            Side::Request => bytes.iter().take(32).any(|&byte| byte == b' '),
        }
}

/// Where the head at the start of `bytes` ends, searching from `from` on: behind the first empty
/// line, or behind the request line of HTTP/0.9, which is all there is.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    // An empty line may have begun in what was searched before.
    let mut at = from.saturating_sub(3);
    let mut first = true;
    while let Some(line) = memchr::memchr(b'\n', &bytes[at..]) {
        at += line + 1;
        match bytes.get(at..) {
            Some([b'\n', ..]) => return Some(at + 1),
            Some([b'\r', b'\n', ..]) => return Some(at + 2),
            _ => {}
        }
        if first
            && from < at
            && memchr::memchr(b'\n', &bytes[..at - 1]).is_none()
            && is_http09(&bytes[..at])
        {
            return Some(at);
        }
        first = false;
    }
    None
}

/// `METHOD SP target` without a version.
fn is_http09(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().split(|&byte| byte == b' ');
    let (method, target, end) = (words.next(), words.next(), words.next());
    method.is_some_and(|method| method.len() >= 3 && method.iter().all(u8::is_ascii_uppercase))
        && target.is_some_and(|target| target.starts_with(b"/"))
        && end.is_none()
}

/// Parses the head that `bytes` begin with, if it is all there and in order. With its length.
pub(super) fn parse_front(side: Side, bytes: &[u8]) -> Option<(MessageHead, usize)> {
    let mut fields = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
    attempt(side, &ParserConfig::default(), bytes, &mut fields).ok()
}

/// Parses a complete head; `None` when it is beyond repair.
pub(super) fn parse(side: Side, bytes: &[u8]) -> Option<MessageHead> {
    match parse_front(side, bytes) {
        Some((parsed, _)) => Some(parsed),
        None if side == Side::Request && is_http09(bytes) => Some(http09(bytes)),
        None => repair(side, bytes),
    }
}

fn http09(bytes: &[u8]) -> MessageHead {
    let end = bytes.trim_ascii_end().len() as u32;
    let space = bytes.iter().position(|&byte| byte == b' ').unwrap_or(0);
    let method = Method::from(str::from_utf8(&bytes[..space]).unwrap_or_default());
    let start = space as u32 + 1;
    let mut problems = Problems::default();
    problems.insert(Problems::HTTP_09);
    MessageHead {
        start_line: StartLine::Request {
            method,
            target: Span { start, end },
            version: Version::Http09,
        },
        head: Head { raw: Bytes::copy_from_slice(bytes), fields: Vec::new() },
        facts: FieldFacts::default(),
        problems,
        origin: Mark::default(),
    }
}

/// Takes any number of fields, unfolds lines, leaves out fields that break the grammar, and
/// takes a request target with spaces in it as a lenient server would: everything between the
/// method and the version.
fn repair(side: Side, bytes: &[u8]) -> Option<MessageHead> {
    let (mut text, folded) = unfold(bytes);
    let mut lines = memchr::memchr_iter(b'\n', &text).count();
    let mut fields = vec![MaybeUninit::uninit(); lines];
    let strict = attempt(side, &ParserConfig::default(), &text, &mut fields).ok();
    let mut parsed = if let Some((parsed, _)) = strict {
        parsed
    } else {
        replace_dangerous(&mut text);
        lines = text.split(|&byte| byte == b'\n').filter(|line| !is_blank(line)).count();
        lenient(side, &text, lines)?
    };
    if folded {
        parsed.problems.insert(Problems::OBSOLETE_FOLDING);
    }
    Some(parsed)
}

/// NUL, and CR without LF, become spaces (RFC 9110 section 5.5).
fn replace_dangerous(text: &mut Cow<'_, [u8]>) {
    for at in 0..text.len() {
        let bare = text[at] == b'\r' && text.get(at + 1).is_none_or(|&next| next != b'\n');
        if text[at] == 0 || bare {
            text.to_mut()[at] = b' ';
        }
    }
}

/// Unfolding leaves lines of spaces behind; they are no fields.
fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

/// `lines` is the number of lines that are not blank, the first included.
fn lenient(side: Side, text: &[u8], lines: usize) -> Option<MessageHead> {
    let mut config = ParserConfig::default();
    config
        .ignore_invalid_headers_in_requests(true)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_request_line_delimiters(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_space_before_first_header_name(true);
    let mut fields = vec![MaybeUninit::uninit(); lines];
    match attempt(side, &config, text, &mut fields) {
        Ok((mut parsed, _)) => {
            parsed.problems.insert(Problems::INVALID_FIELD);
            Some(parsed)
        }
        Err(_) if side == Side::Request => spaced_target(text, &config, lines),
        Err(_) => None,
    }
}

/// Parses a request line by its outer words (RFC 9112 section 3), the fields as they are.
fn spaced_target(text: &[u8], config: &ParserConfig, lines: usize) -> Option<MessageHead> {
    let line = memchr::memchr(b'\n', text)?;
    let words = text[..line].trim_ascii_end();
    let start = memchr::memchr(b' ', words)? + 1;
    let end = memchr::memrchr(b' ', words)?;
    let version = match &words[end + 1..] {
        b"HTTP/1.0" => Version::Http10,
        b"HTTP/1.1" => Version::Http11,
        _ => return None,
    };
    if end <= start {
        return None;
    }
    let method = Method::from(str::from_utf8(&words[..start - 1]).ok()?);
    // The fields are parsed behind a request line that is in order and just as long.
    let mut stand_in = text.to_vec();
    stand_in[start..end].fill(b'x');
    let mut fields = vec![MaybeUninit::uninit(); lines];
    let (mut parsed, _) = attempt(Side::Request, config, &stand_in, &mut fields).ok()?;
    parsed.head.raw = Bytes::copy_from_slice(text);
    parsed.start_line = StartLine::Request {
        method,
        target: Span { start: start as u32, end: end as u32 },
        version,
    };
    parsed.problems.insert(Problems::INVALID_REQUEST_LINE);
    if parsed.head.fields.len() + 1 < lines.min(MAX_FIELDS) {
        parsed.problems.insert(Problems::INVALID_FIELD);
    }
    Some(parsed)
}

/// Replaces each obsolete line folding by spaces (RFC 9112 section 5.2).
fn unfold(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let mut text = Cow::Borrowed(bytes);
    // The start line cannot be folded.
    for at in memchr::memchr_iter(b'\n', bytes).skip(1) {
        if matches!(bytes.get(at + 1), Some(b' ' | b'\t')) {
            let text = text.to_mut();
            text[at..at + 2].fill(b' ');
            if text[at - 1] == b'\r' {
                text[at - 1] = b' ';
            }
        }
    }
    let folded = matches!(text, Cow::Owned(_));
    (text, folded)
}

fn attempt<'b>(
    side: Side,
    config: &ParserConfig,
    bytes: &'b [u8],
    buffer: &mut [MaybeUninit<httparse::Header<'b>>],
) -> Result<(MessageHead, usize), httparse::Error> {
    match side {
        Side::Request => {
            let mut request = httparse::Request::new(&mut []);
            let Status::Complete(length) =
                config.parse_request_with_uninit_headers(&mut request, bytes, buffer)?
            else {
                return Err(httparse::Error::NewLine);
            };
            let version = version(request.version);
            let start_line = StartLine::Request {
                method: Method::from(request.method.unwrap_or_default()),
                target: span(bytes, request.path.unwrap_or_default().as_bytes()),
                version,
            };
            Ok((assemble(&bytes[..length], start_line, request.headers), length))
        }
        Side::Response => {
            let mut response = httparse::Response::new(&mut []);
            let Status::Complete(length) =
                config.parse_response_with_uninit_headers(&mut response, bytes, buffer)?
            else {
                return Err(httparse::Error::NewLine);
            };
            let start_line = StartLine::Status {
                status: response.code.unwrap_or_default(),
                version: version(response.version),
            };
            Ok((assemble(&bytes[..length], start_line, response.headers), length))
        }
    }
}

fn version(minor: Option<u8>) -> Version {
    if minor == Some(0) { Version::Http10 } else { Version::Http11 }
}

fn assemble(bytes: &[u8], start_line: StartLine, headers: &[httparse::Header<'_>]) -> MessageHead {
    let mut fields = Vec::with_capacity(headers.len().min(MAX_FIELDS));
    let mut notes = Notes::default();
    for (index, header) in headers.iter().enumerate() {
        if index < MAX_FIELDS {
            fields.push(FieldSpan {
                name: span(bytes, header.name.as_bytes()),
                value: span(bytes, header.value),
            });
        }
        // By length first: most fields are none of those that tell something here.
        if 1_u32.checked_shl(header.name.len() as u32).is_some_and(|bit| TELLING_LENGTHS & bit != 0)
        {
            notes.field(index, header);
        }
    }
    let Notes { facts, mut problems, hosts } = notes;
    if headers.len() > MAX_FIELDS {
        problems.insert(Problems::TOO_MANY_FIELDS);
    }
    if facts.transfer != Transfer::None && facts.content_length.is_some() {
        problems.insert(Problems::CONFLICTING_FRAMING);
    }
    // A request of HTTP/1.1 has exactly one Host field (RFC 9112 section 3.2).
    if let StartLine::Request { version, .. } = start_line
        && (hosts > 1 || (hosts == 0 && version == Version::Http11))
    {
        problems.insert(Problems::INVALID_HOST);
    }
    MessageHead {
        start_line,
        head: Head { raw: Bytes::copy_from_slice(bytes), fields },
        facts,
        problems,
        origin: Mark::default(),
    }
}

/// The lengths of the names that [`Notes::field`] knows.
const TELLING_LENGTHS: u32 = 1 << 4 | 1 << 12 | 1 << 14 | 1 << 16 | 1 << 17;

/// What is gathered on the way through the fields.
#[derive(Default)]
struct Notes {
    facts: FieldFacts,
    problems: Problems,
    hosts: usize,
}

impl Notes {
    fn field(&mut self, index: usize, header: &httparse::Header<'_>) {
        let (name, facts) = (header.name, &mut self.facts);
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => self.hosts += 1,
            14 if name.eq_ignore_ascii_case("content-length") => {
                match (content_length(header.value), facts.content_length) {
                    (Some(length), None) => facts.content_length = Some(length),
                    (Some(length), Some(before)) if length == before => {}
                    _ => self.problems.insert(Problems::INVALID_CONTENT_LENGTH),
                }
            }
            12 if name.eq_ignore_ascii_case("content-type") && index < MAX_FIELDS => {
                facts.content_type.get_or_insert(index as u16);
            }
            16 if name.eq_ignore_ascii_case("content-encoding") && index < MAX_FIELDS => {
                facts.content_encoding.get_or_insert(index as u16);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                facts.transfer = transfer(header.value);
                if facts.transfer == Transfer::Other {
                    self.problems.insert(Problems::INVALID_TRANSFER_ENCODING);
                }
            }
            _ => {}
        }
    }
}

fn transfer(value: &[u8]) -> Transfer {
    let last = value.rsplit(|&byte| byte == b',').next().unwrap_or_default();
    if last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
        Transfer::Chunked
    } else {
        Transfer::Other
    }
}

/// A number, or a list of equal numbers (RFC 9112 section 6.3, item 5).
fn content_length(value: &[u8]) -> Option<u64> {
    let mut numbers = value.split(|&byte| byte == b',').map(|number| {
        let digits = std::str::from_utf8(number.trim_ascii()).ok()?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u64>().ok()).flatten()
    });
    let first = numbers.next()??;
    numbers.all(|number| number == Some(first)).then_some(first)
}

/// Where `part` lies in `whole`, of which it is a slice.
fn span(whole: &[u8], part: &[u8]) -> Span {
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    if part.is_empty() || start > whole.len() {
        return Span::default();
    }
    Span { start: start as u32, end: (start + part.len()) as u32 }
}
