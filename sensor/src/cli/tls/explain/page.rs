//! The page that `sensor tls explain` shows.

use comfy_table::CellAlignment;

use super::{
    super::super::{
        grid::{grid, lines},
        human,
        page::Page,
        terminal::{Look, paint},
    },
    Explained, Found,
};
use crate::capture::keylog::{self, Arguments, Candidate, Explanation, LabelUse, Nothing};

/// What was found in files.
pub fn show(found: &Found, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    for (index, file) in found.files.iter().enumerate() {
        if index > 0 {
            page.text.push('\n');
        }
        one(&mut page, file);
    }
    if found.others > 0 || !found.unopened.is_empty() {
        if !found.files.is_empty() {
            page.text.push('\n');
        }
        let others = human::integer(found.others as u64);
        page.line("others", &[format!("{others} files without a sign of TLS")]);
    }
    for failure in &found.unopened {
        page.line("unreadable", &[human::printable(failure)]);
    }
    page.text
}

fn one(page: &mut Page, Explained { path, explanation }: &Explained) {
    let title = paint(&human::printable(path), "1", page.look.colors);
    page.text.push_str(&format!("{title}\n"));
    match &explanation.outcome {
        Ok(found) => found.iter().for_each(|found| function(page, found)),
        Err(nothing) => page.line("result", &nothing_found(nothing, explanation)),
    }
    file(page, explanation);
    labels(page, &explanation.labels);
    candidates(page, explanation);
}

fn function(page: &mut Page, found: &keylog::Found) {
    let keylog::Found { library, address, offset, evidence, .. } = found;
    let at = format!("key-log function at {address:#x} (file offset {offset:#x})");
    page.line("result", &[format!("{}: {at}", library.name())]);
    let mut because = Vec::new();
    if !evidence.labels.is_empty() {
        because.push(format!(
            "{} labels agree in {} loads",
            evidence.labels.len(),
            evidence.references
        ));
    }
    because
        .extend(evidence.symbols.iter().map(|name| format!("called {}", human::printable(name))));
    because.push(format!("start known by the {}", human::printable(&evidence.boundary)));
    page.line("because", &because);
    page.line("arguments", &arguments(found.arguments));
}

fn arguments(arguments: Arguments) -> Vec<String> {
    let name = |register: keylog::Register| format!("{register:?}").to_lowercase();
    match arguments {
        Arguments::Secret { label, label_length, secret, secret_length, client_random } => {
            let sized = |what: &str, at, length| {
                format!("{what} in {}, its length in {}", name(at), name(length))
            };
            let label = label_length.map_or_else(
                || format!("label in {}", name(label)),
                |length| sized("label", label, length),
            );
            let random = client_random.map(|(at, length)| sized("client random", at, length));
            let secret = sized("secret", secret, secret_length);
            [label].into_iter().chain(random).chain([secret]).collect()
        }
        Arguments::Window { pointer, length } => {
            vec![format!("{length} bytes that {} points to hold the secret", name(pointer))]
        }
    }
}

fn nothing_found(nothing: &Nothing, explanation: &Explanation) -> Vec<String> {
    let library = match nothing {
        Nothing::NoTls if explanation.machine.is_none() => {
            return vec!["no TLS library: not an ELF file".to_owned()];
        }
        Nothing::NoFunction { library: Some(library), .. } => format!("{}: ", library.name()),
        _ => String::new(),
    };
    vec![human::printable(&format!("nothing to probe: {library}{nothing}"))]
}

fn file(page: &mut Page, explanation: &Explanation) {
    let Explanation { machine, build_id, signs, symbols, go, spent, .. } = explanation;
    let machine = machine.map(|machine| format!("{machine:?}").to_lowercase());
    let build_id = build_id.as_ref().map(|id| format!("build id {}", human::printable(id)));
    let facts: Vec<_> = machine.into_iter().chain(build_id).collect();
    if !facts.is_empty() {
        page.line("file", &facts);
    }
    let signs = signs.iter().map(|sign| format!("{} ({})", sign.library.name(), sign.by));
    let signs: Vec<_> = signs.map(|sign| human::printable(&sign)).collect();
    if !signs.is_empty() {
        page.line("signs", &signs);
    }
    let symbols: Vec<_> = symbols.iter().map(|symbol| human::printable(symbol)).collect();
    if !symbols.is_empty() {
        page.line("symbols", &symbols);
    }
    if let Some(go) = go {
        let version = human::printable(go.version.as_deref().unwrap_or("version unknown"));
        let table = format!("table of {} functions", human::integer(go.functions));
        page.line("Go", &[version, table, format!("laid out as {}", human::printable(&go.layout))]);
    }
    page.line(
        "took",
        &[
            match spent.milliseconds {
                0 => "less than 1 ms".to_owned(),
                milliseconds => human::milliseconds(milliseconds as f64),
            },
            format!("{} read", human::bytes(spent.bytes)),
            format!("{} instructions decoded", human::integer(spent.instructions)),
        ],
    );
}

/// The labels, where there is one.
fn labels(page: &mut Page, labels: &[LabelUse]) {
    if labels.iter().all(|label| label.places.is_empty()) {
        return;
    }
    let mut table = grid(page.look, ["LABEL", "COPIES", "LOADS", "WHAT FOLLOWS"]);
    for label in labels {
        table.add_row([
            label.label.clone(),
            human::integer(label.places.len() as u64),
            human::integer(label.references.len() as u64),
            follows(label),
        ]);
    }
    right(&mut table, &[1, 2]);
    page.text.push('\n');
    page.text.push_str(&lines(table));
}

/// What follows the loads of a label, each with how often.
fn follows(label: &LabelUse) -> String {
    let mut ways: Vec<(&str, usize)> = Vec::new();
    for reference in &label.references {
        match ways.iter_mut().find(|(then, _)| *then == reference.then) {
            Some((_, count)) => *count += 1,
            None => ways.push((&reference.then, 1)),
        }
    }
    let ways = ways.iter().map(|(then, count)| match count {
        1 => human::printable(then),
        count => format!("{} ({count} times)", human::printable(then)),
    });
    let ways: Vec<_> = ways.collect();
    if ways.is_empty() { "-".to_owned() } else { ways.join(", ") }
}

fn candidates(page: &mut Page, explanation: &Explanation) {
    if explanation.candidates.is_empty() {
        return;
    }
    let mut table = grid(page.look, ["FUNCTION", "LABELS", "LOADS", "VERDICT"]);
    for candidate in &explanation.candidates {
        table.add_row([
            format!("{:#x}", candidate.address),
            human::integer(candidate.labels.len() as u64),
            human::integer(candidate.references as u64),
            verdict(candidate, explanation),
        ]);
    }
    right(&mut table, &[1, 2]);
    page.text.push('\n');
    page.text.push_str(&lines(table));
}

fn verdict(candidate: &Candidate, explanation: &Explanation) -> String {
    let found = explanation.outcome.as_deref().unwrap_or_default();
    if found.iter().any(|found| found.address == candidate.address) {
        "chosen".to_owned()
    } else if let Some(why) = &candidate.refused {
        format!("refused: {}", human::printable(why))
    } else {
        "too few labels lead to it".to_owned()
    }
}

fn right(table: &mut comfy_table::Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::keylog::{Evidence, Library, Machine, Reference, Register, Spent};

    fn reference(then: &str) -> Reference {
        Reference { address: 1, register: "rsi".to_owned(), call: None, then: then.to_owned() }
    }

    fn explanation() -> Explanation {
        Explanation {
            outcome: Err(Nothing::NoTls),
            machine: Some(Machine::X86_64),
            build_id: Some("ab12".to_owned()),
            signs: Vec::new(),
            labels: vec![
                LabelUse {
                    label: "CLIENT_RANDOM".to_owned(),
                    places: vec![0x2000],
                    references: vec![
                        reference("calls 0x1000"),
                        reference("calls 0x1000"),
                        reference("not a second argument"),
                    ],
                },
                LabelUse {
                    label: "EXPORTER_SECRET".to_owned(),
                    places: Vec::new(),
                    references: Vec::new(),
                },
            ],
            candidates: vec![Candidate {
                address: 0x1000,
                labels: vec!["CLIENT_RANDOM".to_owned()],
                references: 2,
                ..Candidate::default()
            }],
            symbols: Vec::new(),
            go: None,
            spent: Spent { bytes: 4096, instructions: 1234, milliseconds: 3 },
        }
    }

    fn shown(explanation: Explanation, width: Option<usize>) -> String {
        let files = vec![Explained { path: "/lib/a\u{1b}[31m".to_owned(), explanation }];
        show(&Found { files, others: 3, unopened: Vec::new() }, Look { width, colors: false })
    }

    #[test]
    fn each_label_and_function_has_its_line() {
        let library = Some(Library::OpenSsl);
        let reasons = vec!["too few".to_owned()];
        let outcome = Err(Nothing::NoFunction { library, reasons });
        let text = shown(Explanation { outcome, ..explanation() }, Some(80));
        let expect = "\
/lib/a\u{fffd}[31m
result       nothing to probe: OpenSSL: too few
file         x86_64, build id ab12
took         3.0 ms, 4.00 KiB read, 1,234 instructions decoded

LABEL            COPIES  LOADS  WHAT FOLLOWS
CLIENT_RANDOM         1      3  calls 0x1000 (2 times), not a second argument
EXPORTER_SECRET       0      0  -

FUNCTION  LABELS  LOADS  VERDICT
0x1000         1      2  too few labels lead to it

others       3 files without a sign of TLS
";
        assert_eq!(text, expect);
    }

    #[test]
    fn a_function_that_was_found_is_said_with_its_arguments() {
        let found = keylog::Found {
            library: Library::OpenSsl,
            offset: 0x900,
            address: 0x1000,
            arguments: Arguments::Secret {
                label: Register::Rsi,
                label_length: None,
                secret: Register::Rdx,
                secret_length: Register::Rcx,
                client_random: None,
            },
            evidence: Evidence {
                labels: vec!["A".to_owned(), "B".to_owned()],
                references: 5,
                symbols: vec!["ssl_log_secret".to_owned()],
                boundary: "unwind table".to_owned(),
                version: None,
            },
            code: String::new(),
        };
        let text = shown(Explanation { outcome: Ok(vec![found]), ..explanation() }, None);
        let expect = "\
result       OpenSSL: key-log function at 0x1000 (file offset 0x900)
because      2 labels agree in 5 loads, called ssl_log_secret, start known by the unwind table
arguments    label in rsi, secret in rdx, its length in rcx
";
        assert!(text.contains(expect), "{text}");
        assert!(text.contains("0x1000         1      2  chosen"), "{text}");
    }
}
