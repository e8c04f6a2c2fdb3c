//! Connections on which nothing is asked.
//!
//! The HTTP library bounds the time for a request's head once it knows which version of HTTP is spoken, and waits for that
//! without an end. So a connection must have shown its version within a time, or is closed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a connection of HTTP/2 begins with (RFC 9113 §3.4); one that begins otherwise speaks HTTP/1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Accepts as `A` does; what is accepted must show its version of HTTP in time.
#[derive(Debug, Clone)]
pub(crate) struct Prompt<A> {
    inner: A,
    within: Duration,
}

impl<A> Prompt<A> {
    pub(crate) const fn new(inner: A, within: Duration) -> Self {
        Self { inner, within }
    }
}

impl<A, I, S> Accept<I, S> for Prompt<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = PromptStream<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        let within = self.within;
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((PromptStream::new(stream, within), service))
        })
    }
}

/// A connection that is waited for.
#[derive(Debug)]
pub(crate) struct PromptStream<S> {
    inner: S,
    /// Until the version is known.
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Pin<Box<Sleep>>,
    /// So much of [`PREFACE`] has come.
    matched: usize,
}

impl<S> PromptStream<S> {
    fn new(inner: S, within: Duration) -> Self {
        let until = Box::pin(tokio::time::sleep(within));
        Self {
            inner,
            waiting: Some(Waiting { until, matched: 0 }),
        }
    }
}

impl Waiting {
    /// Whether the version is known with these bytes.
    fn shown(&mut self, bytes: &[u8]) -> bool {
        let rest = PREFACE.get(self.matched..).unwrap_or_default();
        let matching = rest.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        self.matched += matching;
        matching < bytes.len() || self.matched == PREFACE.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PromptStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let Some(waiting) = &mut this.waiting else {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        };
        if waiting.until.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        if waiting.shown(&buffer.filled()[before..]) {
            this.waiting = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PromptStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const WITHIN: Duration = Duration::from_secs(20);

    /// What the first reads give when the client sends these, one a second, and then nothing.
    async fn reads(sent: &[&[u8]]) -> io::Result<usize> {
        let (mut client, server) = tokio::io::duplex(1024);
        let mut server = PromptStream::new(server, WITHIN);
        let sending = async {
            for part in sent {
                tokio::time::sleep(Duration::from_secs(1)).await;
                client.write_all(part).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(client);
        };
        let reading = async {
            let (mut total, mut buffer) = (0, [0; 64]);
            loop {
                match server.read(&mut buffer).await? {
                    0 => return Ok(total),
                    read => total += read,
                }
            }
        };
        tokio::join!(sending, reading).1
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_what_it_speaks_is_cut() {
        for sent in [&[][..], &[&b"P"[..]], &[b"PRI * HTTP/2.0", b"\r\n\r\n"]] {
            assert_eq!(
                reads(sent).await.unwrap_err().kind(),
                io::ErrorKind::TimedOut,
                "{sent:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_said_it_is_left_to_the_http_library() {
        for (sent, bytes) in [
            (&[&b"G"[..]][..], 1),
            (&[b"PO"], 2),
            (&[b"P", b"R", b"X"], 3),
            (&[PREFACE], PREFACE.len()),
            (&[b"PRI * HTTP/2.0\r\n", b"\r\nSM\r\n\r\n"], PREFACE.len()),
        ] {
            assert_eq!(reads(sent).await.unwrap(), bytes, "{sent:?}");
        }
    }
}
