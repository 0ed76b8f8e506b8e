//! Base64 and tokens made of it.

/// Three parts of base64url, or five of an encrypted one (RFC 7516), the first of which begins
/// as the JSON text `{"` does. The signature of an unsecured one is empty.
pub fn is_jwt(text: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        part.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
    };
    let mut parts = text.split(|&byte| byte == b'.');
    text.starts_with(b"eyJ")
        && parts.clone().all(is_part)
        && parts.nth(1).is_some_and(|payload| !payload.is_empty() || parts.clone().count() == 3)
        && matches!(parts.count(), 1 | 3)
}

/// Groups of four digits of base64, 16 at least, that show by padding or by what they are mixed
/// of that they are no word or path.
pub fn is_base64(text: &[u8]) -> bool {
    if text.len() < 16 || !text.len().is_multiple_of(4) {
        return false;
    }
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let (digits, is_digit) = (&text[..text.len() - padding], |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
    });
    let has = |class: fn(&u8) -> bool| digits.iter().any(class);
    padding <= 2
        && digits.iter().all(is_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && (padding > 0 || has(u8::is_ascii_digit) && !looks_like_path(digits))
}

/// Whether slashes come as often as in paths and far more often than chance has it.
fn looks_like_path(digits: &[u8]) -> bool {
    let slashes = memchr::memchr_iter(b'/', digits).count();
    digits.starts_with(b"/") || slashes * 16 > digits.len()
}
