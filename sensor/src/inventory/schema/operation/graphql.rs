//! The name of an operation in a GraphQL document (specification of October 2021, section 2).
//!
//! Reads tokens up to the end of the first selection set and nothing else, so a document that
//! was cut behind it, or is wrong behind it, has a name all the same.

/// Top-level fields that make the name of an operation without one.
const MAX_FIELDS: usize = 6;

/// Longest name in a document that is used, in bytes.
const MAX_NAME: usize = 64;

/// Appends `query Users`, or `query {users, me}` when the operation has no name. Of several
/// operations the one called `chosen`, else the first. Appends nothing when the text is no
/// document.
pub fn write_name(document: &[u8], chosen: &[u8], out: &mut String) {
    let mut tokens = Tokens { text: document };
    let start = out.len();
    while let Some(token) = tokens.next() {
        match token {
            Token::Name(kind @ (b"query" | b"mutation" | b"subscription")) => {
                let is_chosen = write_operation(kind, &mut tokens, chosen, start, out);
                if is_chosen {
                    return;
                }
            }
            Token::Mark(b'{') if out.len() == start => {
                out.push_str("query ");
                if !write_fields(&mut tokens, out) {
                    out.truncate(start);
                }
                return;
            }
            Token::Name(b"fragment") => skip_set(&mut tokens),
            _ => return out.truncate(start),
        }
    }
}

/// Writes the first operation, or replaces it by the chosen one. Returns whether that is all.
fn write_operation(
    kind: &[u8],
    tokens: &mut Tokens<'_>,
    chosen: &[u8],
    start: usize,
    out: &mut String,
) -> bool {
    let mut rest = Tokens { text: tokens.text };
    let name = match rest.next() {
        Some(Token::Name(name)) => name,
        _ => b"",
    };
    if name != chosen && !chosen.is_empty() && out.len() > start {
        skip_set(tokens);
        return false;
    }
    out.truncate(start);
    push(kind, out);
    out.push(' ');
    if name.is_empty() {
        // Variables and directives come before the selection set.
        if !skip_to_set(tokens) || !write_fields(tokens, out) {
            out.truncate(start);
            return true;
        }
    } else {
        *tokens = rest;
        push(name, out);
        skip_set(tokens);
    }
    chosen.is_empty() || name == chosen
}

/// The fields of a selection set behind its `{`. Returns whether there is one.
fn write_fields(tokens: &mut Tokens<'_>, out: &mut String) -> bool {
    let mut count = 0;
    let mut field: Option<&[u8]> = None;
    out.push('{');
    loop {
        match tokens.next() {
            Some(Token::Name(name)) => {
                write_field(field.replace(name), &mut count, out);
            }
            // What came before the colon is an alias.
            Some(Token::Mark(b':')) => field = None,
            Some(Token::Mark(open @ (b'{' | b'('))) => tokens.skip(open),
            Some(Token::Mark(b'@')) => drop(tokens.next()),
            Some(Token::Spread) => {
                write_field(field.take(), &mut count, out);
                write_spread(tokens, &mut count, out);
            }
            Some(Token::Mark(b'}')) => break,
            // Of a document that was cut, the fields that are whole.
            None if count > 0 || field.is_some() => break,
            _ => return false,
        }
    }
    write_field(field, &mut count, out);
    out.push('}');
    count > 0
}

/// `...Name`, `...on Type` or `...`, each with a selection set of its own or not.
fn write_spread(tokens: &mut Tokens<'_>, count: &mut usize, out: &mut String) {
    let mut ahead = Tokens { text: tokens.text };
    let mut name: &[u8] = b"";
    if let Some(Token::Name(found)) = ahead.next() {
        name = found;
        if found == b"on"
            && let Some(Token::Name(kind)) = ahead.next()
        {
            name = kind;
        }
        *tokens = ahead;
    }
    write_field(Some(&[b"...", &name[..name.len().min(MAX_NAME)]].concat()), count, out);
}

fn write_field(field: Option<&[u8]>, count: &mut usize, out: &mut String) {
    let Some(field) = field else { return };
    *count += 1;
    if *count <= MAX_FIELDS {
        if *count > 1 {
            out.push_str(", ");
        }
        push(field, out);
    } else if *count == MAX_FIELDS + 1 {
        out.push_str(", …");
    }
}

/// Tokens of a document are ASCII.
fn push(name: &[u8], out: &mut String) {
    out.extend(name.iter().take(MAX_NAME + 3).map(|&byte| char::from(byte)));
}

/// Up to and with the `{` of the selection set.
fn skip_to_set(tokens: &mut Tokens<'_>) -> bool {
    while let Some(token) = tokens.next() {
        match token {
            Token::Mark(b'(') => tokens.skip(b'('),
            Token::Mark(b'{') => return true,
            Token::Mark(b'}' | b')') => return false,
            _ => {}
        }
    }
    false
}

/// To the end of the selection set.
fn skip_set(tokens: &mut Tokens<'_>) {
    if skip_to_set(tokens) {
        tokens.skip(b'{');
    }
}

/// A lexical token (section 2.1.6), as far as it matters here.
enum Token<'a> {
    Name(&'a [u8]),
    Mark(u8),
    Spread,
    /// A text, a number, or what is no token.
    Other,
}

struct Tokens<'a> {
    text: &'a [u8],
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_ignored();
        let (&first, rest) = self.text.split_first()?;
        Some(match first {
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => Token::Name(self.take(is_name_byte)),
            b'0'..=b'9' | b'-' => {
                self.take(|byte| is_name_byte(byte) || b"+-.".contains(&byte));
                Token::Other
            }
            b'"' => {
                self.skip_text();
                Token::Other
            }
            b'.' if rest.starts_with(b"..") => {
                self.text = &rest[2..];
                Token::Spread
            }
            mark => {
                self.text = rest;
                if b"{}()[]:@$!=|&".contains(&mark) { Token::Mark(mark) } else { Token::Other }
            }
        })
    }

    /// Past what closes an opened bracket, with all brackets in between.
    fn skip(&mut self, open: u8) {
        let close = if open == b'{' { b'}' } else { b')' };
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next() {
                Some(Token::Mark(mark)) if mark == open => depth += 1,
                Some(Token::Mark(mark)) if mark == close => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn take(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.text.iter().position(|&byte| !is_part(byte)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at(end);
        self.text = rest;
        taken
    }

    /// White space, commas, comments and the byte order mark.
    fn skip_ignored(&mut self) {
        loop {
            match self.text {
                [b' ' | b'\t' | b'\n' | b'\r' | b',', rest @ ..]
                | [0xef, 0xbb, 0xbf, rest @ ..] => self.text = rest,
                [b'#', ..] => drop(self.take(|byte| byte != b'\n' && byte != b'\r')),
                _ => return,
            }
        }
    }

    fn skip_text(&mut self) {
        if let Some(block) = self.text.strip_prefix(b"\"\"\"") {
            let end = memchr::memmem::find(block, b"\"\"\"");
            self.text = end.map_or(&[], |end| &block[end + 3..]);
            return;
        }
        let rest = &self.text[1..];
        let mut is_escaped = false;
        let end = rest.iter().position(|&byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        self.text = end.map_or(&[], |end| &rest[end + 1..]);
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
