//! Which endpoints and exchanges to show, and in which order.

use std::{cmp::Ordering, str::FromStr};

use clap::{Args, ValueEnum};

use crate::inventory::endpoint::EndpointRow;

/// Filters on endpoint rows and exchanges. All of those given must hold.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filter {
    /// Only hosts that contain TEXT.
    #[arg(long, value_name = "TEXT")]
    pub host: Option<String>,
    /// Only routes that contain TEXT.
    #[arg(long, value_name = "TEXT")]
    pub path: Option<String>,
    /// Only this request method; may be repeated.
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    pub method: Vec<String>,
    /// Only processes, process ids, containers or pods that contain TEXT.
    #[arg(long, value_name = "TEXT")]
    pub workload: Option<String>,
    /// Only where this status code or class occurred, such as 404 or 5xx; may be repeated.
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<StatusPattern>,
}

impl Filter {
    /// Whether an endpoint row is wanted.
    pub fn matches(&self, row: &EndpointRow) -> bool {
        contains(self.host.as_deref(), &row.host)
            && contains(self.path.as_deref(), &row.place())
            && self.matches_method(&row.method)
            && self.matches_workload(row.pid, [&row.process, &row.container, &row.pod])
            && (self.status.is_empty()
                || row.statuses.keys().any(|code| self.matches_status(*code)))
    }

    /// Whether a process id or one of the names of a workload is wanted.
    pub fn matches_workload(&self, pid: Option<u32>, names: [&Option<String>; 3]) -> bool {
        self.workload.as_ref().is_none_or(|wanted| {
            pid.is_some_and(|pid| pid.to_string() == *wanted)
                || names.into_iter().flatten().any(|name| contains(Some(wanted), name))
        })
    }

    /// Whether a request method is wanted.
    pub fn matches_method(&self, method: &str) -> bool {
        self.method.is_empty()
            || self.method.iter().any(|wanted| wanted.eq_ignore_ascii_case(method))
    }

    /// Whether a status code is wanted.
    pub fn matches_status(&self, code: u16) -> bool {
        self.status.is_empty() || self.status.iter().any(|pattern| pattern.matches(code))
    }
}

/// Whether `text` contains what is wanted, if anything is; in any case of ASCII letters.
pub fn contains(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase()))
}

/// A status code, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// One code.
    Code(u16),
    /// All codes with this first digit.
    Class(u16),
}

impl StatusPattern {
    fn matches(self, code: u16) -> bool {
        match self {
            Self::Code(wanted) => code == wanted,
            Self::Class(digit) => code / 100 == digit,
        }
    }
}

impl FromStr for StatusPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error =
            || format!("{text} is no status: write a code such as 404 or a class such as 5xx");
        if let Some(digit) = text.to_ascii_lowercase().strip_suffix("xx") {
            let digit = digit.parse().ok().filter(|digit| (1..=9).contains(digit));
            return digit.map(Self::Class).ok_or_else(error);
        }
        let code = text.parse().ok().filter(|code| (100..=999).contains(code));
        code.map(Self::Code).ok_or_else(error)
    }
}

/// Order of endpoint rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Most requests a second first.
    #[default]
    Rate,
    /// Most requests first.
    Requests,
    /// Most answers of status 400 and above first.
    Errors,
    /// Slowest first, by the 95th percentile.
    Latency,
    /// Latest first.
    LastSeen,
    /// By host, path and method.
    Route,
}

impl Sort {
    /// Sorts rows. Ties are broken by route, so that rows do not jump about.
    pub fn sort(self, rows: &mut [EndpointRow]) {
        rows.sort_by(|left, right| self.compare(left, right).then_with(|| by_route(left, right)));
    }

    fn compare(self, left: &EndpointRow, right: &EndpointRow) -> Ordering {
        let p95 = |row: &EndpointRow| row.latency_ms.map_or(-1.0, |latency| latency.p95);
        match self {
            Self::Rate => {
                right.rate.total_cmp(&left.rate).then_with(|| right.requests.cmp(&left.requests))
            }
            Self::Requests => right.requests.cmp(&left.requests),
            Self::Errors => right.errors.cmp(&left.errors),
            Self::Latency => p95(right).total_cmp(&p95(left)),
            Self::LastSeen => right.last_seen.cmp(&left.last_seen),
            Self::Route => Ordering::Equal,
        }
    }

    /// The order after this one, round and round.
    pub fn next(self) -> Self {
        let all = Self::value_variants();
        let index = all.iter().position(|sort| *sort == self).unwrap_or(0);
        all[(index + 1) % all.len()]
    }

    /// The name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

fn by_route(left: &EndpointRow, right: &EndpointRow) -> Ordering {
    let key = |row: &EndpointRow| {
        (row.host.clone(), row.place().into_owned(), row.method.clone(), row.role.clone())
    };
    key(left).cmp(&key(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::tests::rows;

    #[test]
    fn every_filter_must_hold() {
        fn check(filter: &Filter, expect: &[&str]) {
            let rows = rows();
            let kept = rows.iter().filter(|row| filter.matches(row)).map(|row| row.route.as_str());
            assert_eq!(kept.collect::<Vec<_>>(), expect, "{filter:?}");
        }
        let text = |text: &str| Some(text.to_owned());
        let status = |list: &[&str]| list.iter().map(|one| one.parse().unwrap()).collect();
        let none = Filter::default;
        check(&none(), &["/", "/api/orders/{orderId}", "/v1/charges", "/api/login"]);
        check(&Filter { host: text("STRIPE"), ..none() }, &["/v1/charges"]);
        check(&Filter { path: text("/api/"), ..none() }, &["/api/orders/{orderId}", "/api/login"]);
        check(&Filter { method: vec!["post".into()], ..none() }, &["/v1/charges", "/api/login"]);
        check(&Filter { workload: text("nginx"), ..none() }, &["/"]);
        check(&Filter { workload: text("4242"), ..none() }, &["/v1/charges"]);
        check(&Filter { workload: text("42"), ..none() }, &[]);
        check(&Filter { status: status(&["5xx"]), ..none() }, &["/api/orders/{orderId}"]);
        check(&Filter { status: status(&["404"]), ..none() }, &["/"]);
        check(
            &Filter { status: status(&["404", "5xx"]), ..none() },
            &["/", "/api/orders/{orderId}"],
        );
        check(&Filter { path: text("/api/"), status: status(&["401"]), ..none() }, &["/api/login"]);
    }

    #[test]
    fn status_patterns() {
        fn check(text: &str, expect: Option<StatusPattern>) {
            assert_eq!(text.parse::<StatusPattern>().ok(), expect, "{text}");
        }
        check("404", Some(StatusPattern::Code(404)));
        check("5xx", Some(StatusPattern::Class(5)));
        check("4XX", Some(StatusPattern::Class(4)));
        for wrong in ["", "xx", "0xx", "44xx", "99", "1000", "abc"] {
            check(wrong, None);
        }
    }

    #[test]
    fn every_order() {
        fn check(sort: Sort, expect: [&str; 4]) {
            let mut rows = rows();
            sort.sort(&mut rows);
            assert_eq!(rows.iter().map(|row| row.route.as_str()).collect::<Vec<_>>(), expect);
        }
        const ORDERS: &str = "/api/orders/{orderId}";
        check(Sort::Rate, [ORDERS, "/", "/api/login", "/v1/charges"]);
        check(Sort::Requests, ["/", ORDERS, "/api/login", "/v1/charges"]);
        check(Sort::Errors, [ORDERS, "/api/login", "/", "/v1/charges"]);
        check(Sort::Latency, ["/v1/charges", ORDERS, "/api/login", "/"]);
        check(Sort::LastSeen, [ORDERS, "/", "/v1/charges", "/api/login"]);
        check(Sort::Route, [ORDERS, "/v1/charges", "/", "/api/login"]);
    }

    #[test]
    fn orders_come_round() {
        let mut sort = Sort::default();
        for _ in Sort::value_variants() {
            sort = sort.next();
        }
        assert_eq!(sort, Sort::default());
        assert_eq!(Sort::LastSeen.name(), "last-seen");
    }
}
