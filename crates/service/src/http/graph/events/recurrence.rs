//! `patternedRecurrence`: on which days a series takes place.

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// Periods (days, weeks, months, years) looked at; a daily series for 100 years.
const PERIODS: usize = 37_000;

/// Most occurrences of a numbered series, as in Exchange.
const NUMBERED: u32 = 999;

/// A recurrence that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recurrence {
    pattern: Pattern,
    start: Date,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    kind: Kind,
    interval: u16,
    month: i8,
    day_of_month: i8,
    days: Vec<Weekday>,
    first_day: Weekday,
    index: Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    On(Date),
    After(u32),
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Daily,
    Weekly,
    AbsoluteMonthly,
    RelativeMonthly,
    AbsoluteYearly,
    RelativeYearly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Index {
    #[default]
    First,
    Second,
    Third,
    Fourth,
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Day {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    pattern: WirePattern,
    range: WireRange,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WirePattern {
    #[serde(rename = "type")]
    kind: Kind,
    interval: u16,
    month: Option<i8>,
    day_of_month: Option<i8>,
    days_of_week: Option<Vec<Day>>,
    first_day_of_week: Option<Day>,
    index: Option<Index>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireRange {
    #[serde(rename = "type")]
    kind: RangeKind,
    start_date: Option<String>,
    end_date: Option<String>,
    number_of_occurrences: Option<u32>,
    #[expect(dead_code, reason = "the series is in the zone of its start")]
    recurrence_time_zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum RangeKind {
    EndDate,
    NoEnd,
    Numbered,
}

impl Recurrence {
    /// Reads a recurrence of a series whose first occurrence is on `first`; `None` for one that makes no sense.
    pub(super) fn read(value: &serde_json::Value, first: Date) -> Option<Self> {
        let wire: Wire = serde_json::from_value(value.clone()).ok()?;
        let pattern = pattern(wire.pattern, first)?;
        let start = match &wire.range.start_date {
            Some(text) => text.parse().ok()?,
            None => first,
        };
        let end = match wire.range.kind {
            RangeKind::NoEnd => End::Never,
            RangeKind::EndDate => End::On(wire.range.end_date?.parse().ok().filter(|end| *end >= start)?),
            RangeKind::Numbered => End::After(
                wire.range
                    .number_of_occurrences
                    .filter(|count| (1..=NUMBERED).contains(count))?,
            ),
        };
        let recurrence = Self { pattern, start, end };
        recurrence.days().next()?;
        Some(recurrence)
    }

    /// Whether the series goes on for ever.
    pub(super) fn is_endless(&self) -> bool {
        self.end == End::Never
    }

    /// The days of the series in order, as far as its range goes.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> + '_ {
        let most = match self.end {
            End::After(count) => usize::try_from(count).unwrap_or(usize::MAX),
            End::On(_) | End::Never => usize::MAX,
        };
        (0..PERIODS)
            .map_while(|period| self.period(period))
            .flatten()
            .filter(|day| *day >= self.start)
            .take_while(|day| !matches!(self.end, End::On(end) if *day > end))
            .take(most)
    }

    /// The days of one period; `None` beyond the end of time.
    fn period(&self, number: usize) -> Option<Vec<Date>> {
        let steps = i32::try_from(number)
            .ok()?
            .checked_mul(i32::from(self.pattern.interval))?;
        let Pattern {
            kind,
            month,
            day_of_month,
            ..
        } = &self.pattern;
        match kind {
            Kind::Daily => Some(vec![add_days(self.start, steps)?]),
            Kind::Weekly => self.week(steps),
            Kind::AbsoluteMonthly => Some(vec![clamped(add_months(self.start, steps)?, *day_of_month)?]),
            Kind::RelativeMonthly => Some(self.indexed(add_months(self.start, steps)?).into_iter().collect()),
            Kind::AbsoluteYearly => Some(vec![clamped(
                year_month(self.start, steps, *month)?,
                *day_of_month,
            )?]),
            Kind::RelativeYearly => Some(
                self.indexed(year_month(self.start, steps, *month)?)
                    .into_iter()
                    .collect(),
            ),
        }
    }

    fn week(&self, weeks: i32) -> Option<Vec<Date>> {
        let back = self.start.weekday().since(self.pattern.first_day);
        let monday = add_days(self.start, weeks.checked_mul(7)?.checked_sub(i32::from(back))?)?;
        let mut days = Vec::with_capacity(7);
        for offset in 0..7 {
            let day = add_days(monday, offset)?;
            if self.pattern.days.contains(&day.weekday()) {
                days.push(day);
            }
        }
        Some(days)
    }

    /// The first, …, last of the wanted week days in a month.
    fn indexed(&self, month: Date) -> Option<Date> {
        let mut wanted = (1..=month.days_in_month())
            .filter_map(|day| Date::new(month.year(), month.month(), day).ok())
            .filter(|day| self.pattern.days.contains(&day.weekday()));
        match self.pattern.index {
            Index::First => wanted.next(),
            Index::Second => wanted.nth(1),
            Index::Third => wanted.nth(2),
            Index::Fourth => wanted.nth(3),
            Index::Last => wanted.next_back(),
        }
    }
}

fn pattern(wire: WirePattern, first: Date) -> Option<Pattern> {
    (1..=99).contains(&wire.interval).then_some(())?;
    let days: Vec<Weekday> = wire
        .days_of_week
        .unwrap_or_default()
        .into_iter()
        .map(weekday)
        .collect();
    let by_day = matches!(
        wire.kind,
        Kind::Weekly | Kind::RelativeMonthly | Kind::RelativeYearly
    );
    (!by_day || !days.is_empty()).then_some(())?;
    // Clients send 0 for what their pattern does not have.
    let given = |value: Option<i8>, most: i8, otherwise: i8| match value {
        None | Some(0) => Some(otherwise),
        Some(value) if (1..=most).contains(&value) => Some(value),
        Some(_) => None,
    };
    Some(Pattern {
        kind: wire.kind,
        interval: wire.interval,
        month: given(wire.month, 12, first.month())?,
        day_of_month: given(wire.day_of_month, 31, first.day())?,
        days,
        first_day: wire.first_day_of_week.map_or(Weekday::Sunday, weekday),
        index: wire.index.unwrap_or_default(),
    })
}

const fn weekday(day: Day) -> Weekday {
    match day {
        Day::Sunday => Weekday::Sunday,
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
    }
}

fn add_days(day: Date, days: i32) -> Option<Date> {
    day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// The first of the month that is so many months later.
fn add_months(day: Date, months: i32) -> Option<Date> {
    day.first_of_month()
        .checked_add(jiff::Span::new().try_months(months).ok()?)
        .ok()
}

fn year_month(start: Date, years: i32, month: i8) -> Option<Date> {
    let year = i16::try_from(i32::from(start.year()).checked_add(years)?).ok()?;
    Date::new(year, month, 1).ok()
}

/// A day of a month, its last where the month is shorter.
fn clamped(month: Date, day: i8) -> Option<Date> {
    Date::new(month.year(), month.month(), day.min(month.days_in_month())).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value, json};

    use super::*;

    fn days(pattern: Value, range: Value, first: Date, count: usize) -> Vec<String> {
        let wire = json!({ "pattern": pattern, "range": range });
        let recurrence = Recurrence::read(&wire, first).unwrap();
        recurrence.days().take(count).map(|day| day.to_string()).collect()
    }

    #[test]
    fn patterns_give_their_days() {
        let endless = || json!({"type": "noEnd", "startDate": "2026-01-30"});
        let first = date(2026, 1, 30);
        for (pattern, expected) in [
            (
                json!({"type": "daily", "interval": 2}),
                ["2026-01-30", "2026-02-01", "2026-02-03"],
            ),
            (
                json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"}),
                ["2026-01-30", "2026-02-09", "2026-02-13"],
            ),
            (
                json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30}),
                ["2026-01-30", "2026-02-28", "2026-03-30"],
            ),
            (
                json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"}),
                ["2026-01-30", "2026-02-27", "2026-03-27"],
            ),
            (
                json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2}),
                ["2026-02-28", "2027-02-28", "2028-02-29"],
            ),
            (
                json!({"type": "relativeYearly", "interval": 1, "month": 3, "daysOfWeek": ["sunday"], "index": "second"}),
                ["2026-03-08", "2027-03-14", "2028-03-12"],
            ),
        ] {
            assert_eq!(days(pattern.clone(), endless(), first, 3), expected, "{pattern}");
        }
    }

    #[test]
    fn ranges_end() {
        let daily = || json!({"type": "daily", "interval": 1});
        let first = date(2026, 1, 30);
        let numbered = json!({"type": "numbered", "startDate": "2026-01-30", "numberOfOccurrences": 3});
        assert_eq!(
            days(daily(), numbered, first, 9),
            ["2026-01-30", "2026-01-31", "2026-02-01"]
        );
        let until = json!({"type": "endDate", "startDate": "2026-01-30", "endDate": "2026-01-31"});
        assert_eq!(days(daily(), until, first, 9), ["2026-01-30", "2026-01-31"]);
    }

    #[test]
    fn nonsense_is_refused() {
        let first = date(2026, 1, 30);
        let fine = json!({"type": "daily", "interval": 1});
        for (pattern, range) in [
            (json!({"type": "hourly", "interval": 1}), json!({"type": "noEnd"})),
            (json!({"type": "daily", "interval": 0}), json!({"type": "noEnd"})),
            (json!({"type": "weekly", "interval": 1}), json!({"type": "noEnd"})),
            (fine.clone(), json!({"type": "endDate"})),
            (fine.clone(), json!({"type": "endDate", "endDate": "2025-01-01"})),
            (
                fine.clone(),
                json!({"type": "numbered", "numberOfOccurrences": 0}),
            ),
            (
                fine.clone(),
                json!({"type": "numbered", "numberOfOccurrences": 1_000_000}),
            ),
            (fine, json!({"type": "noEnd", "startDate": "soon"})),
            (
                json!({"type": "absoluteYearly", "interval": 1, "month": 13}),
                json!({"type": "noEnd"}),
            ),
            (
                json!({"type": "daily", "interval": 1, "extra": 1}),
                json!({"type": "noEnd"}),
            ),
        ] {
            let wire = json!({ "pattern": pattern, "range": range });
            assert_eq!(Recurrence::read(&wire, first), None, "{wire}");
        }
    }

    #[test]
    fn an_endless_series_ends_with_time() {
        let wire = json!({"pattern": {"type": "absoluteYearly", "interval": 99}, "range": {"type": "noEnd"}});
        let recurrence = Recurrence::read(&wire, date(2026, 1, 30)).unwrap();
        assert!(recurrence.is_endless() && recurrence.days().count() < 100);
    }
}
