//! temporary
use crate::capture::keylog::{Budget, explain};
#[test]
fn explain_files() {
    let Some(files) = std::env::var_os("SENSOR_TLS_EXPLAIN") else { return };
    for file in files.to_str().unwrap().split(':') {
        let open = std::fs::File::open(file).unwrap();
        let e = explain(&open, Budget::default());
        println!("== {file}\n{}", serde_json::to_string_pretty(&e).unwrap());
    }
}
