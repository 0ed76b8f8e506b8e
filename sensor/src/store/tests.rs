use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

/// A directory of its own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("sensor-store-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn file(&self) -> PathBuf {
        self.0.join("deep/inventory.redb")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn put(key: &str, value: &str) -> Change {
    Change { key: key.as_bytes().into(), value: Some(value.as_bytes().into()) }
}

fn save(store: &Store, changes: &[Change]) {
    let mut transaction = store.begin().unwrap();
    transaction.add(changes).unwrap();
    transaction.commit().unwrap();
}

fn pairs(store: &Store) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    store.load(|key, value| pairs.push((text(key), text(value)))).unwrap();
    pairs
}

#[test]
fn what_was_saved_is_there_after_a_restart() {
    let directory = Directory::new("restart");
    let (store, aside) = Store::open(&directory.file()).unwrap();
    assert_eq!(aside, None);
    let mode = fs::metadata(directory.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    save(&store, &[put("b", "1"), put("a", "2"), put("c", "3")]);
    save(&store, &[put("b", "4"), Change { key: (*b"c").into(), value: None }]);
    // What is not committed never was.
    store.begin().unwrap().add(&[put("d", "5")]).unwrap();
    drop(store);
    let (store, aside) = Store::open(&directory.file()).unwrap();
    assert_eq!(aside, None);
    assert_eq!(pairs(&store), [("a".into(), "2".into()), ("b".into(), "4".into())]);
}

#[test]
fn a_file_that_is_open_elsewhere_is_left_alone() {
    let directory = Directory::new("open");
    let (_store, _) = Store::open(&directory.file()).unwrap();
    let error = Store::open(&directory.file()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    assert!(error.to_string().contains("store.path"), "{error}");
}

/// Whatever is in it stays as it was, under another name.
#[test]
fn what_cannot_be_used_is_set_aside() {
    fn check(name: &str, spoil: impl Fn(&Path), expected: &str) {
        let directory = Directory::new(name);
        let file = directory.file();
        let (store, _) = Store::open(&file).unwrap();
        save(&store, &[put("a", "1")]);
        drop(store);
        for number in 1..=2 {
            spoil(&file);
            let before = fs::read(&file).unwrap();
            let (store, aside) = Store::open(&file).unwrap();
            let aside = aside.expect(name);
            assert!(aside.reason.contains(expected), "{name}: {aside:?}");
            assert!(
                aside.path.to_string_lossy().ends_with(&format!(".aside-{number}")),
                "{aside:?}"
            );
            if name != "newer" {
                assert_eq!(fs::read(&aside.path).unwrap(), before, "{name}");
            }
            assert_eq!(pairs(&store), [], "{name}");
        }
    }
    check("text", |file| fs::write(file, "not a database, by far").unwrap(), "");
    check(
        "cut",
        |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 3]).unwrap();
        },
        "",
    );
    check(
        "spoiled",
        |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes[64..4096].fill(0xa5);
            fs::write(file, bytes).unwrap();
        },
        "",
    );
    check(
        "newer",
        |file| {
            let database = Database::create(file).unwrap();
            let transaction = database.begin_write().unwrap();
            transaction.open_table(META).unwrap().insert(VERSION_KEY, VERSION + 1).unwrap();
            transaction.commit().unwrap();
        },
        "version 2",
    );
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = Directory::new("file");
    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("inventory.redb")).map(drop).unwrap_err();
    assert!(error.to_string().contains("make the directory of the store"), "{error}");
}
