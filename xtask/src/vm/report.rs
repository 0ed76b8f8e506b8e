//! What the runner printed (`tests/vm_runner/report.rs` has the form of its lines), read from a
//! serial console: with other lines between, control sequences, and perhaps no end.

/// Of one kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The running kernel's release; `None` when the runner never began.
    pub kernel: Option<String>,
    /// In the order of the plan.
    pub cases: Vec<Case>,
    /// The sensor's log after failures.
    pub log: Vec<String>,
    ended: bool,
}

/// A case of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    /// What is shown by it.
    pub meaning: String,
    pub verdict: Verdict,
    /// What the user sees, line by line.
    pub says: Vec<String>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Well, with a note or an empty one.
    Passed(String),
    Failed(String),
    Skipped(String),
    /// It did not.
    Missing,
}

impl Report {
    pub fn parse(console: &str) -> Self {
        let mut report = Self::default();
        for line in console.lines() {
            report.line(line.trim_end());
        }
        report
    }

    /// A report of one failure.
    pub fn failed(meaning: &str, reason: &str) -> Self {
        let mut report = Self::default();
        report.add(meaning, Verdict::Failed(reason.to_owned()));
        report
    }

    fn line(&mut self, line: &str) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        match kind {
            "runner" if name == "begin" => self.kernel = Some(text.to_owned()),
            "runner" if name == "end" => self.ended = true,
            "plan" => self.cases.push(Case {
                name: name.to_owned(),
                meaning: text.to_owned(),
                verdict: Verdict::Missing,
                says: Vec::new(),
            }),
            "says" => {
                if let Some(case) = self.case(name) {
                    case.says.push(text.to_owned());
                }
            }
            "case" => {
                if let (Some(case), Some(verdict)) = (self.case(name), verdict(text)) {
                    case.verdict = verdict;
                }
            }
            "log" => self.log.push(rest.to_owned()),
            _ => {}
        }
    }

    fn case(&mut self, name: &str) -> Option<&mut Case> {
        self.cases.iter_mut().find(|case| case.name == name)
    }

    /// Why this is not a whole report.
    pub fn unfinished(&self) -> Option<&'static str> {
        match (&self.kernel, self.ended) {
            (None, _) => Some("the runner did not begin"),
            (_, false) => Some("the runner did not end"),
            _ => None,
        }
    }

    /// Adds a verdict that no line gave.
    pub fn add(&mut self, meaning: &str, verdict: Verdict) {
        let (name, meaning) = (meaning.to_owned(), meaning.to_owned());
        self.cases.push(Case { name, meaning, verdict, says: Vec::new() });
    }

    /// Takes the cases of another boot of the same kernel.
    pub fn append(&mut self, other: Self) {
        self.cases.extend(other.cases);
        self.log.extend(other.log);
    }

    /// Cases that failed or did not end.
    pub fn failures(&self) -> usize {
        let failed = |case: &&Case| matches!(case.verdict, Verdict::Failed(_) | Verdict::Missing);
        self.cases.iter().filter(failed).count()
    }
}

fn verdict(text: &str) -> Option<Verdict> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.to_owned();
    match word {
        "ok" => Some(Verdict::Passed(rest)),
        "FAIL" => Some(Verdict::Failed(rest)),
        "SKIP" => Some(Verdict::Skipped(rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: &str = "\u{1b}c\u{1b}[?7l\u{1b}[2JSeaBIOS\r\n\
        \r\nrunner begin 6.1.0-56-cloud-amd64\r\n\
        plan ipv6 IPv6\r\n\
        plan second a second sensor is refused\r\n\
        plan veth two namespaces\r\n\
        plan kill SIGKILL\r\n\
        plan late a late one\r\n\
        case ipv6 ok 3 notes\r\n\
        [    2.1] a kernel message\r\n\
        says second error: another sensor\r\n\
        says second \r\n\
        case second ok\r\n\
        case veth SKIP no veth devices\r\n\
        case kill FAIL program 7 is still loaded\r\n\
        case unknown ok\r\n\
        log INFO attached\r\n";

    #[test]
    fn a_console_becomes_verdicts() {
        let report = Report::parse(CONSOLE);
        assert_eq!(report.kernel.as_deref(), Some("6.1.0-56-cloud-amd64"));
        let verdicts: Vec<_> = report.cases.iter().map(|case| case.verdict.clone()).collect();
        let expect = [
            Verdict::Passed("3 notes".to_owned()),
            Verdict::Passed(String::new()),
            Verdict::Skipped("no veth devices".to_owned()),
            Verdict::Failed("program 7 is still loaded".to_owned()),
            Verdict::Missing,
        ];
        assert_eq!(verdicts, expect);
        assert_eq!(report.cases[1].says, ["error: another sensor", ""]);
        assert_eq!(report.cases[1].meaning, "a second sensor is refused");
        assert_eq!(report.log, ["INFO attached"]);
        assert_eq!(report.failures(), 2);
    }

    #[test]
    fn a_machine_that_stops_midway_is_no_success() {
        fn check(console: &str, expect: Option<&str>) {
            assert_eq!(Report::parse(console).unfinished(), expect, "{console}");
        }
        check("", Some("the runner did not begin"));
        check("Kernel panic\n", Some("the runner did not begin"));
        check(CONSOLE, Some("the runner did not end"));
        check("runner begin 6.1\nrunner end\n", None);
    }

    #[test]
    fn boots_of_one_kernel_are_one_report() {
        let mut report = Report::parse("runner begin 6.1\nplan a A\ncase a ok\nrunner end\n");
        report.append(Report::failed("lockdown", "no time left"));
        assert_eq!(report.failures(), 1);
        assert_eq!(report.cases[1].meaning, "lockdown");
    }
}
