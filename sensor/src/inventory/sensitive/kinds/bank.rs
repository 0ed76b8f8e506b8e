//! Bank accounts, and wallets.

use iban::{Iban, IbanLike as _};

use crate::inventory::sensitive::{
    checks::{uniform, weighted},
    definition::{ANY_COUNT, BANK, Class, Definition, Fit, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const IBAN: Definition = Definition {
    name: "iban",
    title: "International bank account number",
    class: Class::Pci,
    regulations: BANK,
    validator: "modulo 97, length and form of the country (ISO 13616 registry)",
    names: &[
        "iban",
        "iban number",
        "bank iban",
        "account iban",
        "international bank account number",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (15, 42),
        allowed: Bytes::ALNUM.or(Bytes::SPACE).or(Bytes::DASH),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: is_iban,
};

fn is_iban(text: &Text<'_>) -> Fit {
    let &[a, b, c, d, ..] = text.value.as_bytes() else { return Fit::No };
    let start = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
    if !start || !c.is_ascii_digit() || !d.is_ascii_digit() {
        return Fit::No;
    }
    let mut code = [0; 34];
    let length = text.code_into(&mut code).unwrap_or_default();
    let iban = code.get(..length).and_then(|code| std::str::from_utf8(code).ok());
    let iban = iban.and_then(|code| code.parse::<Iban>().ok());
    Fit::Proof.when(iban.is_some_and(|iban| !iban.country_code().is_empty()))
}

pub(in crate::inventory::sensitive) const BIC: Definition = Definition {
    name: "bic",
    title: "Business identifier code (SWIFT)",
    class: Class::Pci,
    regulations: BANK,
    validator: "field name; form of ISO 9362",
    names: &[
        "bic",
        "swift",
        "swift code",
        "bic code",
        "swift bic",
        "bic swift",
        "swift number",
        "bank bic",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (8, 11),
        allowed: Bytes::UPPER.or(Bytes::DIGIT),
        required: Bytes::UPPER,
    },
    alone: false,
    check: |text| {
        let code = text.value.as_bytes();
        let letters = code.iter().skip(4).take(2).all(u8::is_ascii_uppercase);
        Fit::Check.when(matches!(code.len(), 8 | 11) && letters)
    },
};

pub(in crate::inventory::sensitive) const US_ROUTING_NUMBER: Definition = Definition {
    name: "us_routing_number",
    title: "US bank routing number (ABA)",
    class: Class::Pci,
    regulations: BANK,
    validator: "weighted sum modulo 10, districts that are given out",
    names: &[
        "routing number",
        "routing no",
        "aba",
        "aba number",
        "aba routing number",
        "routing",
        "routing transit number",
        "rtn",
        "bank routing",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123678",
        length: (9, 9),
        allowed: Bytes::DIGIT,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: us_routing_number,
};

fn us_routing_number(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let district = u32::from(digits[0]) * 10 + u32::from(digits[1]);
    let given_out = matches!(district, 0..=12 | 21..=32 | 61..=72 | 80);
    let sum = weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    Fit::Check.when(given_out && !uniform(&digits) && sum.is_multiple_of(10))
}

pub(in crate::inventory::sensitive) const BANK_ACCOUNT: Definition = Definition {
    name: "bank_account",
    title: "Bank account number",
    class: Class::Pci,
    regulations: BANK,
    validator: "field name; 6 to 22 letters and digits",
    names: &[
        "bank account",
        "bank account number",
        "account number",
        "account no",
        "acct number",
        "acct no",
        "account num",
        "bban",
        "bank account no",
        "kontonummer",
        "numero cuenta",
        "numero compte",
        "beneficiary account",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (6, 30),
        allowed: Bytes::UPPER.or(Bytes::NUMBER),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |text| Fit::Form.when(text.digits >= 5),
};

pub(in crate::inventory::sensitive) const UK_SORT_CODE: Definition = Definition {
    name: "uk_sort_code",
    title: "UK sort code",
    class: Class::Pci,
    regulations: BANK,
    validator: "field name; six digits",
    names: &["sort code", "bank sort code", "sortcode"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123456789",
        length: (6, 8),
        allowed: Bytes::DIGIT.or(Bytes::DASH).or(Bytes::SPACE),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |text| Fit::Form.when(text.digits::<6>().is_some()),
};

pub(in crate::inventory::sensitive) const BITCOIN_ADDRESS: Definition = Definition {
    name: "bitcoin_address",
    title: "Bitcoin address",
    class: Class::Pii,
    regulations: BANK,
    validator: "double SHA-256 (Base58Check); form of a segregated witness address",
    names: &[
        "bitcoin address",
        "btc address",
        "wallet address",
        "crypto address",
        "btc wallet",
        "bitcoin wallet",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "13b",
        length: (26, 62),
        allowed: Bytes::ALNUM,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: bitcoin_address,
};

fn bitcoin_address(text: &Text<'_>) -> Fit {
    if text.value.starts_with("bc1") {
        let data = &text.value.as_bytes()[3..];
        let bech32 = data.iter().all(|byte| b"qpzry9x8gf2tvdw0s3jn54khce6mua7l".contains(byte));
        return Fit::Rare.when(bech32 && matches!(data.len(), 39 | 59));
    }
    Fit::Proof.when(text.value.len() <= 35 && base58_checks(text.value.as_bytes()))
}

/// `Base58Check` of 25 bytes: version, hash, and the first four bytes of their double SHA-256.
fn base58_checks(text: &[u8]) -> bool {
    use sha2::{Digest as _, Sha256};

    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    for letter in text {
        let Some(rank) = ALPHABET.iter().position(|candidate| candidate == letter) else {
            return false;
        };
        let mut carry = rank as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (body, check) = bytes.split_at(21);
    Sha256::digest(Sha256::digest(body))[..4] == *check
}
