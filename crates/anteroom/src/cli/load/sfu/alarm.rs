//! A timer that is right to some microseconds: tokio's are to a millisecond, and publishers that all wake up with the same
//! tick would send together what they have to send one after the other.

use std::time::Instant;

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::{Duration, Instant};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// The system's timer, and when it was last set to.
    pub(super) struct Timer {
        fd: AsyncFd<OwnedFd>,
        set: Option<Instant>,
    }

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "its successor is unsafe; the descriptor is owned, and so stays open"
            )]
            let fd = AsyncFd::new(fd)?;
            Ok(Self { fd, set: None })
        }

        pub(super) async fn until(&mut self, at: Instant) -> io::Result<()> {
            if self.set != Some(at) {
                let zero = Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                };
                // Zero would turn it off.
                let left = at.saturating_duration_since(Instant::now());
                let left = left.max(Duration::from_nanos(1));
                let spec = Itimerspec {
                    it_interval: zero,
                    it_value: Timespec::try_from(left).unwrap_or(zero),
                };
                timerfd_settime(&self.fd, TimerfdTimerFlags::empty(), &spec)?;
                self.set = Some(at);
            }
            let mut count = [0; 8];
            loop {
                let mut ready = self.fd.readable().await?;
                let read = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut count)?));
                if let Ok(read) = read {
                    read?;
                    self.set = None;
                    return Ok(());
                }
            }
        }
    }
}

/// One that is waited for again and again.
pub(super) struct Alarm {
    #[cfg(target_os = "linux")]
    timer: Option<system::Timer>,
}

impl Alarm {
    /// With the system's timer if it `is_exact` and there is one, else with tokio's.
    pub(super) fn new(is_exact: bool) -> Self {
        #[cfg(not(target_os = "linux"))]
        let _ = is_exact;
        Self {
            #[cfg(target_os = "linux")]
            timer: is_exact.then(|| system::Timer::new().ok()).flatten(),
        }
    }

    /// Waits until then. May be given up and begun again with the same time or another one.
    pub(super) async fn until(&mut self, at: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &mut self.timer
            && timer.until(at).await.is_ok()
        {
            return;
        }
        tokio::time::sleep_until(at.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_is_never_early_whether_begun_once_or_twice() {
        for is_exact in [true, false] {
            let mut alarm = Alarm::new(is_exact);
            for micros in [0, 300, 1500] {
                let at = Instant::now() + Duration::from_micros(micros);
                let far = at + Duration::from_secs(1000);
                for begun in [far, at] {
                    let given_up = tokio::select! {
                        biased;
                        () = alarm.until(begun) => false,
                        () = std::future::ready(()) => true,
                    };
                    assert!(given_up || Instant::now() >= begun);
                }
                alarm.until(at).await;
                assert!(Instant::now() >= at);
            }
        }
    }
}
