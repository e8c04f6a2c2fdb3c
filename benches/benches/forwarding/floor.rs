//! What cannot be saved: a copy, an encryption and a send for each packet and subscriber.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anteroom_media_transport::SrtpProfile;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};

use crate::room::{HEADER, TAG, cpu_time};

/// A subscriber: where it is, and its key.
struct Subscriber {
    address: SocketAddr,
    key: LessSafeKey,
}

pub(crate) struct Floor {
    socket: UdpSocket,
    state: UdpSocketState,
    subscribers: Vec<Subscriber>,
    /// What is forwarded.
    packet: Vec<u8>,
    buffer: Vec<u8>,
    counter: u64,
}

impl Floor {
    pub(crate) fn new(destinations: Vec<SocketAddr>, profile: SrtpProfile) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let state = UdpSocketState::new(UdpSockRef::from(&socket)).expect("a socket's state");
        let (algorithm, len) = match profile {
            SrtpProfile::AeadAes128Gcm => (&AES_128_GCM, 16),
            SrtpProfile::AeadAes256Gcm => (&AES_256_GCM, 32),
            profile => panic!("no floor for {profile:?}"),
        };
        let key = |index: usize| {
            let bytes = [u8::try_from(index % 251).expect("small"); 32];
            LessSafeKey::new(UnboundKey::new(algorithm, &bytes[..len]).expect("the algorithm's length"))
        };
        let subscribers = destinations
            .into_iter()
            .enumerate()
            .map(|(index, address)| Subscriber {
                address,
                key: key(index),
            })
            .collect();
        let mut packet = vec![0x42; 2000];
        packet[..2].copy_from_slice(&[0x80, 96]);
        Self {
            socket,
            state,
            subscribers,
            packet,
            buffer: vec![0; 64 * 1024],
            counter: 0,
        }
    }

    /// A call for each packet.
    pub(crate) fn one_by_one(&mut self, plain: &[usize]) -> (Duration, u64) {
        let begin = cpu_time();
        for subscriber in &self.subscribers {
            for len in plain {
                let sealed = seal(
                    subscriber,
                    &self.packet[..*len],
                    &mut self.buffer,
                    &mut self.counter,
                );
                self.socket
                    .send_to(&self.buffer[..sealed], subscriber.address)
                    .expect("loopback takes it");
            }
        }
        (cpu_time() - begin, self.counted(plain.len()))
    }

    /// A call for each subscriber: all packets are as long as the longest.
    pub(crate) fn trains(&mut self, plain: &[usize]) -> (Duration, u64) {
        let len = plain.iter().copied().max().unwrap_or(0);
        let max = self.state.max_gso_segments().min(60_000 / (len + TAG));
        let mut calls = 0;
        let begin = cpu_time();
        for subscriber in &self.subscribers {
            for train in plain.chunks(max) {
                let mut end = 0;
                for _ in train {
                    end += seal(
                        subscriber,
                        &self.packet[..len],
                        &mut self.buffer[end..],
                        &mut self.counter,
                    );
                }
                let transmit = Transmit {
                    destination: subscriber.address,
                    ecn: None,
                    contents: &self.buffer[..end],
                    segment_size: Some(len + TAG),
                    src_ip: None,
                };
                self.state
                    .try_send(UdpSockRef::from(&self.socket), &transmit)
                    .expect("loopback takes it");
                calls += 1;
            }
        }
        (cpu_time() - begin, calls)
    }

    fn counted(&self, packets: usize) -> u64 {
        (packets * self.subscribers.len()) as u64
    }
}

/// Copies a packet to the front of a buffer and encrypts it there. A fresh nonce is two moves.
fn seal(subscriber: &Subscriber, packet: &[u8], buffer: &mut [u8], counter: &mut u64) -> usize {
    let (copy, rest) = buffer.split_at_mut(packet.len());
    copy.copy_from_slice(packet);
    let (header, payload) = copy.split_at_mut(HEADER);
    *counter += 1;
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&counter.to_be_bytes());
    let tag = subscriber
        .key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&*header), payload)
        .expect("a good length");
    rest[..TAG].copy_from_slice(tag.as_ref());
    packet.len() + TAG
}
