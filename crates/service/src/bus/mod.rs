//! Events between the parts of one service, in this process.

use tokio::sync::broadcast;

/// A stream of events of one kind, from anybody to everybody who listens.
///
/// Publishing never waits: a listener that falls behind by more than the capacity gets
/// [`broadcast::error::RecvError::Lagged`] and must read the state anew.
#[derive(Debug, Clone)]
pub struct Topic<T> {
    events: broadcast::Sender<T>,
}

impl<T: Clone> Topic<T> {
    /// A topic that keeps `capacity` events for slow listeners.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            events: broadcast::channel(capacity).0,
        }
    }

    /// Tells everybody who listens now.
    pub fn publish(&self, event: T) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<T> {
        self.events.subscribe()
    }
}
