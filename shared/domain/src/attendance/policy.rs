//! An organization's attendance policy: a document that a person writes.

use serde_json::{Value, json};

use super::event::EventType;
use super::matching::Window;
use crate::field_error::FieldErrors;
use crate::fields::{Fields, Object, shown};
use crate::text_enum::text_enum;
use crate::time_off::TimeOffCategory;
use crate::{Error, Result, redact};

/// What the provider's `user_type` may be: levels of people.
pub const LEVELS: [&str; 4] = ["employee", "asst_manager", "manager", "employer"];

const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 200;
const MAX_TIERS: usize = 20;
const MAX_POINTS: u32 = 1_000;

text_enum! {
    /// A policy that comes whole.
    pub enum Preset, "preset" {
        /// The tiers of the system that this one replaces.
        Cheflife = "cheflife",
        /// Nobody gets points.
        NoPoints = "no_points",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub thresholds: Thresholds,
    /// By event; what is not here gets none.
    pub points: Vec<Tier>,
    /// Whose events are not recorded at all.
    pub exempt: Exempt,
    /// Whose unscheduled punches are not recorded.
    pub unscheduled_exempt: Exempt,
    /// Approved time off excuses.
    pub excuse_time_off: bool,
    /// Points are added up over so many days.
    pub rolling_window_days: u32,
    /// What an hour of overtime costs, in hundredths of the role's average rate.
    pub overtime_cost_percent: u32,
    pub sick_leave: SickLeavePolicy,
}

/// From when on a category holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    on_time_minutes: u32,
    early_departure_minutes: u32,
    overtime_minutes: u32,
    short_shift_percent: u32,
    no_show_grace_minutes: u32,
    match_window_minutes: u32,
    match_across_midnight: bool,
}

/// Points for an event from so many minutes on; of several tiers the highest that is reached counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub event: EventType,
    pub from_minutes: u32,
    /// Below zero they are taken off.
    pub points: i32,
}

/// People to whom something does not apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exempt {
    /// Of [`LEVELS`].
    pub levels: Vec<String>,
    /// Names of roles, whatever their case.
    pub roles: Vec<String>,
}

/// How much sick leave people have in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SickLeavePolicy {
    pub days_per_year: u32,
    /// Nobody has any before so many days of employment.
    pub after_days: u32,
    /// A part of a day counts as a whole one.
    pub partial_day_is_whole: bool,
    /// The year begins on this day.
    pub year_starts: MonthDay,
    /// What of time off is sick leave.
    pub category: TimeOffCategory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDay {
    pub month: u32,
    pub day: u32,
}

impl Default for Thresholds {
    /// Those of the replaced system; what it leaves open is chosen here: 15 min of overtime and 30 min of grace.
    fn default() -> Self {
        Self {
            on_time_minutes: 5,
            early_departure_minutes: 15,
            overtime_minutes: 15,
            short_shift_percent: 25,
            no_show_grace_minutes: 30,
            match_window_minutes: 120,
            match_across_midnight: true,
        }
    }
}

impl Thresholds {
    #[must_use]
    pub fn on_time_seconds(&self) -> i64 {
        minutes(self.on_time_minutes)
    }

    #[must_use]
    pub fn early_departure_seconds(&self) -> i64 {
        minutes(self.early_departure_minutes)
    }

    #[must_use]
    pub fn overtime_seconds(&self) -> i64 {
        minutes(self.overtime_minutes)
    }

    #[must_use]
    pub fn short_shift_percent(&self) -> i64 {
        i64::from(self.short_shift_percent)
    }

    #[must_use]
    pub fn no_show_grace_seconds(&self) -> i64 {
        minutes(self.no_show_grace_minutes)
    }

    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            seconds: minutes(self.match_window_minutes),
            across_midnight: self.match_across_midnight,
        }
    }
}

fn minutes(minutes: u32) -> i64 {
    i64::from(minutes).saturating_mul(60)
}

impl Default for Policy {
    fn default() -> Self {
        Self::preset(Preset::Cheflife)
    }
}

impl Default for SickLeavePolicy {
    /// Ontario: three days a calendar year for whoever has been employed for two weeks; a part of a day may be
    /// counted as a whole one (Employment Standards Act, 2000, s. 50).
    fn default() -> Self {
        Self {
            days_per_year: 3,
            after_days: 14,
            partial_day_is_whole: true,
            year_starts: MonthDay { month: 1, day: 1 },
            category: TimeOffCategory::Sick,
        }
    }
}

impl Policy {
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let tier = |event, from_minutes, points| Tier {
            event,
            from_minutes,
            points,
        };
        let points = match preset {
            Preset::NoPoints => Vec::new(),
            Preset::Cheflife => vec![
                tier(EventType::LateArrival, 5, 1),
                tier(EventType::LateArrival, 15, 2),
                tier(EventType::EarlyDeparture, 30, 2),
                tier(EventType::NoShow, 0, 6),
                tier(EventType::EarlyArrival, 30, -1),
                tier(EventType::LateStay, 60, -1),
            ],
        };
        let levels = |levels: &[&str]| Exempt {
            levels: levels.iter().map(|&level| level.to_owned()).collect(),
            roles: Vec::new(),
        };
        Self {
            thresholds: Thresholds::default(),
            points,
            exempt: levels(&["employer"]),
            unscheduled_exempt: levels(&["employer", "manager"]),
            excuse_time_off: true,
            rolling_window_days: 90,
            overtime_cost_percent: 150,
            sick_leave: SickLeavePolicy::default(),
        }
    }

    /// The tier that an event of so many seconds reaches.
    #[must_use]
    pub fn tier(&self, event: EventType, seconds: i64) -> Option<Tier> {
        self.points
            .iter()
            .filter(|tier| tier.event == event && minutes(tier.from_minutes) <= seconds)
            .max_by_key(|tier| tier.from_minutes)
            .copied()
    }

    /// The document that a reader gets, and that a writer may send back.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let t = &self.thresholds;
        let tiers = |event: EventType| -> Vec<Value> {
            self.points
                .iter()
                .filter(|tier| tier.event == event)
                .map(|tier| json!({"from_minutes": tier.from_minutes, "points": tier.points}))
                .collect()
        };
        let points: serde_json::Map<String, Value> = EventType::ALL
            .iter()
            .map(|&event| (event.as_str().to_owned(), tiers(event).into()))
            .collect();
        let exempt = |exempt: &Exempt| json!({"levels": exempt.levels, "roles": exempt.roles});
        let sick = &self.sick_leave;
        json!({
            "thresholds": {
                "on_time_minutes": t.on_time_minutes,
                "early_departure_minutes": t.early_departure_minutes,
                "overtime_minutes": t.overtime_minutes,
                "short_shift_percent": t.short_shift_percent,
                "no_show_grace_minutes": t.no_show_grace_minutes,
                "match_window_minutes": t.match_window_minutes,
                "match_across_midnight": t.match_across_midnight,
            },
            "points": points,
            "exempt": exempt(&self.exempt),
            "unscheduled_exempt": exempt(&self.unscheduled_exempt),
            "excuse_time_off": self.excuse_time_off,
            "rolling_window_days": self.rolling_window_days,
            "overtime_cost_percent": self.overtime_cost_percent,
            "sick_leave": {
                "days_per_year": sick.days_per_year,
                "after_days": sick.after_days,
                "partial_day_is_whole": sick.partial_day_is_whole,
                "year_starts": format!("{:02}-{:02}", sick.year_starts.month, sick.year_starts.day),
                "category": sick.category,
            },
        })
    }

    /// Reads a document that was stored: [`Policy::to_json`] as text.
    ///
    /// # Errors
    /// [`Error::InvalidFields`]: it is no JSON, or no policy.
    pub fn from_text(document: &str) -> Result<Self> {
        let document = serde_json::from_str(document).map_err(|_| {
            let mut errors = FieldErrors::default();
            errors.push("", "it is not JSON", "send a JSON object");
            Error::InvalidFields(errors)
        })?;
        Self::from_json(&document)
    }

    /// Reads a document: `preset` says what holds for what is left out.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], with every member that is wrong.
    pub fn from_json(document: &Value) -> Result<Self> {
        let mut fields = Fields::default();
        let read = Self::read(&mut fields, document);
        fields.finish(read)
    }

    fn read(fields: &mut Fields, document: &Value) -> Option<Self> {
        const KNOWN: &[&str] = &[
            "preset",
            "thresholds",
            "points",
            "exempt",
            "unscheduled_exempt",
            "excuse_time_off",
            "rolling_window_days",
            "overtime_cost_percent",
            "sick_leave",
        ];
        let object = fields.object("", document, KNOWN)?;
        let presets: Vec<(&str, Preset)> =
            Preset::ALL.iter().map(|&one| (one.as_str(), one)).collect();
        let preset = fields.choice(&object, "preset", &presets, Some(Preset::Cheflife));
        let base = Self::preset(preset.unwrap_or(Preset::Cheflife));
        Some(Self {
            thresholds: thresholds(fields, &object, base.thresholds),
            points: points(fields, &object, base.points),
            exempt: exempt(fields, &object, "exempt", base.exempt),
            unscheduled_exempt: exempt(
                fields,
                &object,
                "unscheduled_exempt",
                base.unscheduled_exempt,
            ),
            excuse_time_off: fields.flag(&object, "excuse_time_off", base.excuse_time_off),
            rolling_window_days: fields.whole(
                &object,
                "rolling_window_days",
                &(1..=730),
                base.rolling_window_days,
            ),
            overtime_cost_percent: fields.whole(
                &object,
                "overtime_cost_percent",
                &(0..=1_000),
                base.overtime_cost_percent,
            ),
            sick_leave: sick_leave(fields, &object, base.sick_leave),
        })
    }
}

impl Exempt {
    /// Whether it names a person of this level who works as this.
    #[must_use]
    pub fn names<'a>(&self, level: Option<&str>, mut roles: impl Iterator<Item = &'a str>) -> bool {
        let same =
            |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        level.is_some_and(|level| self.levels.iter().any(|one| same(one, level)))
            || roles.any(|role| self.roles.iter().any(|one| same(one, role)))
    }
}

fn thresholds(fields: &mut Fields, object: &Object<'_>, base: Thresholds) -> Thresholds {
    const KNOWN: &[&str] = &[
        "on_time_minutes",
        "early_departure_minutes",
        "overtime_minutes",
        "short_shift_percent",
        "no_show_grace_minutes",
        "match_window_minutes",
        "match_across_midnight",
    ];
    let Some(object) = fields.part(object, "thresholds", KNOWN) else {
        return base;
    };
    Thresholds {
        on_time_minutes: fields.whole(&object, "on_time_minutes", &(0..=120), base.on_time_minutes),
        early_departure_minutes: fields.whole(
            &object,
            "early_departure_minutes",
            &(0..=240),
            base.early_departure_minutes,
        ),
        overtime_minutes: fields.whole(
            &object,
            "overtime_minutes",
            &(0..=480),
            base.overtime_minutes,
        ),
        short_shift_percent: fields.whole(
            &object,
            "short_shift_percent",
            &(1..=100),
            base.short_shift_percent,
        ),
        no_show_grace_minutes: fields.whole(
            &object,
            "no_show_grace_minutes",
            &(0..=720),
            base.no_show_grace_minutes,
        ),
        match_window_minutes: fields.whole(
            &object,
            "match_window_minutes",
            &(1..=360),
            base.match_window_minutes,
        ),
        match_across_midnight: fields.flag(
            &object,
            "match_across_midnight",
            base.match_across_midnight,
        ),
    }
}

fn points(fields: &mut Fields, object: &Object<'_>, base: Vec<Tier>) -> Vec<Tier> {
    let names: Vec<&str> = EventType::ALL.iter().map(|event| event.as_str()).collect();
    let Some(object) = fields.part(object, "points", &names) else {
        return base;
    };
    let mut tiers = Vec::new();
    for &event in EventType::ALL {
        let Some(value) = object.get(event.as_str()) else {
            tiers.extend(base.iter().filter(|tier| tier.event == event).copied());
            continue;
        };
        let pointer = object.at(event.as_str());
        let what = "tiers, such as [{\"from_minutes\": 5, \"points\": 1}]";
        let Some(list) = list(fields, &pointer, value, MAX_TIERS, what) else {
            continue;
        };
        for (index, value) in list.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            if let Some(tier) = tier(fields, &pointer, value, event) {
                if tiers
                    .iter()
                    .any(|one: &Tier| one.event == event && one.from_minutes == tier.from_minutes)
                {
                    fields.push(
                        format!("{pointer}/from_minutes"),
                        "another tier of the event begins there",
                        "keep one of them",
                    );
                }
                tiers.push(tier);
            }
        }
    }
    tiers
}

fn tier(fields: &mut Fields, pointer: &str, value: &Value, event: EventType) -> Option<Tier> {
    let object = fields.object(pointer, value, &["from_minutes", "points"])?;
    let from_minutes = fields.whole(&object, "from_minutes", &(0..=1_440), 0);
    let points = fields.required(&object, "points", "give a whole number")?;
    let limit = i64::from(MAX_POINTS);
    let number = points
        .as_i64()
        .filter(|number| (-limit..=limit).contains(number));
    let Some(points) = number.and_then(|number| i32::try_from(number).ok()) else {
        fields.push(
            object.at("points"),
            format!("{} is not a whole number in range", shown(points)),
            format!("use a whole number from -{MAX_POINTS} to {MAX_POINTS}"),
        );
        return None;
    };
    Some(Tier {
        event,
        from_minutes,
        points,
    })
}

fn exempt(fields: &mut Fields, object: &Object<'_>, name: &str, base: Exempt) -> Exempt {
    let Some(object) = fields.part(object, name, &["levels", "roles"]) else {
        return base;
    };
    Exempt {
        levels: texts(fields, &object, "levels", level).unwrap_or(base.levels),
        roles: texts(fields, &object, "roles", role).unwrap_or(base.roles),
    }
}

/// A list of texts, each as `read` takes it.
fn texts(
    fields: &mut Fields,
    object: &Object<'_>,
    name: &str,
    read: fn(&mut Fields, &str, &Value) -> Option<String>,
) -> Option<Vec<String>> {
    let value = object.get(name)?;
    let pointer = object.at(name);
    let list = list(fields, &pointer, value, MAX_NAMES, "names")?;
    let texts = list
        .iter()
        .enumerate()
        .filter_map(|(index, value)| read(fields, &format!("{pointer}/{index}"), value));
    Some(texts.collect())
}

/// A level as the provider writes it, however it is written here.
fn level(fields: &mut Fields, pointer: &str, value: &Value) -> Option<String> {
    let text = fields.text(pointer, value, MAX_NAME_BYTES)?;
    let name = text.trim().to_lowercase();
    if !LEVELS.contains(&name.as_str()) {
        let remedy = format!("use one of: {}", LEVELS.join(", "));
        fields.push(pointer, format!("{} is not a level", shown(value)), remedy);
        return None;
    }
    Some(name)
}

fn role(fields: &mut Fields, pointer: &str, value: &Value) -> Option<String> {
    fields
        .text(pointer, value, MAX_NAME_BYTES)
        .map(str::to_owned)
}

/// An array of at most so many. `what` names what is in it.
fn list<'v>(
    fields: &mut Fields,
    pointer: &str,
    value: &'v Value,
    most: usize,
    what: &str,
) -> Option<&'v [Value]> {
    let detail = match value.as_array() {
        Some(list) if list.len() <= most => return Some(list),
        Some(list) => format!("it has {} of them, which are too many", list.len()),
        None => format!("{} is not an array", shown(value)),
    };
    fields.push(
        pointer,
        detail,
        format!("send an array of at most {most} {what}"),
    );
    None
}

fn sick_leave(fields: &mut Fields, object: &Object<'_>, base: SickLeavePolicy) -> SickLeavePolicy {
    const KNOWN: &[&str] = &[
        "preset",
        "days_per_year",
        "after_days",
        "partial_day_is_whole",
        "year_starts",
        "category",
    ];
    let Some(object) = fields.part(object, "sick_leave", KNOWN) else {
        return base;
    };
    // There is one so far, and it is what holds.
    fields.choice(&object, "preset", &[("ontario", ())], Some(()));
    let categories: Vec<(&str, TimeOffCategory)> = TimeOffCategory::ALL
        .iter()
        .map(|&one| (one.as_str(), one))
        .collect();
    SickLeavePolicy {
        days_per_year: fields.whole(&object, "days_per_year", &(0..=366), base.days_per_year),
        after_days: fields.whole(&object, "after_days", &(0..=3_660), base.after_days),
        partial_day_is_whole: fields.flag(
            &object,
            "partial_day_is_whole",
            base.partial_day_is_whole,
        ),
        year_starts: year_starts(fields, &object).unwrap_or(base.year_starts),
        category: fields
            .choice(&object, "category", &categories, Some(base.category))
            .unwrap_or(base.category),
    }
}

fn year_starts(fields: &mut Fields, object: &Object<'_>) -> Option<MonthDay> {
    let text = fields.optional_text(object, "year_starts", 20)?;
    let day = text.split_once('-').and_then(|(month, day)| {
        let (month, day) = (two_digits(month)?, two_digits(day)?);
        // Of a year without a 29th of February: every year has the day.
        chrono::NaiveDate::from_ymd_opt(2_001, month, day)?;
        Some(MonthDay { month, day })
    });
    if day.is_none() {
        fields.push(
            object.at("year_starts"),
            format!(
                "{:?} is not a day of every year",
                redact::excerpt(text, 20, &[])
            ),
            "give month and day, such as 01-01",
        );
    }
    day
}

fn two_digits(text: &str) -> Option<u32> {
    let is_so = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with it: where, what, and what to do.
    fn wrong(document: &Value) -> Vec<(String, String, String)> {
        let Err(Error::InvalidFields(errors)) = Policy::from_json(document) else {
            panic!("{document} is taken");
        };
        let errors = errors.as_slice().iter();
        errors
            .map(|error| {
                let error = error.clone();
                (error.pointer, error.detail, error.remedy)
            })
            .collect()
    }

    #[test]
    fn a_year_begins_on_a_month_and_a_day_and_nothing_that_is_like_it() {
        let year = |text: &str| json!({"sick_leave": {"year_starts": text}});
        for text in [
            "+4-+1",
            "4-1",
            "04-1",
            "4-01",
            "004-01",
            " 04-01",
            "04-01 ",
            "04/01",
            "04-31",
            "02-29",
            "13-01",
            "00-10",
            "04-01-01",
            "04",
            "-",
            "٠٤-٠١",
        ] {
            let wrong = wrong(&year(text));
            assert_eq!(wrong[0].0, "/sick_leave/year_starts", "{text}");
            assert!(wrong[0].2.contains("01-01"), "{wrong:?}");
        }
        let policy = Policy::from_json(&year("04-01")).unwrap();
        assert_eq!(policy.sick_leave.year_starts, MonthDay { month: 4, day: 1 });
    }

    #[test]
    fn a_level_is_one_that_people_have() {
        for part in ["exempt", "unscheduled_exempt"] {
            let document = json!({(part): {"levels": ["employee", "boss", 7]}});
            let wrong = wrong(&document);
            assert_eq!(wrong.len(), 2, "{wrong:?}");
            assert_eq!(wrong[0].0, format!("/{part}/levels/1"));
            assert!(wrong[0].1.contains("boss"), "{wrong:?}");
            for level in LEVELS {
                assert!(wrong[0].2.contains(level), "{wrong:?}");
            }
        }
        let document =
            json!({"exempt": {"levels": [" Manager", "ASST_MANAGER"], "roles": ["Boss"]}});
        let policy = Policy::from_json(&document).unwrap();
        assert_eq!(policy.exempt.levels, ["manager", "asst_manager"]);
        assert!(policy.exempt.names(Some("manager"), [].into_iter()));
    }

    #[test]
    fn too_many_are_told_from_none() {
        let tiers = |count: usize| -> Vec<Value> {
            (0..count)
                .map(|minutes| json!({"from_minutes": minutes, "points": 1}))
                .collect()
        };
        let many = wrong(&json!({"points": {"no_show": tiers(21)}}));
        assert_eq!(many[0].0, "/points/no_show");
        assert!(
            many[0].1.contains("21") && many[0].1.contains("too many") && many[0].2.contains("20"),
            "{many:?}"
        );
        let none = wrong(&json!({"points": {"no_show": 6}}));
        assert!(none[0].1.contains("6 is not an array"), "{none:?}");
        let roles: Vec<String> = (0..101).map(|number| format!("Role {number}")).collect();
        let many = wrong(&json!({"exempt": {"roles": roles}}));
        assert!(
            many[0].1.contains("101") && many[0].2.contains("100"),
            "{many:?}"
        );
        assert!(Policy::from_json(&json!({"points": {"no_show": tiers(20)}})).is_ok());
    }

    #[test]
    fn what_is_stored_is_read_from_text() {
        let policy = Policy::preset(Preset::NoPoints);
        assert_eq!(Policy::from_text(&policy.to_json().to_string()), Ok(policy));
        for text in ["", "{", "[]", "null", r#"{"colour":1}"#] {
            assert!(
                matches!(Policy::from_text(text), Err(Error::InvalidFields(_))),
                "{text}"
            );
        }
    }
}
