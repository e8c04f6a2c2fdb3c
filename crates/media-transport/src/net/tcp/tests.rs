//! Real connections on loopback. How two peers call each other over them is in the tests of `net`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connection::{MAX_MEDIA_BYTES, Outlet};
use super::*;
use crate::net::{MediaHandle, MediaThread, NetConfig, TcpListen};
use crate::router::RouterConfig;
use crate::tcp::push_frame;

/// Nothing here takes a tenth of this.
const LIMIT: Duration = Duration::from_secs(20);

fn spawn(limits: TcpLimits) -> (MediaHandle, SocketAddr) {
    let mut config = NetConfig::new("127.0.0.1:0".parse().unwrap());
    config.tcp_limits = limits;
    let (media, _) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
    let address = media.tcp_addresses().next().flatten().unwrap();
    (media, address)
}

/// Waits until the other end has closed the connection, having said nothing.
async fn is_closed(stream: &mut TcpStream) {
    let mut said = Vec::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(LIMIT, stream.read_to_end(&mut said))
        .await
        .expect("in time");
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn who_proves_nothing_is_closed_in_time() {
    let limits = TcpLimits {
        proof: Duration::from_millis(300),
        ..TcpLimits::default()
    };
    let (media, address) = spawn(limits);
    let mut junk = Vec::new();
    push_frame(&mut junk, b"no protocol of ours").unwrap();
    push_frame(&mut junk, &[0x80; 200]).unwrap();
    push_frame(&mut junk, &[22; 200]).unwrap();
    for said in [&[][..], &[0], &junk] {
        let began = Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        is_closed(&mut stream).await;
        let took = began.elapsed();
        assert!(took >= limits.proof && took < LIMIT / 2, "{took:?}");
    }
    media.shutdown().await;
}

#[tokio::test]
async fn who_says_too_much_or_too_long_is_closed_at_once() {
    let limits = TcpLimits {
        proof: LIMIT * 2,
        ..TcpLimits::default()
    };
    let (media, address) = spawn(limits);
    let mut much = Vec::new();
    for _ in 0..20 {
        push_frame(&mut much, &[0x80; 1000]).unwrap();
    }
    let long = [0xff, 0xff, 1, 2, 3];
    for said in [&much[..], &long] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(said).await;
        is_closed(&mut stream).await;
    }
    media.shutdown().await;
}

#[tokio::test]
async fn connections_are_bounded_from_one_address_and_in_all() {
    let limits = TcpLimits {
        connections: 4,
        per_source: 3,
        proof: LIMIT * 2,
    };
    let (media, address) = spawn(limits);
    // A connection from another address of this machine.
    let from = |last: u8| async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        socket.connect(address).await.unwrap()
    };
    let mut first = Vec::new();
    for _ in 0..3 {
        first.push(from(11).await);
    }
    is_closed(&mut from(11).await).await;
    let other = from(12).await;
    // One more than there may be: the oldest that has proven nothing gives way, the others stay.
    let another = from(13).await;
    is_closed(&mut first.remove(0)).await;
    let refused = media.metrics().next().unwrap().snapshot();
    assert_eq!((refused.tcp_connections, refused.tcp_refused), (4, 2));
    for stream in first.iter().chain([&other, &another]) {
        let nothing = stream.try_read(&mut [0; 1]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    }
    // Those who leave make room.
    drop((first, other, another));
    let metrics = media.metrics().next().unwrap();
    while metrics.snapshot().tcp_connections > 0 {
        tokio::task::yield_now().await;
    }
    media.shutdown().await;
}

#[tokio::test]
async fn it_can_be_switched_off_and_put_elsewhere() {
    let mut config = NetConfig::new("127.0.0.1:0".parse().unwrap());
    config.tcp = TcpListen::Off;
    let (media, udp) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
    assert_eq!(media.tcp_addresses().collect::<Vec<_>>(), [None]);
    assert!(TcpStream::connect(udp).await.is_err());
    media.shutdown().await;

    // Beside: the same number, or where another program has it, one that the system chooses.
    config.tcp = TcpListen::Beside;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    config.listen = taken.local_addr().unwrap();
    let (media, udp) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
    let tcp = media.tcp_addresses().next().flatten().unwrap();
    assert_eq!(udp, config.listen);
    assert_ne!(tcp.port(), udp.port());
    media.shutdown().await;

    // What was asked for by name is not put elsewhere.
    config.tcp = TcpListen::At(taken.local_addr().unwrap());
    let error = MediaThread::spawn(config, RouterConfig::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot listen on TCP 127.0.0.1"),
        "{error}"
    );
}

/// A reader that does not read: media is dropped first, what is not has room left, and both have an end.
#[test]
fn a_queue_is_bounded_and_keeps_room_for_what_is_not_media() {
    let (outlet, inlet) = Outlet::new();
    let media = [0x80; 1200];
    let check = [0; 100];
    let fill = |packet: &[u8]| {
        let mut taken = 0;
        for _ in 0..5000 {
            taken += 1 - outlet.send(std::iter::once(packet));
        }
        taken
    };
    let taken = fill(&media);
    assert_eq!(taken, MAX_MEDIA_BYTES / (1200 + 2));
    assert_eq!(fill(&media), 0, "full for media");
    let checks = fill(&check);
    assert!((600..=700).contains(&checks), "{checks} of 64 KiB");
    assert_eq!(fill(&check), 0, "full for everything");
    drop(inlet);
    assert!(outlet.is_closed());

    // Trains that are small leave places, too.
    let (outlet, _inlet) = Outlet::new();
    let small = [0x80; 20];
    let taken = (0..5000)
        .filter(|_| outlet.send(std::iter::once(&small[..])) == 0)
        .count();
    assert_eq!(taken, 1024 - 128);
    let taken = (0..5000)
        .filter(|_| outlet.send(std::iter::once(&check[..])) == 0)
        .count();
    assert_eq!(taken, 128);
}
