//! Stack traces and database errors in whole bodies.

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Confidence, Kind, Match, registry::REGISTRY};

/// Bytes of a body that are searched.
const MAX_BODY: usize = 64 * 1024;

/// What a text speaks for. Where one is not enough, two are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Trace,
    /// As in a line of a trace, of which there are several.
    Frame,
    Sql,
}

const SIGNS: &[(&str, Sign)] = &[
    ("Traceback (most recent call last)", Sign::Trace),
    ("Exception in thread \"", Sign::Trace),
    ("java.lang.NullPointerException", Sign::Trace),
    ("at Object.<anonymous> (", Sign::Trace),
    ("at processTicksAndRejections", Sign::Trace),
    ("at Module._compile (", Sign::Trace),
    ("goroutine 1 [running]", Sign::Trace),
    ("panic: runtime error:", Sign::Trace),
    ("runtime/debug.Stack(", Sign::Trace),
    ("thread 'main' panicked at", Sign::Trace),
    ("stack backtrace:", Sign::Trace),
    ("--- End of inner exception stack trace ---", Sign::Trace),
    ("--- End of stack trace from previous location", Sign::Trace),
    ("PHP Fatal error:", Sign::Trace),
    ("Fatal error: Uncaught", Sign::Trace),
    ("Stack trace:\n#0", Sign::Trace),
    ("Stack trace:\\n#0", Sign::Trace),
    ("ActionController::RoutingError", Sign::Trace),
    ("Werkzeug Debugger", Sign::Trace),
    ("org.springframework.", Sign::Frame),
    (".java:", Sign::Frame),
    (".kt:", Sign::Frame),
    (".scala:", Sign::Frame),
    (".cs:line ", Sign::Frame),
    ("   at System.", Sign::Frame),
    ("   at Microsoft.", Sign::Frame),
    (".rb:", Sign::Frame),
    (".py\", line ", Sign::Frame),
    (".py\\\", line ", Sign::Frame),
    (".php(", Sign::Frame),
    (".js:", Sign::Frame),
    (".ts:", Sign::Frame),
    (".go:", Sign::Frame),
    (".rs:", Sign::Frame),
    ("node:internal/", Sign::Frame),
    ("You have an error in your SQL syntax", Sign::Sql),
    ("SQLSTATE[", Sign::Sql),
    ("SQLSTATE ", Sign::Sql),
    ("PSQLException", Sign::Sql),
    ("SQLSyntaxErrorException", Sign::Sql),
    ("SQLIntegrityConstraintViolationException", Sign::Sql),
    ("psycopg2.", Sign::Sql),
    ("PG::SyntaxError", Sign::Sql),
    ("PG::UniqueViolation", Sign::Sql),
    ("PG::UndefinedTable", Sign::Sql),
    ("pg_query():", Sign::Sql),
    ("syntax error at or near \"", Sign::Sql),
    ("syntax error at or near \\\"", Sign::Sql),
    ("violates unique constraint", Sign::Sql),
    ("violates foreign key constraint", Sign::Sql),
    ("violates not-null constraint", Sign::Sql),
    ("unterminated quoted string at or near", Sign::Sql),
    ("SQLITE_ERROR", Sign::Sql),
    ("SQLITE_CONSTRAINT", Sign::Sql),
    ("sqlite3.OperationalError", Sign::Sql),
    ("sqlite3.IntegrityError", Sign::Sql),
    ("SQLite3::SQLException", Sign::Sql),
    ("Unclosed quotation mark after the character string", Sign::Sql),
    ("Incorrect syntax near", Sign::Sql),
    ("ODBC SQL Server Driver", Sign::Sql),
    ("Microsoft OLE DB Provider for SQL Server", Sign::Sql),
    ("System.Data.SqlClient.SqlException", Sign::Sql),
    ("Microsoft.Data.SqlClient.SqlException", Sign::Sql),
    ("MySqlException", Sign::Sql),
    ("com.mysql.", Sign::Sql),
    ("mysql_fetch_", Sign::Sql),
    ("mysqli_", Sign::Sql),
    ("ER_PARSE_ERROR", Sign::Sql),
    ("ER_DUP_ENTRY", Sign::Sql),
    ("ER_NO_SUCH_TABLE", Sign::Sql),
    ("pymysql.err.", Sign::Sql),
    ("sqlalchemy.exc.", Sign::Sql),
    ("org.hibernate.exception.", Sign::Sql),
    ("SequelizeDatabaseError", Sign::Sql),
    ("ActiveRecord::StatementInvalid", Sign::Sql),
    ("quoted string not properly terminated", Sign::Sql),
    ("ORA-00933", Sign::Sql),
    ("ORA-00942", Sign::Sql),
    ("ORA-01756", Sign::Sql),
    ("ORA-00001", Sign::Sql),
    ("ORA-00921", Sign::Sql),
    ("ORA-01722", Sign::Sql),
    ("DB2 SQL error:", Sign::Sql),
    ("MongoServerError", Sign::Sql),
    ("MongoError", Sign::Sql),
];

/// Finds the signs in one pass.
pub(super) struct Errors {
    signs: Option<AhoCorasick>,
    trace: Kind,
    sql: Kind,
}

impl Errors {
    pub(super) fn new() -> Self {
        // Over so few texts it cannot fail; without it, nothing is found.
        let signs = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(SIGNS.iter().map(|(text, _)| text));
        Self { signs: signs.ok(), trace: kind("stack_trace"), sql: kind("sql_error") }
    }

    /// One trace is one finding, and one database error another.
    pub(super) fn find(&self, body: &[u8], found: &mut impl FnMut(Match)) {
        let Some(signs) = &self.signs else { return };
        let body = &body[..body.len().min(MAX_BODY)];
        let (mut traces, mut sql) = (0, 0);
        for at in signs.find_iter(body) {
            match SIGNS.get(at.pattern().as_usize()).map(|(_, sign)| sign) {
                Some(Sign::Trace) => traces += 2,
                Some(Sign::Frame) => {
                    let line = body.get(at.end()).is_some_and(u8::is_ascii_digit);
                    traces += u32::from(line || at.len() > 5);
                }
                Some(Sign::Sql) => sql += 1,
                None => {}
            }
        }
        if traces >= 2 {
            found(Match::sure(self.trace, Confidence::High));
        }
        if sql >= 1 {
            found(Match::sure(self.sql, Confidence::High));
        }
    }
}

fn kind(name: &str) -> Kind {
    let place = REGISTRY.iter().position(|definition| definition.name == name);
    Kind(place.map_or(u8::MAX, |place| place as u8))
}
