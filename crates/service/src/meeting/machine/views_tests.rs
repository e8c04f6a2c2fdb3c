//! What is shown goes to the router, and what is wanted to the publisher.

use std::time::Duration;

use anteroom_media_transport::allocator::View;
use anteroom_media_transport::router::{Command, PeerId, TrackId, TrackView};
use anteroom_signaling::proto;
use anteroom_signaling::proto::server_message::Body;
use anteroom_teams_link::policy::LobbyScope;

use super::harness::{Harness, alice, bob, offer};
use super::{Ask, Input, SessionId};

fn views(of: &[(&str, u32, u32)]) -> Ask {
    let view = |(track, width, height): &(&str, u32, u32)| proto::TrackView {
        track_id: (*track).to_owned(),
        width: *width,
        height: *height,
        ..proto::TrackView::default()
    };
    Ask::SetViews(of.iter().map(view).collect())
}

impl Harness {
    fn shows(&mut self, by: SessionId, ask: Ask) {
        self.tell(by, Input::Ask { reply: 7, ask });
    }

    /// What the router was told of views since the last call.
    fn told(&mut self) -> Vec<(PeerId, Vec<TrackView>)> {
        let commands = std::mem::take(&mut self.commands);
        let views = commands.into_iter().filter_map(|command| match command {
            Command::SetViews { peer, views } => Some((peer, views)),
            _ => None,
        });
        views.collect()
    }

    /// The media connection and the tracks that were set up last.
    fn published(&mut self) -> (PeerId, Vec<TrackId>) {
        let commands = std::mem::take(&mut self.commands);
        let set = commands.into_iter().rev().find_map(|command| match command {
            Command::SetPublications { peer, publications } => {
                Some((peer, publications.iter().map(|one| one.track).collect()))
            }
            _ => None,
        });
        set.unwrap()
    }

    fn demands(&mut self, of: SessionId) -> Vec<proto::Demand> {
        let bodies = self.take(of).into_iter();
        let demands = bodies.filter_map(|body| match body {
            Body::Demand(demand) => Some(demand),
            _ => None,
        });
        demands.collect()
    }

    fn wants(&mut self, (peer, track): (PeerId, TrackId), is_watched: bool, rids: &[&str]) {
        let rids = rids.iter().map(|rid| (*rid).to_owned()).collect();
        self.meeting.handle_demand(peer, track, is_watched, rids);
        self.carry_out();
    }
}

/// Alice publishes; Bob has no media yet.
fn meeting() -> (Harness, SessionId, SessionId, (PeerId, Vec<TrackId>)) {
    let mut m = Harness::new(LobbyScope::Everyone);
    let (alice, bob) = (m.join(alice()), m.join(bob()));
    m.tell(alice, offer());
    let published = m.published();
    m.take_all();
    (m, alice, bob, published)
}

#[test]
fn views_reach_the_router_once_there_is_media_and_when_they_change() {
    let (mut m, _, bob, (_, tracks)) = meeting();
    let camera = tracks[1].0.to_string();
    let mut all = vec![
        proto::TrackView {
            track_id: camera.clone(),
            width: 640,
            height: 360,
            pinned: true,
            hidden: false,
            priority: 3,
        },
        // Never a track, and one of another room.
        proto::TrackView {
            track_id: "camera".to_owned(),
            ..proto::TrackView::default()
        },
        proto::TrackView {
            track_id: "1".to_owned(),
            ..proto::TrackView::default()
        },
    ];
    m.shows(bob, Ask::SetViews(all.clone()));
    assert_eq!(m.told(), [], "there is no media connection");
    m.tell(bob, offer());
    let shown = |view, priority| TrackView {
        track: tracks[1],
        view,
        priority,
    };
    let told = m.told();
    let pinned = View::Pinned {
        width: 640,
        height: 360,
    };
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, [shown(pinned, 3)]);
    let peer = told[0].0;

    // The same again changes nothing; nor does another description.
    m.shows(bob, Ask::SetViews(all.clone()));
    m.tell(bob, offer());
    assert_eq!(m.told(), []);
    all[0].hidden = true;
    all[0].priority = 1000;
    m.shows(bob, Ask::SetViews(all));
    assert_eq!(m.told(), [(peer, vec![shown(View::Hidden, 255)])]);
    m.shows(bob, views(&[(&camera, u32::MAX, 9)]));
    let tile = View::Tile {
        width: 16_384,
        height: 9,
    };
    assert_eq!(m.told(), [(peer, vec![shown(tile, 0)])]);
    m.shows(bob, views(&[]));
    assert_eq!(m.told(), [(peer, vec![])], "nothing said is something new");
}

#[test]
fn views_have_a_pace_and_need_a_call() {
    let (mut m, alice, bob, (_, tracks)) = meeting();
    let camera = tracks[1].0.to_string();
    for width in 0..20 {
        m.shows(bob, views(&[(&camera, width, 0)]));
    }
    m.take_all();
    m.shows(bob, views(&[(&camera, 20, 0)]));
    assert_eq!(m.error(bob), "rate_limited");
    m.shows(alice, views(&[]));
    assert!(matches!(m.take(alice)[..], [Body::Done(_)]), "others go on");
    m.advance(Duration::from_millis(100));
    m.take_all();
    m.shows(bob, views(&[(&camera, 21, 0)]));
    assert!(matches!(m.take(bob)[..], [Body::Done(_)]));
}

#[test]
fn a_publisher_hears_what_is_wanted_once_and_again_after_a_break() {
    let (mut m, alice, bob, (peer, tracks)) = meeting();
    let camera = (peer, tracks[1]);
    m.wants(camera, true, &["q", "h"]);
    m.wants(camera, true, &["q", "h"]);
    let wanted = proto::Demand {
        track_id: tracks[1].0.to_string(),
        mid: "1".to_owned(),
        watched: true,
        rids: vec!["q".to_owned(), "h".to_owned()],
    };
    assert_eq!(m.demands(alice), [wanted]);
    m.wants(camera, false, &[]);
    let nothing = proto::Demand {
        watched: false,
        rids: vec![],
        ..m.demands(alice).pop().unwrap()
    };
    assert!(!nothing.watched && nothing.track_id == tracks[1].0.to_string());
    m.tell(alice, Input::ConnectionLost);
    m.tell(alice, Input::Resumed);
    assert_eq!(m.demands(alice), [nothing]);
    // Of tracks that do not exist, or of somebody who does not publish, nobody hears.
    m.wants((peer, TrackId(99)), true, &[]);
    m.wants((PeerId(99), tracks[1]), true, &[]);
    assert_eq!((m.demands(alice), m.demands(bob)), (vec![], vec![]));
    // What was said of a connection ends with it.
    let now = m.now;
    m.meeting.handle_media_closed(now, peer);
    m.carry_out();
    m.tell(alice, Input::Resumed);
    assert_eq!(m.demands(alice), []);
}
