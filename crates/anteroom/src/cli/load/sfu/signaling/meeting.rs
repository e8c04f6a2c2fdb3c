//! Joining a meeting as an app would: by its link, with an offer for what is sent and for each track that is received.

use std::sync::Arc;

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, client_message, section};
use url::Url;

use super::sections;
use crate::cli::load::seat::Seat;
use crate::cli::load::sfu::agreement::{Agreed, Kind, Local, Section, Signaling};
use crate::cli::load::sfu::error::ClientError;

/// A participant.
pub(in crate::cli::load::sfu) struct InMeeting {
    endpoint: Url,
    tls: Option<Arc<rustls::ClientConfig>>,
    token: String,
    link: String,
    seat: Option<Seat>,
    /// Sections keep their place: what is sent, or the tracks received in the order they came.
    sections: Vec<Section>,
    /// By section; empty for one that sends.
    tracks: Vec<String>,
    sends: bool,
    version: u64,
    /// Sections in the latest offer.
    offered: usize,
    /// It waits for its answer.
    is_waiting: bool,
}

impl InMeeting {
    /// Somebody who sends these, or who receives everything there is when it sends nothing.
    pub(in crate::cli::load::sfu) fn new(
        endpoint: Url,
        tls: Option<Arc<rustls::ClientConfig>>,
        token: String,
        link: String,
        sending: &[Kind],
    ) -> Self {
        let sections = sections(sending, true);
        Self {
            endpoint,
            tls,
            token,
            link,
            seat: None,
            tracks: vec![String::new(); sections.len()],
            sends: !sections.is_empty(),
            sections,
            version: 0,
            offered: 0,
            is_waiting: false,
        }
    }

    /// Makes an offer when there is something new and no other is on its way.
    fn offer(&mut self, local: &Local) {
        let Some(seat) = &mut self.seat else { return };
        if self.is_waiting || self.offered == self.sections.len() {
            return;
        }
        self.version += 1;
        self.offered = self.sections.len();
        self.is_waiting = true;
        let used = |(section, track): (&Section, &String)| proto::Section {
            mid: section.mid.clone(),
            r#use: Some(match (section.sends, section.kind) {
                (true, Kind::Audio) => section::Use::Publish(proto::TrackSource::Microphone.into()),
                (true, Kind::Video) => section::Use::Publish(proto::TrackSource::Camera.into()),
                (false, _) => section::Use::Subscribe(track.clone()),
            }),
        };
        seat.request(client_message::Body::Offer(proto::Offer {
            sdp: local.offer(self.version, &self.sections),
            sections: self.sections.iter().zip(&self.tracks).map(used).collect(),
            confirms: false,
        }));
    }

    fn add_tracks(&mut self, update: proto::TracksUpdate) {
        for track in update.added {
            let kind = match track.kind() {
                proto::TrackKind::Audio => Kind::Audio,
                proto::TrackKind::Video => Kind::Video,
                proto::TrackKind::Unspecified => continue,
            };
            if self.sends || self.tracks.contains(&track.id) {
                continue;
            }
            self.sections.push(Section {
                mid: self.sections.len().to_string(),
                kind,
                sends: false,
            });
            self.tracks.push(track.id);
        }
    }
}

impl Signaling for InMeeting {
    async fn agree(&mut self, local: &Local) -> Result<Agreed, ClientError> {
        if self.seat.is_none() {
            let mut seat = Seat::open(&self.endpoint, self.tls.clone(), self.token.clone())
                .await
                .map_err(ClientError::signaling)?;
            seat.join(&self.link).await.map_err(ClientError::signaling)?;
            if self.sends {
                // For everybody's roster, and because what is muted is not forwarded.
                let sends = |kind| self.sections.iter().any(|section| section.kind == kind);
                let state = proto::MediaState {
                    mic_muted: !sends(Kind::Audio),
                    camera_on: sends(Kind::Video),
                    screen_sharing: false,
                };
                seat.notify(client_message::Body::MediaState(state))
                    .map_err(ClientError::signaling)?;
            }
            self.seat = Some(seat);
        }
        loop {
            self.offer(local);
            let Some(seat) = &mut self.seat else {
                return Err(ClientError::signaling("not joined"));
            };
            match seat.next().await.map_err(ClientError::signaling)? {
                Body::Tracks(update) => self.add_tracks(update),
                Body::Answer(answer) => {
                    self.is_waiting = false;
                    let offered = self.sections.get(..self.offered).unwrap_or_default();
                    return local.agreed(offered, &answer.sdp);
                }
                Body::Error(error) => {
                    return Err(ClientError::Signaling(format!(
                        "{} ({})",
                        error.message, error.key
                    )));
                }
                Body::Ended(ended) => {
                    let key = ended.reason.unwrap_or_default().key;
                    return Err(ClientError::Signaling(format!("the stay ended: {key}")));
                }
                _ => {}
            }
        }
    }

    async fn leave(&mut self) {
        if let Some(mut seat) = self.seat.take() {
            seat.request(client_message::Body::Leave(proto::Leave {}));
            // Whoever is gone already is gone.
            let _ = seat.flush().await;
        }
    }
}
