use super::*;
use crate::sink::{spool::Reader, tests::send};

/// A sink whose brokers are never there, with what reads its spools.
fn open_spools(name: &str) -> (KafkaSink, [Reader; 2], PathBuf) {
    let folder = std::env::temp_dir().join(format!("sensor-kafka-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let spool = |name: &str| {
        spool::open(spool::Settings {
            folder: folder.join(name),
            max_bytes: 8 << 20,
            when_full: WhenFull::DropOldest,
            sync: Duration::from_secs(1),
        })
        .unwrap()
    };
    let (exchanges, read_exchanges, exchanges_meter) = spool("exchanges");
    let (changes, read_changes, changes_meter) = spool("changes");
    let meter = Meter { exchanges: exchanges_meter, changes: changes_meter, ..Meter::default() };
    let sink = KafkaSink {
        exchanges,
        changes,
        key: MaskKey::random().unwrap(),
        node: "node-1".to_owned(),
        max_record_bytes: 256 << 10,
        meter: Arc::new(meter),
    };
    (sink, [read_exchanges, read_changes], folder)
}

#[test]
fn exchanges_of_a_caller_share_a_key_and_are_counted_until_acknowledged() {
    let (mut sink, [mut reader, _changes], folder) = open_spools("key");
    (0..3).for_each(|number| send(&mut sink, number).unwrap());
    sink.flush().unwrap();
    assert_eq!(sink.meter.waiting(), 3);
    let block = reader.next(Duration::ZERO).unwrap();
    let keys: Vec<_> = reader.frames().map(|frame| frame.key.to_owned()).collect();
    assert!(keys.iter().all(|key| key.len() == 32 && *key == keys[0]));
    (0..3).for_each(|_| reader.settle(block));
    assert_eq!((sink.meter.waiting(), sink.lost()), (0, Lost::default()));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_record_beyond_the_limit_is_counted_and_leaves_nothing_behind() {
    let (mut sink, [mut reader, _changes], folder) = open_spools("limit");
    sink.max_record_bytes = 100;
    send(&mut sink, 0).unwrap();
    sink.max_record_bytes = 256 << 10;
    send(&mut sink, 1).unwrap();
    sink.flush().unwrap();
    assert_eq!(sink.meter.too_large.load(Ordering::Relaxed), 1);
    reader.next(Duration::ZERO).unwrap();
    assert_eq!(reader.frames().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_endpoint_that_is_no_more_leaves_a_key_without_value() {
    let (mut sink, [_exchanges, mut reader], folder) = open_spools("gone");
    sink.endpoint_gone("a49aabd2c35449cf");
    sink.flush().unwrap();
    reader.next(Duration::ZERO).unwrap();
    let frame = reader.frames().next().unwrap();
    assert_eq!((frame.key, frame.payload), (&b"a49aabd2c35449cf@node-1"[..], None));
    std::fs::remove_dir_all(folder).unwrap();
}
