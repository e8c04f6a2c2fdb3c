//! What the command and its worker processes say to each other: a line of JSON each, orders on standard input, reports on
//! standard output. A worker whose standard input ends is to end, too.

use std::path::{Path, PathBuf};

use anteroom_service::DevInfo;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::ClientError;
use super::histogram::Counts;

/// How clients agree with the server on media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli::load) enum Signaling {
    /// Each client joins the meeting as its app would; subscribers receive every publisher.
    Meeting,
    /// Publishers come by WHIP, subscribers by WHEP; a subscriber receives one voice and one picture.
    Whip,
}

/// How the packets of a frame of video leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli::load) enum Frames {
    /// Back to back as soon as the frame is there, each packet by a call of its own, as browsers send them.
    #[default]
    Together,
    /// Evenly over the frame's time: no two packets of a stream come together.
    Spread,
}

/// How clients behave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manners {
    pub(super) frames: Frames,
    /// Subscribers offer transport-wide feedback, and give it where the server takes it.
    pub(super) transport_feedback: bool,
    /// UDP is not tried.
    pub(super) tcp: bool,
}

/// Where clients come in, and as whom. Has a token in it, and so is no argument.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "door", rename_all = "camelCase")]
pub(super) enum Door {
    /// The meeting with this link.
    Meeting {
        /// Base address of the service.
        endpoint: Url,
        link: String,
        token: String,
        /// Certificate authority to trust, in PEM.
        ca: Option<PathBuf>,
    },
    /// Where WHIP and WHEP post their offers.
    Whip {
        whip: Url,
        whep: Url,
        /// Not every server asks for one.
        token: Option<String>,
        ca: Option<PathBuf>,
    },
}

impl Door {
    /// A meeting of a service in development mode.
    pub(super) fn meeting(dev: &DevInfo, link: String) -> Result<Self, url::ParseError> {
        Ok(Self::Meeting {
            endpoint: dev.endpoint.parse()?,
            link,
            token: dev.media_token.clone(),
            ca: dev.ca_file.clone(),
        })
    }

    /// Its demo meeting, by WHIP and WHEP.
    pub(super) fn whip(dev: &DevInfo) -> Result<Self, url::ParseError> {
        Ok(Self::Whip {
            whip: dev.whip_url.parse()?,
            whep: dev.whep_url.parse()?,
            token: Some(dev.media_token.clone()),
            ca: dev.ca_file.clone(),
        })
    }

    pub(super) fn ca(&self) -> Option<&Path> {
        match self {
            Self::Meeting { ca, .. } | Self::Whip { ca, .. } => ca.as_deref(),
        }
    }
}

/// The first line a worker reads: whom it plays.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Plan {
    /// At least one. A client's number says which is its.
    pub(super) doors: Vec<Door>,
    /// Their numbers among all.
    pub(super) publishers: Vec<usize>,
    pub(super) subscribers: Vec<usize>,
    /// Bits per second of each publisher; 0 for none.
    pub(super) video: u64,
    pub(super) audio: u64,
    pub(super) manners: Manners,
    /// Clients that join at a time.
    pub(super) at_a_time: usize,
    /// How long a client may take to join and to receive media, in seconds.
    pub(super) patience: u64,
}

/// What the command asks of a worker after that.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "camelCase")]
pub(super) enum Order {
    /// All publishers send: subscribers may come.
    Subscribe,
    /// What is sent from one moment of the monotonic clock up to another counts, in nanoseconds. Report after that.
    Measure { from: u64, until: u64 },
}

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "camelCase")]
pub(super) enum Told {
    /// Its publishers send.
    Publishing,
    /// Its subscribers receive.
    Subscribed,
    /// What came of it.
    Report(Box<WorkerReport>),
    /// A client failed, and with it the run.
    Failed { client: String, error: ClientError },
}

/// What a worker's clients have counted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct WorkerReport {
    pub(super) published: Published,
    pub(super) received: Received,
    /// Nanoseconds from a packet's stamp to its arrival at the subscriber's socket.
    pub(super) audio_delay: Counts,
    pub(super) video_delay: Counts,
    /// Nanoseconds by which packets were sent later than planned.
    pub(super) lateness: Counts,
    /// Nanoseconds that packets were in the subscriber's socket before it read them, where the system tells.
    pub(super) reading: Counts,
    /// Nanoseconds from a subscriber's first request to its first audio packet, and to its first whole keyframe.
    pub(super) first_audio: Counts,
    pub(super) first_frame: Counts,
}

/// What publishers count while it counts.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Published {
    pub(super) packets: u64,
    /// Sent again because the server asked.
    pub(super) retransmitted: u64,
    /// PLI and FIR from the server, since the start.
    pub(super) keyframe_requests: u64,
    /// Keyframes sent, since the start.
    pub(super) keyframes: u64,
}

/// What subscribers count of packets sent while it counts.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Received {
    /// Packets, each once.
    pub(super) packets: u64,
    /// RTP bytes of them, headers included.
    pub(super) bytes: u64,
    /// Sequence numbers from the first to the last.
    pub(super) expected: u64,
    /// Came behind one that was sent later, though nobody had asked for them again.
    pub(super) reordered: u64,
    /// Came more than once.
    pub(super) duplicates: u64,
    /// Came after they had been asked for again.
    pub(super) recovered: u64,
    /// Sequence numbers asked for again, repetitions included, since the start.
    pub(super) nacked: u64,
    /// Keyframes asked for, since the start.
    pub(super) keyframe_requests: u64,
    /// Streams.
    pub(super) streams: u64,
    /// Clients, publishers too, whose media went over TCP in the end.
    pub(super) over_tcp: u64,
    /// Clients that gave transport-wide feedback, and how many messages of it, since the start.
    pub(super) feedback_clients: u64,
    pub(super) feedbacks: u64,
}

impl Published {
    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            packets,
            retransmitted,
            keyframe_requests,
            keyframes,
        } = other;
        self.packets += packets;
        self.retransmitted += retransmitted;
        self.keyframe_requests += keyframe_requests;
        self.keyframes += keyframes;
    }
}

impl Received {
    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            packets,
            bytes,
            expected,
            reordered,
            duplicates,
            recovered,
            nacked,
            keyframe_requests,
            streams,
            over_tcp,
            feedback_clients,
            feedbacks,
        } = other;
        self.packets += packets;
        self.bytes += bytes;
        self.expected += expected;
        self.reordered += reordered;
        self.duplicates += duplicates;
        self.recovered += recovered;
        self.nacked += nacked;
        self.keyframe_requests += keyframe_requests;
        self.streams += streams;
        self.over_tcp += over_tcp;
        self.feedback_clients += feedback_clients;
        self.feedbacks += feedbacks;
    }
}
