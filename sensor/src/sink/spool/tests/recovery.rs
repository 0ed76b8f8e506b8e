//! What a start makes of what it finds, and a reader of what it cannot read.

use super::*;

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
    OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&[7], 8).unwrap();
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
    OpenOptions::new().write(true).open(file).unwrap().write_all_at(b"x", 3000).unwrap();
    let mut found = numbers(&mut reader);
    found.extend(numbers(&mut reader));
    assert_eq!(found.len() as u64 + load(&meter.failed), 1000);
    assert!((1..=300).contains(&load(&meter.failed)));
    assert!(found.is_sorted());
}

/// Wherever a byte of a body changed between two runs, the records before and behind it come.
#[test]
fn a_record_that_rotted_before_a_start_is_left_out_alone() {
    let folder = Folder::new();
    let (mut writer, reader, _) = folder.open();
    fill(&mut writer, 0..4, 12);
    drop((writer, reader));
    let file = OpenOptions::new().write(true).open(folder.files().pop().unwrap()).unwrap();
    let size = (file.metadata().unwrap().len() - frame::HEADER as u64) / 4;
    for (rotted, expect) in [(2, [0, 1, 3].as_slice()), (0, &[1, 3])] {
        file.write_all_at(b"x", frame::HEADER as u64 + rotted * size + 30).unwrap();
        let (_writer, mut reader, meter) = folder.open();
        let mut found = Vec::new();
        // A record that is left out ends a read.
        for _ in 0..4 {
            found.extend(numbers(&mut reader));
        }
        assert_eq!(found, expect);
        assert_eq!(load(&meter.failed) + found.len() as u64, 4);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_set_aside() {
    let folder = Folder::new();
    fs::create_dir_all(segment::path(&folder.0, 1)).unwrap();
    let rotted = [&frame::header()[..], &[7; 100]].concat();
    fs::write(segment::path(&folder.0, 2), rotted).unwrap();
    let (mut writer, mut reader, meter) = folder.open();
    fill(&mut writer, 0..4, 12);
    assert_eq!(numbers(&mut reader), [0, 1, 2, 3]);
    assert_eq!(load(&meter.mended), 2);
    for number in [1, 2] {
        let file = segment::path(&folder.0, number);
        assert!(file.with_extension("spool.unreadable").exists() && !file.exists());
    }
}

#[test]
fn a_file_that_cannot_be_read_for_a_while_costs_nothing() {
    let folder = Folder::new();
    let (mut writer, mut reader, meter) = folder.open();
    fill(&mut writer, 0..4, 12);
    let (file, away) = (segment::path(&folder.0, 1), folder.0.join("away"));
    fs::rename(&file, &away).unwrap();
    // Opens, and cannot be read.
    fs::create_dir(&file).unwrap();
    assert!(numbers(&mut reader).is_empty());
    fs::remove_dir(&file).unwrap();
    fs::rename(&away, &file).unwrap();
    assert_eq!(numbers(&mut reader), [0, 1, 2, 3]);
    assert_eq!(load(&meter.failed), 0);
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

/// Files that somebody removed leave a position behind them that says nothing of new ones.
#[test]
fn a_position_behind_all_files_costs_no_new_record() {
    let folder = Folder::new();
    drop(folder.open());
    let position = Position { segment: 9, offset: 100 };
    PositionFile::open(&folder.0).unwrap().0.write(position).unwrap();
    let (mut writer, reader, _) = folder.open();
    fill(&mut writer, 0..4, 12);
    drop((writer, reader));
    let (_writer, mut reader, _) = folder.open();
    assert_eq!(numbers(&mut reader), [0, 1, 2, 3]);
}

#[test]
fn the_lock_follows_no_link_and_empties_no_file() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("spool")).unwrap();
    let other = folder.0.join("other");
    fs::write(&other, "kept").unwrap();
    std::os::unix::fs::symlink(&other, folder.0.join("spool/lock")).unwrap();
    assert!(lock(&folder.0.join("spool")).is_err());
    assert_eq!(fs::read(&other).unwrap(), b"kept");
}
