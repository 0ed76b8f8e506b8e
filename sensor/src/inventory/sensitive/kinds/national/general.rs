//! Documents whose numbers have no check digit, and those that a name speaks of in general.

use super::code;
use crate::inventory::sensitive::{
    definition::{Class, Definition, Fit, PERSONAL},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const NATIONAL_ID: Definition = Definition {
    name: "national_id",
    title: "National or tax number of a person",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; letters and digits of that length",
    names: &[
        "national id",
        "national id number",
        "national identifier",
        "national identity number",
        "national number",
        "tax id",
        "tax id number",
        "tax identification number",
        "tax number",
        "taxpayer number",
        "taxpayer id",
        "tax code",
        "identity number",
        "identity document number",
        "government id",
        "gov id",
        "govt id",
        "citizen id",
        "citizen number",
        "personal id number",
        "personal number",
        "personal identification number",
        "personal code",
        "id number",
        "resident number",
        "insurance number",
    ],
    shape: code(6, 24),
    alone: false,
    check: |text| Fit::Form.when(text.digits >= 5),
};

pub(in crate::inventory::sensitive) const PASSPORT: Definition = Definition {
    name: "passport",
    title: "Passport number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; 6 to 12 letters and digits",
    names: &[
        "passport",
        "passport number",
        "passport no",
        "passport num",
        "passport id",
        "travel document number",
    ],
    shape: code(6, 14),
    alone: false,
    check: |text| Fit::Form.when(text.digits >= 4),
};

pub(in crate::inventory::sensitive) const DRIVERS_LICENCE: Definition = Definition {
    name: "drivers_licence",
    title: "Driver's licence number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; letters and digits of that length",
    names: &[
        "drivers license",
        "drivers licence",
        "driver license",
        "driver licence",
        "driving license",
        "driving licence",
        "driver license number",
        "drivers license number",
        "driver licence number",
        "drivers licence number",
        "driving licence number",
        "driving license number",
        "licence number",
        "license number",
        "dl number",
        "driver license no",
    ],
    shape: code(5, 24),
    alone: false,
    check: |text| Fit::Form.when(text.digits >= 3),
};

pub(in crate::inventory::sensitive) const LICENCE_PLATE: Definition = Definition {
    name: "licence_plate",
    title: "Number plate of a vehicle",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; 4 to 12 letters and digits",
    names: &[
        "license plate",
        "licence plate",
        "number plate",
        "plate number",
        "plate",
        "vehicle registration",
        "registration plate",
        "vrn",
    ],
    shape: code(4, 12),
    alone: false,
    check: is_plate,
};

fn is_plate(text: &Text<'_>) -> Fit {
    Fit::Form.when(text.classes.meets(Bytes::DIGIT))
}
