use super::{
    super::tests::{Limited, numbers, send},
    *,
};

/// A directory of one test, removed behind it.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sensor-file-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn settings(&self, max_bytes: u64, keep: u32) -> FileSettings {
        FileSettings { path: self.0.join("x.jsonl"), max_bytes, keep }
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        numbers(&fs::read(self.0.join(name)).unwrap())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn records_are_appended_over_restarts() {
    let directory = Directory::new("append");
    for number in 0..3 {
        let mut sink = RotatingFile::open(directory.settings(1 << 20, 2)).unwrap();
        send(&mut sink, number).unwrap();
    }
    assert_eq!(directory.numbers("x.jsonl"), [0, 1, 2]);
}

#[test]
fn the_file_rotates_and_the_oldest_go() {
    let directory = Directory::new("rotate");
    let mut sink = RotatingFile::open(directory.settings(1500, 2)).unwrap();
    for number in 0..30 {
        send(&mut sink, number).unwrap();
        sink.flush().unwrap();
    }
    assert_eq!(directory.names(), ["x.1.jsonl", "x.2.jsonl", "x.jsonl"]);
    let kept = [
        directory.numbers("x.2.jsonl"),
        directory.numbers("x.1.jsonl"),
        directory.numbers("x.jsonl"),
    ]
    .concat();
    let expect: Vec<u64> = (30 - kept.len() as u64..30).collect();
    assert_eq!(kept, expect);
    for name in directory.names() {
        assert!(fs::metadata(directory.0.join(&name)).unwrap().len() <= 1500, "{name}");
    }
    assert_eq!(sink.lost(), Lost::default());
}

#[test]
fn none_but_the_current_file_may_be_kept() {
    let directory = Directory::new("keep-none");
    let mut sink = RotatingFile::open(directory.settings(1, 0)).unwrap();
    for number in 0..5 {
        send(&mut sink, number).unwrap();
    }
    assert_eq!(directory.names(), ["x.jsonl"]);
    assert_eq!(directory.numbers("x.jsonl"), [4]);
}

#[test]
fn a_line_that_a_crash_cut_is_taken_off() {
    let directory = Directory::new("torn");
    drop_in(&directory, 0);
    let path = directory.0.join("x.jsonl");
    let whole = fs::read(&path).unwrap();
    for torn in [&whole[..1], &whole[..whole.len() - 1], b""] {
        fs::write(&path, [&whole, torn].concat()).unwrap();
        drop_in(&directory, 1);
        assert_eq!(directory.numbers("x.jsonl"), [0, 1]);
    }
}

fn drop_in(directory: &Directory, number: u64) {
    let mut sink = RotatingFile::open(directory.settings(1 << 20, 2)).unwrap();
    send(&mut sink, number).unwrap();
}

#[test]
fn what_is_no_file_of_records_is_left_alone() {
    let directory = Directory::new("foreign");
    let settings = directory.settings(1 << 20, 2);
    for content in ["secret", "one\ntwo", &"x".repeat(200_000)] {
        fs::write(&settings.path, content).unwrap();
        let error = RotatingFile::open(settings.clone()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(fs::read_to_string(&settings.path).unwrap(), content);
    }
    for path in ["/dev/full", "/dev/null"] {
        let settings = FileSettings { path: path.into(), ..settings.clone() };
        assert!(RotatingFile::open(settings).is_err(), "{path}");
    }
    assert!(RotatingFile::open(FileSettings { path: directory.0.clone(), ..settings }).is_err());
}

#[test]
fn a_vanished_directory_loses_records_until_it_is_back() {
    let directory = Directory::new("vanish");
    let mut sink = RotatingFile::open(directory.settings(1 << 20, 2)).unwrap();
    fs::remove_dir_all(&directory.0).unwrap();
    for number in 0..3 {
        send(&mut sink, number).unwrap();
        sink.flush().unwrap();
    }
    assert_eq!(sink.lost(), Lost { full: 0, unwritable: 3 });
    fs::create_dir(&directory.0).unwrap();
    send(&mut sink, 3).unwrap();
    sink.flush().unwrap();
    assert_eq!(directory.numbers("x.jsonl"), [3]);
}

impl Append for Limited {
    fn take_back(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes.truncate(self.bytes.len() - bytes as usize);
        Ok(())
    }
}

/// Gathers records and counts what is lost, as the file does.
struct Gathered(Lines);

impl Sink for Gathered {
    fn exchange(&mut self, event: &ExchangeEvent<'_>) -> io::Result<()> {
        self.0.push(event);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn lost(&self) -> Lost {
        self.0.lost
    }
}

/// Wherever a disk fills up, the file ends in a whole line at once.
#[test]
fn a_full_disk_leaves_whole_lines() {
    let mut probe = Gathered(Lines::default());
    send(&mut probe, 0).unwrap();
    for room in 0..3 * probe.0.length() + 2 {
        let mut disk = Limited { room, error: Some(ErrorKind::StorageFull), ..Limited::default() };
        let mut sink = Gathered(Lines::default());
        for number in 0..3 {
            send(&mut sink, number).unwrap();
        }
        let failed = append(&mut sink.0, &mut disk).is_err();
        let written = numbers(&disk.bytes);
        assert_eq!(failed, written.len() < 3);
        assert_eq!(written.len() as u64 + sink.lost().full, 3, "{room}");
        assert_eq!(sink.0.length(), 0);
    }
}
