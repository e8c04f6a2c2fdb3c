//! Offers and answers, and who hears of tracks. That media flows is tested where there are clients.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    Admit, Answer, Leave, Offer, Section, SetViews, TrackSource, TrackView, TracksUpdate, section,
};
use anteroom_signaling::sdp::{Description, Direction, LocalTransport, Msid, OfferBuilder};

use crate::common::Host;
use crate::signaling::client::Client;

fn transport() -> LocalTransport {
    LocalTransport {
        ice_ufrag: "abcd".to_owned(),
        ice_pwd: "0123456789012345678901".to_owned(),
        fingerprint: [0xab; 32],
    }
}

fn microphone(session: u64, version: u64) -> OfferBuilder {
    let msid = Msid {
        stream: "s".to_owned(),
        track: "t".to_owned(),
    };
    OfferBuilder::new(session, version, transport()).audio_send("0", 1234, "me", msid)
}

fn publish() -> Section {
    Section {
        mid: "0".to_owned(),
        r#use: Some(section::Use::Publish(TrackSource::Microphone.into())),
    }
}

async fn offer(client: &mut Client, sdp: String, sections: Vec<Section>) -> Answer {
    let id = client
        .send(Said::Offer(Offer {
            sdp,
            sections,
            confirms: false,
        }))
        .await;
    match client.answer(id).await {
        Body::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

async fn tracks(client: &mut Client) -> TracksUpdate {
    client
        .expect(|body| match body {
            Body::Tracks(update) if !update.added.is_empty() || !update.removed.is_empty() => Some(update),
            _ => None,
        })
        .await
}

/// A microphone, a camera in three layers, and a section of each kind that receives, as Chrome offers them.
const SIMULCAST: &str = include_str!("../../../../signaling/src/sdp/data/chrome-simulcast-offer.sdp");

#[tokio::test]
async fn layers_are_taken_and_views_are_carried_out() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.lobby().await;
    let admit = Admit {
        participant_ids: vec![],
        all: true,
    };
    alice.send(Said::Admit(admit)).await;
    dana.connected().await;
    let named = |mid: &str, r#use| Section {
        mid: mid.to_owned(),
        r#use: Some(r#use),
    };
    let own = [
        named("0", section::Use::Publish(TrackSource::Microphone.into())),
        named("1", section::Use::Publish(TrackSource::Camera.into())),
    ];
    let silent = SIMULCAST.replace("a=recvonly", "a=inactive");
    let answer = offer(&mut alice, silent, own.to_vec()).await;
    assert!(
        answer.sdp.contains("a=simulcast:recv q;h;f\r\n"),
        "{}",
        answer.sdp
    );

    let added = tracks(&mut dana).await.added;
    let id = |source| {
        added
            .iter()
            .find(|track| track.source() == source)
            .unwrap()
            .id
            .clone()
    };
    let receives = SIMULCAST.replace("a=sendonly", "a=inactive");
    let wanted = [
        named("2", section::Use::Subscribe(id(TrackSource::Microphone))),
        named("3", section::Use::Subscribe(id(TrackSource::Camera))),
    ];
    let answer = offer(&mut dana, receives, wanted.to_vec()).await;
    assert!(answer.sdp.contains("a=ssrc-group:FID "), "{}", answer.sdp);
    assert!(
        answer.sdp.contains("a=rtcp-fb:96 transport-cc\r\n"),
        "{}",
        answer.sdp
    );

    let view = TrackView {
        track_id: id(TrackSource::Camera),
        width: 640,
        height: 360,
        pinned: true,
        ..TrackView::default()
    };
    let views = vec![view; 1024];
    let number = dana.send(Said::SetViews(SetViews { views })).await;
    assert!(matches!(dana.answer(number).await, Body::Done(_)));
    let views = vec![TrackView::default(); 1025];
    let number = dana.send(Said::SetViews(SetViews { views })).await;
    assert!(matches!(dana.answer(number).await, Body::Error(error) if error.key == "too_large"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn tracks_are_announced_subscribed_to_and_withdrawn() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.lobby().await;
    let answer = offer(&mut alice, microphone(1, 1).build(), vec![publish()]).await;
    let description = Description::parse(&answer.sdp).unwrap();
    assert!(description.ice_lite);
    assert!(
        host.service
            .media_addrs()
            .contains(&description.candidates[0].address)
    );
    assert_eq!(description.sections[0].direction, Direction::RecvOnly);

    // Somebody in the lobby hears of it on the way in, not before.
    alice
        .send(Said::Admit(Admit {
            participant_ids: vec![],
            all: true,
        }))
        .await;
    let connected = dana.connected().await;
    let update = tracks(&mut dana).await;
    assert!(update.snapshot);
    let track = &update.added[0];
    assert_eq!(track.source(), TrackSource::Microphone);
    assert_ne!(track.participant_id, connected.participant_id);

    let subscribe = Section {
        mid: "1".to_owned(),
        r#use: Some(section::Use::Subscribe(track.id.clone())),
    };
    let sdp = microphone(2, 1).audio_receive("1").build();
    let answer = offer(&mut dana, sdp, vec![publish(), subscribe]).await;
    assert!(answer.missing_tracks.is_empty());
    let description = Description::parse(&answer.sdp).unwrap();
    assert_eq!(description.sections[1].direction, Direction::SendOnly);
    assert_eq!(description.sections[1].ssrcs.len(), 1);
    let from_dana = tracks(&mut alice).await;
    assert_eq!(from_dana.added[0].participant_id, connected.participant_id);

    alice.send(Said::Leave(Leave {})).await;
    assert_eq!(tracks(&mut dana).await.removed, [track.id.as_str()]);
    host.service.shutdown().await;
}
