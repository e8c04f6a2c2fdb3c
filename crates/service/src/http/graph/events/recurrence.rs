//! `patternedRecurrence`: on which days a series takes place.

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// Periods (days, weeks, months, years) of a series; a daily one goes on for 100 years.
const PERIODS: usize = 37_000;

/// Years in which a series can begin and end.
const YEARS: std::ops::Range<i16> = 1970..9000;

/// Most occurrences of a numbered series, as in Exchange.
const NUMBERED: u32 = 999;

/// A recurrence that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recurrence {
    pattern: Pattern,
    start: Date,
    end: End,
}

/// Why a recurrence makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecurrenceError {
    /// A member that is missing, unknown or of another type.
    #[error("it cannot be read")]
    Malformed,
    /// Not 1 to 99.
    #[error("interval is 1 to 99")]
    Interval,
    /// A pattern by days without days, or with more than a week has.
    #[error("daysOfWeek has one to seven days")]
    Days,
    /// Not 1 to 12.
    #[error("month is 1 to 12")]
    Month,
    /// Not 1 to 31.
    #[error("dayOfMonth is 1 to 31")]
    DayOfMonth,
    /// No day, or one of another age.
    #[error("startDate is a day from 1970 on")]
    StartDate,
    /// No day, or one before the start.
    #[error("endDate is a day that is not before startDate")]
    EndDate,
    /// Not 1 to 999.
    #[error("numberOfOccurrences is 1 to 999")]
    Number,
    /// A range that is over before the pattern has its first day.
    #[error("the series has no occurrence")]
    Empty,
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
    interval: i64,
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
    /// Reads a recurrence of a series whose first occurrence is on `first`.
    ///
    /// # Errors
    /// [`RecurrenceError`].
    pub(super) fn read(value: &serde_json::Value, first: Date) -> Result<Self, RecurrenceError> {
        let wire = Wire::deserialize(value).map_err(|_| RecurrenceError::Malformed)?;
        let pattern = pattern(wire.pattern, first)?;
        let start: Date = match &wire.range.start_date {
            Some(text) => text.parse().map_err(|_| RecurrenceError::StartDate)?,
            None => first,
        };
        // The event itself begins on `first`, whatever the range says.
        let start = start.max(first);
        if !YEARS.contains(&start.year()) {
            return Err(RecurrenceError::StartDate);
        }
        let range = wire.range;
        let end = match range.kind {
            RangeKind::NoEnd => End::Never,
            RangeKind::EndDate => {
                let end: Option<Date> = range.end_date.and_then(|text| text.parse().ok());
                let end = end.filter(|end| *end >= start && YEARS.contains(&end.year()));
                End::On(end.ok_or(RecurrenceError::EndDate)?)
            }
            RangeKind::Numbered => {
                let count = range.number_of_occurrences;
                let count = count.filter(|count| (1..=NUMBERED).contains(count));
                End::After(count.ok_or(RecurrenceError::Number)?)
            }
        };
        let recurrence = Self { pattern, start, end };
        if recurrence.days().next().is_none() {
            return Err(RecurrenceError::Empty);
        }
        Ok(recurrence)
    }

    /// Whether the series goes on for ever.
    pub(super) fn is_endless(&self) -> bool {
        self.end == End::Never
    }

    /// The days of the series in order, as far as its range goes.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> + '_ {
        self.days_of(0)
    }

    /// Those of its days that are not before `from`, without going through all that are.
    pub(super) fn days_from(&self, from: Date) -> impl Iterator<Item = Date> + '_ {
        self.days_of(self.period_before(from))
            .skip_while(move |day| *day < from)
    }

    /// The last day; `None` for a series without end.
    pub(super) fn last_day(&self) -> Option<Date> {
        match self.end {
            End::Never => None,
            End::After(_) => self.days().last(),
            End::On(end) => self.days_of(self.period_before(end)).last(),
        }
    }

    /// The last day before `day`.
    pub(super) fn day_before(&self, day: Date) -> Option<Date> {
        let within = match self.end {
            End::On(end) => day.min(end),
            End::After(_) | End::Never => day,
        };
        let period = self.period_before(within);
        // The period before has a day, unless it lies before the start.
        let mut days = self.days_of(period.saturating_sub(1));
        let mut last = None;
        while let Some(known) = days.next().filter(|known| *known < day) {
            last = Some(known);
        }
        last
    }

    fn days_of(&self, first_period: usize) -> impl Iterator<Item = Date> + '_ {
        let most = match self.end {
            End::After(count) => usize::try_from(count).unwrap_or(usize::MAX),
            End::On(_) | End::Never => usize::MAX,
        };
        (first_period..PERIODS)
            .map_while(|period| self.period(period))
            .flatten()
            .filter(|day| *day >= self.start)
            .take_while(|day| !matches!(self.end, End::On(end) if *day > end))
            .take(most)
    }

    /// A period none of whose days, nor of those before it, is after `day`. Occurrences that are counted are counted from
    /// the first on.
    fn period_before(&self, day: Date) -> usize {
        if day <= self.start || matches!(self.end, End::After(_)) {
            return 0;
        }
        let months = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
        let passed = match self.pattern.kind {
            Kind::Daily => days_between(self.start, day),
            Kind::Weekly => days_between(self.start, day) / 7,
            Kind::AbsoluteMonthly | Kind::RelativeMonthly => months(day) - months(self.start),
            Kind::AbsoluteYearly | Kind::RelativeYearly => i32::from(day.year() - self.start.year()),
        };
        let periods = passed / i32::from(self.pattern.interval.max(1));
        let periods = usize::try_from(periods).unwrap_or(0).min(PERIODS - 1);
        periods.saturating_sub(1)
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

fn pattern(wire: WirePattern, first: Date) -> Result<Pattern, RecurrenceError> {
    let interval = u16::try_from(wire.interval).ok();
    let interval = interval.filter(|interval| (1..=99).contains(interval));
    let interval = interval.ok_or(RecurrenceError::Interval)?;
    let days = wire.days_of_week.unwrap_or_default();
    let by_day = matches!(
        wire.kind,
        Kind::Weekly | Kind::RelativeMonthly | Kind::RelativeYearly
    );
    if (by_day && days.is_empty()) || days.len() > 7 {
        return Err(RecurrenceError::Days);
    }
    // Clients send 0 for what their pattern does not have.
    let given = |value: Option<i8>, most: i8, otherwise: i8| match value {
        None | Some(0) => Some(otherwise),
        Some(value) => Some(value).filter(|value| (1..=most).contains(value)),
    };
    Ok(Pattern {
        kind: wire.kind,
        interval,
        month: given(wire.month, 12, first.month()).ok_or(RecurrenceError::Month)?,
        day_of_month: given(wire.day_of_month, 31, first.day()).ok_or(RecurrenceError::DayOfMonth)?,
        days: days.into_iter().map(weekday).collect(),
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

fn days_between(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span| span.get_days())
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
        use RecurrenceError as E;
        let first = date(2026, 1, 30);
        let fine = || json!({"type": "daily", "interval": 1});
        let endless = || json!({"type": "noEnd"});
        for (pattern, range, error) in [
            (json!({"type": "hourly", "interval": 1}), endless(), E::Malformed),
            (json!({"type": "daily", "interval": 0}), endless(), E::Interval),
            (json!({"type": "daily", "interval": 100}), endless(), E::Interval),
            (
                json!({"type": "daily", "interval": 1e99}),
                endless(),
                E::Malformed,
            ),
            (json!({"type": "weekly", "interval": 1}), endless(), E::Days),
            (
                json!({"type": "weekly", "interval": 1, "daysOfWeek": vec!["monday"; 5000]}),
                endless(),
                E::Days,
            ),
            (fine(), json!({"type": "endDate"}), E::EndDate),
            (
                fine(),
                json!({"type": "endDate", "endDate": "2025-01-01"}),
                E::EndDate,
            ),
            (
                fine(),
                json!({"type": "endDate", "endDate": "9999-12-31"}),
                E::EndDate,
            ),
            (
                fine(),
                json!({"type": "numbered", "numberOfOccurrences": 0}),
                E::Number,
            ),
            (
                fine(),
                json!({"type": "numbered", "numberOfOccurrences": 1_000_000}),
                E::Number,
            ),
            (
                fine(),
                json!({"type": "noEnd", "startDate": "soon"}),
                E::StartDate,
            ),
            (
                fine(),
                json!({"type": "noEnd", "startDate": "9999-12-31"}),
                E::StartDate,
            ),
            (
                json!({"type": "absoluteYearly", "interval": 1, "month": 13}),
                endless(),
                E::Month,
            ),
            (
                json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 32}),
                endless(),
                E::DayOfMonth,
            ),
            (
                json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}),
                json!({"type": "endDate", "endDate": "2026-01-31"}),
                E::Empty,
            ),
            (
                json!({"type": "daily", "interval": 1, "extra": 1}),
                endless(),
                E::Malformed,
            ),
        ] {
            let wire = json!({ "pattern": pattern, "range": range });
            assert_eq!(Recurrence::read(&wire, first), Err(error), "{wire}");
        }
    }

    /// What is found without going through a series from its start is what is found by doing so.
    #[test]
    fn days_are_found_from_anywhere() {
        let first = date(2026, 1, 30);
        for pattern in [
            json!({"type": "daily", "interval": 1}),
            json!({"type": "daily", "interval": 99}),
            json!({"type": "weekly", "interval": 1, "daysOfWeek": ["sunday", "saturday"]}),
            json!({"type": "weekly", "interval": 5, "daysOfWeek": ["thursday"], "firstDayOfWeek": "friday"}),
            json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}),
            json!({"type": "absoluteMonthly", "interval": 7, "dayOfMonth": 1}),
            json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"}),
            json!({"type": "absoluteYearly", "interval": 3, "month": 2, "dayOfMonth": 29}),
            json!({"type": "relativeYearly", "interval": 1, "month": 12, "daysOfWeek": ["sunday"], "index": "last"}),
        ] {
            for range in [
                json!({"type": "noEnd"}),
                json!({"type": "endDate", "endDate": "2040-01-01"}),
                json!({"type": "numbered", "numberOfOccurrences": 20}),
            ] {
                let wire = json!({ "pattern": pattern, "range": range });
                let recurrence = Recurrence::read(&wire, first).unwrap();
                let all: Vec<Date> = recurrence.days().take(8000).collect();
                if !recurrence.is_endless() {
                    assert_eq!(recurrence.last_day(), all.last().copied(), "{wire}");
                }
                for from in (0..6000)
                    .step_by(97)
                    .map(|days| add_days(first, days - 50).unwrap())
                {
                    let expected = all.iter().copied().find(|day| *day >= from);
                    assert_eq!(recurrence.days_from(from).next(), expected, "{from} {wire}");
                    let before = all.iter().copied().take_while(|day| *day < from).last();
                    assert_eq!(recurrence.day_before(from), before, "{from} {wire}");
                }
            }
        }
    }

    #[test]
    fn a_century_of_days_costs_no_more_than_those_looked_at() {
        let wire = json!({
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "endDate", "endDate": "2126-01-30"},
        });
        let recurrence = Recurrence::read(&wire, date(2026, 1, 30)).unwrap();
        let from = date(2125, 1, 30);
        assert!(recurrence.period_before(from) > 36_000);
        assert_eq!(recurrence.days_from(from).next(), Some(from));
        assert_eq!(recurrence.last_day(), Some(date(2126, 1, 30)));
    }

    #[test]
    fn an_endless_series_ends_with_time() {
        let wire = json!({"pattern": {"type": "absoluteYearly", "interval": 99}, "range": {"type": "noEnd"}});
        let recurrence = Recurrence::read(&wire, date(2026, 1, 30)).unwrap();
        assert!(recurrence.is_endless() && recurrence.days().count() < 100);
    }
}
