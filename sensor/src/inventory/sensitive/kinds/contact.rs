//! How to reach a person: e-mail, phone, postal address.

use rlibphonenumber::PHONE_NUMBER_UTIL;

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, Class, Definition, Fit, PERSONAL, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const EMAIL: Definition = Definition {
    name: "email",
    title: "E-mail address",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "form of RFC 5321 with a top-level domain of letters",
    names: &[
        "email",
        "e mail",
        "mail",
        "email address",
        "e mail address",
        "mail address",
        "emails",
        "correo",
        "correo electronico",
        "courriel",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (6, 254),
        allowed: Bytes::TOKEN
            .or(Bytes::AT)
            .or(Bytes::PLUS)
            .or(Bytes::OTHER)
            .or(Bytes::SLASH)
            .or(Bytes::WIDE),
        required: Bytes::AT.or(Bytes::DOT),
    },
    alone: true,
    check: email,
};

/// Files such as `logo@2x.png` and packages such as `left-pad@1.3.0` are none.
fn email(text: &Text<'_>) -> Fit {
    const FILES: [&str; 9] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "map"];
    let Some((local, domain)) = text.value.split_once('@') else { return Fit::No };
    let Some((name, top)) = domain.rsplit_once('.') else { return Fit::No };
    let local_fits = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains(['<', '>', '"', '\\', '[', ']', ';']);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80)
    };
    let top_fits = (2..=24).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic() || byte >= 0x80)
        || top.starts_with("xn--");
    let file = FILES.iter().any(|ending| top.eq_ignore_ascii_case(ending));
    Fit::Proof.when(local_fits && name.split('.').all(label) && top_fits && !file)
}

pub(in crate::inventory::sensitive) const PHONE: Definition = Definition {
    name: "phone",
    title: "Phone number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "libphonenumber's data for numbers with `+`; else field name and form",
    names: &[
        "phone",
        "phone number",
        "phone no",
        "phone num",
        "telephone",
        "telephone number",
        "tel",
        "tel number",
        "mobile",
        "mobile number",
        "mobile phone",
        "mobile no",
        "cell",
        "cell phone",
        "cell number",
        "cellphone",
        "cellular",
        "fax",
        "fax number",
        "msisdn",
        "whatsapp",
        "whatsapp number",
        "sms number",
        "contact number",
        "contact no",
        "telefon",
        "telefono",
        "telefonnummer",
        "handy",
        "handynummer",
        "gsm",
        "phones",
        "emergency contact number",
        "daytime phone",
        "evening phone",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (7, 32),
        allowed: Bytes::NUMBER
            .or(Bytes::PLUS)
            .or(Bytes::BRACKET)
            .or(Bytes::LOWER)
            .or(Bytes::OTHER)
            .or(Bytes::COLON),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: phone,
};

/// A number with `+` costs about a microsecond; one without has only its form.
fn phone(text: &Text<'_>) -> Fit {
    if text.classes.within(Bytes::NUMBER) {
        return Fit::Form.when((7..=15).contains(&text.digits));
    }
    let number = text.value.strip_prefix("tel:").unwrap_or(text.value);
    let international = number.starts_with('+') || number.starts_with("(+");
    if international {
        let parsed = PHONE_NUMBER_UTIL.parse(number, None);
        let valid = parsed.is_ok_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number));
        return if valid { Fit::Proof } else { national_form(number) };
    }
    national_form(number)
}

fn national_form(number: &str) -> Fit {
    // An extension: `x123`, `ext. 123`, `#123`.
    let base = number.split(['x', 'e', '#', ';']).next().unwrap_or(number);
    let plain = base.bytes().all(|byte| byte.is_ascii_digit() || b"+-.() /".contains(&byte));
    let digits = base.bytes().filter(u8::is_ascii_digit).count();
    // Ten digits and more in groups of a telephone, the first in brackets: `(415) 555-2671`.
    let american = base.len() == 14 && base.starts_with('(') && base.get(4..6) == Some(") ");
    match plain && (7..=15).contains(&digits) {
        true if american && base.as_bytes()[9] == b'-' => Fit::Rare,
        fits => Fit::Form.when(fits),
    }
}

pub(in crate::inventory::sensitive) const POSTAL_ADDRESS: Definition = Definition {
    name: "postal_address",
    title: "Postal address",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; letters with a number or several words",
    names: &[
        "address",
        "street",
        "street address",
        "postal address",
        "mailing address",
        "home address",
        "shipping address",
        "billing address",
        "delivery address",
        "address line",
        "addr",
        "street name",
        "residential address",
        "residence",
        "full address",
        "address street",
        "work address",
        "strasse",
        "adresse",
        "direccion",
        "indirizzo",
        "street line",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (5, 250),
        allowed: Bytes::ANY,
        required: Bytes::NONE,
    },
    alone: false,
    check: postal_address,
};

fn postal_address(text: &Text<'_>) -> Fit {
    let letters = text.classes.meets(Bytes::LETTER.or(Bytes::WIDE));
    let spaced = text.classes.meets(Bytes::SPACE.or(Bytes::WIDE));
    let other = text.value.contains("://") || text.classes.meets(Bytes::AT);
    Fit::Form.when(letters && spaced && !other)
}

pub(in crate::inventory::sensitive) const POSTAL_CODE: Definition = Definition {
    name: "postal_code",
    title: "Postal code",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; 3 to 10 letters and digits",
    names: &[
        "zip",
        "zip code",
        "postal code",
        "postcode",
        "post code",
        "plz",
        "postleitzahl",
        "code postal",
        "codigo postal",
        "cap",
        "pincode",
        "zip4",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (3, 10),
        allowed: Bytes::UPPER.or(Bytes::LOWER).or(Bytes::DIGIT).or(Bytes::SPACE).or(Bytes::DASH),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |_| Fit::Form,
};
