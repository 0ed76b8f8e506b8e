//! What scanners ask for.

use super::{exchange::Message, random::Random, words};

/// Paths of public lists of probes.
const KNOWN: [&str; 28] = [
    "/.env",
    "/.git/config",
    "/.git/HEAD",
    "/.aws/credentials",
    "/.well-known/security.txt",
    "/actuator/env",
    "/actuator/health",
    "/admin",
    "/admin/login",
    "/administrator/index.php",
    "/api/v1/pods",
    "/backup.zip",
    "/boaform/admin/formLogin",
    "/cgi-bin/luci/;stok=/locale",
    "/config.json",
    "/console/",
    "/debug/pprof/heap",
    "/favicon.ico",
    "/graphql",
    "/index.php?s=/index/think/app/invokefunction",
    "/phpmyadmin/index.php",
    "/robots.txt",
    "/server-status",
    "/solr/admin/info/system",
    "/swagger-ui.html",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/wp-content/plugins/hello.php",
    "/wp-login.php",
];

const ENDINGS: [&str; 8] = ["", "", "", ".php", ".bak", ".zip", ".json", "/"];

/// A probe, never answered with success. `routes` are those of the service: some probes look
/// beside what they found.
pub fn probe(random: &mut Random, routes: &[String]) -> Message {
    let target = match random.below(4) {
        0 => (*random.pick(&KNOWN)).to_owned(),
        1 => made_up(random),
        2 => beside(random, routes),
        _ => format!("/{}{}", word(random), random.pick(&ENDINGS)),
    };
    let method = match random.below(10) {
        0 => "POST",
        1 => "HEAD",
        2 => "OPTIONS",
        _ => "GET",
    };
    let status = match random.below(20) {
        0 => 400,
        1 | 2 => 405,
        _ => 404,
    };
    let answer = (method != "HEAD").then(|| ("text/html".to_owned(), 153));
    let client = 200 + random.below(3) as u8;
    Message { method: method.to_owned(), target, status, answer, client, ..Message::default() }
}

fn made_up(random: &mut Random) -> String {
    let count = 1 + random.below(4);
    (0..count).map(|_| format!("/{}", word(random))).collect()
}

/// The first segments of a route, and then a word.
fn beside(random: &mut Random, routes: &[String]) -> String {
    if routes.is_empty() {
        return made_up(random);
    }
    let route = random.pick(routes);
    let literal = route.split('{').next().unwrap_or_default().trim_end_matches('/');
    format!("{literal}/{}{}", word(random), random.pick(&ENDINGS))
}

fn word(random: &mut Random) -> String {
    match random.below(4) {
        0 => random.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 8),
        1 => random.below(100_000).to_string(),
        _ => (*random.pick(words::NOUNS)).to_owned(),
    }
}
