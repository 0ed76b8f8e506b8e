use std::{env, fmt::Write as _, fs, path::Path};

use super::*;

/// The table of kinds, as `docs/sensitive-data.md` has it.
fn table() -> String {
    let mut table = String::from(
        "| Kind | What it is | Class | Checked by | Any field | Regulations |\n\
         |---|---|---|---|---|---|\n",
    );
    for kind in descriptions() {
        let Description { name, title, class, validator, alone, regulations } = kind;
        let regulations: Vec<_> =
            regulations.iter().map(|regulation| regulation.as_str()).collect();
        let _ = writeln!(
            table,
            "| `{name}` | {title} | {} | {validator} | {} | {} |",
            class.as_str(),
            if alone { "yes" } else { "" },
            regulations.join(", "),
        );
    }
    table
}

/// `UPDATE_EXPECT=1 cargo test -p sensor sensitive` rewrites it.
#[test]
fn the_documentation_lists_every_kind() {
    const START: &str = "<!-- kinds: made from the registry -->\n";
    const END: &str = "<!-- end of kinds -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sensitive-data.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(START).expect("the mark before the table");
    let (current, after) = rest.split_once(END).expect("the mark after the table");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, format!("{before}{START}{}{END}{after}", table())).unwrap();
    } else {
        assert!(current == table(), "{} is old: run with UPDATE_EXPECT=1", path.display());
    }
}
