//! The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks.
//!
//! The frame of a block (type, length, length again) is checked here and its body is parsed by
//! `pcap-parser`, so that a bad body costs one block and a block without packets costs nothing,
//! whatever its size.

mod clock;

use std::io::Read;

use pcap_parser::{
    Block, EPB_MAGIC, IDB_MAGIC, InterfaceDescriptionBlock, SHB_MAGIC, SPB_MAGIC, parse_block_be,
    parse_block_le, traits::PcapNGPacketBlock,
};

use crate::exchange::Timestamp;

use self::clock::Clock;
use super::{
    Item, Packet,
    link::Link,
    window::{LONGEST, Window},
};

/// Type and two lengths.
const FRAME: usize = 12;

/// The obsolete packet block, which `pcap-parser` does not know.
const PB_MAGIC: u32 = 2;

/// The decryption secrets block (draft-ietf-opsawg-pcapng section 4.7), which is never kept.
const DSB_MAGIC: u32 = 0x0a;

/// Secrets that are the text of an `SSLKEYLOGFILE`: "TLSK".
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Interfaces kept in a section; more are a corrupt file.
const INTERFACES: usize = 1 << 16;

/// Whether a file that starts so is in this format.
pub fn recognises(start: &[u8]) -> bool {
    start.starts_with(&SHB_MAGIC.to_be_bytes())
}

/// Reads all packets and TLS secrets; the error is what stopped it before the end of the file.
/// Blocks with a sound frame around a bad body, and secrets too long to be held, are stepped over
/// and counted in `bad_blocks`.
pub fn read<R: Read>(
    window: &mut Window<'_, R>,
    bad_blocks: &mut u64,
    on_item: &mut impl FnMut(Item<'_>),
) -> Result<(), String> {
    let mut section = Section::default();
    while !window.peek(FRAME).is_empty() {
        let Some((kind, length)) = section.frame(window, bad_blocks)? else { continue };
        let block = &window.peek(length)[..length];
        if section.block(kind, block, on_item).is_none() {
            *bad_blocks += 1;
        }
        window.consume(length);
    }
    Ok(())
}

/// What the blocks of a section share.
#[derive(Default)]
struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link: Link,
    /// Zero for no limit.
    snap_length: u32,
    clock: Clock,
}

impl Section {
    /// Brings the next block into memory: its type and length, or `None` when it was of a type
    /// without packets or secrets and is behind us already.
    fn frame<R: Read>(
        &mut self,
        window: &mut Window<'_, R>,
        bad_blocks: &mut u64,
    ) -> Result<Option<(u32, usize)>, String> {
        let offset = window.offset();
        let ends = || format!("the file ends inside the block at byte {offset}");
        let Some(frame) = window.peek(FRAME).first_chunk::<FRAME>().copied() else {
            return Err(ends());
        };
        if recognises(&frame) {
            self.big_endian = byte_order(&frame[8..])
                .ok_or_else(|| format!("a section without byte order at byte {offset}"))?;
        }
        let kind = self.word(&frame, 0);
        let length = self.word(&frame, 4) as usize;
        if length < FRAME {
            return Err(format!("a block of {length} bytes at byte {offset}, which is corrupt"));
        }
        let long_secrets = kind == DSB_MAGIC && length > LONGEST;
        *bad_blocks += u64::from(long_secrets);
        if long_secrets || !is_read(kind) {
            return if window.skip(length as u64) { Ok(None) } else { Err(ends()) };
        }
        if length > LONGEST {
            return Err(format!(
                "a block of {length} bytes at byte {offset}, longer than {LONGEST}"
            ));
        }
        let Some(block) = window.peek(length).get(..length) else { return Err(ends()) };
        if self.word(block, length - 4) as usize != length {
            return Err(format!("a block with two different lengths at byte {offset}"));
        }
        Ok(Some((kind, length)))
    }

    /// Reads a block; `None` when it is bad.
    fn block(&mut self, kind: u32, block: &[u8], on_item: &mut impl FnMut(Item<'_>)) -> Option<()> {
        if kind == PB_MAGIC {
            on_item(Item::Packet(&self.obsolete_packet(block)?));
            return Some(());
        }
        if kind == DSB_MAGIC {
            return self.secrets(block, on_item);
        }
        let parse = if self.big_endian { parse_block_be } else { parse_block_le };
        match parse(block).ok()?.1 {
            Block::SectionHeader(_) => self.interfaces.clear(),
            Block::InterfaceDescription(block) => self.add(&block)?,
            Block::EnhancedPacket(block) => {
                let interface = self.interfaces.get(block.if_id as usize)?;
                on_item(Item::Packet(&Packet {
                    link: interface.link,
                    time: interface.clock.time(block.ts_high, block.ts_low),
                    data: block.packet_data(),
                    wire_length: block.origlen,
                }));
            }
            Block::SimplePacket(block) => {
                let interface = self.interfaces.first()?;
                let data = block.packet_data();
                let limit = match interface.snap_length {
                    0 => data.len(),
                    snap_length => data.len().min(snap_length as usize),
                };
                on_item(Item::Packet(&Packet {
                    link: interface.link,
                    // The block has no time.
                    time: Timestamp::default(),
                    data: &data[..limit],
                    wire_length: block.origlen,
                }));
            }
            _ => {}
        }
        Some(())
    }

    fn add(&mut self, block: &InterfaceDescriptionBlock<'_>) -> Option<()> {
        if self.interfaces.len() == INTERFACES {
            return None;
        }
        self.interfaces.push(Interface {
            link: Link::of(block.linktype.0 as u16),
            snap_length: block.snaplen,
            clock: Clock::new(&block.options, self.big_endian),
        });
        Some(())
    }

    /// Type and length of the secrets, and the secrets. Those of other protocols are left.
    fn secrets(&self, block: &[u8], on_item: &mut impl FnMut(Item<'_>)) -> Option<()> {
        const HEAD: usize = 16;
        let body = block.get(HEAD..block.len() - 4)?;
        let secrets = body.get(..self.word(block, 12) as usize)?;
        if self.word(block, 8) == TLS_KEY_LOG {
            on_item(Item::KeyLog(secrets));
        }
        Some(())
    }

    /// Appendix A of the draft: frame head, interface and drop count of 16 bits each, time,
    /// lengths, data.
    fn obsolete_packet<'b>(&self, block: &'b [u8]) -> Option<Packet<'b>> {
        const HEAD: usize = 28;
        let body = block.get(HEAD..block.len() - 4)?;
        let interface = match (self.big_endian, [block[8], block[9]]) {
            (true, bytes) => u16::from_be_bytes(bytes),
            (false, bytes) => u16::from_le_bytes(bytes),
        };
        let interface = self.interfaces.get(usize::from(interface))?;
        Some(Packet {
            link: interface.link,
            time: interface.clock.time(self.word(block, 12), self.word(block, 16)),
            data: body.get(..self.word(block, 20) as usize)?,
            wire_length: self.word(block, 24),
        })
    }

    /// The number in the four bytes at `at`, which must be there.
    fn word(&self, bytes: &[u8], at: usize) -> u32 {
        let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    }
}

/// Whether a block of this type has something for us.
fn is_read(kind: u32) -> bool {
    matches!(kind, SHB_MAGIC | IDB_MAGIC | PB_MAGIC | SPB_MAGIC | EPB_MAGIC | DSB_MAGIC)
}

/// Whether a section is big-endian, by the byte-order magic of its header.
fn byte_order(magic: &[u8]) -> Option<bool> {
    match magic {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(true),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(false),
        _ => None,
    }
}
