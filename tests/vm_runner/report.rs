//! What is printed, one fact a line, for `cargo xtask vm` to read from a serial console:
//!
//! ```text
//! runner begin <kernel release>
//! plan <case> <meaning>          for every case, before the first
//! says <case> <text>             what the user sees, line by line
//! case <case> ok [<note>]        in the order of the plan
//! case <case> FAIL <reason>
//! case <case> SKIP <reason>
//! log <text>                     of the sensor, after a failure
//! runner end
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};

use crate::machine::Machine;

/// One case.
pub struct Case {
    /// Its name, without spaces.
    pub name: String,
    /// What is shown by it, for the table.
    pub meaning: String,
    /// Tries it.
    pub run: Run,
}

/// Tries a case on the machine.
pub type Run = Box<dyn Fn(&mut Machine) -> Result<Outcome>>;

/// How a case that did not fail ended.
pub enum Outcome {
    Passed,
    /// With something that differs between kernels.
    Noted(String),
    /// With what the user sees.
    Said(String),
    /// Not tried, and why.
    Skipped(&'static str),
}

/// Runs the cases in turn; true when none failed.
pub fn run(cases: &[Case], machine: &mut Machine) -> bool {
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    // A console may have been left in the middle of a line.
    println!("\nrunner begin {kernel}");
    for Case { name, meaning, .. } in cases {
        println!("plan {name} {meaning}");
    }
    let mut failed = 0;
    for case in cases {
        let result = catch_unwind(AssertUnwindSafe(|| (case.run)(machine)));
        let result = result.unwrap_or_else(|_| Err(anyhow!("panicked, see above")));
        failed += u32::from(result.is_err());
        print(&case.name, result, machine);
    }
    machine.stop();
    println!("runner end");
    failed == 0
}

fn print(name: &str, result: Result<Outcome>, machine: &mut Machine) {
    match result {
        Ok(Outcome::Passed) => println!("case {name} ok"),
        Ok(Outcome::Noted(note)) => println!("case {name} ok {note}"),
        Ok(Outcome::Said(text)) => {
            text.lines().for_each(|line| println!("says {name} {line}"));
            println!("case {name} ok");
        }
        Ok(Outcome::Skipped(reason)) => println!("case {name} SKIP {reason}"),
        Err(error) => {
            println!("case {name} FAIL {}", short(&format!("{error:#}").replace('\n', "; ")));
            machine.log().lines().for_each(|line| println!("log {line}"));
            // The next case gets a fresh one.
            machine.stop();
        }
    }
}

/// Without its middle where it is long: a verifier's output is, and ends with what matters.
fn short(text: &str) -> String {
    const END: usize = 400;
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= 2 * END {
        return text.to_owned();
    }
    let ends = [&letters[..END], &letters[letters.len() - END..]];
    ends.map(|part| part.iter().collect::<String>()).join(" ... ")
}
