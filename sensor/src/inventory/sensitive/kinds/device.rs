//! What a person carries or drives: addresses and numbers of devices.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::inventory::sensitive::{
    checks::{luhn, pair},
    definition::{ANY_COUNT, Class, Definition, Fit, PERSONAL, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const IP_ADDRESS: Definition = Definition {
    name: "ip_address",
    title: "IP address of a person",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "form of RFC 791 or RFC 4291; public, or in a field named for it",
    names: &[
        "ip",
        "ip address",
        "ip addr",
        "ipv4",
        "ipv6",
        "client ip",
        "user ip",
        "remote ip",
        "remote addr",
        "remote address",
        "source ip",
        "src ip",
        "visitor ip",
        "last ip",
        "last login ip",
        "login ip",
        "x forwarded for",
        "x real ip",
        "customer ip",
        "ipaddr",
        "ips",
        "ipv4 address",
        "ipv6 address",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123456789abcdefABCDEF:",
        length: (3, 45),
        allowed: Bytes::ALNUM.or(Bytes::DOT).or(Bytes::COLON),
        required: Bytes::NONE,
    },
    alone: true,
    check: ip_address,
};

/// `1.2.3.4` may be a version: the first number of those is small.
fn ip_address(text: &Text<'_>) -> Fit {
    if text.classes.meets(Bytes::COLON) {
        let Ok(address) = text.value.parse::<Ipv6Addr>() else { return Fit::No };
        let groups = address.segments().iter().filter(|&&segment| segment != 0).count();
        let global = address.segments()[0] & 0xe000 == 0x2000;
        return if global && groups >= 4 { Fit::Rare } else { Fit::Form.when(groups > 1) };
    }
    if !text.classes.within(Bytes::DIGIT.or(Bytes::DOT)) {
        return Fit::No;
    }
    let Ok(address) = text.value.parse::<Ipv4Addr>() else { return Fit::No };
    let [first, ..] = address.octets();
    let no_one = address.is_loopback()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast();
    match (no_one, address.is_private() || address.is_link_local() || first < 20) {
        (true, _) => Fit::No,
        (false, true) => Fit::Form,
        (false, false) => Fit::Rare,
    }
}

pub(in crate::inventory::sensitive) const MAC_ADDRESS: Definition = Definition {
    name: "mac_address",
    title: "MAC address of a device",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "six groups of two hex digits",
    names: &[
        "mac",
        "mac address",
        "mac addr",
        "hardware address",
        "wifi mac",
        "bluetooth mac",
        "bssid",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (17, 17),
        allowed: Bytes::ALNUM.or(Bytes::COLON).or(Bytes::DASH),
        required: Bytes::NONE,
    },
    alone: true,
    check: |text| {
        let separator = text.value.as_bytes().get(2).copied().unwrap_or_default();
        let fits = text.value.bytes().enumerate().all(|(index, byte)| match index % 3 {
            2 => byte == separator,
            _ => byte.is_ascii_hexdigit(),
        });
        Fit::Rare.when(fits && !separator.is_ascii_alphanumeric())
    },
};

pub(in crate::inventory::sensitive) const IMEI: Definition = Definition {
    name: "imei",
    title: "Number of a mobile device (IMEI)",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "Luhn, reporting body",
    names: &["imei", "imei number", "device imei"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123456789",
        length: (15, 18),
        allowed: Bytes::DIGIT.or(Bytes::DASH).or(Bytes::SPACE),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: |text| {
        let Some(digits) = text.digits::<15>() else { return Fit::No };
        let body = pair(digits[0], digits[1]);
        Fit::Check
            .when(matches!(body, 1 | 35 | 44 | 45 | 49..=54 | 86 | 91 | 97..=99) && luhn(&digits))
    },
};

pub(in crate::inventory::sensitive) const ADVERTISING_ID: Definition = Definition {
    name: "advertising_id",
    title: "Advertising or device identifier",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; UUID or hex digits",
    names: &[
        "advertising id",
        "advertiser id",
        "ad id",
        "idfa",
        "idfv",
        "gaid",
        "aaid",
        "adid",
        "device id",
        "android id",
        "udid",
        "device uuid",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (16, 40),
        allowed: Bytes::ALNUM.or(Bytes::DASH),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |text| {
        Fit::Form.when(text.value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
    },
};

pub(in crate::inventory::sensitive) const VIN: Definition = Definition {
    name: "vin",
    title: "Vehicle identification number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "check digit modulo 11 (ISO 3779, 49 CFR 565); in a field named for it the form",
    names: &["vin", "vin number", "vehicle identification number", "chassis number", "vehicle vin"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (17, 17),
        allowed: Bytes::UPPER.or(Bytes::DIGIT),
        required: Bytes::UPPER.or(Bytes::DIGIT),
    },
    alone: true,
    check: vin,
};

fn vin(text: &Text<'_>) -> Fit {
    const VALUES: &[u8; 26] = b"12345678.12345.7.923456789";
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut sum = 0;
    for (byte, weight) in text.value.bytes().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => VALUES[usize::from(byte - b'A')].wrapping_sub(b'0'),
            _ => return Fit::No,
        };
        if value > 9 {
            return Fit::No;
        }
        sum += u32::from(value) * weight;
    }
    let check = b"0123456789X"[(sum % 11) as usize];
    if text.value.as_bytes().get(8) == Some(&check) { Fit::Rare } else { Fit::Form }
}
