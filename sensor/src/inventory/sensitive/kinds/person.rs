//! Who a person is: name, birth, and what the law calls special categories.

use crate::inventory::sensitive::{
    checks::is_day,
    definition::{ANY_COUNT, Class, Definition, EUROPEAN, Fit, PERSONAL, Shape},
    text::{Bytes, Text},
};

/// What words are made of.
const WORDS: Bytes = Bytes::LETTER
    .or(Bytes::WIDE)
    .or(Bytes::SPACE)
    .or(Bytes::DASH)
    .or(Bytes::DOT)
    .or(Bytes::COMMA)
    .or(Bytes::OTHER);

pub(in crate::inventory::sensitive) const PERSON_NAME: Definition = Definition {
    name: "person_name",
    title: "Name of a person",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; one to six words of letters",
    names: &[
        "first name",
        "last name",
        "middle name",
        "full name",
        "given name",
        "family name",
        "surname",
        "forename",
        "maiden name",
        "fname",
        "lname",
        "firstname",
        "lastname",
        "fullname",
        "name first",
        "name last",
        "legal name",
        "preferred name",
        "mothers maiden name",
        "customer name",
        "user full name",
        "patient name",
        "client name",
        "employee name",
        "contact name",
        "contact person",
        "person name",
        "cardholder",
        "cardholder name",
        "card holder",
        "card holder name",
        "name on card",
        "account holder",
        "account holder name",
        "holder name",
        "recipient name",
        "sender name",
        "beneficiary name",
        "beneficiary",
        "passenger name",
        "guest name",
        "student name",
        "member name",
        "owner name",
        "applicant name",
        "insured name",
        "subscriber name",
        "emergency contact name",
        "doctor name",
        "physician name",
        "author name",
        "driver name",
        "buyer name",
        "seller name",
        "payer name",
        "payee name",
        "shipping name",
        "billing name",
        "vorname",
        "nachname",
        "prenom",
        "nom",
        "nombre",
        "apellido",
        "apellidos",
        "cognome",
        "next of kin",
        "spouse name",
        "names",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (2, 80),
        allowed: WORDS,
        required: Bytes::NONE,
    },
    alone: false,
    check: person_name,
};

fn person_name(text: &Text<'_>) -> Fit {
    let letters = text
        .value
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte >= 0x80 || b" -.,'`".contains(&byte));
    let words = text.value.split_whitespace().count();
    Fit::Form.when(letters && (1..=6).contains(&words) && !text.is_placeholder())
}

pub(in crate::inventory::sensitive) const BIRTH_DATE: Definition = Definition {
    name: "birth_date",
    title: "Birth date",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; a date",
    names: &[
        "birth date",
        "date of birth",
        "dob",
        "birthday",
        "birthdate",
        "birth day",
        "born",
        "born on",
        "birth",
        "bday",
        "date birth",
        "geburtsdatum",
        "geburtstag",
        "fecha nacimiento",
        "fecha de nacimiento",
        "date naissance",
        "date de naissance",
        "data nascita",
        "patient dob",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (6, 35),
        allowed: Bytes::ANY,
        required: Bytes::DIGIT,
    },
    alone: false,
    check: birth_date,
};

/// Numeric dates in any order of day, month and year, with a time or without; or with the
/// month in letters.
fn birth_date(text: &Text<'_>) -> Fit {
    let mut parts = [0_u32; 3];
    let mut count = 0;
    let numbers = text.value.split(|letter: char| !letter.is_ascii_digit());
    for (slot, number) in parts.iter_mut().zip(numbers.filter(|number| !number.is_empty())) {
        let Ok(number) = number.parse() else { return Fit::No };
        *slot = number;
        count += 1;
    }
    let year = |year: u32| (1850..2100).contains(&year) || year < 100;
    let fits = match (count, parts) {
        (3, [a, b, c]) => year(a) && is_day(b, c) || year(c) && (is_day(a, b) || is_day(b, a)),
        (2, [a, b, _]) => {
            text.classes.meets(Bytes::LETTER) && (year(b) && a <= 31 || year(a) && b <= 31)
        }
        (1, [a, ..]) => (18_500_000..21_000_000).contains(&a) && is_day(a / 100 % 100, a % 100),
        _ => false,
    };
    Fit::Form.when(fits)
}

pub(in crate::inventory::sensitive) const SPECIAL_CATEGORY: Definition = Definition {
    name: "special_category",
    title: "Origin, belief, politics, union or sexual orientation of a person",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "field name; words (GDPR article 9)",
    names: &[
        "religion",
        "religious belief",
        "religious affiliation",
        "ethnicity",
        "ethnic origin",
        "ethnic group",
        "racial origin",
        "political opinion",
        "political party",
        "political view",
        "political affiliation",
        "sexual orientation",
        "union membership",
        "trade union",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (3, 80),
        allowed: Bytes::ANY,
        required: Bytes::NONE,
    },
    alone: false,
    check: |text| {
        Fit::Form.when(!text.is_placeholder() && text.classes.meets(Bytes::LETTER.or(Bytes::WIDE)))
    },
};
