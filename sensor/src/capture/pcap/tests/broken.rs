use proptest::prelude::*;

use super::*;

/// A file ends at every possible byte: nothing panics, whole packets count, and the end is
/// told unless it lies between two of them. `ends` are the offsets where packets end.
fn check_truncation(file: &[u8], whole_ends: &[usize], packets_by: impl Fn(usize) -> usize) {
    let whole = segments(file);
    for end in 0..file.len() {
        let result = try_segments(&file[..end]);
        if end < 4 {
            assert!(result.is_err(), "{end}");
            continue;
        }
        let (summary, seen) = result.expect("the magic number is there");
        assert_eq!(seen, whole.1[..seen.len()], "{end}");
        assert_eq!(summary.packets as usize, packets_by(end), "{end}");
        assert_eq!(summary.problem.is_none(), whole_ends.contains(&end), "{end} {summary:?}");
    }
}

#[test]
fn classic_truncated_everywhere() {
    let file = classic();
    let sizes = [sample::frame(b"first").len(), 42, sample::frame(b"last").len()];
    let ends = sizes.iter().scan(24, |end, size| {
        *end += 16 + size;
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let boundaries = [&[24], &ends[..]].concat();
    check_truncation(&file, &boundaries, |end| ends.iter().filter(|&&at| at <= end).count());
}

#[test]
fn ng_truncated_everywhere() {
    let file = ng();
    let mut ends = Vec::new();
    let mut packet_ends = Vec::new();
    let (mut at, mut big_endian) = (0, false);
    while at < file.len() {
        let word = |at: usize| [file[at], file[at + 1], file[at + 2], file[at + 3]];
        if word(at) == [0x0a, 0x0d, 0x0d, 0x0a] {
            big_endian = word(at + 8) == [0x1a, 0x2b, 0x3c, 0x4d];
        }
        let number =
            |bytes| if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let kind = number(word(at));
        at += number(word(at + 4)) as usize;
        ends.push(at);
        if [2, 3, 6].contains(&kind) {
            packet_ends.push(at);
        }
    }
    assert_eq!((ends.len(), packet_ends.len()), (13, 5));
    check_truncation(&file, &ends, |end| packet_ends.iter().filter(|&&at| at <= end).count());
}

#[test]
fn gzip_truncated_everywhere() {
    for file in [classic(), ng()] {
        let whole = segments(&file);
        let packed = gzip(&file);
        for end in 0..packed.len() {
            match try_segments(&packed[..end]) {
                Ok((summary, seen)) => {
                    assert_eq!(seen, whole.1[..seen.len()]);
                    let problem = summary.problem.expect("an end that is told");
                    assert!(problem.starts_with("reading stopped at byte "), "{problem}");
                }
                Err(Error::Empty { .. }) => assert_eq!(end, 0),
                Err(error) => {
                    assert!(matches!(error, Error::Read { .. } | Error::NotACapture { .. }));
                }
            }
        }
        // Almost all of it is there.
        let (_, seen) = segments(&packed[..packed.len() - 8]);
        assert_eq!(seen, whole.1);
    }
}

#[test]
fn files_that_are_no_captures() {
    let check = |file: &[u8], expect: &str| {
        let error = try_segments(file).expect_err("no capture").to_string();
        assert_eq!(error, expect);
    };
    check(b"", "a.pcap is empty, not even a capture file header is there");
    check(&gzip(b""), "a.pcap is empty, not even a capture file header is there");
    let tail = "; pcap and pcapng are read, plain or gzip";
    check(
        b"GET / HTTP/1.1",
        &format!("a.pcap is no capture file: it starts with the text \"GET / HT\"{tail}"),
    );
    check(
        &gzip(b"\0\x01"),
        &format!("a.pcap is no capture file: unpacked, it starts with the bytes 00 01{tail}"),
    );
    check(&[0x1f, 0x8b], "cannot read a.pcap: unexpected end of file");
}

#[test]
fn files_that_cannot_be_opened() {
    let error = read(Path::new("/nonexistent/a.pcap"), &mut |_| {}, &mut |_: &Segment<'_>| {});
    let error = error.expect_err("no such file").to_string();
    assert!(error.starts_with("cannot open /nonexistent/a.pcap: No such file"), "{error}");
    let error = read(Path::new("/"), &mut |_| {}, &mut |_: &Segment<'_>| {})
        .expect_err("a folder")
        .to_string();
    assert!(error.starts_with("cannot read /: "), "{error}");
}

#[test]
fn problems_are_named() {
    let frame = sample::frame(b"payload");
    let ng = || sample::Ng::default().section(false).interface(1, 0, &[]).packet(0, 0, &frame, &[]);
    let after = ng().bytes.len();
    let check = |tail: &[u8], expect: &str| {
        let (summary, seen) = segments(&[&ng().bytes[..], tail].concat());
        assert_eq!(seen.len(), 1);
        assert_eq!(summary.problem.as_deref(), Some(expect));
    };
    check(&[0; 11], &format!("the file ends inside the block at byte {after}"));
    check(&[0; 12], &format!("a block of 0 bytes at byte {after}, which is corrupt"));
    check(
        &[9, 0, 0, 0, 255, 0, 0, 0, 1, 2, 3, 4],
        &format!("the file ends inside the block at byte {after}"),
    );
    check(
        &[6, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0],
        &format!("a block of 4294967295 bytes at byte {after}, longer than 4194304"),
    );
    check(
        &[6, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0],
        &format!("a block with two different lengths at byte {after}"),
    );
    check(
        &[10, 13, 13, 10, 28, 0, 0, 0, 0, 0, 0, 0],
        &format!("a section without byte order at byte {after}"),
    );

    let classic = sample::Classic { big_endian: false, nanoseconds: false, link: 1 };
    let mut file = classic.file(&[(0, 0, &frame, 61)]);
    let after = file.len();
    file.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]);
    let (summary, seen) = segments(&file);
    assert_eq!(seen.len(), 1);
    let expect = format!("a packet of about 2147483663 bytes at byte {after}, which is corrupt");
    assert_eq!(summary.problem, Some(expect));
}

#[test]
fn bad_blocks_are_stepped_over() {
    let frame = sample::frame(b"payload");
    let file = sample::Ng::default()
        .section(false)
        .packet(0, 0, &frame, &[])
        .simple_packet(61, &frame)
        .obsolete_packet(0, 0, &frame)
        .interface(1, 0, &[])
        .packet(1, 0, &frame, &[])
        .block(6, &[0; 8])
        .block(6, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0])
        .block(2, &[0; 19])
        .block(1, &[])
        .packet(0, 0, &frame, &[])
        .bytes;
    let (summary, seen) = segments(&file);
    assert_eq!((seen.len(), summary.bad_blocks, summary.problem), (1, 8, None));
}

proptest! {
    #[test]
    fn corruption_never_panics(
        which in 0_usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = match which {
            0 => classic(),
            1 => ng(),
            2 => gzip(&classic()),
            _ => gzip(&ng()),
        };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        let first = try_segments(&file[..]).map_err(|error| error.to_string());
        let second = try_segments(&file[..]).map_err(|error| error.to_string());
        prop_assert_eq!(first, second);
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..400), ng in any::<bool>()) {
        let start = if ng {
            sample::Ng::default().section(false).interface(1, 0, &[]).bytes
        } else {
            sample::Classic { big_endian: false, nanoseconds: true, link: 1 }.file(&[])
        };
        let _ = segments(&[start, noise].concat());
    }
}
