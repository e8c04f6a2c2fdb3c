//! A server on str0m that does nothing but forward: one thread, one socket, what one publisher sends to everybody else.

mod forwarding;

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use anteroom_sfu_peers::{Begun, Server, Side};
use anyhow::Context as _;
use clap::Parser;
use socket2::SockRef;
use str0m::change::SdpOffer;
use str0m::{Candidate, Rtc};

use self::forwarding::{Forwarder, Order};

/// The socket's buffers, in bytes each.
const SOCKET_BUFFER: usize = 4 << 20;

/// A server on str0m that does nothing but forward.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where offers are posted.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Where media goes.
    #[arg(long, default_value = "127.0.0.1:0")]
    media: SocketAddr,
}

struct Sfu {
    orders: mpsc::Sender<Order>,
    /// Wakes the thread that waits for datagrams.
    waker: UdpSocket,
    address: SocketAddr,
    sessions: AtomicU64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    str0m::crypto::from_feature_flags().install_process_default();
    let socket = UdpSocket::bind(arguments.media).context("the socket for media")?;
    SockRef::from(&socket).set_recv_buffer_size(SOCKET_BUFFER)?;
    SockRef::from(&socket).set_send_buffer_size(SOCKET_BUFFER)?;
    let address = socket.local_addr()?;
    let (orders, queue) = mpsc::channel();
    let sfu = Arc::new(Sfu {
        orders,
        waker: UdpSocket::bind(SocketAddr::new(address.ip(), 0))?,
        address,
        sessions: AtomicU64::new(1),
    });
    std::thread::spawn(move || {
        if let Err(error) = Forwarder::new(socket, address).run(&queue) {
            // Whoever measures notices that nothing comes any more, and should know why.
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), format!("str0m-sfu: {error}\n").as_bytes());
        }
    });
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(anteroom_sfu_peers::serve(
            sfu,
            arguments.listen,
            std::process::id(),
        ))
}

impl Sfu {
    fn order(&self, order: Order) -> anyhow::Result<()> {
        self.orders
            .send(order)
            .map_err(|_| anyhow::anyhow!("forwarding has ended"))?;
        // Nothing of WebRTC begins with this byte (RFC 7983).
        self.waker.send_to(&[0xff], self.address)?;
        Ok(())
    }
}

impl Server for Sfu {
    async fn begin(&self, side: Side, offer: String) -> anyhow::Result<Begun> {
        let mut rtc = Rtc::builder()
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(self.address, "udp")?);
        let offer = SdpOffer::from_sdp_string(&offer)?;
        let answer = rtc.sdp_api().accept_offer(offer)?.to_sdp_string();
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        self.order(Order::Come {
            session,
            side,
            rtc: Box::new(rtc),
        })?;
        Ok(Begun { session, answer })
    }

    async fn end(&self, session: u64) {
        // One that has gone is what was asked for.
        let _ = self.order(Order::Go { session });
    }
}
