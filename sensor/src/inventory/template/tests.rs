use proptest::prelude::*;

use super::*;

fn made(path: &[u8]) -> Template {
    let mut out = Template::default();
    template(path, &mut out);
    out
}

#[track_caller]
fn check(path: &str, route: &str) {
    assert_eq!(made(path.as_bytes()).route, route, "{path}");
}

#[track_caller]
fn check_kind(value: &str, kind: Option<SegmentKind>) {
    assert_eq!(SegmentKind::of(value.as_bytes()), kind, "{value}");
    let template = made(format!("/things/{value}").as_bytes());
    let found = template.parameters.first().map(|parameter| parameter.kind);
    assert_eq!(found, kind, "/things/{value}");
}

#[test]
fn routes_are_named_after_the_literal_before() {
    check("/", "/");
    check("/users", "/users");
    check("/users/", "/users/");
    check("/users/42", "/users/{userId}");
    check("/users/42/orders/7", "/users/{userId}/orders/{orderId}");
    check("/users/42/users/7", "/users/{userId}/users/{userId2}");
    check("/users/1/2/3", "/users/{userId}/{id}/{id2}");
    check("/42", "/{id}");
    check("/api/v1/42", "/api/v1/{id}");
    check("/api/v2.1/users/42", "/api/v2.1/users/{userId}");
    check("/user-profiles/42", "/user-profiles/{userProfileId}");
    check("/user_profiles/42", "/user_profiles/{userProfileId}");
    check("/UserProfiles/42", "/UserProfiles/{userProfileId}");
    check("/a.b/42", "/a.b/{id}");
    for (plural, name) in [
        ("categories", "categoryId"),
        ("movies", "movieId"),
        ("addresses", "addressId"),
        ("boxes", "boxId"),
        ("branches", "branchId"),
        ("matches", "matchId"),
        ("caches", "cacheId"),
        ("houses", "houseId"),
        ("statuses", "statusId"),
        ("status", "statusId"),
        ("analysis", "analysisId"),
        ("class", "classId"),
        ("people", "personId"),
        ("series", "seriesId"),
        ("user", "userId"),
        ("s", "sId"),
    ] {
        check(&format!("/{plural}/1"), &format!("/{plural}/{{{name}}}"));
    }
}

#[test]
fn odd_paths_keep_their_form() {
    check("*", "*");
    check("example.com:443", "example.com:443");
    check("alice:secret@example.com:443", "example.com:443");
    check("", "");
    check("//users//42", "//users//{id}");
    check("/a/./b/../c", "/a/./b/../c");
    check("/%2e%2E/etc", "/../etc");
    check("/%75sers/%34%32", "/users/{userId}");
    check("/a%2fb", "/a%2Fb");
    check("/a{b}c|\u{e9}", "/a%7Bb%7Dc%7C%C3%A9");
    check("/50%/x", "/50%25/x");
    check("/{...}", "/%7B...%7D");
    check("foo/42", "foo/{fooId}");
    check("/users/John%20Smith", "/users/{userId}");
    check("/cart;jsessionid=4F2A/42", "/cart;{matrix}/{cartId}");
    check("/users/42;v=1", "/users/{userId};{matrix}");
}

#[test]
fn no_target_shows_user_information_or_what_is_no_host() {
    check("//alice:secret@host/a", "//{id}/a");
    check("/proxy/http://alice:secret@host/a", "/proxy/http://{id}/a");
    check("http:/alice:secret@host/a", "http:/{id}/a");
    check("http:alice:secret@host/a", "{id}/a");
    check("/alice%3Asecret%40host", "/{id}");
    check("/@angular/core@x", "/@angular/core@x");
    for target in ["host:443;secret", "urn:secret", "*secret", "a&b=secret", "host:secret"] {
        check(target, "{...}");
    }
}

#[test]
fn segments_are_typed_by_their_form() {
    use SegmentKind::*;
    for (value, kind) in [
        ("0", Some(Integer)),
        ("-17", Some(Integer)),
        ("123456789012345678901234", Some(Integer)),
        ("-", None),
        ("550e8400-e29b-41d4-a716-446655440000", Some(Uuid)),
        ("550E8400E29B41D4A716446655440000", Some(Uuid)),
        ("urn:uuid:550e8400-e29b-41d4-a716-446655440000", Some(Uuid)),
        ("550e8400-e29b-41d4-a716-44665544000g", None),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", Some(Ulid)),
        ("01arz3ndektsv4rrffq69g5fav", Some(Ulid)),
        ("507f1f77bcf86cd799439011", Some(ObjectId)),
        ("d41d8cd98f00b204e9800998ecf8427e", Some(Hash)),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", Some(Hash)),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Some(Hash)),
        ("e3b0c442", None),
        ("2024-05-31", Some(Date)),
        ("2024-05-31T12:00:00Z", Some(Date)),
        ("2024-05-31T12:00:00.123+02:00", Some(Date)),
        ("2024-13-31", None),
        ("2024-05-31-report", None),
        ("48.1374", Some(Decimal)),
        ("-7.5", Some(Decimal)),
        ("2.0", None),
        ("1,2,3", Some(List)),
        ("rL0Y20zC-Fzt72VPzMSk2A==", Some(Hash)),
        ("i-0abc123def456789", Some(PrefixedId)),
        ("vpc-1a2b3c4d", Some(PrefixedId)),
        ("covid-19", None),
        ("U024BE7LH", Some(Token)),
        ("dQw4w9WgXcQ", Some(Token)),
        ("GetUserData2", None),
        ("bRNuaRbmbylxq96aVmgWcn", Some(Token)),
        ("pngQxdQdxNKpXTVMePKRSI", Some(Token)),
        ("GetCustomerOrdersAsync", None),
        ("XMLHttpRequestUpload", None),
        ("alice@example.com", Some(Email)),
        ("a.b+c@mail.example.co", Some(Email)),
        ("@example.com", None),
        ("alice@localhost", None),
        ("cus_9s6XKzkNRiz8i3", Some(PrefixedId)),
        ("in_1MtHbELkdIwHu7ixl4OzzPMv", Some(PrefixedId)),
        ("usr_01h455vb4pex5vsknk084sn02q", Some(PrefixedId)),
        ("acct_123456", Some(PrefixedId)),
        ("report_2024", None),
        ("oauth_callback1", None),
        ("get_users_v2", None),
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Some(Token)),
        ("2NNEqL2nrIRdJ194ndJqAHwEfxC", Some(Token)),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", Some(Token)),
        ("GetCustomerOrdersV2Async", None),
        ("ExportReport2024Summary", None),
        ("a-very-long-title-of-a-post-from-2024", None),
        ("v1", None),
        ("v2.1", None),
        ("V3", None),
        ("users", None),
        ("oauth2", None),
        ("index.html", None),
    ] {
        check_kind(value, kind);
    }
    let braces = made(b"/x/%7B550e8400-e29b-41d4-a716-446655440000%7D");
    assert_eq!(braces.parameters[0].kind, Uuid);
    assert_eq!(made(b"/x/alice%40example.com").parameters[0].kind, Email);
    assert_eq!(made(&[b"/", &[b'a'; 129][..]].concat()).parameters[0].kind, Text);
}

#[test]
fn parameters_give_their_name_and_value() {
    let path = b"/users/42/orders/2024-05-31";
    let template = made(path);
    let parameters: Vec<_> = template
        .parameters
        .iter()
        .map(|parameter| (template.name(parameter), parameter.kind.as_str(), parameter.value(path)))
        .collect();
    let expect: [(&str, &str, &[u8]); 2] =
        [("userId", "integer", b"42"), ("orderId", "date", b"2024-05-31")];
    assert_eq!(parameters, expect);
}

#[test]
fn a_template_can_be_used_again() {
    let mut out = Template::default();
    template(b"/users/42", &mut out);
    template(b"/orders", &mut out);
    assert_eq!(out, made(b"/orders"));
}

#[test]
fn long_paths_are_cut() {
    check(&"/a".repeat(64), &"/a".repeat(64));
    check(&"/a".repeat(65), &format!("{}/{{...}}", "/a".repeat(64)));
    let long = format!("/{}", "a".repeat(100)).repeat(20);
    let route = made(long.as_bytes()).route;
    assert!(route.len() <= MAX_ROUTE && route.ends_with("a/{...}"), "{route}");
    let numbers = made("/123".repeat(1000).as_bytes());
    assert!(numbers.route.ends_with("/{id64}/{...}"), "{}", numbers.route);
    assert_eq!(numbers.parameters.len(), 64);
    check(&"a".repeat(1000), "{...}");
}

proptest! {
    #[test]
    fn any_path_gives_a_bounded_ascii_route_with_unique_names(
        path in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(/([a-z]{1,8}|[0-9]{1,4}|%[0-9a-f]{2}|;[a-z]=1|\\{|\\})){0,90}".prop_map(String::into_bytes),
        ]
    ) {
        let template = made(&path);
        prop_assert!(template.route.len() <= MAX_ROUTE);
        prop_assert!(template.route.bytes().all(|byte| byte.is_ascii_graphic()));
        let mut names: Vec<_> =
            template.parameters.iter().map(|parameter| template.name(parameter)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), count);
        for name in names {
            let holder = format!("{{{name}}}");
            prop_assert!(template.route.contains(&holder));
        }
    }
}

#[test]
fn segments_of_several_parts_keep_what_is_literal() {
    check("/reports/report-42.pdf", "/reports/report-{reportId}.pdf");
    check("/reports/42.pdf", "/reports/{reportId}.pdf");
    check("/reports/annual.pdf", "/reports/annual.pdf");
    check("/reports/report-2024-05-31", "/reports/report-{reportId}");
    check("/reports/report-12345", "/reports/report-{reportId}");
    check("/reports/census-2020", "/reports/census-2020");
    check("/jobs/42:cancel", "/jobs/{jobId}:cancel");
    check("/jobs/nightly:cancel", "/jobs/nightly:cancel");
    check("/jobs:batchGet", "/jobs:batchGet");
    check("/compare/main...dev", "/compare/{compareId}...{compareId2}");
    check("/range/a..b", "/range/{rangeId}..{rangeId2}");
    check("/a/..", "/a/..");
    check("/a/../b", "/a/../b");
    check("/npm/lodash@4.17.21", "/npm/{npmId}@{npmId2}");
    check("/npm/npm@7", "/npm/{npmId}@{npmId2}");
    check("/Items(5)", "/Items({itemId})");
    check("/Items('x%20y')/Name", "/{id}/Name");
    check("/Items('x-y')/Name", "/Items('{itemId}')/Name");
    check("/Items(a=1,b='x,y')", "/Items(a={itemId},b='{itemId2}')");
    check("/Items()", "/Items()");
    check("/stores/48.13,11.57", "/stores/{storeId},{storeId2}");
    check("/stores/1,2", "/stores/{storeId}");
    check("/2/tweets/1", "/2/tweets/{tweetId}");
    check("/2/1", "/2/{id}");
    check("/2015-03-31/functions", "/2015-03-31/functions");
    check("/rest/api/3/issue", "/rest/api/3/issue");
    check("/users/3/issue", "/users/{userId}/issue");
}

#[test]
fn a_value_of_several_parts_is_where_it_says() {
    let path = b"/compare/main...dev/report-42.pdf";
    let template = made(path);
    let values: Vec<_> =
        template.parameters.iter().map(|parameter| parameter.value(path)).collect();
    assert_eq!(values, [&b"main"[..], b"dev", b"42"]);
}

/// What a judge says is done: a word is a value, so is what stands before one, and an extension
/// is a part of it.
#[test]
fn a_judge_makes_more_of_a_segment_a_value() {
    let path = b"/files/alice/report-42.pdf";
    let mut out = Template::default();
    let is_value = |step: Step<'_>| {
        matches!(step, Step::Word("/alice") | Step::Value("/report-{}") | Step::Fixed(".pdf"))
    };
    assert!(template_with(path, &mut out, is_value));
    assert_eq!(out.route, "/files/{fileId}/{id}");
    let values: Vec<_> = out.parameters.iter().map(|parameter| parameter.value(path)).collect();
    assert_eq!(values, [&b"alice"[..], b"report-42.pdf"]);
}

proptest! {
    /// A route made of the steps of a path is that of the path, whatever the judge says.
    #[test]
    fn steps_make_the_same_route(
        path in "(/([a-z]{1,3}|[0-9]{1,4}|[a-z]{2}-[0-9]{5}|v[0-9]|[a-z]{1,2}\\.(pdf|json)|[a-z]:go|a\\.\\.b|It\\([0-9]\\)|;[a-z]=1|x;y)){1,8}",
        verdicts in any::<u64>(),
    ) {
        let mut steps = Vec::new();
        let mut out = Template::default();
        template_with(path.as_bytes(), &mut out, |step| {
            let (Step::Word(label) | Step::Fixed(label) | Step::Value(label)) = step;
            let may_be = match step {
                Step::Word(_) => true,
                Step::Fixed(_) => label.starts_with('.') && steps.last().is_some_and(|&(_, last)| last),
                Step::Value(_) => label.starts_with('/') && label != "/{}",
            };
            let verdict = may_be && verdicts >> (steps.len() % 64) & 1 == 1;
            steps.push((label.to_owned(), verdict));
            verdict
        });
        let mut again = Template::default();
        again.set_steps(steps.iter().map(|(label, verdict)| (&**label, *verdict)));
        prop_assert_eq!(again.route, out.route);
    }
}
