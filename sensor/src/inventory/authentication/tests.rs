use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;

use super::*;
use crate::exchange::{
    Body, ConnectionId, Content, Exchange, FieldSpan, Head, Method, Missing, Problems, Request,
    Response, Role, Span, Timestamp, Tls, Version,
};

/// When the exchanges happen, in seconds.
const NOW: u64 = 1_700_000_000;

fn exchange(target: &str, fields: &[(&str, &str)], status: u16, tls: Option<Tls>) -> Exchange {
    let mut raw = target.to_owned();
    let mut push = |text: &str| {
        let start = raw.len() as u32;
        raw.push_str(text);
        Span { start, end: raw.len() as u32 }
    };
    let fields =
        fields.iter().map(|(name, value)| FieldSpan { name: push(name), value: push(value) });
    let fields = fields.collect();
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let time = Timestamp(NOW * 1_000_000_000);
    Exchange {
        id: 1,
        connection: ConnectionId(1),
        client: server,
        server,
        role: Role::Server,
        request: Some(Request {
            head: Head { raw: Bytes::from(raw), fields },
            method: Method::Get,
            target: Span { start: 0, end: target.len() as u32 },
            version: Version::Http11,
            start: time,
            end: time,
            content: Content::default(),
            body: Body::default(),
            problems: Problems::default(),
        }),
        response: Some(Response {
            head: Head::default(),
            status,
            version: Version::Http11,
            start: time,
            end: time,
            content: Content::default(),
            body: Body::default(),
            problems: Problems::default(),
        }),
        workload: None,
        caller: None,
        tls: tls.map(Arc::new),
        operations: Vec::new(),
        missing: Missing::empty(),
    }
}

fn jwt(header: &str, claims: &str) -> String {
    let part = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
    format!("{}.{}.c2ln", part(header), part(claims))
}

/// The kinds of a request over TLS, joined by spaces.
#[track_caller]
fn check(target: &str, fields: &[(&str, &str)], expect: &str) {
    let exchange = exchange(target, fields, 200, Some(Tls::default()));
    let found = Authenticator::default().classify(&exchange);
    let kinds: Vec<_> = found.kinds().map(AuthenticationKind::as_str).collect();
    assert_eq!(kinds.join(" "), expect, "{target} {fields:?}");
    assert!(!found.over_plain_http);
}

#[test]
fn kinds_of_the_authorization_field() {
    let token = jwt(r#"{"alg":"RS256"}"#, r#"{"sub":"ann"}"#);
    let bearer = format!("Bearer {token}");
    for (value, expect) in [
        ("Basic dXNlcjpwYXNz", "basic"),
        ("basic dXNlcjpwYXNz", "basic"),
        (bearer.as_str(), "bearer_jwt"),
        (token.as_str(), "bearer_jwt"),
        ("Bearer 2YotnFZFEjr1zCsicMWpAA", "bearer"),
        ("Bearer eyJ.not.one", "bearer"),
        ("Token 9944b09199c62bcf9418ad846dd0e4bb", "bearer"),
        ("Digest username=\"Mufasa\", realm=\"x\"", "digest"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/20240101/x, Signature=1", "aws_sigv4"),
        ("Signature keyId=\"a\",signature=\"b\"", "hmac_signature"),
        ("HMAC-SHA256 SignedHeaders=x&Signature=y", "hmac_signature"),
        ("SharedKey account:c2ln", "hmac_signature"),
        ("ApiKey 123", "api_key_header"),
        ("9944b09199c62bcf9418ad846dd0e4bb", "api_key_header"),
        ("Negotiate YII", "negotiate"),
        ("Strange x", "other"),
        ("", "none"),
    ] {
        check("/", &[("Host", "a"), ("Authorization", value)], expect);
    }
}

#[test]
fn kinds_of_other_fields() {
    let token = jwt(r#"{"alg":"RS256"}"#, "{}");
    for (name, value, expect) in [
        ("X-API-Key", "abcdef", "api_key_header"),
        ("Ocp-Apim-Subscription-Key", "abcdef", "api_key_header"),
        ("X-Vault-Token", "hvs.abcdef", "api_key_header"),
        ("X-Tenant-Key", "a8f3k2m9d0s7q1w4", "api_key_header"),
        ("X-Tenant-Key", "blue", "none"),
        ("X-Access-Token", token.as_str(), "bearer_jwt"),
        ("Signature-Input", "sig1=()", "hmac_signature"),
        ("X-Hub-Signature-256", "sha256=ab", "hmac_signature"),
        ("Stripe-Signature", "t=1,v1=2", "hmac_signature"),
        ("X-CSRF-Token", "abcdef", "none"),
        ("Idempotency-Key", "8e03978e-40d5-43dd-bc93-6894a57f9324", "none"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "none"),
        ("Accept", "text/html", "none"),
        ("Content-Type", "application/json", "none"),
        ("User-Agent", "token/1.0", "none"),
        ("Proxy-Authorization", "Basic x", "none"),
        ("Cookie", "sessionid=38afes7a8", "session_cookie"),
        ("Cookie", "a=b; JSESSIONID=0123456789ABCDEF", "session_cookie"),
        ("Cookie", "api_key=0123456789ABCDEF", "api_key_cookie"),
        ("Cookie", "csrftoken=0123456789ABCDEF; theme=dark-and-wide", "none"),
    ] {
        check("/", &[(name, value)], expect);
    }
}

#[test]
fn credentials_in_the_target() {
    let found = |target: &str| {
        let exchange = exchange(target, &[], 200, Some(Tls::default()));
        let found = Authenticator::default().classify(&exchange);
        let kinds: Vec<_> = found.kinds().map(AuthenticationKind::as_str).collect();
        (kinds.join(" "), found.in_url)
    };
    let check = |target: &str, kinds: &str, in_url: bool| {
        assert_eq!(found(target), (kinds.to_owned(), in_url), "{target}");
    };
    check("/?api_key=abcdef", "api_key_query", true);
    check("/?a=1&access_token=2YotnFZFEjr1zCsicMWpAA", "api_key_query", true);
    check(&format!("/?jwt={}", jwt(r#"{"alg":"RS256"}"#, "{}")), "bearer_jwt", true);
    check("/?key=8f14e45fceea167a5a36", "api_key_query", true);
    check("/?key=name&token=next", "none", false);
    check("/?X-Amz-Signature=0123456789abcdef0123", "aws_sigv4", false);
    check("/?sig=0123456789abcdef0123&sv=1", "hmac_signature", false);
    check("http://user:pass@example.com/x", "basic", true);
    check("/?next=http://user:pass@example.com/x", "none", false);
    check("/?api_key", "none", false);
    check("/?&&==&", "none", false);
}

#[test]
fn credentials_in_the_open() {
    let open = |fields: &[(&str, &str)]| {
        Authenticator::default().classify(&exchange("/", fields, 200, None)).over_plain_http
    };
    assert!(open(&[("Authorization", "Basic dXNlcjpwYXNz")]));
    assert!(open(&[("Cookie", "sessionid=38afes7a8")]));
    assert!(open(&[("Proxy-Authorization", "Basic dXNlcjpwYXNz")]));
    assert!(!open(&[("Authorization", "Digest username=x")]));
    assert!(!open(&[("Authorization", "AWS4-HMAC-SHA256 x")]));
    assert!(!open(&[]));
}

#[test]
fn a_client_certificate_is_mutual_tls() {
    let tls = Tls { client_certificate: true, ..Tls::default() };
    let found = Authenticator::default().classify(&exchange("/", &[], 200, Some(tls)));
    assert!(found.kinds().eq([AuthenticationKind::MutualTls]));
}

#[test]
fn tokens_are_read_and_subjects_left_out() {
    let token = jwt(
        r#"{"alg":"RS256","typ":"JWT"}"#,
        r#"{"iss":"https://id.example.com/","sub":"ann@example.com","aud":["shop","a b"],
            "scope":"read:orders write:orders","iat":1000,"exp":4600.5}"#,
    );
    let facts = Jwt::parse(token.as_bytes()).unwrap();
    assert_eq!(&*facts.algorithm, "RS256");
    assert_eq!(facts.issuer.as_deref(), Some("https://id.example.com/"));
    assert_eq!(*facts.audiences, ["shop".into()]);
    assert_eq!(*facts.scopes, ["read:orders".into(), "write:orders".into()]);
    assert_eq!(facts.lifetime(), Some(3600));
    assert!(facts.is_expired(4600) && !facts.is_expired(4599) && !facts.is_unsigned());
    assert!(!format!("{facts:?}").contains("ann"));
}

#[test]
fn what_is_no_token() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("\"{}\"", "x".repeat(5000));
    for token in [
        String::new(),
        "ey".into(),
        "a.b.c".into(),
        "eyJ.eyJ.eyJ".into(),
        jwt("{}", "{}"),
        jwt(r#"{"alg":1}"#, "{}"),
        jwt(r#"{"alg":"a b"}"#, "{}"),
        jwt(r#"{"alg":"RS256"}"#, "[]x"),
        jwt(r#"{"alg":"RS256"}"#, &format!(r#"{{"aud":{deep}}}"#)),
        jwt(&format!(r#"{{"alg":{long}}}"#), "{}"),
        format!("ey{}", "A".repeat(100_000)),
    ] {
        assert_eq!(Jwt::parse(token.as_bytes()), None, "{token}");
    }
    let odd = jwt(r#"{"alg":"none"}"#, r#"{"iss":"not a word","aud":7,"exp":-1,"scope":{"a":1}}"#);
    let odd = Jwt::parse(odd.as_bytes()).unwrap();
    assert!(odd.is_unsigned());
    assert_eq!((odd.issuer, odd.expires, odd.audiences.len()), (None, None, 0));
    let encrypted = format!("{}.a.b.c.d", BASE64URL_NOPAD.encode(br#"{"alg":"dir"}"#));
    assert!(Jwt::parse(encrypted.as_bytes()).unwrap().encrypted);
}

#[test]
fn a_token_seen_again_is_not_decoded_again() {
    let token = format!("Bearer {}", jwt(r#"{"alg":"RS256"}"#, "{}"));
    let exchange = exchange("/", &[("Authorization", &token)], 200, None);
    let mut authenticator = Authenticator::default();
    let first = authenticator.classify(&exchange).jwt.unwrap();
    let second = authenticator.classify(&exchange).jwt.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn many_tokens_are_bounded() {
    let mut cache = jwt::TokenCache::new();
    for number in 0..10_000 {
        let token = jwt(r#"{"alg":"RS256"}"#, &format!(r#"{{"exp":{number}}}"#));
        assert_eq!(cache.get(token.as_bytes()).unwrap().expires, Some(number));
    }
    assert!(cache.len() <= 2048);
}

fn record(stats: &mut AuthenticationStats, fields: &[(&str, &str)], answer: u16) {
    let exchange = exchange("/", fields, answer, None);
    let found = Authenticator::default().classify(&exchange);
    stats.record(&exchange, &found);
}

#[test]
fn shares_and_refusals() {
    let mut stats = AuthenticationStats::default();
    record(&mut stats, &[], 401);
    record(&mut stats, &[("Authorization", "Basic eDp5")], 200);
    record(&mut stats, &[("Authorization", "Basic eDp5")], 403);
    record(&mut stats, &[("Authorization", "Basic eDp5"), ("X-Api-Key", "12345")], 404);
    let kinds: Vec<_> = stats
        .kinds()
        .into_iter()
        .map(|kind| (kind.kind.as_str(), kind.requests, kind.accepted, kind.refused))
        .collect();
    assert_eq!(kinds, [("basic", 3, 2, 1), ("none", 1, 0, 1), ("api_key_header", 1, 1, 0)]);
    assert!((stats.kinds()[0].share - 0.75).abs() < f64::EPSILON);
    assert_eq!((stats.requests(), stats.over_plain_http(), stats.in_url()), (4, 3, 0));
}

#[test]
fn unsigned_and_expired_tokens_are_flagged() {
    let mut stats = AuthenticationStats::default();
    let mut send = |header: &str, claims: &str, status| {
        let value = format!("Bearer {}", jwt(header, claims));
        record(&mut stats, &[("Authorization", &value)], status);
    };
    send(r#"{"alg":"none"}"#, "{}", 200);
    send(r#"{"alg":"None"}"#, "{}", 401);
    send(r#"{"alg":"RS256"}"#, &format!(r#"{{"iat":0,"exp":{}}}"#, NOW - 1), 200);
    send(r#"{"alg":"RS256"}"#, &format!(r#"{{"iat":{NOW},"exp":{}}}"#, NOW + 60), 200);
    let facts = stats.jwt().unwrap();
    assert_eq!((facts.tokens, facts.unsigned, facts.unsigned_accepted), (4, 2, 1));
    assert_eq!((facts.expired, facts.expired_accepted, facts.endless), (1, 1, 2));
    assert_eq!(facts.lifetime, Some((60, NOW - 1)));
    assert_eq!(facts.algorithms, ["None".into(), "RS256".into(), "none".into()]);
}

#[test]
fn names_are_bounded() {
    let mut stats = AuthenticationStats::default();
    for number in 0..100 {
        let claims = format!(r#"{{"iss":"i{number}","aud":"a{number}","scope":"s{number}"}}"#);
        let value = format!("Bearer {}", jwt(r#"{"alg":"RS256"}"#, &claims));
        record(&mut stats, &[("Authorization", &value)], 200);
    }
    let facts = stats.jwt().unwrap();
    assert_eq!((facts.issuers.len(), facts.audiences.len(), facts.scopes.len()), (8, 8, 16));
    assert_eq!(facts.refused, 92 + 92 + 84);
}

proptest! {
    #[test]
    fn order_and_merging_do_not_matter(
        events in prop::collection::vec((0_usize..5, prop::sample::select(vec![200_u16, 401, 500])), 0..40),
        at in 0_usize..40,
    ) {
        let tokens = ["a", "b", "c"].map(|issuer| {
            format!("Bearer {}", jwt(r#"{"alg":"RS256"}"#, &format!(r#"{{"iss":"{issuer}"}}"#)))
        });
        let all = |events: &[(usize, u16)]| {
            let mut stats = AuthenticationStats::default();
            for &(index, status) in events {
                let value = tokens.get(index).map_or("Basic eDp5", String::as_str);
                let fields = [("Authorization", value)];
                record(&mut stats, if index == 4 { &[] } else { &fields }, status);
            }
            stats
        };
        let whole = all(&events);
        let mut reversed = events.clone();
        reversed.reverse();
        let (left, right) = events.split_at(at.min(events.len()));
        let mut merged = all(right);
        merged.merge(&all(left));
        prop_assert_eq!(all(&reversed), whole.clone());
        prop_assert_eq!(merged, whole);
    }
}
