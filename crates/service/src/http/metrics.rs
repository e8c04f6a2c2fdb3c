//! Figures in Prometheus' text format (exposition format 0.0.4).

use std::fmt::{Display, Write as _};

use anteroom_media_transport::net::{Histogram, MetricsSnapshot};

use crate::notifications::NotificationStats;
use crate::recording::FiguresRead;

/// The type of that format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A number that only grows: name, explanation, where it is.
type Counter = (&'static str, &'static str, fn(&MetricsSnapshot) -> u64);

/// What each media thread counts.
const COUNTERS: [Counter; 12] = [
    (
        "datagrams_received",
        "Packets that arrived, by UDP and TCP",
        |thread| thread.datagrams_received,
    ),
    ("bytes_received", "Bytes of packets that arrived", |thread| {
        thread.bytes_received
    }),
    (
        "datagrams_sent",
        "Packets that were sent, by UDP and TCP",
        |thread| thread.datagrams_sent,
    ),
    ("bytes_sent", "Bytes of packets that were sent", |thread| {
        thread.bytes_sent
    }),
    ("send_calls", "System calls that sent something", |thread| {
        thread.send_calls
    }),
    (
        "datagrams_lost",
        "UDP datagrams that the system refused to send",
        |thread| thread.datagrams_lost,
    ),
    ("sends_blocked", "Times the socket took nothing more", |thread| {
        thread.sends_blocked
    }),
    (
        "packets_dropped",
        "RTP packets dropped because a subscriber's queue was full",
        |thread| thread.packets_dropped,
    ),
    (
        "packets_retransmitted",
        "RTP packets sent again because a subscriber asked",
        |thread| thread.packets_retransmitted,
    ),
    (
        "datagrams_refused",
        "Datagrams that were broken, not authentic, replayed or of no known stream",
        |thread| thread.datagrams_refused,
    ),
    (
        "tcp_refused",
        "TCP connections that were not taken or had to give way to others",
        |thread| thread.tcp_refused,
    ),
    (
        "tcp_dropped",
        "Packets that a TCP connection did not take in time",
        |thread| thread.tcp_dropped,
    ),
];

/// Durations: name, explanation, where they are.
type Durations = (&'static str, &'static str, fn(&MetricsSnapshot) -> &Histogram);

/// What is told of all media threads together.
const HISTOGRAMS: [Durations; 6] = [
    (
        "forwarding_seconds",
        "From the arrival of an RTP packet until all that is sent for it at once was handed to the socket",
        |thread| &thread.forwarding,
    ),
    (
        "connect_seconds",
        "From a client's description until its media is connected",
        |thread| &thread.connecting,
    ),
    (
        "first_audio_seconds",
        "From a publisher's connection to its first packet of sound",
        |thread| &thread.first_audio,
    ),
    (
        "first_video_seconds",
        "From a publisher's connection to its first packet of pictures",
        |thread| &thread.first_video,
    ),
    (
        "first_audio_sent_seconds",
        "From a subscription to sound that is sent until a subscriber's first packet of it leaves",
        |thread| &thread.first_audio_sent,
    ),
    (
        "first_keyframe_sent_seconds",
        "From a subscription to pictures that are sent until a subscriber's first keyframe leaves",
        |thread| &thread.first_keyframe_sent,
    ),
];

/// A page of figures.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// Those of media, by thread.
    pub(super) fn media(&mut self, threads: &[MetricsSnapshot]) {
        for (name, help, of) in COUNTERS {
            self.head(&format!("media_{name}_total"), "counter", help);
            for (index, thread) in threads.iter().enumerate() {
                let value = of(thread);
                self.line(format_args!(
                    "anteroom_media_{name}_total{{thread=\"{index}\"}} {value}"
                ));
            }
        }
        self.head("media_sessions", "gauge", "Media sessions there are");
        for (index, thread) in threads.iter().enumerate() {
            let value = thread.peers;
            self.line(format_args!(
                "anteroom_media_sessions{{thread=\"{index}\"}} {value}"
            ));
        }
        self.head(
            "media_tcp_connections",
            "gauge",
            "TCP connections for media there are",
        );
        for (index, thread) in threads.iter().enumerate() {
            let value = thread.tcp_connections;
            self.line(format_args!(
                "anteroom_media_tcp_connections{{thread=\"{index}\"}} {value}"
            ));
        }
        for (name, help, of) in HISTOGRAMS {
            let Some((first, rest)) = threads.split_first() else {
                continue;
            };
            let mut all = of(first).clone();
            rest.iter().for_each(|thread| all.merge(of(thread)));
            self.head(&format!("media_{name}"), "histogram", help);
            self.histogram(&format!("anteroom_media_{name}"), &all);
        }
    }

    /// Those of meetings.
    pub(super) fn meetings(&mut self, running: usize) {
        self.figure(
            "meetings",
            "gauge",
            "Meetings with somebody in the lobby or in the call",
            running,
        );
    }

    /// Those of recordings.
    pub(super) fn recordings(&mut self, figures: &FiguresRead) {
        self.figure(
            "recordings",
            "gauge",
            "Meetings that are being recorded",
            figures.running,
        );
        for (name, help, value) in [
            ("started", "Recordings that were begun", figures.started),
            ("failed", "Recordings that could not be written", figures.failed),
            ("bytes", "Bytes written to recordings", figures.bytes),
            (
                "frames",
                "Frames of sound and pictures written to recordings",
                figures.frames,
            ),
            (
                "packets_dropped",
                "Packets left out of recordings because the disk was too slow",
                figures.packets_dropped,
            ),
            (
                "packets_missing",
                "Packets left out of recordings because they never came",
                figures.packets_missing,
            ),
        ] {
            self.figure(&format!("recording_{name}_total"), "counter", help, value);
        }
    }

    /// Those of real-time notifications of chat.
    pub(super) fn notifications(&mut self, stats: &NotificationStats) {
        for (name, help, value) in [
            (
                "sockets",
                "Connections for notifications that are open",
                stats.sockets,
            ),
            (
                "endpoints",
                "Clients that are notified, connected or to come back",
                stats.endpoints,
            ),
        ] {
            self.figure(&format!("notification_{name}"), "gauge", help, value);
        }
        for (name, help, value) in [
            ("delivered", "Notifications that clients took", stats.delivered),
            (
                "refused",
                "Notifications that clients could not read or had no handler for",
                stats.failed,
            ),
        ] {
            self.figure(&format!("notifications_{name}_total"), "counter", help, value);
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// One without labels.
    fn figure(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(format_args!("anteroom_{name} {value}"));
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP anteroom_{name} {help}."));
        self.line(format_args!("# TYPE anteroom_{name} {kind}"));
    }

    fn histogram(&mut self, name: &str, histogram: &Histogram) {
        let mut count = 0;
        let bounds = histogram.bounds.iter().map(Some).chain([None]);
        for (bound, more) in bounds.zip(histogram.counts) {
            count += more;
            match bound {
                Some(nanos) => {
                    let seconds = std::time::Duration::from_nanos(*nanos).as_secs_f64();
                    self.line(format_args!("{name}_bucket{{le=\"{seconds}\"}} {count}"));
                }
                None => self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}")),
            }
        }
        self.line(format_args!("{name}_sum {}", histogram.sum.as_secs_f64()));
        self.line(format_args!("{name}_count {count}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = writeln!(self.0, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use anteroom_media_transport::net::ThreadMetrics;

    use super::*;

    #[test]
    fn threads_are_told_apart_and_durations_are_merged() {
        let mut thread = ThreadMetrics::default().snapshot();
        thread.datagrams_received = 7;
        thread.forwarding.counts[0] = 2;
        thread.forwarding.counts[12] = 1;
        thread.forwarding.sum = std::time::Duration::from_millis(1500);
        let mut text = Exposition::default();
        text.media(&[thread.clone(), thread]);
        text.meetings(3);
        let text = text.finish();
        for line in [
            "# TYPE anteroom_media_datagrams_received_total counter",
            "anteroom_media_datagrams_received_total{thread=\"1\"} 7",
            "anteroom_media_forwarding_seconds_bucket{le=\"0.000025\"} 4",
            "anteroom_media_forwarding_seconds_bucket{le=\"0.25\"} 4",
            "anteroom_media_forwarding_seconds_bucket{le=\"+Inf\"} 6",
            "anteroom_media_forwarding_seconds_sum 3",
            "anteroom_media_forwarding_seconds_count 6",
            "# TYPE anteroom_media_first_audio_sent_seconds histogram",
            "anteroom_media_first_keyframe_sent_seconds_count 0",
            "anteroom_media_sessions{thread=\"0\"} 0",
            "anteroom_meetings 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
