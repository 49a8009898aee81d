//! Ogg and `WebM` files of given packets, written from RFC 3533, RFC 7845 and RFC 9559.

use std::ops::Range;

/// The header of an Opus stream.
pub(super) fn opus_head(channels: u8, pre_skip: u16, gain: i16) -> Vec<u8> {
    let mut head =
        [b"OpusHead\x01".as_slice(), &[channels], &pre_skip.to_le_bytes(), &48_000_u32.to_le_bytes()].concat();
    head.extend(gain.to_le_bytes());
    match channels {
        0..=2 => head.push(0),
        // One stream a channel.
        _ => head.extend([1, channels, 0].into_iter().chain(0..channels)),
    }
    head
}

/// An Ogg file of one stream that ends at a granule position.
pub(super) fn ogg(head: &[u8], packets: &[Vec<u8>], end: usize) -> Vec<u8> {
    let tags = [b"OpusTags".as_slice(), &[0; 8]].concat();
    let mut file = [page(2, 0, 0, &[head]), page(0, 0, 1, &[&tags])].concat();
    let groups: Vec<&[Vec<u8>]> = packets.chunks(40).collect();
    for (n, group) in groups.iter().enumerate() {
        let is_last = n + 1 == groups.len();
        let position = if is_last { end } else { (n + 1) * 40 * 960 };
        let group: Vec<&[u8]> = group.iter().map(Vec::as_slice).collect();
        file.extend(page(if is_last { 4 } else { 0 }, position as u64, n as u32 + 2, &group));
    }
    file
}

fn page(flags: u8, position: u64, number: u32, packets: &[&[u8]]) -> Vec<u8> {
    let lacing: Vec<u8> = packets
        .iter()
        .flat_map(|packet| std::iter::repeat_n(255, packet.len() / 255).chain([(packet.len() % 255) as u8]))
        .collect();
    let mut page = [b"OggS\0".as_slice(), &[flags], &position.to_le_bytes(), &7_u32.to_le_bytes()].concat();
    page.extend([number.to_le_bytes(), [0; 4]].concat());
    page.push(lacing.len().try_into().expect("a page has room for 255 segments"));
    page.extend(lacing.into_iter().chain(packets.concat()));
    seal(&mut page);
    page
}

/// Puts a page's checksum into it.
fn seal(page: &mut [u8]) {
    page[22..26].fill(0);
    let checksum = page.iter().fold(0_u32, |checksum, byte| {
        (0..8).fold(checksum ^ u32::from(*byte) << 24, |c, _| (c << 1) ^ if c >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    });
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
}

/// Where the pages of an Ogg file are, as far as it is one.
pub(super) fn ogg_pages(file: &[u8]) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let mut start = 0;
    while let Some(head) = file.get(start..start + 27).filter(|head| head.starts_with(b"OggS")) {
        let Some(lacing) = file.get(start + 27..start + 27 + usize::from(head[26])) else { break };
        let end = start + 27 + lacing.len() + lacing.iter().map(|&length| usize::from(length)).sum::<usize>();
        if end > file.len() {
            break;
        }
        pages.push(start..end);
        start = end;
    }
    pages
}

/// The file with checksums that are right.
pub(super) fn with_checksums(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for page in ogg_pages(&file) {
        seal(&mut file[page]);
    }
    file
}

/// A `WebM` file of one track, with segment and clusters of unknown size, as live recorders write.
pub(super) fn webm(codec: &str, private: Option<&[u8]>, packets: &[Vec<u8>]) -> Vec<u8> {
    let kind = match &codec[..1] {
        "V" => [element(&[0x83], &[1]), element(&[0xe0], &[element(&[0xb0], &[64]), element(&[0xba], &[48])].concat())],
        "A" => [
            element(&[0x83], &[2]),
            element(&[0xe1], &[element(&[0xb5], &48_000_f32.to_be_bytes()), element(&[0x9f], &[1])].concat()),
        ],
        _ => [element(&[0x83], &[17]), Vec::new()],
    };
    let private = private.map(|private| element(&[0x63, 0xa2], private)).unwrap_or_default();
    let numbers = [element(&[0xd7], &[1]), element(&[0x73, 0xc5], &[1])].concat();
    let track = [numbers, kind.concat(), element(&[0x86], codec.as_bytes()), private].concat();
    let mut file = element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"webm"));
    file.extend([0x18, 0x53, 0x80, 0x67, 0xff]);
    let clock = element(&[0x2a, 0xd7, 0xb1], &[0x0f, 0x42, 0x40]);
    let programs = [element(&[0x4d, 0x80], b"a test"), element(&[0x57, 0x41], b"a test")].concat();
    file.extend(element(&[0x15, 0x49, 0xa9, 0x66], &[clock, programs].concat()));
    file.extend(element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &track)));
    for (n, group) in packets.chunks(50).enumerate() {
        file.extend([0x1f, 0x43, 0xb6, 0x75, 0xff]);
        file.extend(element(&[0xe7], &(n as u32 * 1_000).to_be_bytes()));
        for (n, packet) in group.iter().enumerate() {
            let block = [[0x81].as_slice(), &(n as u16 * 20).to_be_bytes(), &[0x80], packet].concat();
            file.extend(element(&[0xa3], &block));
        }
    }
    file
}

/// An element of `WebM` with its size in four bytes.
pub(super) fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = 0x1000_0000 | u32::try_from(body.len()).expect("elements of tests are small");
    [id, &size.to_be_bytes(), body].concat()
}
