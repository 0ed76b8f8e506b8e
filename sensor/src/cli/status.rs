//! `sensor status`: how a running sensor is.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use clap::Args;

use super::{
    Common,
    form::Form,
    human,
    page::{NAMES, Page},
    terminal::{Look, paint},
};
use crate::stats::{Loss, Status};

/// Show how a running sensor is: what it watches, what it counted, and everything it lost.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor status\n  \
    sensor status --output json | jq '.losses[] | select(.count > 0)'")]
pub struct Arguments {
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Form,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let client = common.client()?;
        let status: Status = super::runtime()?.block_on(client.get("/status"))?;
        self.output.write(&status, show)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Encrypted connections that are not read.
/// Exchanges of routes that may not exist, and are not listed.
fn unlisted(status: &Status) -> u64 {
    let count = |name: &str| status.counters.get(name).copied().unwrap_or(0);
    count("routes_unlisted") + count("routes_forgotten")
}

fn unread_tls(status: &Status) -> u64 {
    let count = |name: &str| status.counters.get(name).copied().unwrap_or(0);
    count("tls_connections").saturating_sub(count("tls_read"))
}

fn show(status: &Status, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    page.heading(status);
    page.capture(status);
    page.traffic(status);
    page.memory(status);
    page.losses(&status.losses);
    page.text
}

impl Page {
    fn heading(&mut self, status: &Status) {
        let title = format!("sensor {} on {}", status.version, human::printable(&status.node));
        let title = paint(&title, "1", self.look.colors);
        let uptime = human::seconds(status.uptime_seconds);
        let _ = writeln!(self.text, "{title}, up {uptime}");
        let process = format!("{}, started {}", status.pid, human::printable(&status.started));
        self.line("process", &[process]);
        self.line("kernel", &[human::printable(&status.kernel)]);
    }

    fn capture(&mut self, status: &Status) {
        let capture = &status.capture;
        self.text.push('\n');
        let programs = match &capture.programs[..] {
            [] => "nothing attached".to_owned(),
            programs => human::printable(&programs.join(", ")),
        };
        let cgroup = human::printable(&capture.cgroup);
        self.line("capture", &[format!("{programs} on {cgroup}")]);
        let ring = capture.ring;
        self.line(
            "ring buffer",
            &[
                human::bytes(ring.bytes),
                format!("{} filled at most", human::bytes(ring.high_water)),
            ],
        );
        let mut connections = vec![format!("{} tracked", human::integer(capture.connections))];
        let verdicts = capture.verdicts.iter().filter(|(_, count)| **count > 0);
        connections.extend(verdicts.map(|(verdict, count)| {
            format!("{} {}", human::integer(*count), human::printable(verdict))
        }));
        self.line("connections", &connections);
    }

    fn traffic(&mut self, status: &Status) {
        self.text.push('\n');
        let count = |name: &str| status.counters.get(name).copied().unwrap_or(0);
        let number = |name: &str| human::integer(count(name));
        let mut exchanges = vec![
            format!("{} in all", number("exchanges")),
            format!("{} paired", number("exchanges_paired")),
            format!("{} without response", number("requests_unanswered")),
            format!("{} without request", number("responses_unpaired")),
        ];
        let unlisted = unlisted(status);
        if unlisted > 0 {
            exchanges.push(format!("{} not listed (only 404)", human::integer(unlisted)));
        }
        self.line("exchanges", &exchanges);
        self.line(
            "followed",
            &[
                format!("{} connections open", number("connections_open")),
                format!("{} opened", number("connections_opened")),
                format!("{} closed", number("connections_closed")),
            ],
        );
        self.line(
            "TLS",
            &[
                format!("{} connections", number("tls_connections")),
                format!("{} read", number("tls_read")),
                format!("{} dark", number("tls_dark")),
                format!("{} secrets", number("secrets")),
            ],
        );
        self.line(
            "not read",
            &[
                format!("{} encrypted", human::integer(unread_tls(status))),
                format!("{} other protocols", number("other_connections")),
                format!("{} twins", number("twins_muted")),
            ],
        );
        self.line(
            "copied",
            &[
                format!("{} segments", number("segments")),
                format!("{} copied", human::bytes(count("bytes_copied"))),
                format!("{} left out on purpose", human::bytes(count("bytes_skipped"))),
            ],
        );
        let odd = status.malformed.iter().filter(|(_, count)| **count > 0);
        let odd: Vec<_> = odd
            .map(|(problem, count)| {
                format!("{} {}", human::integer(*count), human::printable(problem))
            })
            .collect();
        if !odd.is_empty() {
            self.line("malformed", &odd);
        }
    }

    fn memory(&mut self, status: &Status) {
        let memory = status.memory;
        self.text.push('\n');
        self.line(
            "memory",
            &[
                format!("{} resident", human::bytes(memory.resident_bytes)),
                format!("{} in reassembly", human::bytes(memory.reassembly_bytes)),
                format!("{} connections", human::integer(memory.connections)),
                format!("{} endpoints", human::integer(memory.endpoints)),
            ],
        );
        let share = match status.uptime_seconds {
            0 => String::new(),
            uptime => format!(", {:.1}% of one core", 100.0 * status.cpu_seconds / uptime as f64),
        };
        self.line("processor", &[format!("{:.1} s{share}", status.cpu_seconds)]);
    }

    fn losses(&mut self, losses: &[Loss]) {
        self.text.push('\n');
        let losses: Vec<_> = losses.iter().filter(|loss| loss.count > 0).collect();
        if losses.is_empty() {
            let none = paint("none", "32", self.look.colors);
            let _ = writeln!(self.text, "{:<NAMES$}{none}", "losses");
            return;
        }
        let _ = writeln!(self.text, "{}", paint("losses", "1;31", self.look.colors));
        for loss in losses {
            let name = format!(
                "  {} {} {}",
                human::integer(loss.count),
                human::printable(&loss.what),
                human::printable(&loss.cause)
            );
            let _ = writeln!(self.text, "{}", paint(&name, "31", self.look.colors));
            self.wrapped(4, &[human::printable(&loss.meaning)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::{CaptureStatus, Counters, Memory, Ring};

    fn status(counters: &Counters) -> Status {
        Status {
            version: "0.1.0".to_owned(),
            node: "n1".to_owned(),
            pid: 812,
            started: "2026-01-01T00:00:00Z".to_owned(),
            uptime_seconds: 8000,
            kernel: "6.1.0-13-amd64".to_owned(),
            capture: CaptureStatus {
                cgroup: "/sys/fs/cgroup".to_owned(),
                programs: vec!["ingress".to_owned(), "egress".to_owned()],
                ring: Ring { bytes: 16 << 20, high_water: 1 << 20 },
                verdicts: BTreeMap::from([("copy".to_owned(), 12), ("mute".to_owned(), 30)]),
                connections: 42,
            },
            losses: counters.losses(),
            counters: counters.activity(),
            malformed: counters.malformed(),
            attribution: BTreeMap::new(),
            memory: Memory {
                resident_bytes: 30 << 20,
                reassembly_bytes: 0,
                connections: 12,
                endpoints: 4,
            },
            cpu_seconds: 40.04,
        }
    }

    #[test]
    fn a_quiet_sensor_fits_a_screen() {
        let counters =
            Counters { exchanges: 12_345, exchanges_paired: 12_340, ..Counters::default() };
        let text = show(&status(&counters), Look { width: Some(80), colors: false });
        let expect = "\
sensor 0.1.0 on n1, up 2 h 13 min
process      812, started 2026-01-01T00:00:00Z
kernel       6.1.0-13-amd64

capture      ingress, egress on /sys/fs/cgroup
ring buffer  16.0 MiB, 1.00 MiB filled at most
connections  42 tracked, 12 copy, 30 mute

exchanges    12,345 in all, 12,340 paired, 0 without response, 0 without request
followed     0 connections open, 0 opened, 0 closed
TLS          0 connections, 0 read, 0 dark, 0 secrets
not read     0 encrypted, 0 other protocols, 0 twins
copied       0 segments, 0 B copied, 0 B left out on purpose

memory       30.0 MiB resident, 0 B in reassembly, 12 connections, 4 endpoints
processor    40.0 s, 0.5% of one core

losses       none
";
        assert_eq!(text, expect);
    }

    #[test]
    fn losses_are_named_with_their_remedy() {
        let counters = Counters { ring_full: 1500, ..Counters::default() };
        let text = show(&status(&counters), Look { width: Some(80), colors: false });
        let expect = "losses\n  1,500 segments ring_full\n    \
                      the ring buffer had no room: raise capture.ring_bytes\n";
        assert!(text.ends_with(expect), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let counters =
            Counters { ring_full: 3_000_000_000, reorder_full: 1, ..Counters::default() };
        for width in [40, 80, 120] {
            let text = show(&status(&counters), Look { width: Some(width), colors: false });
            for line in text.lines() {
                assert!(human::width(line) <= width, "{width}: {line}");
            }
        }
    }
}
