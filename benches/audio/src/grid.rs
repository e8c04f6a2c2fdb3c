//! The cells: a network each, and a way of protecting the sound each.

use std::time::Duration;

use anteroom_testkit::netem::LinkConfig;

/// What protects the sound against loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// Only what the decoder invents.
    None,
    /// In-band FEC (LBRR).
    Fec,
    /// A copy of the packet before (RFC 2198).
    Red,
    /// Both.
    FecRed,
    /// What a neural network invents.
    DeepPlc,
    /// Deep redundancy: a second of the past, very coarse.
    Dred,
}

impl Mechanism {
    pub(crate) const ALL: [Self; 6] = [
        Self::None,
        Self::Fec,
        Self::Red,
        Self::FecRed,
        Self::DeepPlc,
        Self::Dred,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fec => "fec",
            Self::Red => "red",
            Self::FecRed => "fec+red",
            Self::DeepPlc => "deep-plc",
            Self::Dred => "dred",
        }
    }

    pub(crate) const fn has_fec(self) -> bool {
        matches!(self, Self::Fec | Self::FecRed)
    }

    pub(crate) const fn has_red(self) -> bool {
        matches!(self, Self::Red | Self::FecRed)
    }

    /// Whether it needs a decoder with neural networks.
    pub(crate) const fn is_deep(self) -> bool {
        matches!(self, Self::DeepPlc | Self::Dred)
    }
}

/// What the packets go through.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) link: LinkConfig,
    /// How much faster than ours the sender's clock is, in parts per million.
    pub(crate) drift_ppm: i32,
}

impl Network {
    fn new(name: String, link: LinkConfig) -> Self {
        Self {
            name,
            link,
            drift_ppm: 0,
        }
    }

    /// The loss to protect against, in percent.
    pub(crate) fn loss_percent(&self) -> f64 {
        self.link.loss * 100.0
    }
}

/// All of them: random loss, bursts, jitter, drift.
pub(crate) fn networks() -> Vec<Network> {
    let mut networks: Vec<Network> = [0, 1, 3, 5, 10, 20, 30]
        .map(|percent| {
            Network::new(
                format!("loss-{percent}"),
                LinkConfig::default().loss(f64::from(percent) / 100.0),
            )
        })
        .into();
    networks.extend([5, 10, 20].map(|percent| {
        Network::new(
            format!("burst-{percent}"),
            LinkConfig {
                mean_burst: 3.0,
                ..LinkConfig::default().loss(f64::from(percent) / 100.0)
            },
        )
    }));
    networks.extend([20, 50, 100, 200].map(|ms| {
        Network::new(
            format!("jitter-{ms}"),
            LinkConfig::default().jitter(Duration::from_millis(ms)),
        )
    }));
    networks.extend([-200, 200].map(|drift_ppm| Network {
        drift_ppm,
        ..Network::new(format!("drift{drift_ppm:+}"), LinkConfig::default())
    }));
    networks
}
