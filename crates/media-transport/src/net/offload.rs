//! Whether the kernel cuts trains for us: per socket and per route, found out by trying.
//!
//! Linux says at a socket option whether it knows segmentation offload at all, but only a call shows whether it works: a
//! device without checksum offload or a tunnel refuses with `EIO`, a route whose packets are smaller with `EINVAL`. Once a
//! route has refused a train whose segments it took one by one, it is not asked again for as long as the socket lives.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroUsize;

use crate::router::{Burst, TransmitBuffer};
use crate::tcp::TcpRemote;

/// Routes that are remembered as refusing; with more of them the whole socket goes without.
const MAX_REFUSING: usize = 64;

/// So many routes that refuse, and none that does not, are the socket's fault.
const REFUSING_SOCKET: usize = 4;

/// What is known about trains on one socket.
#[derive(Debug)]
pub(super) struct Offload {
    /// What the socket takes at most.
    max_segments: NonZeroUsize,
    /// At most [`MAX_REFUSING`].
    refusing: Vec<IpAddr>,
    /// A train was taken.
    is_proven: bool,
    /// The destination whose train was refused, while its datagrams are tried one by one.
    suspect: Option<Suspect>,
}

#[derive(Debug, Clone, Copy)]
struct Suspect {
    destination: IpAddr,
    refusal: Refusal,
    /// Datagrams of the train that are left.
    left: usize,
    /// One of them was taken, so it was the train that was refused.
    is_guilty: bool,
}

/// Why a train was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// No socket of this kind can: it is the option that is unknown.
    Socket,
    /// This way it cannot go.
    Route,
    /// A segment is too long. That need not be the train's fault.
    Length,
}

/// How far the sending of a buffer went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Everything is out, or lost.
    Done,
    /// The socket takes nothing more for now; the rest stays in the buffer.
    Blocked,
}

/// What was sent, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SendCounters {
    /// System calls that took something.
    pub calls: u64,
    /// Datagrams in them.
    pub datagrams: u64,
    /// Datagrams that the system refused, and which are lost.
    pub lost: u64,
    /// Trains that the system refused, and which were sent again as single datagrams.
    pub refused_trains: u64,
    /// How often the socket took nothing more.
    pub blocked: u64,
}

impl Offload {
    pub(super) const fn new(max_segments: NonZeroUsize) -> Self {
        Self {
            max_segments,
            refusing: Vec::new(),
            is_proven: false,
            suspect: None,
        }
    }

    /// How many datagrams of one size one call can send to a destination.
    pub(super) fn segments_to(&self, destination: IpAddr) -> NonZeroUsize {
        let is_suspect = self
            .suspect
            .is_some_and(|suspect| suspect.destination == destination);
        if is_suspect || self.refusing.contains(&destination) {
            NonZeroUsize::MIN
        } else {
            self.max_segments
        }
    }

    /// Sends what is left of `out` with `send`, which sends one burst in one call. What goes to a TCP connection is for
    /// `divert`, which always takes it.
    pub(super) fn send(
        &mut self,
        out: &mut TransmitBuffer,
        counters: &mut SendCounters,
        mut divert: impl FnMut(TcpRemote, &Burst<'_>),
        mut send: impl FnMut(&Burst<'_>) -> io::Result<()>,
    ) -> Progress {
        while let Some(destination) = out.next_destination() {
            if let Some(remote) = TcpRemote::of(destination) {
                let Some(burst) = out.next_burst(TransmitBuffer::MAX_SEGMENTS.get()) else {
                    break;
                };
                let count = burst.datagrams().len();
                divert(remote, &burst);
                out.take(count);
                continue;
            }
            let destination = destination.ip().to_canonical();
            let Some(burst) = out.next_burst(self.segments_to(destination).get()) else {
                break;
            };
            let count = burst.datagrams().len();
            match send(&burst) {
                Ok(()) => {
                    counters.calls += 1;
                    counters.datagrams += count as u64;
                    self.is_proven |= count > 1;
                    out.take(count);
                    self.tried(count, true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    counters.blocked += 1;
                    return Progress::Blocked;
                }
                Err(error) => {
                    if count > 1
                        && let Some(refusal) = Refusal::of(&error)
                    {
                        counters.refused_trains += 1;
                        self.suspect = Some(Suspect {
                            destination,
                            refusal,
                            left: count,
                            is_guilty: false,
                        });
                        continue;
                    }
                    tracing::debug!(%error, count, "datagrams not sent");
                    counters.lost += count as u64;
                    out.take(count);
                    self.tried(count, false);
                }
            }
        }
        Progress::Done
    }

    /// Single datagrams of a refused train were taken, or not.
    fn tried(&mut self, count: usize, was_taken: bool) {
        let Some(suspect) = &mut self.suspect else {
            return;
        };
        suspect.is_guilty |= was_taken;
        suspect.left = suspect.left.saturating_sub(count);
        if suspect.left > 0 {
            return;
        }
        let Suspect {
            destination,
            refusal,
            is_guilty,
            ..
        } = *suspect;
        self.suspect = None;
        if is_guilty {
            self.condemn(destination, refusal);
        }
    }

    fn condemn(&mut self, destination: IpAddr, refusal: Refusal) {
        let is_socket = match refusal {
            Refusal::Socket => true,
            Refusal::Route => {
                self.refusing.push(destination);
                self.refusing.len() >= MAX_REFUSING
                    || (!self.is_proven && self.refusing.len() >= REFUSING_SOCKET)
            }
            // The longest of them was too long, others were not.
            Refusal::Length => false,
        };
        if is_socket {
            tracing::info!(
                "the kernel refuses segmentation offload; datagrams are sent one by one from now on"
            );
            self.max_segments = NonZeroUsize::MIN;
            self.refusing = Vec::new();
        } else if refusal == Refusal::Route {
            tracing::info!(
                "a route refuses segmentation offload; datagrams are sent one by one to it from now on"
            );
        }
    }
}

impl Refusal {
    fn of(error: &io::Error) -> Option<Self> {
        use rustix::io::Errno;

        let error = Errno::from_io_error(error)?;
        if error == Errno::NOPROTOOPT || error == Errno::OPNOTSUPP {
            Some(Self::Socket)
        } else if error == Errno::IO || error == Errno::INVAL {
            Some(Self::Route)
        } else if error == Errno::MSGSIZE {
            Some(Self::Length)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;
    use crate::session::Transmit;

    const MAX: NonZeroUsize = NonZeroUsize::new(64).unwrap();

    fn nothing(_: TcpRemote, _: &Burst<'_>) {
        panic!("all of it is for UDP");
    }

    fn to(host: u8) -> Transmit {
        Transmit {
            source: ([127, 0, 0, 1], 9).into(),
            destination: ([192, 0, 2, host], 7).into(),
        }
    }

    /// A kernel that writes down what it is given.
    #[derive(Default)]
    struct Kernel {
        calls: Vec<(u8, usize)>,
        datagrams: Vec<u8>,
    }

    impl Kernel {
        fn takes(&mut self, burst: &Burst<'_>) -> io::Result<()> {
            let IpAddr::V4(ip) = burst.transmit.destination.ip() else {
                panic!("IPv4 here")
            };
            self.calls.push((ip.octets()[3], burst.datagrams().len()));
            self.datagrams
                .extend(burst.datagrams().map(|datagram| datagram[0]));
            Ok(())
        }
    }

    /// One datagram for each of `hosts`, of the same length, numbered.
    fn buffer(hosts: &[u8]) -> TransmitBuffer {
        let mut out = TransmitBuffer::new();
        for (index, host) in hosts.iter().enumerate() {
            out.push(to(*host), &[u8::try_from(index).unwrap(); 10]);
        }
        out
    }

    #[test]
    fn a_refused_train_is_sent_singly_and_its_route_not_asked_again() {
        for errno in [Errno::IO, Errno::INVAL] {
            let mut offload = Offload::new(MAX);
            let mut counters = SendCounters::default();
            for round in 0..2 {
                let mut kernel = Kernel::default();
                let mut refused = 0;
                let progress = offload.send(&mut buffer(&[1, 1, 1, 2, 2]), &mut counters, nothing, |burst| {
                    if burst.datagrams().len() > 1 && burst.transmit == to(1) {
                        refused += 1;
                        return Err(errno.into());
                    }
                    kernel.takes(burst)
                });
                assert_eq!(progress, Progress::Done);
                assert_eq!(kernel.calls, [(1, 1), (1, 1), (1, 1), (2, 2)]);
                assert_eq!(kernel.datagrams, [0, 1, 2, 3, 4]);
                assert_eq!(refused, usize::from(round == 0), "only the first time");
            }
            assert_eq!(
                (counters.datagrams, counters.lost, counters.refused_trains),
                (10, 0, 1)
            );
            assert_eq!(offload.segments_to(to(1).destination.ip()).get(), 1);
            assert_eq!(offload.segments_to(to(2).destination.ip()), MAX);
        }
    }

    #[test]
    fn an_option_nobody_knows_ends_trains_for_the_whole_socket() {
        let mut offload = Offload::new(MAX);
        let mut kernel = Kernel::default();
        let mut asked = 0;
        offload.send(
            &mut buffer(&[1, 1, 2, 2]),
            &mut SendCounters::default(),
            nothing,
            |burst| {
                if burst.datagrams().len() > 1 {
                    asked += 1;
                    return Err(Errno::NOPROTOOPT.into());
                }
                kernel.takes(burst)
            },
        );
        assert_eq!((asked, kernel.datagrams), (1, vec![0, 1, 2, 3]));
        assert_eq!(offload.segments_to(to(3).destination.ip()).get(), 1);
    }

    #[test]
    fn routes_that_all_refuse_are_the_sockets_fault_unless_one_does_not() {
        for proven in [false, true] {
            let mut offload = Offload::new(MAX);
            let mut kernel = Kernel::default();
            let mut send = |offload: &mut Offload, host: u8| {
                offload.send(
                    &mut buffer(&[host, host]),
                    &mut SendCounters::default(),
                    nothing,
                    |burst| {
                        if burst.datagrams().len() > 1 && host != 100 {
                            return Err(Errno::IO.into());
                        }
                        kernel.takes(burst)
                    },
                );
                offload.segments_to(to(200).destination.ip())
            };
            if proven {
                send(&mut offload, 100);
            }
            let after: Vec<_> = (0..64).map(|host| send(&mut offload, host).get()).collect();
            let first_without = after.iter().position(|segments| *segments == 1);
            assert_eq!(first_without, Some(if proven { 63 } else { 3 }));
            assert!(offload.refusing.len() < MAX_REFUSING);
        }
    }

    #[test]
    fn what_would_fail_singly_too_proves_nothing() {
        let mut offload = Offload::new(MAX);
        let mut counters = SendCounters::default();
        // No route, and a destination that takes nothing at all.
        for errno in [Errno::NETUNREACH, Errno::INVAL, Errno::MSGSIZE] {
            let progress = offload.send(
                &mut buffer(&[1, 1]),
                &mut counters,
                nothing,
                |_| Err(errno.into()),
            );
            assert_eq!(progress, Progress::Done);
            assert_eq!(offload.segments_to(to(1).destination.ip()), MAX, "{errno}");
        }
        assert_eq!((counters.datagrams, counters.lost), (0, 6));
        // A short one gets through where a long one does not.
        let mut out = buffer(&[1, 1]);
        out.push(to(1), &[9; 3]);
        let mut kernel = Kernel::default();
        offload.send(&mut out, &mut counters, nothing, |burst| {
            if burst.segment_size > 3 {
                return Err(Errno::MSGSIZE.into());
            }
            kernel.takes(burst)
        });
        assert_eq!(kernel.datagrams, [9]);
        assert_eq!(offload.segments_to(to(1).destination.ip()), MAX);
    }

    #[test]
    fn a_full_socket_takes_the_rest_later_and_in_order() {
        let mut offload = Offload::new(MAX);
        let mut counters = SendCounters::default();
        let mut kernel = Kernel::default();
        let mut out = buffer(&[1, 1, 2, 3, 3, 3]);
        // It takes one call, then one datagram of a train that has to go singly, then everything.
        let mut attempts = 0;
        let mut rounds = 0;
        while offload.send(&mut out, &mut counters, nothing, |burst| {
            attempts += 1;
            match attempts {
                2 | 4 | 7 => Err(io::ErrorKind::WouldBlock.into()),
                5 => Err(Errno::IO.into()),
                _ => kernel.takes(burst),
            }
        }) == Progress::Blocked
        {
            rounds += 1;
            assert!(rounds < 10);
        }
        assert_eq!(kernel.calls, [(1, 2), (2, 1), (3, 1), (3, 1), (3, 1)]);
        assert_eq!(kernel.datagrams, [0, 1, 2, 3, 4, 5]);
        assert_eq!((counters.blocked, counters.datagrams, counters.lost), (3, 6, 0));
    }
    #[test]
    fn what_is_for_a_connection_does_not_reach_the_socket() {
        let mut out = buffer(&[1, 1]);
        let connection = TcpRemote::candidate(to(1).destination);
        let transmit = Transmit {
            destination: connection.into(),
            ..to(1)
        };
        for datagram in [&[7, 7][..], &[8, 8], &[9]] {
            out.push(transmit, datagram);
        }
        out.push(to(2), &[2; 10]);
        let (mut kernel, mut diverted) = (Kernel::default(), vec![]);
        let mut counters = SendCounters::default();
        let progress = Offload::new(MAX).send(
            &mut out,
            &mut counters,
            |remote, burst| {
                assert_eq!(remote, connection);
                diverted.extend(burst.datagrams().map(<[u8]>::to_vec));
            },
            |burst| kernel.takes(burst),
        );
        assert_eq!(progress, Progress::Done);
        assert_eq!(diverted, [vec![7, 7], vec![8, 8], vec![9]]);
        assert_eq!(kernel.calls, [(1, 2), (2, 1)]);
        assert_eq!((counters.datagrams, counters.lost), (3, 0));
    }
}
