//! Which addresses may be sent to.
//!
//! Whoever may create a webhook could otherwise make this machine call what only this machine can reach: its own
//! services, the neighbours' administration pages, the cloud's metadata service with its credentials. The decision is
//! about the address that is connected to, not about a name: names change their meaning.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

use super::settings::PrivateTargets;

/// IPv4 addresses that are not on the public internet (IANA's registry of special-purpose addresses).
const SPECIAL_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    // Carrier-grade NAT, RFC 6598; Alibaba's metadata service is here.
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Link-local; most clouds' metadata service is here.
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    // Azure's host of virtual machines: a public number that means something else inside.
    v4(168, 63, 129, 16, 32),
];

/// The IPv6 addresses that are given out.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What of them is not on the public internet: protocol assignments with Teredo, 6to4, documentation.
const SPECIAL_V6: &[Ipv6Net] = &[
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

/// NAT64, RFC 6052: the IPv4 address is in the last 32 bits.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Hand out credentials to whoever asks, or are nobody's address: only a network that an operator names opens them.
const NEVER_BY_DEFAULT: &[IpNet] = &[
    IpNet::V4(v4(0, 0, 0, 0, 8)),
    IpNet::V4(v4(169, 254, 0, 0, 16)),
    IpNet::V4(v4(100, 100, 100, 200, 32)),
    IpNet::V4(v4(168, 63, 129, 16, 32)),
    IpNet::V4(v4(192, 0, 0, 192, 32)),
    IpNet::V4(v4(224, 0, 0, 0, 4)),
    IpNet::V4(v4(255, 255, 255, 255, 32)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128)),
    IpNet::V6(v6(0xff00, 0, 8)),
    IpNet::V6(v6(0xfe80, 0, 10)),
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        128,
    )),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Decides about addresses.
#[derive(Debug, Clone)]
pub struct AddressPolicy(PrivateTargets);

impl AddressPolicy {
    /// The policy of a configuration.
    #[must_use]
    pub const fn new(allowed: PrivateTargets) -> Self {
        Self(allowed)
    }

    /// Whether an address may be sent to. `own` are the addresses of this machine, which count as private.
    #[must_use]
    pub fn permits(&self, address: IpAddr, own: &[IpAddr]) -> bool {
        let address = real(address);
        let private = !is_public(address) || own.iter().any(|own| real(*own) == address);
        match &self.0 {
            _ if !private => true,
            PrivateTargets::All(all) => *all && !NEVER_BY_DEFAULT.iter().any(|net| net.contains(&address)),
            PrivateTargets::Networks(networks) => networks.iter().any(|net| net.contains(&address)),
        }
    }

    /// Whether a target may be sent to as far as its address in the place of a name says; a name says nothing here.
    #[must_use]
    pub fn permits_literal(&self, url: &Url, own: &[IpAddr]) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.permits(address.into(), own),
            Some(Host::Ipv6(address)) => self.permits(address.into(), own),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

/// The address that packets get to in the end: IPv4 in IPv6 is IPv4.
fn real(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        address => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn none() -> AddressPolicy {
        AddressPolicy::new(PrivateTargets::All(false))
    }

    fn all() -> AddressPolicy {
        AddressPolicy::new(PrivateTargets::All(true))
    }

    fn networks(networks: &[&str]) -> AddressPolicy {
        let networks = networks.iter().map(|net| net.parse().unwrap()).collect();
        AddressPolicy::new(PrivateTargets::Networks(networks))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn refuses_all_that_is_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:0a00:0001::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!none().permits(ip(text), &[]), "{text}");
        }
    }

    #[test]
    fn lets_through_what_is_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(none().permits(ip(text), &[]), "{text}");
        }
    }

    #[test]
    fn addresses_of_this_machine_are_private() {
        let own = [ip("8.8.4.4")];
        assert!(none().permits(ip("8.8.4.4"), &[]));
        for own_address in ["8.8.4.4", "::ffff:8.8.4.4", "64:ff9b::8.8.4.4"] {
            assert!(!none().permits(ip(own_address), &own), "{own_address}");
            assert!(networks(&["8.8.4.0/24"]).permits(ip(own_address), &own));
        }
    }

    #[test]
    fn all_does_not_mean_metadata() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.9",
            "::1",
            "fd12::1",
            "100.64.0.1",
        ] {
            assert!(all().permits(ip(text), &[]), "{text}");
        }
        for text in [
            "0.0.0.0",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "fe80::1",
            "::",
        ] {
            assert!(!all().permits(ip(text), &[]), "{text}");
        }
    }

    #[test]
    fn networks_open_themselves_alone() {
        let policy = networks(&["10.1.0.0/16", "fd00::/8"]);
        for (text, permitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("fd01::1", true),
            ("::1", false),
            ("1.1.1.1", true),
        ] {
            assert_eq!(policy.permits(ip(text), &[]), permitted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn forms_of_one_address_are_one_address(bits: u32) {
            let plain = Ipv4Addr::from(bits);
            let [a, b, c, d] = plain.octets();
            let low = u128::from(bits);
            let mapped = plain.to_ipv6_mapped();
            let nat64 = Ipv6Addr::from((0x64_ff9b_u128 << 96) | low);
            for policy in [none(), all(), networks(&["10.0.0.0/8", "127.0.0.0/8"])] {
                let permitted = policy.permits(plain.into(), &[]);
                prop_assert_eq!(policy.permits(mapped.into(), &[]), permitted);
                prop_assert_eq!(policy.permits(nat64.into(), &[]), permitted);
            }
            // Forms that nobody routes any more are refused whatever is inside.
            let compatible = Ipv6Addr::from(low);
            let six_to_four = Ipv6Addr::new(
                0x2002, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), 0, 0, 0, 0, 1,
            );
            prop_assert!(!none().permits(compatible.into(), &[]));
            prop_assert!(!none().permits(six_to_four.into(), &[]));
        }

        #[test]
        fn no_host_of_a_special_network_gets_through(index in 0..SPECIAL_V4.len(), host: u32) {
            let net = SPECIAL_V4[index];
            let bits = u32::from(net.network()) | (host & u32::from(net.hostmask()));
            prop_assert!(!none().permits(Ipv4Addr::from(bits).into(), &[]));
        }

        #[test]
        fn outside_of_global_unicast_nothing_gets_through(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let permitted = none().permits(address.into(), &[]);
            let in_v4 = real(address.into()).is_ipv4();
            prop_assert!(in_v4 || !permitted || address.segments()[0] >> 13 == 1);
        }

        #[test]
        fn the_std_agrees(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!special || !none().permits(address.into(), &[]));
        }
    }
}
