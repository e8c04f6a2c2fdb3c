//! What a client still sends when it has been answered.
//!
//! A request that is refused early (signature, size, rate) leaves its body unread, and the connection would be closed
//! on a client that is still writing: it sees a broken connection, not the refusal. So a bounded rest is read and thrown
//! away.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::Handle;

/// Most of a body, in bytes, that is read for the sake of its answer.
const REST_BYTES: usize = 16 * 1024 * 1024;

/// Longest time for it.
const REST_WITHIN: Duration = Duration::from_secs(5);

/// Lets bodies that handlers leave unread run out.
pub async fn linger(request: Request, next: Next) -> Response {
    let request = request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        Body::from_stream(Lingering(Some(body.into_data_stream())))
    });
    next.run(request).await
}

/// A body whose rest is read after it was dropped. `None` once it has ended.
struct Lingering(Option<BodyDataStream>);

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let polled = body.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        polled
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let (Some(mut body), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            let mut left = REST_BYTES;
            let rest = async {
                while let Some(Ok(part)) = body.next().await {
                    let Some(less) = left.checked_sub(part.len()) else {
                        return;
                    };
                    left = less;
                }
            };
            // Over time it is the client's loss.
            let _ = tokio::time::timeout(REST_WITHIN, rest).await;
        });
    }
}
