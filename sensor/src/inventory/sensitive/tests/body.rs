use super::*;

#[track_caller]
fn check(body: &str, expect: &[&str]) {
    let detector = detector();
    let mut found = Vec::new();
    detector.body_text(body.as_bytes(), |matched| found.push(detector.name(matched.kind)));
    assert_eq!(found, expect, "{body}");
}

#[test]
fn traces_and_database_errors() {
    check("Traceback (most recent call last):\n  File \"a.py\", line 3, in f", &["stack_trace"]);
    check(
        "java.lang.IllegalStateException: x\\n\\tat com.example.A.b(A.java:12)\\n\\tat com.example.C.d(C.java:34)",
        &["stack_trace"],
    );
    check(
        "Error: x\n    at f (/srv/app/a.js:10:5)\n    at g (/srv/app/b.js:3:1)",
        &["stack_trace"],
    );
    check("goroutine 1 [running]:\nmain.main()", &["stack_trace"]);
    check("see A.java:12", &[]);
    check("the files a.js: and b.js: are new", &[]);
    check("You have an error in your SQL syntax; check the manual", &["sql_error"]);
    check("ERROR: syntax error at or near \"FROM\"", &["sql_error"]);
    check("{\"error\":\"SQLSTATE[42S02]: Base table not found\"}", &["sql_error"]);
    check(
        "Traceback (most recent call last):\npsycopg2.errors.UniqueViolation: duplicate",
        &["stack_trace", "sql_error"],
    );
    check("{\"error\":\"not found\"}", &[]);
    check("", &[]);
}
