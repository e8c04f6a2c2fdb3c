//! Where clients reach the media socket.

use std::net::{IpAddr, SocketAddr};

/// The addresses to offer for a socket that listens on `listening`, the best first.
///
/// What the operator has set counts alone. A socket on one address is reached there. A socket on all addresses offers
/// loopback first and then `interfaces`: a browser that has no permission for camera or microphone only offers the
/// addresses of the default route and never reaches loopback, while others on the same machine are best served by it.
pub(super) fn candidates(
    listening: SocketAddr,
    advertised: &[IpAddr],
    interfaces: impl IntoIterator<Item = IpAddr>,
) -> Vec<SocketAddr> {
    let ips: Vec<IpAddr> = if !advertised.is_empty() {
        advertised.to_vec()
    } else if !listening.ip().is_unspecified() {
        vec![listening.ip()]
    } else {
        let reachable = |ip: &IpAddr| match ip {
            IpAddr::V4(v4) => !v4.is_unspecified(),
            // A link-local address means nothing without the interface, which a candidate cannot name.
            IpAddr::V6(v6) => listening.is_ipv6() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
        };
        let loopback = [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ];
        loopback.into_iter().chain(interfaces).filter(reachable).collect()
    };
    let mut addresses: Vec<SocketAddr> = Vec::with_capacity(ips.len());
    for ip in ips {
        let address = SocketAddr::new(ip, listening.port());
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// The addresses of this machine's interfaces; none when the system does not tell.
pub(crate) fn interfaces() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.into_iter().map(|interface| interface.ip()).collect(),
        Err(error) => {
            tracing::warn!(%error, "the addresses of this machine are unknown");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(listening: &str, advertised: &[&str], interfaces: &[&str]) -> Vec<String> {
        let ip = |text: &&str| text.parse::<IpAddr>().unwrap();
        let advertised: Vec<IpAddr> = advertised.iter().map(ip).collect();
        candidates(listening.parse().unwrap(), &advertised, interfaces.iter().map(ip))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn one_address_is_offered_as_it_is() {
        assert_eq!(of("127.0.0.1:5000", &[], &["192.0.2.7"]), ["127.0.0.1:5000"]);
    }

    #[test]
    fn all_addresses_are_offered_once_each() {
        let interfaces = ["127.0.0.1", "192.0.2.7", "::1", "fe80::1", "2001:db8::7"];
        let expected = [
            "127.0.0.1:5000",
            "[::1]:5000",
            "192.0.2.7:5000",
            "[2001:db8::7]:5000",
        ];
        assert_eq!(of("[::]:5000", &[], &interfaces), expected);
        assert_eq!(
            of("0.0.0.0:5000", &[], &interfaces),
            ["127.0.0.1:5000", "192.0.2.7:5000"]
        );
    }

    #[test]
    fn what_the_operator_set_counts_alone() {
        assert_eq!(
            of("0.0.0.0:5000", &["198.51.100.1"], &["192.0.2.7"]),
            ["198.51.100.1:5000"]
        );
    }
}
