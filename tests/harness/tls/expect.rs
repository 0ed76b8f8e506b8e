//! What the sensor must say of requests over TLS.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use sensor::mask::MaskKey;

use super::{
    super::{Event, ITEM_ROUTE, status_of},
    Phase,
};

/// Ids from here on are of requests that are sent until the first is seen.
pub const WARM_UP: u64 = 9_000_000;

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Its id.
    pub id: u64,
    /// The port of the client, as its peer saw it.
    pub port: u16,
    /// Its method.
    pub method: &'static str,
    /// The size of its content.
    pub body: u64,
}

impl Asked {
    /// Reads a line `ID PORT` of `tls-peer`.
    pub fn parse(line: &str, phase: &Phase) -> Self {
        let port = line.split_once(' ').and_then(|(_, port)| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("no port in {line:?}"));
        Self { id: Self::id(line), port, method: phase.method, body: phase.body }
    }

    /// The id in such a line.
    pub fn id(line: &str) -> u64 {
        let id = line.split(' ').next().and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("no id in {line:?}"))
    }
}

/// What is common to all exchanges of a run.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The key of the hashes.
    pub key: MaskKey,
    /// The server, as the connection shows it.
    pub server: SocketAddr,
    /// The client's address, as the server sees it.
    pub client: IpAddr,
    /// Bytes after the id in the content of an answer.
    pub ending: u64,
    /// The host name that clients ask for.
    pub name: &'a str,
}

impl Expected<'_> {
    /// Panics unless each request was seen once and rightly, and no other was.
    #[track_caller]
    pub fn check(&self, asked: &[Asked], events: &[Event]) {
        let by_hash: HashMap<String, &Asked> =
            asked.iter().map(|asked| (self.hash(asked.id), asked)).collect();
        let warm: Vec<String> = (WARM_UP..WARM_UP + 1000).map(|id| self.hash(id)).collect();
        let mut seen: HashMap<u64, u32> = HashMap::new();
        let mut wrong = Vec::new();
        for event in events {
            match by_hash.get(event.id()) {
                Some(asked) => {
                    *seen.entry(asked.id).or_default() += 1;
                    wrong.extend(self.wrong(asked, event).map(|why| format!("{why}: {event:?}")));
                }
                None if warm.iter().any(|hash| hash == event.id()) => {}
                None => wrong.push(format!("never sent: {event:?}")),
            }
        }
        let never: Vec<_> = asked.iter().filter(|asked| !seen.contains_key(&asked.id)).collect();
        let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
        assert!(
            never.is_empty() && twice.is_empty() && wrong.is_empty(),
            "of {} requests {} never seen {:?}, {} more than once {:?}; {} wrong {:#?}",
            asked.len(),
            never.len(),
            some(&never),
            twice.len(),
            some(&twice),
            wrong.len(),
            some(&wrong),
        );
    }

    fn hash(&self, id: u64) -> String {
        self.key.hash(id.to_string().as_bytes()).to_string()
    }

    /// What an event says of a request that is not so.
    fn wrong(&self, asked: &Asked, event: &Event) -> Option<String> {
        let summary = format!("{} {ITEM_ROUTE} {}", asked.method, status_of(asked.id));
        if event.summary() != summary {
            return Some(format!("not {summary}"));
        }
        let answer = asked.id.to_string().len() as u64 + self.ending;
        let content = (asked.body > 0).then_some(asked.body);
        let numbers = [
            ("client.port", Some(asked.port.into())),
            ("server.port", Some(self.server.port().into())),
            ("http.request.body.size", content),
            ("http.request.body.captured_size", content),
            ("http.response.body.size", Some(answer)),
            ("http.response.body.captured_size", Some(answer)),
        ];
        let texts = [
            ("url.scheme", "https".to_owned()),
            ("client.address", self.client.to_string()),
            ("server.address", self.server.ip().to_string()),
            ("tls.client.server_name", self.name.to_owned()),
        ];
        let number = numbers.iter().find(|(key, value)| event.number(key) != *value);
        let text = texts.iter().find(|(key, value)| event.text(key) != value);
        number
            .map(|(key, value)| format!("{key} is not {value:?}"))
            .or_else(|| text.map(|(key, value)| format!("{key} is not {value:?}")))
            .or_else(|| {
                ["tls.protocol.version", "tls.cipher"]
                    .into_iter()
                    .find(|key| event.text(key).is_empty())
                    .map(|key| format!("no {key}"))
            })
    }
}

fn some<T>(list: &[T]) -> &[T] {
    &list[..list.len().min(5)]
}
