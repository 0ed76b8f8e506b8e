use super::*;

/// (field, value, kind).
type Case = (&'static str, &'static str, Option<&'static str>);

#[track_caller]
fn check(cases: &[Case]) {
    let detector = detector();
    for &(field, value, expect) in cases {
        assert_eq!(found(&detector, field, value), expect, "{field}: {value}");
    }
}

#[test]
fn cards_need_their_check_digit() {
    check(&[
        ("cardNumber", "4111111111111111", Some("card_number")),
        ("cardNumber", "4111 1111 1111 1111", Some("card_number")),
        ("cardNumber", "378282246310005", Some("card_number")),
        ("cardNumber", "4111111111111112", None),
        ("cardNumber", "9111111111111110", None),
        ("cardNumber", "1700000000000", None),
        ("x", "4111-1111-1111-1111", Some("card_number")),
        ("x", "3782 822463 10005", Some("card_number")),
        ("x", "4111-1111-1111-1112", None),
        ("x", "4111111111111111", Some("card_number")),
        ("transactionId", "4111111111111111", None),
        ("card_number_last4", "1111", None),
        ("card_type", "visa", None),
        ("cvv", "123", Some("card_verification")),
        ("cvv", "12", None),
        ("x", "123", None),
        ("card.expiry", "12/29", Some("card_expiry")),
        ("card.expiry", "13/29", None),
        ("x", "%B4111111111111111^DOE/JOHN^29121010000", Some("card_track")),
    ]);
    let detector = detector();
    for card in [
        "4111111111111111",
        "5555555555554444",
        "6011111111111117",
        "2223003122003222",
        "3530111333300000",
    ] {
        assert_eq!(candidates(&detector, card), ["card_number"], "{card}");
    }
}

#[test]
fn accounts_need_their_check_digits() {
    check(&[
        ("x", "GB82WEST12345698765432", Some("iban")),
        ("x", "GB82 WEST 1234 5698 7654 32", Some("iban")),
        ("x", "gb82west12345698765432", Some("iban")),
        ("iban", "GB82WEST12345698765433", None),
        ("iban", "GB82WEST1234569876543", None),
        ("iban", "ZZ82WEST12345698765432", None),
        ("x", "DE89370400440532013000", Some("iban")),
        ("bic", "DEUTDEFF500", Some("bic")),
        ("x", "DEUTDEFF500", None),
        ("routingNumber", "021000021", Some("us_routing_number")),
        ("routingNumber", "021000022", None),
        ("accountNumber", "000123456789", Some("bank_account")),
        ("x", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Some("bitcoin_address")),
        ("x", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", None),
    ]);
}

#[test]
fn contacts() {
    check(&[
        ("x", "ann.lee+x@example.co.uk", Some("email")),
        ("x", "logo@2x.png", None),
        ("x", "left-pad@1.3.0", None),
        ("x", "@handle", None),
        ("email", "nobody", None),
        ("x", "write to ann@example.com today", Some("email")),
        ("x", "+442083661177", Some("phone")),
        ("x", "+1 415-555-2671", Some("phone")),
        ("x", "+999123456", None),
        ("x", "(415) 555-2671", Some("phone")),
        ("phone", "020 8366 1177", Some("phone")),
        ("phone", "415-555-2671x123", Some("phone")),
        ("x", "4155552671", None),
        ("phone", "yes", None),
        ("address", "12 High Street, Leeds", Some("postal_address")),
        ("address", "https://example.com/a b", None),
        ("zip", "90210", Some("postal_code")),
        ("x", "90210", None),
    ]);
}

#[test]
fn persons_and_places() {
    check(&[
        ("firstName", "Zoë", Some("person_name")),
        ("customer.name", "Ann Lee", Some("person_name")),
        ("product.name", "Ann Lee", None),
        ("name", "Red Shirt", None),
        ("firstName", "123", None),
        ("dob", "1980-02-29", Some("birth_date")),
        ("dob", "29/02/1980", Some("birth_date")),
        ("dob", "1980-02-29T00:00:00Z", Some("birth_date")),
        ("dob", "1980-02-31", None),
        ("created", "1980-02-29", None),
        ("lat", "48.85837", Some("geo_coordinate")),
        ("lat", "48.8", None),
        ("lat", "248.85837", None),
        ("location", "48.85837, 2.29448", Some("geo_position")),
        ("clientIp", "10.1.2.3", Some("ip_address")),
        ("x", "203.0.113.9", Some("ip_address")),
        ("version", "1.2.3.4", None),
        ("x", "2001:db8:85a3::8a2e:370:7334", Some("ip_address")),
        ("x", "00:1B:44:11:3A:B7", Some("mac_address")),
        ("imei", "356938035643809", Some("imei")),
        ("imei", "356938035643808", None),
        ("vin", "1HGCM82633A004352", Some("vin")),
        ("passport", "C01X00T47", Some("passport")),
        ("religion", "Buddhism", Some("special_category")),
    ]);
}

#[test]
fn health() {
    check(&[
        ("npi", "1234567893", Some("us_npi")),
        ("npi", "1234567894", None),
        ("dea", "AB1234563", Some("us_dea_number")),
        ("dea", "AB1234564", None),
        ("icd10", "J45.909", Some("icd10_code")),
        ("icd10", "ZZZ", None),
        ("mrn", "MRN-0012345", Some("medical_record_number")),
        ("diagnosis", "Asthma", Some("health_term")),
        ("x", "1EG4-TE5-MK73", Some("health_insurance_id")),
        ("bloodType", "AB+", Some("health_term")),
    ]);
}

/// A token of a maker, put together here so that no scanner takes the source for a leak.
#[track_caller]
fn check_token(prefix: &str, body: &str, expect: Option<&str>) {
    let detector = detector();
    assert_eq!(found(&detector, "x", &format!("{prefix}{body}")), expect, "{prefix}{body}");
    let line = format!("set key={prefix}{body} in 1 place");
    assert_eq!(found(&detector, "x", &line), expect, "{line}");
}

#[test]
fn tokens() {
    let letters = "a1B2c3D4e5F6g7H8i9J0".repeat(6);
    let hex = "0123456789abcdef".repeat(4);
    check_token("AKIA", "IOSFODNN7EXAMPLE", Some("aws_access_key_id"));
    check_token("AKIA", "IOSFODNN7EXAMPL", None);
    check_token("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", Some("github_token"));
    check_token("glpat-", &letters[..20], Some("gitlab_token"));
    check_token("npm_", &letters[..36], Some("npm_token"));
    check_token("xoxb-", &letters[..40], Some("slack_token"));
    check_token("sk_live_", &letters[..24], Some("stripe_key"));
    check_token("pk_live_", &letters[..24], None);
    check_token("AIza", &letters[..35], Some("google_api_key"));
    check_token("SK", &hex[..32], Some("twilio_key"));
    check_token("sk-proj-", &letters[..48], Some("ai_service_key"));
    check_token("shpat_", &hex[..32], Some("shopify_token"));
    check_token("dop_v1_", &hex, Some("digitalocean_token"));
    check_token("hvs.", &letters[..24], Some("service_token"));
    check_token("SG.", &format!("{}.{}", &letters[..22], &letters[..43]), Some("sendgrid_key"));
}

#[test]
fn the_checksum_of_a_token_makes_it_sure() {
    let detector = detector();
    let sure = |body: &str| {
        detector.value(NameHints::default(), &format!("ghp_{body}")).map(|found| found.confidence)
    };
    assert_eq!(sure("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"), Some(Confidence::High));
    assert_eq!(sure("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18"), Some(Confidence::Medium));
    assert_eq!(sure("short"), None);
}

#[test]
fn secrets() {
    check(&[
        ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", Some("jwt")),
        ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", None),
        ("x", "eyJ.eyJ.eyJ", None),
        ("x", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA", Some("private_key")),
        ("x", "-----BEGIN PUBLIC KEY-----\nMIIEpAIBAAKCAQEAxx", None),
        ("x", "postgres://app:s3cret@db:5432/x", Some("url_credentials")),
        ("x", "postgres://app:***@db:5432/x", None),
        ("x", "https://example.com/@user:x", None),
        ("password", "hunter2", Some("password")),
        ("password", "********", None),
        ("password_policy", "strong", None),
        ("client_secret", "8f14e45fceea167a", Some("generic_secret")),
        ("token_type", "bearer", None),
        ("apiKey", "see the portal", None),
        ("x", "8f14e45fceea167a5a36dedd4bea2543", None),
    ]);
}

#[test]
fn what_only_looks_like_it() {
    for (field, value) in [
        ("createdAt", "1700000000000"),
        ("ts", "1700000000"),
        ("timestamp", "2024-05-05T10:00:00.000Z"),
        ("id", "550e8400-e29b-41d4-a716-446655440000"),
        ("id", "507f1f77bcf86cd799439011"),
        ("id", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("sku", "SKU-123-456-789"),
        ("sku", "AB-1234-CD"),
        ("orderId", "123456782"),
        ("orderId", "4111111111111111"),
        ("snowflake", "1234567890123456789"),
        ("price", "1299.99"),
        ("text", "Lorem ipsum dolor sit amet, 12 items at 3.50 each"),
        ("isbn", "978-3-16-148410-0"),
        ("ean", "4006381333931"),
        ("url", "https://example.com/a/b?c=d"),
        ("date", "2024-01-01"),
        ("color", "#ff00aa"),
        ("version", "10.2.1.0"),
        ("hostname", "api.example.com"),
    ] {
        check(&[(field, value, None)]);
    }
}

#[test]
fn the_inside_shows_in_responses() {
    check(&[
        ("x", "192.168.1.10", Some("internal_address")),
        ("x", "http://10.1.2.3:8080/health", Some("internal_address")),
        ("x", "10.2.1.0", None),
        ("x", "redis.default.svc.cluster.local", Some("internal_address")),
        ("x", "example.com", None),
    ]);
}
