use super::*;

#[test]
fn classic_in_both_byte_orders_and_resolutions() {
    for big_endian in [false, true] {
        for nanoseconds in [false, true] {
            let format = sample::Classic { big_endian, nanoseconds, link: 1 };
            let frame = sample::frame(b"payload");
            let length = frame.len() as u32;
            let cut = &frame[..frame.len() - 3];
            let file = format.file(&[(1, 5, &frame, length), (u32::MAX, 7, cut, length)]);
            let (summary, seen) = segments(&file);
            let scale = if nanoseconds { 1 } else { 1_000 };
            let expect = [
                (1_000_000_000 + 5 * scale, b"payload".to_vec(), 7),
                (4_294_967_295_000_000_000 + 7 * scale, b"payl".to_vec(), 7),
            ];
            assert_eq!(seen, expect, "{format:?}");
            assert_eq!(
                summary,
                Summary {
                    packets: 2,
                    segments: 2,
                    snapped: 1,
                    connections: 1,
                    ..Summary::default()
                }
            );
        }
    }
}

#[test]
fn classic_link_types() {
    let ip = sample::ipv4(6, 0, &sample::tcp(&sample::TCP, 0, b"payload"));
    let check = |link: u32, head: &[u8], tail: &[u8]| {
        let data = [head, &ip, tail].concat();
        let format = sample::Classic { big_endian: false, nanoseconds: true, link };
        let (summary, seen) = segments(&format.file(&[(0, 1, &data, data.len() as u32)]));
        assert_eq!(seen, [(1, b"payload".to_vec(), 7)], "{link}");
        assert_eq!(summary.problem, None);
    };
    let ethernet = [&[2; 12][..], &[0x08, 0x00]].concat();
    check(1, &ethernet, &[]);
    check(1, &ethernet, &[0; 6]);
    // Flags that say that a frame check sequence follows.
    check(0x2400_0001, &ethernet, &[1, 2, 3, 4]);
    check(1, &[&[2; 12][..], &[0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x08, 0x00]].concat(), &[]);
    check(101, &[], &[]);
    check(12, &[], &[0]);
    check(113, &[&[0; 14][..], &[0x08, 0x00]].concat(), &[]);
    check(276, &[&[0x08, 0x00][..], &[0; 18]].concat(), &[]);
    check(0, &[2, 0, 0, 0], &[]);
    check(108, &[0, 0, 0, 2], &[]);
}

#[test]
fn unknown_link_types_are_named() {
    let format = sample::Classic { big_endian: true, nanoseconds: false, link: 127 };
    let (summary, _) = segments(&format.file(&[(0, 0, b"radio", 5), (0, 0, b"", 0)]));
    assert_eq!((summary.unknown_link, summary.unknown_link_type), (2, Some(127)));
}

#[test]
fn offloaded_segments_count_from_the_wire_length() {
    let mut frame = sample::frame(b"payload");
    frame[16..18].fill(0);
    let format = sample::Classic { big_endian: false, nanoseconds: true, link: 1 };
    let (summary, seen) = segments(&format.file(&[(0, 0, &frame, frame.len() as u32 + 70_000)]));
    assert_eq!(seen, [(0, b"payload".to_vec(), 70_007)]);
    assert_eq!(summary.snapped, 1);
}

#[test]
fn every_block_of_pcapng() {
    let (summary, seen) = segments(&ng());
    let expect = [
        (5, b"one".to_vec(), 3),
        (6_000, b"three".to_vec(), 5),
        (0, b"five!".to_vec(), 5),
        (17_000_000_000, b"seven".to_vec(), 5),
        (18_000_000_000, b"eight".to_vec(), 5),
    ];
    assert_eq!(seen, expect);
    assert_eq!((summary.bad_blocks, summary.problem), (0, None));
}

#[test]
fn a_simple_packet_is_cut_by_the_snap_length() {
    let frame = sample::frame(b"payload");
    let snap_length = frame.len() as u32 - 2;
    let file = sample::Ng::default()
        .section(true)
        .interface(1, snap_length, &[])
        .simple_packet(frame.len() as u32, &frame[..snap_length as usize])
        .bytes;
    let (summary, seen) = segments(&file);
    assert_eq!(seen, [(0, b"paylo".to_vec(), 7)]);
    assert_eq!(summary.snapped, 1);
}

#[test]
fn gzip_members_are_one_file() {
    for file in [classic(), ng()] {
        let plain = segments(&file);
        assert_eq!(segments(&gzip(&file)), plain);
        for split in [1, 3, 30, file.len() - 1] {
            let members = [gzip(&file[..split]), gzip(&file[split..])].concat();
            assert_eq!(segments(&members), plain, "{split}");
        }
    }
}

#[test]
fn slow_sources_give_the_same() {
    /// Gives one byte at a time, and is interrupted before each.
    struct Slow<'a>(&'a [u8], bool);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }
    for file in [classic(), ng(), gzip(&classic()), gzip(&ng())] {
        let slow = try_segments(Slow(&file, false)).expect("a capture");
        assert_eq!(slow, segments(&file));
    }
}

#[test]
fn packets_longer_than_the_buffer() {
    let long = sample::Classic { big_endian: false, nanoseconds: true, link: 1 };
    let frame = sample::frame(b"payload");
    let padded = [&frame[..], &vec![0; 3 << 20]].concat();
    let packets: Vec<_> =
        (0..3).flat_map(|time| [(time, 0, &frame[..], 61), (time, 1, &padded[..], 61)]).collect();
    let (summary, seen) = segments(&long.file(&packets));
    assert_eq!((summary.segments, summary.problem), (6, None));
    assert!(seen.iter().all(|seen| seen.1 == b"payload"));
    let file = sample::Ng::default()
        .section(false)
        .block(10, &vec![0; 5 << 20])
        .interface(1, 0, &[])
        .packet(0, 0, &padded, &[])
        .packet(0, 0, &frame, &[])
        .bytes;
    let (summary, _) = segments(&file);
    assert_eq!((summary.segments, summary.problem), (2, None));
}

#[test]
fn progress_ends_at_the_file_size() {
    for file in [classic(), gzip(&ng())] {
        let mut last = 0;
        let mut progress = |bytes| {
            assert!(bytes >= last);
            last = bytes;
        };
        read_from(Path::new("a.pcap"), &file[..], &mut progress, &mut |_: &Segment<'_>| {})
            .expect("a capture");
        assert_eq!(last, file.len() as u64);
    }
}

/// Keeps the key logs of a file.
#[derive(Default)]
struct KeyLogs(Vec<Vec<u8>>);

impl Sink for KeyLogs {
    fn segment(&mut self, _: &Segment<'_>) {}

    fn key_log(&mut self, text: &[u8]) {
        self.0.push(text.into());
    }
}

#[test]
fn key_logs_inside_are_handed_on() {
    const TLS: u32 = 0x544c_534b;
    const WIREGUARD: u32 = 0x5747_4b4c;
    // Type of the secrets, their length, padding behind them.
    let secrets = |big_endian: bool, kind: u32, length: u32, text: &[u8]| {
        let word = |word: u32| if big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
        let body = [&word(kind), &word(length), text].concat();
        sample::Ng::default().section(big_endian).block(10, &body).bytes
    };
    let check = |file: &[u8], expect: &[&[u8]], bad_blocks: u64| {
        let mut logs = KeyLogs::default();
        let summary = read_from(Path::new("a.pcapng"), file, &mut |_| {}, &mut logs);
        let summary = summary.expect("a capture");
        assert_eq!((summary.problem, summary.bad_blocks), (None, bad_blocks));
        assert_eq!(logs.0, expect);
    };
    for big_endian in [false, true] {
        check(&secrets(big_endian, TLS, 5, b"label\0\0\0"), &[b"label"], 0);
        check(&secrets(big_endian, WIREGUARD, 5, b"label\0\0\0"), &[], 0);
        check(&secrets(big_endian, TLS, 9, b"label\0\0\0"), &[], 1);
        check(&secrets(big_endian, TLS, u32::MAX, b""), &[], 1);
    }
    // Longer than what is held: the packets behind it are still read.
    let long = secrets(false, TLS, 5 << 20, &vec![b'a'; 5 << 20]);
    check(&long, &[], 1);
    check(&sample::Ng::default().section(false).block(10, b"").bytes, &[], 1);
}
