//! Codes of languages, countries and currencies, numbers as text, and other short forms.

use super::Format;

/// A code that is letters of one case alone.
pub fn word(text: &[u8]) -> Option<Format> {
    match text {
        [b'A'..=b'Z', _] => listed(COUNTRIES, text).then_some(Format::Country),
        [b'A'..=b'Z', _, _] => listed(CURRENCIES, text).then_some(Format::Currency),
        [b'a'..=b'z', _] => listed(LANGUAGES, text).then_some(Format::Language),
        _ => None,
    }
}

/// A known language with a region (`en-US`, `en_US`, `es-419`) or a script and perhaps a region
/// (`zh-Hant-TW`).
pub fn is_language(text: &[u8]) -> bool {
    let Some((language, [b'-' | b'_', rest @ ..])) = text.split_at_checked(2) else { return false };
    let is_script = |part: &[u8]| {
        part.len() == 4
            && part[0].is_ascii_uppercase()
            && part[1..].iter().all(u8::is_ascii_lowercase)
    };
    let is_region = |part: &[u8]| match part.len() {
        2 => part.iter().all(u8::is_ascii_uppercase),
        3 => part.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let mut parts = rest.split(|byte| matches!(byte, b'-' | b'_'));
    let is_tail = match (parts.next(), parts.next(), parts.next()) {
        (Some(script), Some(region), None) => is_script(script) && is_region(region),
        (Some(part), None, None) => is_script(part) || is_region(part),
        _ => false,
    };
    is_tail && listed(LANGUAGES, language)
}

/// A number with sign or fraction, as JSON writes it. Digits alone are [`Format::Digits`].
pub fn is_decimal(text: &[u8]) -> bool {
    let number = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, fraction) = match number.iter().position(|&byte| byte == b'.') {
        Some(dot) => (&number[..dot], Some(&number[dot + 1..])),
        None => (number, None),
    };
    let are_digits = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    are_digits(whole) && (whole == b"0" || whole[0] != b'0') && fraction.is_none_or(are_digits)
}

/// Three numbers with dots between them, perhaps with a `v` before and what a `-` leads behind.
pub fn is_version(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"v").unwrap_or(text);
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.');
    let (numbers, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut parts = numbers.split(|&byte| byte == b'.');
    let are_numbers = parts.clone().count() == 3
        && parts.all(|part| (1..=9).contains(&part.len()) && (part == b"0" || part[0] != b'0'));
    are_numbers && matches!(rest, [] | [b'-', _, ..])
}

/// E.164 with its `+`, grouped or not, or ten digits grouped as North America groups them.
pub fn is_phone(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if let [b'+', b'1'..=b'9', rest @ ..] = text {
        let is_grouped = rest.iter().all(|byte| byte.is_ascii_digit() || b" -().".contains(byte));
        return is_grouped && (7..=15).contains(&digits) && text.len() <= 24;
    }
    let form: &[u8] = match text.first() {
        Some(b'(') => b"(000) 000-0000",
        _ => b"000-000-0000",
    };
    text.len() == form.len()
        && text.iter().zip(form).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        })
}

/// `#` and 3, 6 or 8 hex digits.
pub fn is_color(text: &[u8]) -> bool {
    matches!(text, [b'#', digits @ ..]
        if matches!(digits.len(), 3 | 6 | 8) && digits.iter().all(u8::is_ascii_hexdigit))
}

/// A registered top-level type, a slash and a subtype (RFC 6838).
pub fn is_media_type(text: &[u8]) -> bool {
    let Some(slash) = text.iter().position(|&byte| byte == b'/') else { return false };
    let types: [&[u8]; 9] = [
        b"application",
        b"audio",
        b"font",
        b"image",
        b"message",
        b"model",
        b"multipart",
        b"text",
        b"video",
    ];
    let subtype = &text[slash + 1..];
    types.contains(&&text[..slash])
        && (1..=127).contains(&subtype.len())
        && subtype.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(byte))
}

/// Whether a code is in a list of codes of its length, sorted and without space between them.
fn listed(list: &[u8], code: &[u8]) -> bool {
    list.chunks_exact(code.len()).any(|known| known == code)
}

/// ISO 639-1.
const LANGUAGES: &[u8] = b"aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscachcocrcscucvcydadedv\
dzeeeleneoeseteufafffifjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkm\
knkokrkskukvkwkylalblgliln\
loltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgsisksl\
smsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivovowawoxhyiyozazhzu";

/// ISO 3166-1 alpha-2.
const COUNTRIES: &[u8] =
    b"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBY\
BZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGM\
GNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLU\
LVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPS\
PTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUM\
USUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// ISO 4217, the currencies in use.
const CURRENCIES: &[u8] = b"AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYN\
BZDCADCDFCHFCLPCNYCOPCRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUF\
IDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMUR\
MVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOS\
SRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUYUUZSVEDVESVNDVUVWSTXAFXCDXOFXPFYERZARZMWZWL";
