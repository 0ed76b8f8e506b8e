use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Builds what a reader tells, to compare it.
#[derive(Default)]
struct Builder {
    open: Vec<(Option<String>, Value)>,
    key: Option<String>,
    texts: Vec<Value>,
}

impl Builder {
    fn put(&mut self, key: Option<String>, value: Value) {
        match (self.open.last_mut(), key) {
            (Some((_, Value::Object(object))), Some(key)) => drop(object.insert(key, value)),
            (Some((_, Value::Array(array))), _) => array.push(value),
            (None, _) => self.texts.push(value),
            (open, key) => panic!("{value} of {key:?} in {open:?}"),
        }
    }

    fn begin(&mut self, value: Value) {
        let key = self.key.take();
        self.open.push((key, value));
    }
}

impl Events for Builder {
    fn begin_object(&mut self) {
        self.begin(Value::Object(Map::new()));
    }

    fn begin_array(&mut self) {
        self.begin(Value::Array(Vec::new()));
    }

    fn end(&mut self) {
        let (key, value) = self.open.pop().expect("what ends has begun");
        self.put(key, value);
    }

    fn key(&mut self, key: &[u8]) {
        self.key = Some(String::from_utf8_lossy(key).into_owned());
    }

    fn value(&mut self, value: Scalar<'_>) {
        let value = match value {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => value.into(),
            Scalar::Number(literal) => serde_json::from_slice(literal).expect("a number of JSON"),
            Scalar::Text(text) | Scalar::Untyped(text) | Scalar::Document(text) => {
                String::from_utf8_lossy(text).into()
            }
            Scalar::File(content) => format!("file of {}", content.len()).into(),
        };
        let key = self.key.take();
        self.put(key, value);
    }

    fn keys_repeat(&mut self) {}
}

fn run(media_type: &str, bytes: &[u8], is_whole: bool) -> (Ending, Vec<Value>, usize) {
    let mut builder = Builder::default();
    let media_type = MediaType::read(media_type.as_bytes());
    let body = Body { bytes, is_whole };
    let ending = read(body, &media_type, &mut Buffers::default(), &mut builder);
    (ending, builder.texts, builder.open.len())
}

#[track_caller]
fn check(media_type: &str, body: &str, expected: Value) {
    let (ending, texts, _) = run(media_type, body.as_bytes(), true);
    assert_eq!((ending, texts), (Ending::Whole, vec![expected]), "{body}");
}

#[test]
fn valid_json() {
    for text in [
        "{}",
        "[]",
        " null ",
        "true",
        "-0.5e-7",
        "\"\"",
        "[[],{},[[]]]",
        "[1 , 2\t,\n3\r]",
        r#"{"a":{"b":[1,{"c":null}]},"d":"e"}"#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u00e9\ud83d\ude00 größe 日本""#,
        r#"{"":0," ":1}"#,
        "[0,-0,1E+2,12345678901234567890]",
    ] {
        check("application/json", text, serde_json::from_str(text).expect("valid"));
    }
}

#[test]
fn broken_json() {
    for text in [
        "",
        "{",
        "[",
        "\"",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "[1,",
        "tru",
        "-",
        "1.",
        "1e",
        "\"\\u12",
        "{a:1}",
        "{'a':1}",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\" 1}",
        "nul!",
        "01",
        "+1",
        ".5",
        "1.e5",
        "NaN",
        "Infinity",
        "{}{}",
        "[]]",
        "}",
        "]",
        "[}",
        "{]",
        "\"\\x\"",
        "\"\\u12g4\"",
        "// a\n1",
        "<html>",
        "1-1",
        "--1",
        "1.2.3",
        "\"a\nb\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00x\"",
    ] {
        let ending = run("application/json", text.as_bytes(), true).0;
        // An empty body is no text, but nothing broke.
        let expected = if text.is_empty() { Ending::Whole } else { Ending::Malformed };
        assert_eq!(ending, expected, "{text}");
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_whole_is_told_before_a_break() {
    let (ending, texts, open) = run("application/json", br#"{"a":{"b":1},"c":"ha"#, false);
    assert_eq!((ending, texts.len(), open), (Ending::Cut, 0, 1));
    let (ending, texts, _) = run("application/json", b"[\"\xff\xfe\", 1]", true);
    assert_eq!((ending, texts), (Ending::Malformed, vec![json!(["\u{fffd}\u{fffd}", 1])]));
    let (ending, texts, _) = run("application/json", br#"["\ud800", "\ud800\n", 1]"#, true);
    assert_eq!(ending, Ending::Malformed);
    assert_eq!(texts, [json!(["\u{fffd}", "\u{fffd}\n", 1])]);
    // Cut inside a character.
    assert_eq!(run("application/json", b"[\"a\", \"\xc3", false).0, Ending::Cut);
    // A number may go on.
    let (ending, texts, _) = run("application/json", b"12", false);
    assert_eq!((ending, texts), (Ending::Cut, Vec::new()));
}

#[test]
fn guards_before_json() {
    check("application/json", "\u{feff}[1]", json!([1]));
    check("application/json", ")]}',\n{\"a\":1}", json!({"a": 1}));
    check("application/json", ")]}'\n[1]", json!([1]));
}

#[test]
fn lines_of_json() {
    for media_type in ["application/x-ndjson", "application/jsonl", "application/json-seq"] {
        let body = b"\x1e{\"a\":1}\n\x1e{\"a\":2}\n\n3";
        let (ending, texts, _) = run(media_type, body, true);
        assert_eq!(ending, Ending::Whole, "{media_type}");
        assert_eq!(texts, [json!({"a": 1}), json!({"a": 2}), json!(3)]);
    }
    assert_eq!(run("application/x-ndjson", b"1\n{\"a\":", true).0, Ending::Malformed);
    assert_eq!(run("application/x-ndjson", b"1\n{\"a\":", false).0, Ending::Cut);
}

/// Counts what begins and what ends.
struct Depth(usize, usize);

impl Events for Depth {
    fn begin_object(&mut self) {
        self.0 += 1;
    }
    fn begin_array(&mut self) {
        self.0 += 1;
    }
    fn end(&mut self) {
        self.1 += 1;
    }
    fn key(&mut self, _: &[u8]) {}
    fn value(&mut self, _: Scalar<'_>) {}
    fn keys_repeat(&mut self) {}
}

#[test]
fn depth_is_no_matter() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let mut depth = Depth(0, 0);
        let body = Body { bytes: text.as_bytes(), is_whole: true };
        let json = MediaType::read(b"application/json");
        assert_eq!(read(body, &json, &mut Buffers::default(), &mut depth), Ending::Whole);
        assert_eq!((depth.0, depth.1), (10_000, 10_000));
    }
}

#[test]
fn forms() {
    let form = "application/x-www-form-urlencoded";
    check(
        form,
        "a=1&b=%20x+y%2B&c&=d&&e=f=g",
        json!({"a": "1", "b": " x y+", "c": "", "": "d", "e": "f=g"}),
    );
    check(form, "%E6%97%A5=%zz&x=%", json!({"日": "%zz", "x": "%"}));
    check(form, "a=1\r\n", json!({"a": "1"}));
    // What `curl -d` sends when nobody names the type.
    check(form, r#"{"a": 1}"#, json!({"a": 1}));
    for odd in ["a b", "<xml/>", "\u{1}", "größe", "{}x"] {
        assert_eq!(run(form, odd.as_bytes(), true).0, Ending::Malformed, "{odd}");
    }
    let (ending, texts, open) = run(form, b"a=1&b=2", false);
    assert_eq!((ending, texts.len(), open), (Ending::Cut, 0, 1));
}

const PARTS: &str = "preamble\r\n--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA; b\
\r\n--x\r\ncontent-disposition: form-data; filename=\"a.png\"; name=\"photo\"\r\nContent-Type: image/png\r\n\r\n\
\x01\x02\r\n\r\n\x03\r\n--x\r\nContent-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n\r\n\
{\"n\": [1]}\r\n--x\r\nno field\r\n\r\n?\r\n--x--\r\nepilogue";

#[test]
fn parts() {
    let expected = json!({"title": "A; b", "photo": "file of 7", "meta": {"n": [1]}});
    check("multipart/form-data; boundary=x", PARTS, expected.clone());
    check("Multipart/Form-Data; charset=utf-8; boundary=\"x\"", PARTS, expected);
    for media_type in
        ["multipart/form-data", "multipart/form-data; boundary=y", "multipart/form-data; boundary="]
    {
        assert_eq!(run(media_type, PARTS.as_bytes(), true).0, Ending::Malformed, "{media_type}");
    }
    let end = PARTS.find("--x--").expect("there is one");
    let cut = &PARTS.as_bytes()[..end];
    assert_eq!(run("multipart/form-data; boundary=x", cut, false).0, Ending::Cut);
    assert_eq!(run("multipart/form-data; boundary=x", cut, true).0, Ending::Malformed);
}

#[test]
fn documents_of_xml() {
    let xml = "application/soap+xml";
    check(
        xml,
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'x'>]><s:order xmlns:s='urn:x' id=\"7\"><!-- c -->\
         <s:sku>A1</s:sku><qty> 2 </qty><empty/><note lang=\"en\">hi</note><d><![CDATA[<b>]]></d></s:order>",
        json!({
            "@id": "7", "sku": "A1", "qty": "2", "empty": "",
            "note": {"@lang": "en", "#text": "hi"}, "d": "<b>",
        }),
    );
    check("text/xml", "<a>&e;text</a>", json!("text"));
    for odd in ["", "{}", "<a>", "<a><b></a>", "text", "<", "<a", "<!--"] {
        assert_eq!(run(xml, odd.as_bytes(), true).0, Ending::Malformed, "{odd}");
    }
    assert_eq!(run(xml, b"<a><b>1</b><c>", false).0, Ending::Cut);
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let mut builder = Builder::default();
    let media_type = MediaType::read(b"text/xml");
    let body = Body { bytes: &deep.as_bytes()[..30_000], is_whole: false };
    assert_eq!(read(body, &media_type, &mut Buffers::default(), &mut builder), Ending::Cut);
    // Dropping ten thousand levels of a value would recurse.
    builder.open.into_iter().for_each(drop);
}

#[test]
fn other_bodies() {
    check("image/png", "\u{1}", json!("file of 1"));
    check("text/plain", "hello", json!("hello"));
    check("text/plain", r#"{"a":1}"#, json!({"a": 1}));
    check("", r#"[{"a":1}]"#, json!([{"a": 1}]));
    check("text/html; charset=utf-8", "<html>", json!("<html>"));
    check("nonsense", "x", json!("x"));
    assert_eq!(run("image/png", b"x", false), (Ending::Cut, Vec::new(), 0));
}

#[test]
fn media_types() {
    for (value, name, boundary) in [
        ("multipart/form-data; boundary=a", "multipart/form-data", Some("a")),
        ("x/y;a=\"b;boundary=c\";boundary=\"d \\\" e\" ;f=g", "x/y", Some("d \\\" e")),
        (" application/json ;", "application/json", None),
        ("json", "", None),
        ("a/b/c", "", None),
        ("a b/c", "", None),
        ("", "", None),
    ] {
        let media_type = MediaType::read(value.as_bytes());
        assert_eq!(media_type.name, name.as_bytes(), "{value}");
        assert_eq!(media_type.parameter("Boundary"), boundary.map(str::as_bytes), "{value}");
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn valid_json_reads_as_serde_json_reads_it(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.expect("serialises");
        let expected: Value = serde_json::from_str(&text).expect("valid");
        let (ending, texts, open) = run("application/json", text.as_bytes(), true);
        prop_assert_eq!((ending, texts, open), (Ending::Whole, vec![expected], 0));
    }

    /// A changed text is whole exactly when `serde_json` takes it.
    #[test]
    fn changed_json_is_whole_when_serde_json_says_so(
        value in json(), at in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"{}[]\",:\\01e.-+tn \x00\xff"[..]), replace in any::<bool>(),
    ) {
        let mut text = serde_json::to_vec(&value).expect("serialises");
        let at = at.index(text.len());
        if replace { text[at] = byte } else { text.insert(at, byte) }
        let expected = serde_json::from_slice::<Value>(&text);
        // Numbers beyond what a float holds are errors there.
        prop_assume!(!expected.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
        let (ending, texts, _) = run("application/json", &text, true);
        match expected {
            Ok(value) => prop_assert_eq!((ending, texts), (Ending::Whole, vec![value])),
            Err(error) => prop_assert_eq!(ending, Ending::Malformed, "{}", error),
        }
    }

    #[test]
    fn every_cut_of_valid_json_is_a_cut(value in json(), at in any::<prop::sample::Index>()) {
        let text = serde_json::to_vec(&value).expect("serialises");
        let (ending, ..) = run("application/json", &text[..at.index(text.len())], false);
        prop_assert_eq!(ending, Ending::Cut);
    }
}
