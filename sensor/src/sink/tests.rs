use super::*;
use crate::{
    event::sample,
    exchange::{ConnectionId, Exchange},
    inventory::template::Template,
    mask::MaskKey,
};

/// Gives `sink` an exchange that can be told by its number.
pub(super) fn send(sink: &mut impl Sink, number: u64) -> io::Result<()> {
    let exchange = Exchange {
        connection: ConnectionId(number),
        ..sample::exchange("GET /a HTTP/1.1\nHost: shop.example\n\n", 200)
    };
    let key = MaskKey::from_bytes([7; 32]);
    sink.exchange(&ExchangeEvent::new(&exchange, &Template::default(), &key, "node-1"))
}

/// The numbers of the records in `text`, each of which must be a whole line.
pub(super) fn numbers(text: &[u8]) -> Vec<u64> {
    assert!(text.is_empty() || text.ends_with(b"\n"));
    let record = |line| -> serde_json::Value { serde_json::from_slice(line).unwrap() };
    text.split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| record(line)["connection.id"].as_str().unwrap().to_owned())
        .map(|id| u64::from_str_radix(&id, 16).unwrap())
        .collect()
}

/// An output that takes so many bytes and then fails.
#[derive(Default)]
pub(super) struct Limited {
    pub(super) bytes: Vec<u8>,
    pub(super) room: usize,
    pub(super) error: Option<ErrorKind>,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(self.room);
        match self.error {
            Some(error) if length == 0 => Err(error.into()),
            _ => {
                self.room -= length;
                self.bytes.extend_from_slice(&bytes[..length]);
                Ok(length)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn line_length() -> usize {
    let mut sink = JsonLines::new(Vec::new());
    send(&mut sink, 0).unwrap();
    sink.lines.length()
}

#[test]
fn each_record_is_a_line() {
    let mut sink = JsonLines::new(Vec::new());
    for number in 0..3 {
        send(&mut sink, number).unwrap();
    }
    assert!(sink.output.is_empty());
    sink.flush().unwrap();
    assert_eq!(numbers(&sink.output), [0, 1, 2]);
    for number in 3..1000 {
        send(&mut sink, number).unwrap();
    }
    assert!(sink.output.len() > BUFFER && sink.lines.length() < BUFFER);
}

/// Wherever the output fills up, no line is torn in the end and every record is written or
/// counted.
#[test]
fn a_full_output_loses_records_and_tears_no_line() {
    let line = line_length();
    for room in 0..3 * line + 2 {
        let output = Limited { room, error: Some(ErrorKind::StorageFull), ..Limited::default() };
        let mut sink = JsonLines::new(output);
        for number in 0..3 {
            send(&mut sink, number).unwrap();
        }
        sink.flush().unwrap();
        // Full still: what is left of the torn line waits, the new one is lost.
        send(&mut sink, 3).unwrap();
        sink.flush().unwrap();
        sink.output.room = 2 * line;
        send(&mut sink, 4).unwrap();
        sink.flush().unwrap();
        let written = numbers(&sink.output.bytes);
        assert_eq!(*written.last().unwrap(), 4, "{room}");
        assert_eq!(written.len() as u64 + sink.lost().full, 5, "{room}: {written:?}");
        assert_eq!(sink.lost().unwritable, 0);
    }
}

#[test]
fn losses_are_counted_by_cause() {
    for (error, expect) in [
        (ErrorKind::StorageFull, Lost { full: 2, unwritable: 0 }),
        (ErrorKind::QuotaExceeded, Lost { full: 2, unwritable: 0 }),
        (ErrorKind::PermissionDenied, Lost { full: 0, unwritable: 2 }),
        (ErrorKind::WouldBlock, Lost { full: 0, unwritable: 2 }),
    ] {
        let mut sink = JsonLines::new(Limited { error: Some(error), ..Limited::default() });
        send(&mut sink, 0).unwrap();
        send(&mut sink, 1).unwrap();
        sink.flush().unwrap();
        assert_eq!(sink.lost(), expect);
    }
    // A write of nothing is a failure too, not a loop.
    let mut sink = JsonLines::new(Limited::default());
    send(&mut sink, 0).unwrap();
    sink.flush().unwrap();
    assert_eq!(sink.lost().unwritable, 1);
}

#[test]
fn a_reader_that_went_away_ends_the_sink() {
    let mut sink =
        JsonLines::new(Limited { error: Some(ErrorKind::BrokenPipe), ..Limited::default() });
    send(&mut sink, 0).unwrap();
    assert_eq!(sink.flush().unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_real_full_device_is_a_full_disk() {
    let mut sink = JsonLines::new(std::fs::File::create("/dev/full").unwrap());
    send(&mut sink, 0).unwrap();
    sink.flush().unwrap();
    assert_eq!(sink.lost(), Lost { full: 1, unwritable: 0 });
}
