//! Data on health: numbers of patients and of those who treat them, codes, terms.

use crate::inventory::sensitive::{
    checks::luhn,
    definition::{ANY_COUNT, Class, Definition, Fit, HEALTH, Shape},
    text::{Bytes, Text},
};

const CODE: Bytes = Bytes::CODE;

pub(in crate::inventory::sensitive) const MEDICAL_RECORD_NUMBER: Definition = Definition {
    name: "medical_record_number",
    title: "Medical record number",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "field name; letters and digits",
    names: &[
        "mrn",
        "medical record number",
        "medical record no",
        "medical record",
        "patient id",
        "patient number",
        "patient no",
        "patient identifier",
        "chart number",
        "hospital number",
        "medical record id",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (4, 36),
        allowed: CODE,
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |_| Fit::Form,
};

pub(in crate::inventory::sensitive) const HEALTH_INSURANCE_ID: Definition = Definition {
    name: "health_insurance_id",
    title: "Health insurance number",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "form of the US Medicare beneficiary identifier; else field name",
    names: &[
        "health insurance number",
        "health insurance id",
        "insurance member id",
        "health plan number",
        "health plan id",
        "beneficiary id",
        "mbi",
        "medicare id",
        "medicaid id",
        "health card number",
        "insurance id",
        "policy holder id",
        "subscriber id",
        "medicare beneficiary identifier",
        "krankenversicherungsnummer",
        "kvnr",
        "health insurance",
        "insurance policy number",
        "health id",
        "group policy number",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (6, 24),
        allowed: CODE,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: health_insurance_id,
};

/// Centers for Medicare & Medicaid Services: `1EG4-TE5-MK73`, letters without S, L, O, I, B, Z.
fn health_insurance_id(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<11>() else { return Fit::Form };
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    let either = |byte: u8| byte.is_ascii_digit() || letter(byte);
    let fits = code.iter().enumerate().all(|(index, &byte)| match index {
        0 => matches!(byte, b'1'..=b'9'),
        1 | 4 | 7 | 8 => letter(byte),
        2 | 5 => either(byte),
        _ => byte.is_ascii_digit(),
    });
    if fits { Fit::Rare } else { Fit::Form }
}

pub(in crate::inventory::sensitive) const US_NPI: Definition = Definition {
    name: "us_npi",
    title: "US national provider identifier",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "Luhn with prefix 80840",
    names: &["npi", "npi number", "national provider identifier", "provider npi"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "12",
        length: (10, 10),
        allowed: Bytes::DIGIT,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: |text| {
        let Some(digits) = text.digits::<10>() else { return Fit::No };
        let mut card = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        card[5..].copy_from_slice(&digits);
        Fit::Check.when(luhn(&card))
    },
};

pub(in crate::inventory::sensitive) const US_DEA_NUMBER: Definition = Definition {
    name: "us_dea_number",
    title: "US DEA number of a prescriber",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "check digit",
    names: &["dea", "dea number", "dea no", "dea id"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "ABCDEFGHJKLMPRSTUX",
        length: (9, 9),
        allowed: Bytes::UPPER.or(Bytes::DIGIT),
        required: Bytes::UPPER.or(Bytes::DIGIT),
    },
    alone: true,
    check: dea,
};

fn dea(text: &Text<'_>) -> Fit {
    let bytes = text.value.as_bytes();
    let registrant = bytes.get(1).is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'9');
    let mut digits = [0; 7];
    for (digit, byte) in digits.iter_mut().zip(bytes.iter().skip(2)) {
        if !byte.is_ascii_digit() {
            return Fit::No;
        }
        *digit = u32::from(byte - b'0');
    }
    let sum = digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5]);
    Fit::Check.when(registrant && sum % 10 == digits[6])
}

pub(in crate::inventory::sensitive) const ICD10_CODE: Definition = Definition {
    name: "icd10_code",
    title: "Diagnosis code (ICD-10)",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "field name; form of ICD-10 and ICD-10-CM",
    names: &[
        "icd",
        "icd10",
        "icd 10",
        "icd code",
        "icd10 code",
        "icd 10 code",
        "diagnosis code",
        "dx code",
        "diagnosis codes",
        "dx",
        "icd10cm",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (3, 8),
        allowed: Bytes::ALNUM.or(Bytes::DOT),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |text| {
        let bytes = text.value.as_bytes();
        let &[chapter, first, second, ref rest @ ..] = bytes else { return Fit::No };
        let category = chapter.is_ascii_alphabetic()
            && first.is_ascii_digit()
            && (second.is_ascii_digit() || matches!(second, b'A' | b'B'));
        let rest = rest.strip_prefix(b".").unwrap_or(rest);
        Fit::Check.when(category && rest.len() <= 4 && rest.iter().all(u8::is_ascii_alphanumeric))
    },
};

pub(in crate::inventory::sensitive) const HEALTH_TERM: Definition = Definition {
    name: "health_term",
    title: "Diagnosis, treatment or condition",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "field name; words",
    names: &[
        "diagnosis",
        "diagnoses",
        "diagnosis name",
        "diagnosis description",
        "medical condition",
        "medical conditions",
        "health condition",
        "condition name",
        "medication",
        "medications",
        "medication name",
        "prescription",
        "drug name",
        "allergy",
        "allergies",
        "symptom",
        "symptoms",
        "blood type",
        "blood group",
        "disability",
        "disabilities",
        "medical history",
        "treatment",
        "procedure name",
        "lab result",
        "test result",
        "immunization",
        "vaccination",
        "hiv status",
        "smoking status",
        "chief complaint",
        "treatment plan",
        "health status",
        "clinical notes",
        "clinical note",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (1, 2000),
        allowed: Bytes::ANY,
        required: Bytes::NONE,
    },
    alone: false,
    check: |text| {
        Fit::Form.when(text.classes.meets(Bytes::LETTER.or(Bytes::WIDE)) && !text.is_placeholder())
    },
};
