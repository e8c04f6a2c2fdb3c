//! Events read: lists, views, single ones. A page is read, not the calendar.

use std::collections::HashMap;
use std::sync::Arc;

use anteroom_teams_link::graph::odata::Direction;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::occurrence::{self, Occurrence, split};
use super::view::{Shown, zone_of};
use super::window::{self, Place, Window, weight};
use super::write::When;
use super::zone::Zone;
use super::{READ, answer, meeting_of, stored};
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::{
    Answer, Paging, check_filter, check_select, matches, offset_of, page_of, page_size, query_error,
};
use crate::http::graph::call::Call;
use crate::http::graph::resource::Owner;
use crate::http::graph::schema::EVENT;
use crate::http::graph::users;
use crate::store::sqlite::calendar::responses;
use crate::store::sqlite::calendar::{self as sql, EventOrder, EventRow};

/// As Graph has it: 10 on a page; ours are larger, since the page of meetings shows one.
const PAGING: Paging = Paging {
    default: 100,
    most: 1000,
};

/// Longest view, as in Exchange.
const VIEW: Duration = Duration::days(1825);

/// Largest page, in bytes or nearly so: bodies can be long.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Events read at a time.
const CHUNK: u32 = 50;

/// Most events that are looked at to count those that a filter holds for.
const COUNTED: usize = 2000;

/// `GET …/events`
pub(super) async fn list(call: &Call, path: &Owner) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let (order, descending) = order(call)?;
    let oid = user.oid;
    let total = call
        .app
        .store()
        .read(move |connection| sql::count(connection, oid))
        .await?;
    let mut page = Page::new(call)?;
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    page.check_count(total)?;
    'pages: while page.at < total {
        let offset = u32::try_from(page.at).unwrap_or(u32::MAX);
        let rows = call
            .app
            .store()
            .read(move |connection| sql::page(connection, oid, order, descending, offset, CHUNK))
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let shown = show(call, &user, row).await?.event(call, &page.zone)?;
            if !page.take(call, shown)? {
                break 'pages;
            }
        }
    }
    let context = format!("users('{}')/events", user.oid);
    page.answer(call, &context, total)
}

/// What takes place between two instants, in the whole calendar or of one series: `GET …/calendarView`,
/// `GET …/events/{id}/instances`.
pub(super) async fn view(call: &Call, path: &Owner, of: Option<&str>) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let (from, until) = (instant(call, "startDateTime")?, instant(call, "endDateTime")?);
    if until < from || until - from > VIEW {
        return Err(query_error(
            "endDateTime must be after startDateTime, by no more than 1825 days",
        ));
    }
    if let Some(id) = of {
        // Whether it is there at all; an occurrence has no instances.
        stored(call, &user, id).await?;
    }
    let mut page = Page::new(call)?;
    let (of, oid) = (of.map(str::to_owned), user.oid);
    let mut places = call
        .app
        .store()
        .read(move |connection| window::places(connection, oid, of.as_deref(), Window { from, until }))
        .await?;
    window::sort(call, &mut places)?;
    page.check_count(places.len())?;
    let mut known = Known::default();
    while let Some(place) = places.get(page.at) {
        match known.told(call, &user, place, &page.zone).await? {
            Some(shown) => {
                if !page.take(call, shown)? {
                    break;
                }
            }
            // It went since the places were read.
            None => page.at += 1,
        }
    }
    let context = format!("users('{}')/calendarView", user.oid);
    page.answer(call, &context, places.len())
}

/// `GET …/events/{id}`, of an event, a series or an occurrence.
pub(super) async fn get(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let zone = zone_of(call)?;
    let (event, day) = split(id)?;
    let shown = show(call, &user, stored(call, &user, event).await?).await?;
    let shown = match day {
        Some(day) => shown_at(call, &shown, day, &zone).await?,
        None => shown.event(call, &zone)?,
    };
    answer(call, StatusCode::OK, &user, shown)
}

/// The occurrence of a day, told.
pub(super) async fn shown_at(call: &Call, shown: &Shown, day: Date, zone: &Zone) -> Result<Value, ApiError> {
    let occurrence = occurrence_at(call, shown, day).await?;
    shown.occurrence(call, zone, &occurrence)
}

async fn occurrence_at(call: &Call, shown: &Shown, day: Date) -> Result<Occurrence, ApiError> {
    let (user, row, when) = (shown.user.oid, shown.row.clone(), shown.when.clone());
    call.app
        .store()
        .read(move |connection| occurrence::get(connection, user, &row, &when, day))
        .await
}

/// An event with what belongs to it.
pub(super) async fn show(call: &Call, user: &DirectoryUser, row: EventRow) -> Result<Shown, ApiError> {
    let when = When::of(&row.event)?;
    let id = row.id.clone();
    let responses = call
        .app
        .store()
        .read(move |connection| responses::of_event(connection, &id, ""))
        .await?;
    Ok(Shown {
        when,
        organizer: call.app.directory().user(row.owner).await?,
        meeting: meeting_of(call, &row).await?,
        user: user.clone(),
        responses,
        row,
    })
}

/// Series that were read for a page already; a page has many occurrences of few.
#[derive(Default)]
struct Known(HashMap<Arc<str>, Shown>);

/// Most of them.
const KNOWN: usize = 16;

impl Known {
    /// What stands at a place; `None` when it is there no more.
    async fn told(
        &mut self,
        call: &Call,
        user: &DirectoryUser,
        place: &Place,
        zone: &Zone,
    ) -> Result<Option<Value>, ApiError> {
        if !self.0.contains_key(&place.event) {
            let row = match stored(call, user, &place.event).await {
                Ok(row) => row,
                Err(error) => return if_gone(error),
            };
            if self.0.len() >= KNOWN {
                self.0.clear();
            }
            self.0
                .insert(Arc::clone(&place.event), show(call, user, row).await?);
        }
        let Some(shown) = self.0.get(&place.event) else {
            return Ok(None);
        };
        let told = match place.day {
            None => shown.event(call, zone),
            Some(day) => shown_at(call, shown, day, zone).await,
        };
        told.map(Some).or_else(if_gone)
    }
}

fn if_gone(error: ApiError) -> Result<Option<Value>, ApiError> {
    if error.entry() == &graph::EVENT_NOT_FOUND {
        Ok(None)
    } else {
        Err(error)
    }
}

/// A page that fills.
struct Page {
    zone: Zone,
    /// Place of the next event to look at, among all.
    at: usize,
    size: usize,
    /// Events still to be left out, for `$skip`.
    skip: usize,
    counts: bool,
    shown: Vec<Value>,
    bytes: usize,
    /// Where the next page begins, once this one is full.
    next: Option<usize>,
    /// How many events the filter held for, where it is counted.
    counted: usize,
}

impl Page {
    fn new(call: &Call) -> Result<Self, ApiError> {
        let options = &call.options;
        check_select(options, &EVENT)?;
        if let Some(filter) = &options.filter {
            check_filter(filter, &EVENT)?;
        }
        let at = offset_of(options)?;
        let skip = options.skip.filter(|_| at.is_none()).unwrap_or(0);
        let counts = options.count && options.filter.is_some();
        Ok(Self {
            zone: zone_of(call)?,
            // To count, every page looks at everything.
            at: if counts { 0 } else { at.unwrap_or(0) },
            size: usize::try_from(page_size(call, &PAGING)?).unwrap_or(usize::MAX),
            skip: if counts { at.unwrap_or(0) } else { 0 } + usize::try_from(skip).unwrap_or(usize::MAX),
            counts,
            shown: Vec::new(),
            bytes: 0,
            next: None,
            counted: 0,
        })
    }

    /// Counting what a filter holds for means to look at everything: not without bound.
    fn check_count(&self, total: usize) -> Result<(), ApiError> {
        if self.counts && total > COUNTED {
            return Err(ApiError::new(&graph::VIEW_TOO_LARGE));
        }
        Ok(())
    }

    /// Takes the next event; false when the page is full.
    fn take(&mut self, call: &Call, event: Value) -> Result<bool, ApiError> {
        let filter = call.options.filter.as_ref();
        let wanted = filter.map_or(Ok(true), |filter| matches(filter, &event))?;
        let full = self.shown.len() >= self.size || self.bytes >= PAGE_BYTES;
        if wanted && full && self.next.is_none() {
            // With a count, places are those among what the filter holds for.
            self.next = Some(if self.counts { self.counted } else { self.at });
        }
        if wanted {
            self.counted += 1;
        }
        if self.next.is_some() {
            self.at += 1;
            return Ok(self.counts);
        }
        self.at += 1;
        if !wanted {
            return Ok(true);
        }
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(true);
        }
        self.bytes = self.bytes.saturating_add(weight(&event));
        self.shown.push(event);
        Ok(true)
    }

    fn answer(self, call: &Call, context: &str, total: usize) -> Answer {
        let next = self.next.map(|at| URL_SAFE_NO_PAD.encode(format!("o{at}")));
        let count = if self.counts { self.counted } else { total };
        let count = call.options.count.then_some(count);
        Ok(page_of(call, context, self.shown, count, next))
    }
}

/// What a list of events is sorted by.
fn order(call: &Call) -> Result<(EventOrder, bool), ApiError> {
    let Some(first) = call.options.order_by.first() else {
        return Ok((EventOrder::Start, false));
    };
    let known: [(&[&str], EventOrder); 4] = [
        (&["start", "dateTime"], EventOrder::Start),
        (&["createdDateTime"], EventOrder::Created),
        (&["lastModifiedDateTime"], EventOrder::Changed),
        (&["subject"], EventOrder::Subject),
    ];
    match known.iter().find(|(path, _)| first.path.is(path)) {
        Some((_, order)) if call.options.order_by.len() == 1 => {
            Ok((*order, first.direction == Direction::Descending))
        }
        _ => Err(query_error(
            "Events are sorted by one of start/dateTime, createdDateTime, lastModifiedDateTime and subject",
        )),
    }
}

/// A query parameter with an instant; without an offset, UTC.
fn instant(call: &Call, name: &str) -> Result<OffsetDateTime, ApiError> {
    let wrong = || {
        query_error(&format!(
            "This request requires a time window: {name} is missing or no time"
        ))
    };
    let text = call.options.custom(name).ok_or_else(wrong)?;
    // A plus sign that was not encoded arrives as a space.
    let text = text.trim().replace(' ', "+");
    let at = OffsetDateTime::parse(&text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339));
    at.ok()
        .filter(|at| (1970..9000).contains(&at.year()))
        .ok_or_else(wrong)
}
