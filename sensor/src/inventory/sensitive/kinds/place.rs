//! Where a person is.

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, Class, Definition, Fit, PERSONAL, Shape},
    text::{Bytes, Text},
};

/// Decimals from which a coordinate tells a street: 0.001 degrees are about 100 m.
const DECIMALS: usize = 3;

pub(in crate::inventory::sensitive) const GEO_COORDINATE: Definition = Definition {
    name: "geo_coordinate",
    title: "Latitude or longitude",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "field name; a number in range with three decimals or more",
    names: &[
        "latitude",
        "longitude",
        "lat",
        "lng",
        "lon",
        "long",
        "geo lat",
        "geo lng",
        "geo lon",
        "gps lat",
        "gps lon",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "-+0123456789",
        length: (5, 24),
        allowed: Bytes::DIGIT.or(Bytes::DOT).or(Bytes::DASH).or(Bytes::PLUS),
        required: Bytes::DIGIT.or(Bytes::DOT),
    },
    alone: false,
    check: |text| Fit::Form.when(degrees(text.value).is_some()),
};

pub(in crate::inventory::sensitive) const GEO_POSITION: Definition = Definition {
    name: "geo_position",
    title: "Position (pair of coordinates)",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "two numbers in range with three decimals or more",
    names: &[
        "coordinates",
        "coords",
        "coordinate",
        "latlng",
        "lat lng",
        "lat long",
        "lat lon",
        "geo",
        "geolocation",
        "gps",
        "position",
        "location",
        "geo point",
        "geo position",
        "gps position",
        "gps coordinates",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "-+0123456789",
        length: (11, 50),
        allowed: Bytes::DIGIT
            .or(Bytes::DOT)
            .or(Bytes::DASH)
            .or(Bytes::PLUS)
            .or(Bytes::COMMA)
            .or(Bytes::SPACE),
        required: Bytes::DIGIT.or(Bytes::DOT).or(Bytes::COMMA),
    },
    alone: true,
    check: geo_position,
};

fn geo_position(text: &Text<'_>) -> Fit {
    let Some((latitude, longitude)) = text.value.split_once(',') else { return Fit::No };
    let latitude = degrees(latitude.trim()).filter(|latitude| latitude.abs() <= 90.0);
    Fit::Rare.when(latitude.is_some() && degrees(longitude.trim()).is_some())
}

fn degrees(text: &str) -> Option<f64> {
    let decimals = text.split_once('.')?.1;
    let degrees: f64 = text.parse().ok()?;
    (decimals.len() >= DECIMALS && degrees.abs() <= 180.0).then_some(degrees)
}
