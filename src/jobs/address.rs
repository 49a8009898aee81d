//! Addresses that the server may connect to on behalf of a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a server that strangers name may be asked at this address.
///
/// Only addresses that everybody on the Internet can reach: nothing behind the operator's own walls, neither the
/// network's machines nor the cloud's metadata. `allows_loopback` is for a server that listens on this machine alone.
pub(super) fn is_allowed(address: IpAddr, allows_loopback: bool) -> bool {
    let address = plain(address);
    if address.is_loopback() {
        return allows_loopback;
    }
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The IPv4 address that an IPv6 address stands for, where it does.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let s = six.segments();
    let four = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match s {
        // Mapped, through NAT64, and 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            four(high, low)
        }
        // Compatible, but neither `::` nor `::1`.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => four(high, low),
        _ => address,
    }
}

/// By the registry of special addresses (IANA, RFC 6890), and Azure's metadata, which is none of them.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || matches!((a, b, c), (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _))
        || a >= 224
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !is_special
}

/// Global unicast is `2000::/3`; within it stand Teredo, benchmarking, ORCHID and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let is_global = s[0] & 0xe000 == 0x2000;
    let is_special = matches!((s[0], s[1]), (0x2001, ..0x200 | 0xdb8) | (0x3fff, _));
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_can_reach_is_asked() {
        let refused = [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.192",
            "198.18.0.1",
            "192.0.2.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "127.0.0.1",
            "127.8.9.1",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "100::1",
        ];
        for text in refused {
            assert!(!is_allowed(text.parse().unwrap(), false), "{text}");
        }
        for text in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_allowed(text.parse().unwrap(), false), "{text}");
        }
    }

    #[test]
    fn a_server_on_this_machine_may_tell_this_machine_and_nothing_else_behind_the_wall() {
        for (text, is_it) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)] {
            assert_eq!(is_allowed(text.parse().unwrap(), true), is_it, "{text}");
        }
    }
}
