use super::*;

/// Name of the format, `-` for none.
fn label(text: &str) -> &'static str {
    Format::of(text.as_bytes(), Classes::of(text.as_bytes())).map_or("-", Format::label)
}

const CASES: &[(&str, &[&str])] = &[
    (
        "date-time",
        &[
            "2024-02-29T23:59:60Z",
            "1985-04-12T23:20:50.52Z",
            "1996-12-19T16:39:57-08:00",
            "2024-01-01t00:00:00z",
            "2024-01-01T00:00:00.123456789+05:30",
        ],
    ),
    ("date-time-local", &["2024-01-01T00:00:00", "2024-01-01T10:20:30.5"]),
    ("date", &["2024-01-31", "1999-12-31", "2000-02-29"]),
    ("time", &["10:20:30Z", "10:20:30.5+01:00"]),
    ("time-local", &["10:20:30", "23:59:59.999"]),
    ("http-date", &["Sun, 06 Nov 1994 08:49:37 GMT"]),
    ("duration", &["P1D", "PT5M", "P3Y6M4DT12H30M5S", "P2W", "PT0.5S"]),
    (
        "uuid",
        &[
            "0190163d-8694-739b-aea5-966c26f8ad91",
            "0190163D-8694-739B-AEA5-966C26F8AD91",
            "0190163d8694739baea5966c26f8ad91",
            "{0190163d-8694-739b-aea5-966c26f8ad91}",
            "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91",
        ],
    ),
    ("ulid", &["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav"]),
    ("object-id", &["507f1f77bcf86cd799439011", "507012345678901234567890"]),
    (
        "hash",
        &[
            "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ],
    ),
    ("hex", &["31d4d96e407aad42", "00f067aa0ba902b7"]),
    ("email", &["me@example.org", "first.last+tag@sub.example.com"]),
    (
        "uri",
        &[
            "https://example.org/a?b=c",
            "HTTP://EXAMPLE.ORG",
            "ftp://ftp.is.co.za/rfc.txt",
            "mailto:me@example.org",
            "tel:+1-816-555-1212",
            "urn:oasis:names:specification",
            "data:image/png;base64,iVBORw0KGgo=",
            "s3://bucket/key",
            "postgres://u:p@host:5432/db",
        ],
    ),
    ("ipv4", &["192.0.2.1", "255.255.255.255", "0.0.0.0"]),
    ("ipv6", &["2001:db8::1", "::1", "::ffff:192.0.2.1", "fe80::1ff:fe23:4567:890a"]),
    ("cidr", &["10.0.0.0/8", "2001:db8::/32"]),
    (
        "hostname",
        &["example.com", "api.eu-west-1.example.org", "xn--bcher-kva.example", "db1.internal"],
    ),
    ("mac", &["00:1A:2b:3C:4d:5E", "00-1A-2B-3C-4D-5E"]),
    (
        "byte",
        &["SGVsbG8sIHdvcmxkIQ==", "iVBORw0KGgoAAAANSUhEUg==", "q83vEjRWeJCrze8SNFZ4kKvN7xI0Vng+"],
    ),
    (
        "jwt",
        &[
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
            "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn",
        ],
    ),
    ("token", &["nQ7vT2kLp9XcR4mB8wYd", "eyJhbGciOiJIUzI1NiJ9", "ghp4Xk29sLwQ81mZpT0vBn36"]),
    ("prefixed-id", &["cus_9s6XKzkNRiz8i3", "in_1MtHbELkdIwHu7ix", "order_123456"]),
    (
        "phone",
        &["+14155552671", "+44 20 7946 0958", "(415) 555-2671", "415-555-2671", "+49-30-901820"],
    ),
    ("language-tag", &["en", "de", "en-US", "pt_BR", "zh-Hant-TW", "es-419", "sr-Latn"]),
    ("country-code", &["US", "DE", "JP"]),
    ("currency-code", &["USD", "EUR", "JPY"]),
    ("digits", &["42", "7", "0012", "4111111111111111"]),
    ("decimal", &["12.50", "1.2", "-3", "-0.5", "0.001"]),
    ("version", &["1.2.3", "v10.0.1", "2.0.0-rc.1"]),
    ("media-range", &["application/json", "image/svg+xml", "text/*"]),
    ("color", &["#fff", "#00ff7F", "#00ff7f80"]),
    (
        "-",
        &[
            "",
            "a",
            "active",
            "Active",
            "hello world",
            "ACTIVE",
            "zz",
            "QQ",
            "XQZ",
            "aB",
            "in_progress",
            "report.pdf",
            "com.example.Class",
            "main.rs",
            "README.md",
            "a.b",
            "e.g.",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "20240101T000000Z",
            "2024-01-01 10:00:00",
            "24:00:00",
            "10:61:00",
            "10:20",
            "1:2:3",
            "P",
            "p1d",
            "P1H",
            "P1D2Y",
            "0190163d-8694-739b-aea5-966c26f8ad9",
            "0190163d-8694-739b-aea5-966c26f8ad9g",
            "@example.org",
            "me@",
            "me@localhost",
            "me you@example.org",
            "http:",
            "http://",
            "note: this",
            "key:value",
            "//example.org/a",
            "/a/b/c",
            "a b://c",
            "256.1.1.1",
            "1.2.3.4.5",
            "01.2.3",
            "1..2",
            ".5",
            "5.",
            "1e5",
            "+5",
            "10.0.0.0/33",
            "2001:db8::/129",
            "12:34",
            ":::",
            "g::1",
            "00:1A:2b:3C:4d",
            "00:1A-2b:3C:4d:5E",
            "abcd",
            "SGVsbG8",
            "user/repo/issues/1",
            "components/schemas/Pet1",
            "eyJ.b",
            "a.b.c",
            "GetCustomerOrdersV2Async",
            "report_2024",
            "callback_v2",
            "x_1",
            "+1",
            "+1234567890123456789",
            "415-555-26711",
            "(415)555-2671",
            "0049 30 901820",
            "EN-us",
            "english",
            "en-us",
            "en-USA",
            "xx-US",
            "en-",
            "usd",
            "us1",
            "#ff",
            "#gggggg",
            "#1234567",
            "foo/bar",
            "application/",
            "text/a b",
            "größe",
            "日本",
            "naïve",
            "a\u{0}b",
            "0x1F",
            "deadbeef",
            "12 34",
            "1,234",
        ],
    ),
];

#[test]
fn formats_of_texts() {
    let cases = || {
        CASES.iter().flat_map(|(expected, texts)| texts.iter().map(move |text| (text, *expected)))
    };
    let wrong: Vec<_> = cases()
        .map(|(text, expected)| (text, expected, label(text)))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert!(wrong.is_empty(), "text, expected, found: {wrong:#?}");
    assert!(cases().count() >= 120);
}

#[test]
fn long_texts_are_known_by_their_start() {
    let check = |text: &str, expected: &str| assert_eq!(label(text), expected, "{text}");
    check(&format!("https://example.org/{}", "a".repeat(600)), "uri");
    check(&format!("eyJhbGciOiJub25lIn0.{}.c2ln", "a".repeat(600)), "jwt");
    check(&format!("{}==", "aB3/".repeat(200).trim_end_matches("3/")), "byte");
    check(&"word ".repeat(200), "-");
    check(&"a".repeat(600), "-");
}

#[test]
fn formats_are_a_lattice() {
    use Format::{Byte, Date, Digits, Hash, Hex, Jwt, ObjectId, PlainUuid, Token, Uuid};
    for (left, right, common) in [
        (Hash, ObjectId, Some(Hex)),
        (PlainUuid, Hash, Some(Hash)),
        (Jwt, Token, Some(Token)),
        (Jwt, Byte, Some(Byte)),
        (Uuid, Hash, None),
        (Date, Digits, None),
    ] {
        assert_eq!(left.common(right), common, "{left:?} {right:?}");
    }
    for &left in Format::ALL {
        assert_eq!(left.common(left), Some(left));
        for &right in Format::ALL {
            let common = left.common(right);
            assert_eq!(common, right.common(left), "{left:?} {right:?}");
            for &third in Format::ALL {
                let one = common.and_then(|common| common.common(third));
                let other = right.common(third).and_then(|common| left.common(common));
                assert_eq!(one, other, "{left:?} {right:?} {third:?}");
            }
        }
    }
}
