use super::*;

fn declared() -> Declared {
    let mut declared = Declared::default();
    let routes = [
        "/pets",
        "/pets/{petId}",
        "/pets/{petId}/toys/{toyId}",
        "/pets/findByStatus",
        "/reports/report-{date}.pdf",
        "/compare/{base}...{head}",
        "/jobs/{job}:cancel",
        "/{tenant}/status",
    ];
    assert_eq!(declared.add(b"Pets.example", routes.into_iter()), 0);
    declared
}

#[test]
fn a_declared_route_names_what_matches_it() {
    let declared = declared();
    let check = |path: &str, expect: Option<(&str, &[(&str, &str)])>| {
        let mut made = Template::default();
        let found = declared.template(b"pets.example", path.as_bytes(), &mut made);
        let values = |made: &Template| {
            made.parameters
                .iter()
                .map(|parameter| {
                    let value = String::from_utf8_lossy(parameter.value(path.as_bytes()));
                    (made.name(parameter).to_owned(), value.into_owned())
                })
                .collect::<Vec<_>>()
        };
        let Some((route, parameters)) = expect else { return assert!(!found, "{path}") };
        assert!(found, "{path}");
        assert_eq!(made.route, route, "{path}");
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        assert_eq!(values(&made), parameters, "{path}");
    };
    check("/pets", Some(("/pets", &[])));
    check("/pets/rex", Some(("/pets/{petId}", &[("petId", "rex")])));
    check("/pets/findByStatus", Some(("/pets/findByStatus", &[])));
    let toys = "/pets/{petId}/toys/{toyId}";
    check("/pets/rex/toys/7", Some((toys, &[("petId", "rex"), ("toyId", "7")])));
    // A literal that leads nowhere gives way to the parameter beside it.
    check("/pets/findByStatus/toys/7", Some((toys, &[("petId", "findByStatus"), ("toyId", "7")])));
    check("/pets/status", Some(("/pets/{petId}", &[("petId", "status")])));
    check("/acme/status", Some(("/{tenant}/status", &[("tenant", "acme")])));
    let report = "/reports/report-{date}.pdf";
    check("/reports/report-2024-01.pdf", Some((report, &[("date", "2024-01")])));
    check("/reports/report-.pdf", None);
    let compare = "/compare/{base}...{head}";
    check("/compare/main...dev", Some((compare, &[("base", "main"), ("head", "dev")])));
    check("/compare/main", None);
    check("/jobs/a:cancel", Some(("/jobs/{job}:cancel", &[("job", "a")])));
    check("/jobs/a:pause", None);
    check("/pets/", None);
    check("/", None);
    check("", None);
}

#[test]
fn what_is_no_route_is_refused() {
    let mut declared = Declared::default();
    let long = format!("/{}", "a".repeat(MAX_ROUTE));
    let odd = ["pets", "/{", "/a}", "/{a/b}", "/{}", "/{{a}}", "/\u{e9}", "/a b", &long];
    assert_eq!(declared.add(b"h", odd.into_iter()), odd.len());
    assert!(declared.is_empty());
}

#[test]
fn a_specification_with_many_ways_costs_a_bounded_search() {
    let mut declared = Declared::default();
    let routes: Vec<String> = (0..1 << 10)
        .map(|bits: u32| {
            let segments = (0..10).map(|bit| if bits >> bit & 1 == 0 { "/a" } else { "/{x}" });
            segments.chain(["/end"]).collect()
        })
        .collect();
    declared.add(b"h", routes.iter().map(String::as_str));
    let mut made = Template::default();
    let path = format!("{}/b", "/a".repeat(10));
    assert!(!declared.template(b"h", path.as_bytes(), &mut made));
}
