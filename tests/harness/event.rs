//! A record of the sensor, as a reader of `docs/events.md` sees it.

use std::fmt;

use serde_json::Value;

/// One exchange record.
#[derive(Clone)]
pub struct Event(Value);

impl Event {
    /// Reads a line.
    pub fn parse(line: &[u8]) -> Self {
        let value = serde_json::from_slice(line);
        Self(value.unwrap_or_else(|error| {
            panic!("a record is no JSON: {error}: {}", String::from_utf8_lossy(line))
        }))
    }

    /// A text, empty when absent.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number, if it is there.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.0.get(key).and_then(Value::as_u64)
    }

    /// Yes or no, if it is there.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.0.get(key).and_then(Value::as_bool)
    }

    /// A list of texts, empty when absent.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let list = self.0.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether there is such a fact.
    pub fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some()
    }

    /// The status code of the response, if one was seen.
    pub fn status(&self) -> Option<u16> {
        self.number("http.response.status_code").and_then(|code| code.try_into().ok())
    }

    /// The hash of the last path parameter; empty when there is none.
    pub fn id(&self) -> &str {
        let parameters = self.0.get("url.path_parameters").and_then(Value::as_array);
        let last = parameters.and_then(|list| list.last());
        last.and_then(|facts| facts.get("hash")?.as_str()).unwrap_or_default()
    }

    /// The port of the server.
    pub fn port(&self) -> Option<u16> {
        self.number("server.port").and_then(|port| port.try_into().ok())
    }

    /// Method, route and status, then what is missing and what is odd:
    /// `GET /items/{itemId} 200 missing response_truncated odd request invalid_host`.
    pub fn summary(&self) -> String {
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let mut words = vec![
            or_dash(self.text("http.request.method")),
            or_dash(self.text("http.route")),
            self.status().map_or_else(|| "-".to_owned(), |status| status.to_string()),
        ];
        for (word, key) in [
            ("missing", "missing"),
            ("odd request", "http.request.problems"),
            ("odd response", "http.response.problems"),
        ] {
            if self.has(key) {
                words.push(word.to_owned());
                words.extend(self.list(key).into_iter().map(str::to_owned));
            }
        }
        words.join(" ")
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}
