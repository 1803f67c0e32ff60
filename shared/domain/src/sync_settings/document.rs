//! Settings from JSON and to JSON.
//!
//! The document is the replaced system's, so that a caller of that system can send what it
//! has; unknown fields are refused, because a misspelt setting that is ignored
//! looks saved and is not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::{BACKFILL_DAYS, LocalTime, OperatingHours, Schedule, SyncSettings};
use crate::{
    Error, Result,
    field_error::{FieldErrors, child_pointer},
    frequency::Frequency,
    redact,
    stream::Stream,
    zone::ZoneName,
};

/// What earlier versions stored and nothing ever read.
const RETIRED: [&str; 1] = ["schedule_ahead_days"];

/// When streams last succeeded, and which have fallen behind: shown beside the settings, never set
/// through them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncTimes {
    pub last_sync_at: BTreeMap<Stream, i64>,
    /// The last time every enabled stream had succeeded.
    pub last_full_sync_at: Option<i64>,
    /// Streams that should have succeeded and have not.
    pub stale: BTreeSet<Stream>,
}

impl SyncSettings {
    /// A connector's settings as they are stored: what the document leaves out is the default, and
    /// settings of earlier versions are passed over.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with every bad field.
    pub fn from_json(document: &Value) -> Result<Self> {
        let Some(fields) = document.as_object() else {
            return Self::default().updated(document);
        };
        let known: Map<String, Value> = fields
            .iter()
            .filter(|(name, _)| !RETIRED.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Self::default().updated(&known.into())
    }

    /// These settings with the document's fields in place; what it leaves out
    /// stays. So an admin who cannot see `streams` does not reset them, and a
    /// client can send back what it was given: `last_sync_at`, `last_full_sync_at`
    /// and `is_stale` are read-only and ignored.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with every bad field.
    pub fn updated(&self, document: &Value) -> Result<Self> {
        let mut reader = Reader::default();
        let mut settings = self.clone();
        if let Some(fields) = reader.object("", document) {
            for (name, value) in fields {
                reader.setting(&mut settings, name, value);
            }
        }
        if settings.active_hours_only && settings.operating_hours.is_none() {
            reader.errors.push(
                "/operating_hours",
                "is missing while active_hours_only is true",
                "give start, end and timezone, or set active_hours_only to false",
            );
        }
        if reader.errors.is_empty() {
            Ok(settings)
        } else {
            Err(Error::InvalidFields(reader.errors))
        }
    }

    /// The document as it is stored.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.document(
            Stream::ALL,
            |stream| json!({ "enabled": self.streams.is_enabled(stream) }),
        )
        .into()
    }

    /// The document as it is shown: the stored one of these streams with the read-only times, RFC 3339
    /// or null.
    #[must_use]
    pub fn to_json_with_times(&self, streams: &[Stream], times: &SyncTimes) -> Value {
        let mut document = self.document(streams, |stream| {
            json!({
                "enabled": self.streams.is_enabled(stream),
                "last_sync_at": rfc3339(times.last_sync_at.get(&stream).copied()),
                "is_stale": times.stale.contains(&stream),
            })
        });
        document.insert("is_stale".to_owned(), json!(!times.stale.is_empty()));
        document.insert(
            "last_full_sync_at".to_owned(),
            rfc3339(times.last_full_sync_at),
        );
        document.into()
    }

    fn document(&self, streams: &[Stream], stream: impl Fn(Stream) -> Value) -> Map<String, Value> {
        let streams: Map<String, Value> = streams
            .iter()
            .map(|&s| (s.as_str().to_owned(), stream(s)))
            .collect();
        let hours = self.operating_hours.as_ref().map(|hours| {
            json!({
                "start": hours.start.to_string(),
                "end": hours.end.to_string(),
                "timezone": hours.timezone.as_ref().map(ZoneName::as_str),
            })
        });
        let members = [
            ("enabled", json!(self.enabled)),
            ("schedule", json!(self.schedule)),
            ("frequency", json!(self.frequency)),
            ("active_hours_only", json!(self.active_hours_only)),
            ("operating_hours", json!(hours)),
            ("streams", Value::Object(streams)),
            ("backfill_days", json!(self.backfill_days)),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn rfc3339(at: Option<i64>) -> Value {
    at.and_then(|at| DateTime::from_timestamp(at, 0))
        .map_or(Value::Null, |at| {
            at.to_rfc3339_opts(SecondsFormat::Secs, true).into()
        })
}

/// Reads fields and collects what is wrong with them.
#[derive(Default)]
struct Reader {
    errors: FieldErrors,
}

impl Reader {
    fn setting(&mut self, settings: &mut SyncSettings, name: &str, value: &Value) {
        let pointer = child_pointer("", name);
        match name {
            "enabled" => self.boolean(&pointer, value, &mut settings.enabled),
            "active_hours_only" => self.boolean(&pointer, value, &mut settings.active_hours_only),
            "schedule" => self.schedule(&pointer, value, &mut settings.schedule),
            "frequency" => self.frequency(&pointer, value, &mut settings.frequency),
            "operating_hours" if value.is_null() => settings.operating_hours = None,
            "operating_hours" => {
                if let Some(hours) = self.operating_hours(&pointer, value) {
                    settings.operating_hours = Some(hours);
                }
            }
            "streams" => self.streams(&pointer, value, settings),
            "last_full_sync_at" => self.read_only_time(&pointer, value),
            "is_stale" => self.read_only_flag(&pointer, value),
            "backfill_days" => {
                self.days(&pointer, value, &BACKFILL_DAYS, &mut settings.backfill_days);
            }
            _ => self.unknown(
                pointer,
                "enabled, schedule, frequency, active_hours_only, operating_hours, streams, backfill_days",
            ),
        }
    }

    fn schedule(&mut self, pointer: &str, value: &Value, into: &mut Schedule) {
        match value.as_str().map(str::parse) {
            Some(Ok(schedule)) => *into = schedule,
            _ => self.errors.push(
                pointer,
                format!("{} is not a schedule", shown(value)),
                "use frequency or fixed_times",
            ),
        }
    }

    fn frequency(&mut self, pointer: &str, value: &Value, into: &mut Frequency) {
        match value.as_str().map(str::parse) {
            Some(Ok(frequency)) => *into = frequency,
            _ => self.errors.push(
                pointer,
                format!("{} is not a frequency", shown(value)),
                "use every_15_min, every_30_min, hourly, every_4_hours, daily or manual",
            ),
        }
    }

    fn operating_hours(&mut self, pointer: &str, value: &Value) -> Option<OperatingHours> {
        let fields = self.object(pointer, value)?;
        for name in fields.keys() {
            if !matches!(name.as_str(), "start" | "end" | "timezone") {
                self.unknown(child_pointer(pointer, name), "start, end, timezone");
            }
        }
        let start = self.local_time(&child_pointer(pointer, "start"), fields.get("start"));
        let end = self.local_time(&child_pointer(pointer, "end"), fields.get("end"));
        let timezone = self.zone(&child_pointer(pointer, "timezone"), fields.get("timezone"))?;
        Some(OperatingHours {
            start: start?,
            end: end?,
            timezone,
        })
    }

    fn local_time(&mut self, pointer: &str, value: Option<&Value>) -> Option<LocalTime> {
        let time = value
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        if time.is_none() {
            let detail = value.map_or_else(
                || "is missing".to_owned(),
                |value| format!("{} is not a time of day", shown(value)),
            );
            self.errors
                .push(pointer, detail, "use HH:MM from 00:00 to 23:59");
        }
        time
    }

    /// `Some(None)`: no zone is named. `None`: the one that is named is bad.
    fn zone(&mut self, pointer: &str, value: Option<&Value>) -> Option<Option<ZoneName>> {
        let value = match value {
            None | Some(Value::Null) => return Some(None),
            Some(value) => value,
        };
        let zone = value.as_str().and_then(|text| ZoneName::parse(text).ok());
        if zone.is_none() {
            self.errors.push(
                pointer,
                format!("{} is not a time zone", shown(value)),
                "use an IANA name such as America/Toronto, or null for the organization's zone",
            );
        }
        zone.map(Some)
    }

    fn streams(&mut self, pointer: &str, value: &Value, settings: &mut SyncSettings) {
        let Some(fields) = self.object(pointer, value) else {
            return;
        };
        for (name, value) in fields {
            let pointer = child_pointer(pointer, name);
            let Ok(stream) = name.parse::<Stream>() else {
                let known = Stream::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>();
                self.unknown(pointer, &known.join(", "));
                continue;
            };
            let Some(toggles) = self.object(&pointer, value) else {
                continue;
            };
            for (name, value) in toggles {
                let pointer = child_pointer(&pointer, name);
                match name.as_str() {
                    "enabled" => {
                        let mut enabled = settings.streams.is_enabled(stream);
                        self.boolean(&pointer, value, &mut enabled);
                        settings.streams.set(stream, enabled);
                    }
                    "last_sync_at" => self.read_only_time(&pointer, value),
                    "is_stale" => self.read_only_flag(&pointer, value),
                    _ => self.unknown(pointer, "enabled"),
                }
            }
        }
    }

    fn object<'v>(&mut self, pointer: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.errors.push(
                pointer,
                format!("{} is not an object", shown(value)),
                "send a JSON object",
            );
        }
        object
    }

    fn boolean(&mut self, pointer: &str, value: &Value, into: &mut bool) {
        match value.as_bool() {
            Some(given) => *into = given,
            None => {
                let detail = format!("{} is not a boolean", shown(value));
                self.errors.push(pointer, detail, "use true or false");
            }
        }
    }

    fn days(
        &mut self,
        pointer: &str,
        value: &Value,
        range: &std::ops::RangeInclusive<u16>,
        into: &mut u16,
    ) {
        let days = value.as_u64().and_then(|days| u16::try_from(days).ok());
        match days.filter(|days| range.contains(days)) {
            Some(days) => *into = days,
            None => self.errors.push(
                pointer,
                format!("{} is not a number of days in range", shown(value)),
                format!(
                    "use a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            ),
        }
    }

    fn read_only_time(&mut self, pointer: &str, value: &Value) {
        if !(value.is_null() || value.is_string()) {
            let detail = format!("{} is not a time", shown(value));
            self.errors
                .push(pointer, detail, "leave it out: it is read-only");
        }
    }

    fn read_only_flag(&mut self, pointer: &str, value: &Value) {
        if !(value.is_null() || value.is_boolean()) {
            let detail = format!("{} is not a boolean", shown(value));
            self.errors
                .push(pointer, detail, "leave it out: it is read-only");
        }
    }

    fn unknown(&mut self, pointer: String, known: &str) {
        self.errors.push(
            pointer,
            "unknown field",
            format!("remove it; known: {known}"),
        );
    }
}

/// A value for an error message: scalars as they are, the rest by kind.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => redact::excerpt(&scalar.to_string(), 60, &[]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn errors(document: &Value) -> Vec<(String, String, String)> {
        match SyncSettings::from_json(document) {
            Err(Error::InvalidFields(errors)) => errors
                .as_slice()
                .iter()
                .map(|e| (e.pointer.clone(), e.detail.clone(), e.remedy.clone()))
                .collect(),
            other => panic!("expected field errors, got {other:?}"),
        }
    }

    fn seed() -> Value {
        json!({
            "enabled": true,
            "frequency": "every_30_min",
            "active_hours_only": true,
            "operating_hours": { "start": "06:00", "end": "23:00", "timezone": "America/Toronto" },
            "streams": {
                "shifts": { "enabled": true, "last_sync_at": null },
                "time_punches": { "enabled": true, "last_sync_at": null },
                "users": { "enabled": true, "last_sync_at": null },
                "wages": { "enabled": true, "last_sync_at": null },
                "availability": { "enabled": true, "last_sync_at": null },
                "time_off": { "enabled": true, "last_sync_at": null }
            },
            "last_full_sync_at": null
        })
    }

    #[test]
    fn every_bad_field_is_named_with_what_to_do() {
        let bad = json!({
            "enabled": "yes",
            "schedule": "nightly",
            "frequency": "every_minute",
            "active_hours_only": 1,
            "operating_hours": { "start": "6am", "timezone": 5, "until": "late" },
            "streams": { "shift": {}, "users": true, "wages": { "on": true, "enabled": null } },
            "backfill_days": 0,
            "colour": "red",
            "is_stale": "maybe",
            "last_full_sync_at": 7
        });
        let found = errors(&bad);
        let mut pointers: Vec<&str> = found.iter().map(|(pointer, ..)| pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(
            pointers,
            [
                "/active_hours_only",
                "/backfill_days",
                "/colour",
                "/enabled",
                "/frequency",
                "/is_stale",
                "/last_full_sync_at",
                "/operating_hours/end",
                "/operating_hours/start",
                "/operating_hours/timezone",
                "/operating_hours/until",
                "/schedule",
                "/streams/shift",
                "/streams/users",
                "/streams/wages/enabled",
                "/streams/wages/on",
            ]
        );
        let frequency = found
            .iter()
            .find(|(pointer, ..)| pointer == "/frequency")
            .unwrap();
        assert_eq!(frequency.1, "\"every_minute\" is not a frequency");
        assert!(frequency.2.contains("every_15_min"), "{}", frequency.2);
        let schedule = found
            .iter()
            .find(|(pointer, ..)| pointer == "/schedule")
            .unwrap();
        assert_eq!(schedule.1, "\"nightly\" is not a schedule");
        assert_eq!(schedule.2, "use frequency or fixed_times");
        let days = found
            .iter()
            .find(|(pointer, ..)| pointer == "/backfill_days")
            .unwrap();
        assert_eq!(days.2, "use a whole number from 1 to 3650");
    }

    #[test]
    fn what_is_not_an_object_is_refused_as_a_whole() {
        for document in [json!(null), json!([]), json!("x"), json!(3)] {
            assert_eq!(errors(&document).first().unwrap().0, "", "{document}");
        }
    }

    #[test]
    fn active_hours_need_hours() {
        let found = errors(&json!({ "active_hours_only": true }));
        assert_eq!(found.first().unwrap().0, "/operating_hours");
    }

    #[cfg(feature = "zones")]
    #[test]
    fn a_zone_that_does_not_exist_is_refused() {
        let hours = json!({ "start": "06:00", "end": "23:00", "timezone": "America/Torontoo" });
        let found = errors(&json!({ "operating_hours": hours }));
        assert_eq!(found.first().unwrap().0, "/operating_hours/timezone");
    }

    #[test]
    fn the_seeds_document_is_understood() {
        let settings = SyncSettings::from_json(&seed()).unwrap();
        let hours = settings.operating_hours.as_ref().unwrap();
        assert_eq!(
            (hours.start.minute_of_day(), hours.end.minute_of_day()),
            (360, 1_380)
        );
        assert_eq!(hours.timezone.as_ref().unwrap().as_str(), "America/Toronto");
        assert_eq!(settings.frequency, Frequency::Every30Min);
        assert_eq!(settings.schedule, Schedule::Frequency);
        assert_eq!(settings.backfill_days, 90);
    }

    #[test]
    fn an_empty_document_is_the_default() {
        let settings = SyncSettings::from_json(&json!({})).unwrap();
        assert_eq!(settings, SyncSettings::default());
        assert!(Stream::ALL.iter().all(|&s| settings.streams.is_enabled(s)));
        assert!(settings.enabled && !settings.active_hours_only);
    }

    #[test]
    fn what_a_client_was_given_it_can_send_back() {
        let settings = SyncSettings::from_json(&seed()).unwrap();
        let times = SyncTimes {
            last_sync_at: BTreeMap::from([(Stream::Shifts, 1_770_737_400)]),
            last_full_sync_at: Some(1_770_737_400),
            stale: BTreeSet::from([Stream::Users]),
        };
        let shown = settings.to_json_with_times(Stream::ALL, &times);
        assert_eq!(
            shown["streams"]["shifts"]["last_sync_at"],
            "2026-02-10T15:30:00Z"
        );
        assert_eq!(shown["streams"]["users"]["last_sync_at"], Value::Null);
        assert_eq!(shown["last_full_sync_at"], "2026-02-10T15:30:00Z");
        assert_eq!(shown["streams"]["users"]["is_stale"], true);
        assert_eq!(shown["streams"]["shifts"]["is_stale"], false);
        assert_eq!(shown["is_stale"], true);
        assert_eq!(settings.updated(&shown).unwrap(), settings);
    }

    #[test]
    fn a_retired_setting_is_passed_over_where_it_is_stored_and_refused_where_it_is_sent() {
        let stored = json!({ "schedule_ahead_days": 60, "backfill_days": 30 });
        let settings = SyncSettings::from_json(&stored).unwrap();
        assert_eq!(settings.backfill_days, 30);
        assert!(settings.to_json().get("schedule_ahead_days").is_none());
        assert!(settings.updated(&stored).is_err());
    }

    #[test]
    fn what_an_update_leaves_out_stays() {
        let mut current = SyncSettings::default();
        current.streams.set(Stream::Wages, false);
        current.backfill_days = 400;
        let updated = current.updated(&json!({ "frequency": "daily" })).unwrap();
        assert_eq!(
            updated,
            SyncSettings {
                frequency: Frequency::Daily,
                ..current
            }
        );
    }

    #[test]
    fn hours_are_removed_by_null() {
        let settings = SyncSettings::from_json(&seed()).unwrap();
        let change = json!({ "operating_hours": null, "active_hours_only": false });
        assert_eq!(settings.updated(&change).unwrap().operating_hours, None);
    }

    fn any_settings() -> impl Strategy<Value = SyncSettings> {
        let zone = prop_oneof![
            Just(None),
            Just(Some("Asia/Kolkata")),
            Just(Some("America/St_Johns"))
        ];
        let hours = proptest::option::of((0u16..1_440, 0u16..1_440, zone));
        let frequency = proptest::sample::select(Frequency::ALL);
        let schedule = proptest::sample::select(Schedule::ALL);
        let disabled = proptest::sample::subsequence(Stream::ALL, 0..=Stream::ALL.len());
        (
            any::<bool>(),
            (schedule, frequency),
            any::<bool>(),
            hours,
            disabled,
            1u16..=3_650,
        )
            .prop_map(
                |(enabled, (schedule, frequency), gated, hours, disabled, backfill_days)| {
                    let operating_hours = hours.map(|(start, end, zone)| OperatingHours {
                        start: LocalTime::from_minute_of_day(start).unwrap(),
                        end: LocalTime::from_minute_of_day(end).unwrap(),
                        timezone: zone.map(|zone| ZoneName::parse(zone).unwrap()),
                    });
                    let mut settings = SyncSettings {
                        enabled,
                        schedule,
                        frequency,
                        active_hours_only: gated && operating_hours.is_some(),
                        operating_hours,
                        backfill_days,
                        ..SyncSettings::default()
                    };
                    for stream in disabled {
                        settings.streams.set(stream, false);
                    }
                    settings
                },
            )
    }

    proptest! {
        #[test]
        fn settings_survive_their_document(settings in any_settings()) {
            prop_assert_eq!(SyncSettings::from_json(&settings.to_json()).unwrap(), settings);
        }

        #[test]
        fn no_text_in_place_of_a_value_panics(name in ".{0,20}", text in ".{0,80}") {
            for document in [
                json!({ name.as_str(): text }),
                json!({ "operating_hours": { "start": text, "end": text, "timezone": text } }),
                json!({ "streams": { name.as_str(): { "enabled": text } } }),
            ] {
                if let Err(error) = SyncSettings::from_json(&document) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }
}
