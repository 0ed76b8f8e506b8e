use std::{convert::Infallible, os::unix::fs::FileExt, path::PathBuf, sync::atomic::AtomicU32};

use proptest::prelude::*;

use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sensor-spool-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn open(&self) -> (Writer, Reader, Arc<Meter>) {
        self.open_with(1 << 30, WhenFull::DropOldest)
    }

    fn open_with(&self, max_bytes: u64, when_full: WhenFull) -> (Writer, Reader, Arc<Meter>) {
        let sync = Duration::from_secs(1);
        open(Settings { folder: self.0.clone(), max_bytes, when_full, sync }).unwrap()
    }

    /// Its segment files, oldest first.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|one| one == "spool")).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn append(writer: &mut Writer, number: u64, size: usize) {
    let digits = number.to_string();
    let text = "0".repeat(size - digits.len()) + &digits;
    let payload = |out: &mut Vec<u8>| {
        out.extend_from_slice(text.as_bytes());
        Ok::<(), Infallible>(())
    };
    writer.append(Topic::Exchanges, 1, &number.to_le_bytes(), Some(payload)).unwrap();
}

fn fill(writer: &mut Writer, numbers: std::ops::Range<u64>, size: usize) {
    for number in numbers {
        append(writer, number, size);
    }
    writer.flush();
}

fn number(frame: &Frame<'_>) -> u64 {
    let number = str::from_utf8(frame.payload.unwrap()).unwrap().parse().unwrap();
    assert_eq!(frame.key, u64::to_le_bytes(number));
    number
}

/// Reads all that is there, block by block.
fn read(reader: &mut Reader) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    while let Some(block) = reader.next(Duration::ZERO) {
        all.extend(reader.frames().map(|frame| (block, number(&frame))));
    }
    all
}

fn numbers(reader: &mut Reader) -> Vec<u64> {
    read(reader).into_iter().map(|(_, number)| number).collect()
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

#[test]
fn records_come_back_in_order_with_all_their_parts() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open();
    append(&mut writer, 5, 9);
    let none = None::<fn(&mut Vec<u8>) -> Result<(), Infallible>>;
    writer.append(Topic::Endpoints, 2, b"gone", none).unwrap();
    let failing = |out: &mut Vec<u8>| {
        out.extend_from_slice(b"half");
        Err("no")
    };
    assert_eq!(writer.append(Topic::Sensor, 1, b"", Some(failing)), Err("no"));
    assert_eq!(reader.next(Duration::ZERO), None);
    writer.flush();
    let block = reader.next(Duration::ZERO).unwrap();
    let frames: Vec<_> = reader.frames().collect();
    assert_eq!(frames[0].payload.unwrap(), b"000000005");
    let gone = Frame { topic: Topic::Endpoints, schema_version: 2, key: b"gone", payload: None };
    assert_eq!(frames[1..], [gone]);
    assert!(!reader.is_done());
    reader.settle(block);
    assert_eq!(load(&meter.acknowledged), 0);
    reader.settle(block);
    assert_eq!(load(&meter.acknowledged), 2);
    assert!(!reader.is_done());
    drop(writer);
    assert!(reader.is_done());
}

#[test]
fn a_folder_belongs_to_one_process() {
    let folder = Folder::new();
    let (_writer, _reader, _) = folder.open();
    let settings = Settings {
        folder: folder.0.clone(),
        max_bytes: 1 << 20,
        when_full: WhenFull::Wait,
        sync: Duration::ZERO,
    };
    let error = open(settings).unwrap_err().to_string();
    assert!(error.contains("in use by another sensor"), "{error}");
}

/// What is acknowledged goes, what is not comes again after a restart, before what is new.
#[test]
fn a_restart_sends_what_was_not_acknowledged_before_what_is_new() {
    let folder = Folder::new();
    let (mut writer, mut reader, _) = folder.open_with(1 << 20, WhenFull::DropOldest);
    for start in (0..1000).step_by(50) {
        fill(&mut writer, start..start + 50, 500);
    }
    let all = read(&mut reader);
    assert_eq!(all.len(), 1000);
    let (half, _) = all[500];
    let acknowledged = all.iter().filter(|(block, _)| *block < half).count();
    // Not in order: the block at the front holds the others back.
    for (block, _) in all.iter().rev().filter(|(block, _)| *block < half) {
        reader.settle(*block);
    }
    drop((writer, reader));
    let (mut writer, mut reader, meter) = folder.open();
    fill(&mut writer, 1000..1100, 500);
    let expect: Vec<_> = (acknowledged as u64..1100).collect();
    assert_eq!(load(&meter.appended), expect.len() as u64);
    assert_eq!(numbers(&mut reader), expect);
}

#[test]
fn files_go_when_all_in_them_is_acknowledged() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open_with(1 << 20, WhenFull::DropOldest);
    for start in (0..1500).step_by(50) {
        fill(&mut writer, start..start + 50, 500);
    }
    assert!(folder.files().len() > 5);
    for (block, _) in read(&mut reader) {
        reader.settle(block);
    }
    assert_eq!(folder.files().len(), 1);
    assert_eq!(load(&meter.acknowledged), 1500);
    assert_eq!(reader.outstanding(), 0);
}

#[test]
fn a_rewind_reads_again_what_was_not_acknowledged() {
    let folder = Folder::new();
    let (mut writer, mut reader, _) = folder.open();
    for start in (0..900).step_by(300) {
        fill(&mut writer, start..start + 300, 2000);
    }
    let all = read(&mut reader);
    let first = all[0].0;
    for (block, _) in all.iter().filter(|(block, _)| *block == first) {
        reader.settle(*block);
    }
    let rest: Vec<_> = all.iter().filter(|(block, _)| *block > first).map(|(_, n)| *n).collect();
    assert_eq!(reader.outstanding(), rest.len() as u64);
    reader.rewind();
    assert_eq!(reader.outstanding(), 0);
    // What the old session still says counts no more.
    reader.settle(first + 1);
    assert_eq!(numbers(&mut reader), rest);
}

/// Oldest first, each counted, and what the reader has is not lost by it.
#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open_with(1 << 20, WhenFull::DropOldest);
    fill(&mut writer, 0..100, 500);
    let first = read(&mut reader);
    for start in (100..5000).step_by(50) {
        fill(&mut writer, start..start + 50, 500);
    }
    assert!(load(&meter.bytes) <= 1 << 20);
    let left = numbers(&mut reader);
    let dropped = load(&meter.dropped);
    assert!(dropped > 1000);
    assert_eq!(left, (5000 - left.len() as u64..5000).collect::<Vec<_>>());
    assert_eq!(first.len() as u64 + dropped + left.len() as u64, 5000);
    // What was on its way and did not arrive is lost now.
    reader.rewind();
    assert_eq!(load(&meter.dropped), dropped + first.len() as u64);
}

#[test]
fn a_full_spool_can_wait_for_its_reader() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open_with(1 << 20, WhenFull::Wait);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for start in (0..20_000).step_by(50) {
                fill(&mut writer, start..start + 50, 500);
            }
        });
        let mut next = 0;
        while !reader.is_done() {
            let Some(block) = reader.next(Duration::from_millis(50)) else { continue };
            let found: Vec<_> = reader.frames().map(|frame| number(&frame)).collect();
            for number in found {
                assert_eq!(number, next);
                next += 1;
                reader.settle(block);
            }
        }
        assert_eq!(next, 20_000);
    });
    assert_eq!((load(&meter.dropped), load(&meter.failed)), (0, 0));
}

/// Wherever a crash cut the last file, every whole record before the cut comes back, and what is
/// written after it follows.
#[test]
fn a_torn_tail_is_cut_to_the_last_whole_record_at_every_byte() {
    let folder = Folder::new();
    let (mut writer, reader, _) = folder.open();
    fill(&mut writer, 0..4, 12);
    drop((writer, reader));
    let file = folder.files().pop().unwrap();
    let whole = fs::read(&file).unwrap();
    let size = (whole.len() - frame::HEADER) / 4;
    for length in 0..=whole.len() {
        for garbage in [&[][..], &[0; 40][..], &[0xff; 40][..]] {
            let torn = Folder::new();
            fs::create_dir_all(&torn.0).unwrap();
            let mut bytes = whole[..length].to_vec();
            bytes.extend_from_slice(garbage);
            fs::write(torn.0.join(file.file_name().unwrap()), &bytes).unwrap();
            let (mut writer, mut reader, _) = torn.open();
            fill(&mut writer, 4..6, 12);
            let left = (length.saturating_sub(frame::HEADER) / size) as u64;
            let expect: Vec<_> = (0..left).chain(4..6).collect();
            assert_eq!(numbers(&mut reader), expect, "{length} {garbage:?}");
        }
    }
}

#[test]
fn a_file_of_another_version_is_set_aside() {
    let folder = Folder::new();
    let (mut writer, reader, _) = folder.open();
    fill(&mut writer, 0..4, 12);
    drop((writer, reader));
    let file = folder.files().pop().unwrap();
    fs::OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&[7], 8).unwrap();
    let (mut writer, mut reader, meter) = folder.open();
    fill(&mut writer, 4..6, 12);
    assert_eq!(numbers(&mut reader), [4, 5]);
    assert_eq!(load(&meter.mended), 1);
    assert!(file.with_extension("spool.v7").exists() && !file.exists());
}

/// A byte that changed on the disk costs the rest of its file and nothing else.
#[test]
fn what_rotted_is_left_out_and_counted() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open_with(1 << 20, WhenFull::DropOldest);
    for start in (0..1000).step_by(50) {
        fill(&mut writer, start..start + 50, 500);
    }
    let file = &folder.files()[1];
    fs::OpenOptions::new().write(true).open(file).unwrap().write_all_at(b"x", 3000).unwrap();
    let mut found = numbers(&mut reader);
    found.extend(numbers(&mut reader));
    assert_eq!(found.len() as u64 + load(&meter.failed), 1000);
    assert!((1..=300).contains(&load(&meter.failed)));
    assert!(found.is_sorted());
}

/// A position that makes no sense sends records again rather than leaving any out.
#[test]
fn a_senseless_position_starts_at_the_beginning() {
    for position in [
        Position { segment: 1, offset: 17 },
        Position { segment: 1, offset: 1 << 40 },
        Position { segment: 0, offset: 0 },
    ] {
        let folder = Folder::new();
        let (mut writer, reader, _) = folder.open();
        fill(&mut writer, 0..4, 12);
        drop((writer, reader));
        PositionFile::open(&folder.0).unwrap().0.write(position).unwrap();
        let (_writer, mut reader, _) = folder.open();
        assert_eq!(numbers(&mut reader), [0, 1, 2, 3], "{position:?}");
    }
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("acknowledged"), [0xff; 20]).unwrap();
    let (mut writer, mut reader, _) = folder.open();
    fill(&mut writer, 0..4, 12);
    assert_eq!(numbers(&mut reader), [0, 1, 2, 3]);
}

#[test]
fn records_longer_than_a_block_pass() {
    let folder = Folder::new();
    let (mut writer, mut reader, _) = folder.open();
    fill(&mut writer, 0..3, 1_500_000);
    assert_eq!(numbers(&mut reader), [0, 1, 2]);
    drop((writer, reader));
    let (_writer, mut reader, _) = folder.open();
    assert_eq!(numbers(&mut reader), [0, 1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the order of appends, acknowledgements, rewinds and kills: no record is missing,
    /// and after the last restart they come in order.
    #[test]
    fn nothing_is_lost_by_restarts_and_rewinds(
        steps in proptest::collection::vec((0..5_u8, 1..40_u64), 1..40)
    ) {
        let folder = Folder::new();
        let (mut writer, mut reader, _) = folder.open();
        let (mut next, mut acknowledged) = (0_u64, std::collections::BTreeSet::new());
        let mut read_now: Vec<(u64, u64)> = Vec::new();
        for (step, count) in steps {
            match step {
                0 | 1 => {
                    fill(&mut writer, next..next + count, 300);
                    next += count;
                }
                2 => read_now.extend(read(&mut reader)),
                3 => {
                    for (block, number) in read_now.drain(..read_now.len().min(count as usize)) {
                        acknowledged.insert(number);
                        reader.settle(block);
                    }
                }
                _ => {
                    read_now.clear();
                    if count % 2 == 0 {
                        reader.rewind();
                    } else {
                        drop((writer, reader));
                        (writer, reader, _) = folder.open();
                    }
                }
            }
        }
        drop((writer, reader));
        let (_writer, mut reader, _) = folder.open();
        let left = numbers(&mut reader);
        prop_assert!(left.is_sorted());
        for number in 0..next {
            prop_assert!(acknowledged.contains(&number) || left.contains(&number), "{}", number);
        }
    }
}
