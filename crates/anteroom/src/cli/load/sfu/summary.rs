//! What came of a run.

use std::time::Duration;

use serde::Serialize;

use super::error::RunError;
use super::histogram::{Counts, Percentiles};
use super::protocol::{Frames, Manners, Published, Received, Signaling, WorkerReport};
use super::served::Within;
use crate::cli::output;

/// How memory per session is found.
const MEMORY_METHOD: &str = "resident memory of the server's process (VmRSS) while all clients receive, less that before the \
                             first one came, by the number of clients";

/// What was asked for.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) meetings: u64,
    /// Of each meeting.
    pub(super) publishers: u64,
    pub(super) subscribers: u64,
    pub(super) seconds: u64,
    pub(super) processes: usize,
    pub(super) signaling: Signaling,
    pub(super) video_bits_per_second: u64,
    pub(super) audio_bits_per_second: u64,
    /// Microphones that the server was told to forward.
    pub(super) voices: Option<u16>,
    #[serde(flatten)]
    pub(super) manners: Manners,
}

/// What the server's process took, where the system tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Server {
    /// CPU time while it counted.
    pub(super) cpu: Option<Duration>,
    /// Bytes in RAM before the first client and with all of them.
    pub(super) memory: Option<(u64, u64)>,
    /// How long packets were in it.
    pub(super) within: Option<Within>,
}

/// A run's result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    #[serde(flatten)]
    asked: Asked,
    machine: Machine,
    server: ServerFigures,
    packets: Packets,
    transport: Transport,
    /// Microseconds from a publisher's sending, as its program sees it, until the packet is in a subscriber's socket; where
    /// the system does not tell that, until its program has it.
    forwarding_delay_micros: Delays,
    /// Microseconds from a subscriber's first request to what it receives first.
    join_micros: Joins,
    /// Microseconds by which publishers sent later than planned: what the load itself lacks.
    publisher_lateness_micros: Option<Percentiles>,
    /// Microseconds that packets lay in subscribers' sockets before those read them: that, too, is the load's.
    subscriber_lateness_micros: Option<Percentiles>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    cores: Option<usize>,
    /// On the average of the minute before.
    load_average: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerFigures {
    cpu_micros_per_forwarded_packet: Option<f64>,
    /// 1 is a whole core.
    cpu_cores: Option<f64>,
    memory_bytes_before: Option<u64>,
    memory_bytes: Option<u64>,
    memory_bytes_per_session: Option<u64>,
    memory_method: &'static str,
    /// What it says itself, if it is Anteroom and in development mode: from a packet's arrival at its socket until it was
    /// handed over for all subscribers, as parts of the packets.
    forwarding_within: Option<Within>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Packets {
    sent: u64,
    forwarded: u64,
    forwarded_per_second: f64,
    forwarded_bits_per_second: f64,
    /// Streams that subscribers received.
    streams: u64,
    lost: u64,
    loss: f64,
    reordered: u64,
    duplicates: u64,
    /// Subscribers asked for packets again so many times, and so many came.
    retransmissions_requested: u64,
    retransmissions_received: u64,
    /// The server asked publishers for packets again.
    retransmissions_by_publishers: u64,
    keyframe_requests_by_subscribers: u64,
    keyframe_requests_to_publishers: u64,
    keyframes: u64,
}

/// What carried the media, and what was told of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Transport {
    /// Clients whose media went over TCP.
    clients_over_tcp: u64,
    /// Subscribers with whom transport-wide feedback was agreed on and that gave some, and how many messages of it.
    subscribers_with_feedback: u64,
    feedbacks: u64,
}

#[derive(Debug, Serialize)]
struct Delays {
    all: Option<Percentiles>,
    audio: Option<Percentiles>,
    video: Option<Percentiles>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Joins {
    first_audio: Option<Percentiles>,
    first_frame: Option<Percentiles>,
}

impl Summary {
    /// # Errors
    /// [`RunError::Nothing`]: nothing arrived.
    pub(super) fn new(
        asked: Asked,
        server: Server,
        load_average: Option<f64>,
        reports: Vec<WorkerReport>,
    ) -> Result<Self, RunError> {
        let mut all = WorkerReport::default();
        for report in &reports {
            all.published.add(&report.published);
            all.received.add(&report.received);
            for (into, from) in [
                (&mut all.audio_delay, &report.audio_delay),
                (&mut all.video_delay, &report.video_delay),
                (&mut all.lateness, &report.lateness),
                (&mut all.reading, &report.reading),
                (&mut all.first_audio, &report.first_audio),
                (&mut all.first_frame, &report.first_frame),
            ] {
                into.merge(from);
            }
        }
        if all.received.packets == 0 {
            return Err(RunError::Nothing);
        }
        let mut delays: Counts = all.audio_delay.clone();
        delays.merge(&all.video_delay);
        let sessions = (asked.publishers + asked.subscribers) * asked.meetings;
        Ok(Self {
            machine: Machine {
                cores: std::thread::available_parallelism().ok().map(usize::from),
                load_average,
            },
            server: server.figures(all.received.packets, asked.seconds, sessions),
            packets: Packets::new(&all.published, &all.received, asked.seconds),
            transport: Transport {
                clients_over_tcp: all.received.over_tcp,
                subscribers_with_feedback: all.received.feedback_clients,
                feedbacks: all.received.feedbacks,
            },
            forwarding_delay_micros: Delays {
                all: delays.percentiles(),
                audio: all.audio_delay.percentiles(),
                video: all.video_delay.percentiles(),
            },
            join_micros: Joins {
                first_audio: all.first_audio.percentiles(),
                first_frame: all.first_frame.percentiles(),
            },
            publisher_lateness_micros: all.lateness.percentiles(),
            subscriber_lateness_micros: all.reading.percentiles(),
            asked,
        })
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let heading = ["", "p50", "p99", "p99.9", "max", ""].map(str::to_owned).to_vec();
        let mut rows = vec![heading];
        let mut spread = |name: &str, unit: f64, unit_name: &str, percentiles: &Option<Percentiles>| {
            let Some(Percentiles {
                count,
                p50,
                p99,
                p999,
                max,
            }) = percentiles
            else {
                return;
            };
            let cell = |value: &f64| format!("{:.2}", value / unit);
            rows.push(vec![
                name.to_owned(),
                cell(p50),
                cell(p99),
                cell(p999),
                cell(max),
                format!("{unit_name}, {count} values"),
            ]);
        };
        let delays = &self.forwarding_delay_micros;
        spread("forwarding delay", 1.0, "µs", &delays.all);
        spread("… of sound", 1.0, "µs", &delays.audio);
        spread("… of pictures", 1.0, "µs", &delays.video);
        spread("join to first sound", 1e3, "ms", &self.join_micros.first_audio);
        spread(
            "join to first whole frame",
            1e3,
            "ms",
            &self.join_micros.first_frame,
        );
        spread("publishers late by", 1.0, "µs", &self.publisher_lateness_micros);
        spread(
            "subscribers read late by",
            1.0,
            "µs",
            &self.subscriber_lateness_micros,
        );
        let spreads = output::table(&rows);

        let Packets {
            sent,
            forwarded,
            forwarded_per_second,
            forwarded_bits_per_second,
            streams,
            lost,
            loss,
            reordered,
            duplicates,
            retransmissions_requested,
            retransmissions_received,
            retransmissions_by_publishers,
            keyframe_requests_by_subscribers,
            keyframe_requests_to_publishers,
            keyframes,
        } = &self.packets;
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
        let frames = match self.asked.manners.frames {
            Frames::Together => "frames' packets together",
            Frames::Spread => "frames' packets spread over their time",
        };
        let frames = if self.asked.video_bits_per_second > 0 {
            frames
        } else {
            "no video"
        };
        row("packets sent", format!("{sent} ({frames})"));
        row(
            "packets forwarded",
            format!(
                "{forwarded} ({forwarded_per_second:.0} per second, {:.1} Mbit/s, {streams} streams)",
                forwarded_bits_per_second / 1e6
            ),
        );
        row("lost", format!("{lost} ({:.4} %)", loss * 100.0));
        row("reordered, twice", format!("{reordered}, {duplicates}"));
        row(
            "retransmissions",
            format!(
                "{retransmissions_requested} asked for, {retransmissions_received} received, \
                 {retransmissions_by_publishers} by publishers"
            ),
        );
        row(
            "keyframes",
            format!(
                "{keyframes}; asked for by the server {keyframe_requests_to_publishers} times, by subscribers \
                 {keyframe_requests_by_subscribers} times"
            ),
        );
        let Transport {
            clients_over_tcp,
            subscribers_with_feedback,
            feedbacks,
        } = &self.transport;
        row(
            "transport feedback",
            if self.asked.manners.transport_feedback {
                format!("{feedbacks} messages, from {subscribers_with_feedback} subscribers")
            } else {
                "turned off".to_owned()
            },
        );
        if *clients_over_tcp > 0 {
            row("over TCP", format!("{clients_over_tcp} clients"));
        }
        let server = &self.server;
        if let (Some(cost), Some(cores)) = (server.cpu_micros_per_forwarded_packet, server.cpu_cores) {
            row(
                "CPU of the server",
                format!("{cost:.2} µs per forwarded packet, {cores:.2} cores"),
            );
        }
        if let Some(within) = &server.forwarding_within {
            let Within {
                mean_micros,
                micros150,
                millis1,
                millis5,
                ..
            } = within;
            let percent = |part: &f64| format!("{:.1} %", part * 100.0);
            row(
                "in the server, until all have it",
                format!(
                    "{mean_micros:.0} µs on average; {} within 150 µs, {} within 1 ms, {} within 5 ms",
                    percent(micros150),
                    percent(millis1),
                    percent(millis5)
                ),
            );
        }
        if let (Some(each), Some(all)) = (server.memory_bytes_per_session, server.memory_bytes) {
            let (each, all) = (indicatif::HumanBytes(each), indicatif::HumanBytes(all));
            row(
                "memory of the server",
                format!("{each} per session, {all} in all"),
            );
        }
        if let (Some(cores), Some(load)) = (self.machine.cores, self.machine.load_average) {
            row("machine", format!("{cores} cores, load average {load:.2}"));
        }
        format!("{spreads}\n\n{}", output::table(&rows))
    }
}

impl Server {
    fn figures(self, forwarded: u64, seconds: u64, sessions: u64) -> ServerFigures {
        let cpu = self.cpu.map(|cpu| cpu.as_secs_f64());
        ServerFigures {
            cpu_micros_per_forwarded_packet: cpu.map(|cpu| cpu * 1e6 / float(forwarded)),
            cpu_cores: cpu.map(|cpu| cpu / float(seconds)),
            memory_bytes_before: self.memory.map(|(before, _)| before),
            memory_bytes: self.memory.map(|(_, after)| after),
            memory_bytes_per_session: self
                .memory
                .and_then(|(before, after)| after.saturating_sub(before).checked_div(sessions)),
            memory_method: MEMORY_METHOD,
            forwarding_within: self.within,
        }
    }
}

impl Packets {
    fn new(published: &Published, received: &Received, seconds: u64) -> Self {
        let lost = received.expected.saturating_sub(received.packets);
        Self {
            sent: published.packets,
            forwarded: received.packets,
            forwarded_per_second: float(received.packets) / float(seconds),
            forwarded_bits_per_second: float(received.bytes) * 8.0 / float(seconds),
            streams: received.streams,
            lost,
            loss: float(lost) / float(received.expected.max(1)),
            reordered: received.reordered,
            duplicates: received.duplicates,
            retransmissions_requested: received.nacked,
            retransmissions_received: received.recovered,
            retransmissions_by_publishers: published.retransmitted,
            keyframe_requests_by_subscribers: received.keyframe_requests,
            keyframe_requests_to_publishers: published.keyframe_requests,
            keyframes: published.keyframes,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(packets: u64) -> WorkerReport {
        let mut report = WorkerReport::default();
        report.published.packets = 100;
        report.received = Received {
            packets,
            expected: packets + 1,
            bytes: packets * 1000,
            streams: 1,
            over_tcp: 2,
            feedback_clients: 1,
            feedbacks: 50,
            ..Received::default()
        };
        for _ in 0..packets {
            report.video_delay.add(100_000);
        }
        report
    }

    const ASKED: Asked = Asked {
        meetings: 1,
        publishers: 1,
        subscribers: 3,
        seconds: 2,
        processes: 2,
        signaling: Signaling::Whip,
        video_bits_per_second: 1,
        audio_bits_per_second: 0,
        voices: None,
        manners: Manners {
            frames: Frames::Spread,
            transport_feedback: true,
            tcp: false,
        },
    };

    #[test]
    fn workers_add_up() {
        let server = Server {
            cpu: Some(Duration::from_millis(400)),
            memory: Some((1000, 9000)),
            within: Some(Within {
                packets: 200.0,
                mean_micros: 130.2,
                micros150: 0.75,
                millis1: 0.995,
                millis5: 1.0,
            }),
        };
        let summary = Summary::new(ASKED, server, Some(0.5), vec![report(100), report(300)]).unwrap();
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["packets"]["forwarded"], 400);
        assert_eq!(json["packets"]["lost"], 2);
        assert_eq!(json["packets"]["forwardedPerSecond"], 200.0);
        assert_eq!(json["server"]["cpuMicrosPerForwardedPacket"], 1000.0);
        assert_eq!(json["server"]["cpuCores"], 0.2);
        assert_eq!(json["server"]["memoryBytesPerSession"], 2000);
        assert_eq!(json["forwardingDelayMicros"]["all"]["count"], 400);
        assert!(json["forwardingDelayMicros"]["audio"].is_null());
        assert_eq!(json["signaling"], "whip");
        let manners = [&json["frames"], &json["transportFeedback"], &json["tcp"]];
        assert_eq!(manners, [&json!("spread"), &json!(true), &json!(false)]);
        let transport = json!({ "clientsOverTcp": 4, "subscribersWithFeedback": 2, "feedbacks": 100 });
        assert_eq!(json["transport"], transport);
        let text = summary.text();
        for said in [
            "1000.00 µs per forwarded packet, 0.20 cores",
            "200 (frames' packets spread over their time)",
            "100 messages, from 2 subscribers",
            "4 clients",
            "130 µs on average; 75.0 % within 150 µs, 99.5 % within 1 ms",
        ] {
            assert!(text.contains(said), "{said} in {text}");
        }
    }

    #[test]
    fn a_run_without_packets_has_no_result() {
        let refused = Summary::new(ASKED, Server::default(), None, vec![report(0)]);
        assert!(matches!(refused, Err(RunError::Nothing)));
    }
}
