//! Cases by kernels, for a terminal and for the documentation.

use std::{fmt::Write as _, fs, io, path::Path};

use anyhow::{Context, Result};

use super::report::{Case, Report, Verdict};

/// The marked part of the page.
const BEGIN: &str = "<!-- vm-table -->";
const END: &str = "<!-- /vm-table -->";

/// One kernel.
pub struct Column {
    pub title: String,
    pub report: Report,
}

/// A row: the cases of one name, `None` where a kernel has no such case.
struct Row<'a> {
    meaning: &'a str,
    cases: Vec<Option<&'a Case>>,
}

/// For a terminal, with the reasons below.
pub fn text(columns: &[Column]) -> String {
    let rows = rows(columns);
    let width = rows.iter().map(|row| row.meaning.chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = columns.iter().map(|column| short(&column.title).len().max(6)).collect();
    let mut text = format!("{:width$}", "");
    for (column, width) in columns.iter().zip(&widths) {
        let _ = write!(text, "  {:width$}", short(&column.title));
    }
    let mut reasons = String::new();
    for row in &rows {
        let _ = write!(text, "\n{:width$}", row.meaning);
        for (index, (case, width)) in row.cases.iter().zip(&widths).enumerate() {
            let (word, reason) = words(*case);
            let _ = write!(text, "  {word:width$}");
            if !reason.is_empty() {
                let title = short(&columns[index].title);
                let _ = write!(reasons, "\n  {title}, {}: {reason}", row.meaning);
            }
        }
    }
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    format!("{}\n{reasons}", lines.join("\n"))
}

/// For the documentation: the table, and what the user is told on bad days.
pub fn markdown(columns: &[Column]) -> String {
    let rows = rows(columns);
    let mut text = String::from("(Made by `cargo xtask vm --update-docs`.)\n\n| |");
    for column in columns {
        let _ = write!(text, " {} |", short(&column.title));
    }
    text += "\n|---|";
    text += &"---|".repeat(columns.len());
    text.push('\n');
    for row in &rows {
        let _ = write!(text, "| {} |", escape(row.meaning));
        for case in &row.cases {
            let (word, reason) = words(*case);
            let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
            let _ = write!(text, " {word}{} |", escape(&reason));
        }
        text.push('\n');
    }
    text += &told(columns, &rows);
    text
}

/// Each message once, with the kernels that gave it.
fn told(columns: &[Column], rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut messages: Vec<(String, Vec<&str>)> = Vec::new();
        for (column, case) in columns.iter().zip(&row.cases) {
            let said = case.map(|case| case.says.join("\n")).unwrap_or_default();
            if said.is_empty() {
                continue;
            }
            match messages.iter_mut().find(|(message, _)| *message == said) {
                Some((_, kernels)) => kernels.push(short(&column.title)),
                None => messages.push((said, vec![short(&column.title)])),
            }
        }
        for (message, kernels) in &messages {
            let on = if messages.len() == 1 { String::new() } else { kernels.join(", ") };
            let on = if on.is_empty() { on } else { format!(" (on {on})") };
            let _ = write!(text, "\n{}{on}:\n```\n{message}\n```\n", sentence(row.meaning));
        }
    }
    if text.is_empty() { text } else { format!("\nWhat the user is told:\n{text}") }
}

/// Replaces the marked part of the page; adds page and part where they are missing.
pub fn update(page: &Path, table: &str) -> Result<()> {
    let old = match fs::read_to_string(page) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "# Operations\n".to_owned(),
        read => read.with_context(|| format!("failed to read {}", page.display()))?,
    };
    fs::write(page, replaced(&old, table))
        .with_context(|| format!("failed to write {}", page.display()))
}

fn replaced(page: &str, table: &str) -> String {
    let block = format!("{BEGIN}\n{}\n{END}", table.trim_end());
    let marked = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    match marked {
        Some((before, after)) => format!("{before}{block}{after}"),
        None => format!("{}\n\n## Kernels\n\n{block}\n", page.trim_end()),
    }
}

/// A row for each name, in the order of the first kernel that has it.
fn rows(columns: &[Column]) -> Vec<Row<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for case in columns.iter().flat_map(|column| &column.report.cases) {
        if !names.contains(&case.name.as_str()) {
            names.push(&case.name);
        }
    }
    let row = |name: &str| {
        let of = |column: &'_ Column| column.report.cases.iter().position(|case| case.name == name);
        let cases: Vec<_> =
            columns.iter().map(|column| Some(&column.report.cases[of(column)?])).collect();
        let meaning = cases.iter().flatten().next().map_or("", |case| case.meaning.as_str());
        Row { meaning, cases }
    };
    names.into_iter().map(row).collect()
}

/// A word, and what there is to say about it.
fn words(case: Option<&Case>) -> (&'static str, String) {
    match case.map(|case| &case.verdict) {
        Some(Verdict::Passed(note)) => ("ok", note.clone()),
        Some(Verdict::Failed(reason)) => ("FAIL", reason.clone()),
        Some(Verdict::Skipped(reason)) => ("skip", reason.clone()),
        Some(Verdict::Missing) => ("FAIL", "did not end".to_owned()),
        None => ("-", String::new()),
    }
}

/// A release without its flavour.
fn short(title: &str) -> &str {
    title.strip_suffix("-cloud-amd64").unwrap_or(title)
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let old = "runner begin 5.10\nplan a alpha\nplan b beta\ncase a ok\n\
            says b error: no\ncase b FAIL x | y\nrunner end\n";
        let new = "runner begin 7.2\nplan a alpha\nplan b beta\nplan c gamma\ncase a ok 12 notes\n\
            says b error: no\ncase b ok\nsays c hm\ncase c SKIP not here\nrunner end\n";
        let column = |title: &str, console| Column {
            title: title.to_owned(),
            report: Report::parse(console),
        };
        vec![column("5.10.0-46-cloud-amd64", old), column("7.2", new)]
    }

    #[test]
    fn a_terminal_gets_words_and_reasons() {
        let expect = "       5.10.0-46  7.2\n\
            alpha  ok         ok\n\
            beta   FAIL       ok\n\
            gamma  -          skip\n\
            \n  7.2, alpha: 12 notes\
            \n  5.10.0-46, beta: x | y\
            \n  7.2, gamma: not here";
        assert_eq!(text(&columns()), expect);
    }

    #[test]
    fn the_documentation_gets_a_table_and_the_messages() {
        let text = markdown(&columns());
        for part in [
            "| | 5.10.0-46 | 7.2 |\n|---|---|---|\n",
            "| alpha | ok | ok: 12 notes |\n",
            "| beta | FAIL: x \\| y | ok |\n",
            "| gamma | - | skip: not here |\n",
            "\nBeta:\n```\nerror: no\n```\n",
            "\nGamma:\n```\nhm\n```\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }

    #[test]
    fn only_the_marked_part_of_a_page_changes() {
        let page = "# Operations\n\n## Kernels\n\nWords.\n<!-- vm-table -->\nold\n\
            <!-- /vm-table -->\n\n## More\n";
        let new = replaced(page, "new\n");
        assert_eq!(new, page.replace("old", "new"));
        assert_eq!(replaced(&new, "new\n"), new);
        assert_eq!(
            replaced("# Operations\n", "new"),
            "# Operations\n\n## Kernels\n\n<!-- vm-table -->\nnew\n<!-- /vm-table -->\n"
        );
    }
}
