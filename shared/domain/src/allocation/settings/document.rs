//! The document: read with every fault named, and written whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Absences, Fixes, Limits, PackageRule, Preset, Properties, Settings, UnknownSources};
use crate::Result;
use crate::fields::{Fields, Object, shown};

const MAX_NAME_BYTES: usize = 200;
const MAX_PROPERTY_BYTES: usize = 100;
const MAX_NAMES: usize = 50;
const MAX_LIMIT: u32 = 1_000;

const KNOWN: &[&str] = &[
    "preset",
    "fixes",
    "horizon_weeks",
    "buffer_weeks",
    "prestart_weeks",
    "clarifies_per_week",
    "search_lag_seconds",
    "limits",
    "pipeline",
    "stages",
    "clarify_type",
    "kick_off_type",
    "cancelled_outcomes",
    "half_day_up_to_minutes",
    "packages",
    "properties",
    "written_properties",
];

impl Settings {
    /// The document that a reader gets, and that a writer may send back.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut fixes = self.fixes;
        let mut switches = Map::new();
        switches.insert("absences".to_owned(), json!(fixes.absences));
        switches.insert("unknown_sources".to_owned(), json!(fixes.unknown_sources));
        for (name, on) in fixes.switches() {
            switches.insert(name.to_owned(), (*on).into());
        }
        let mut properties = self.properties.clone();
        let properties: Map<String, Value> = properties
            .each()
            .into_iter()
            .map(|(name, property)| (name.to_owned(), property.clone().into()))
            .collect();
        let packages: Vec<Value> = self
            .packages
            .iter()
            .map(|rule| {
                json!({
                    "name": rule.name,
                    "ignores_household": rule.ignores_household,
                    "household_types": rule.household_types,
                })
            })
            .collect();
        json!({
            "fixes": switches,
            "horizon_weeks": self.horizon_weeks,
            "buffer_weeks": self.buffer_weeks,
            "prestart_weeks": self.prestart_weeks,
            "clarifies_per_week": self.clarifies_per_week,
            "search_lag_seconds": self.search_lag_seconds,
            "limits": {"monthly": self.limits.monthly, "by_pod_type": self.limits.by_pod_type},
            "pipeline": self.pipeline,
            "stages": self.stages,
            "clarify_type": self.clarify_type,
            "kick_off_type": self.kick_off_type,
            "cancelled_outcomes": self.cancelled_outcomes,
            "half_day_up_to_minutes": self.half_day_up_to_minutes,
            "packages": packages,
            "properties": properties,
            "written_properties": self.written_properties,
        })
    }

    /// Reads a document: `preset` says what holds for what is left out.
    ///
    /// # Errors
    /// [`crate::Error::InvalidFields`], with every member that is wrong.
    pub fn from_json(document: &Value) -> Result<Self> {
        let mut fields = Fields::default();
        let read = read(&mut fields, document);
        fields.finish(read)
    }
}

fn read(fields: &mut Fields, document: &Value) -> Option<Settings> {
    let object = fields.object("", document, KNOWN)?;
    let presets: Vec<_> = Preset::ALL.iter().map(|&one| (one.as_str(), one)).collect();
    let preset = fields.choice(&object, "preset", &presets, Some(Preset::Corrected));
    let base = Settings::preset(preset.unwrap_or(Preset::Corrected));
    let horizon_weeks = fields.whole(&object, "horizon_weeks", &(4..=156), base.horizon_weeks);
    let buffer_weeks = fields.whole(&object, "buffer_weeks", &(0..=26), base.buffer_weeks);
    if buffer_weeks.saturating_add(2) > horizon_weeks {
        fields.push(
            object.at("buffer_weeks"),
            format!("{buffer_weeks} weeks leave no week of the {horizon_weeks} that are looked at"),
            "use a buffer of two weeks less than horizon_weeks at the most",
        );
    }
    Some(Settings {
        fixes: fixes(fields, &object, base.fixes),
        horizon_weeks,
        buffer_weeks,
        prestart_weeks: fields.whole(&object, "prestart_weeks", &(0..=52), base.prestart_weeks),
        clarifies_per_week: fields.whole(
            &object,
            "clarifies_per_week",
            &(1..=100),
            base.clarifies_per_week,
        ),
        search_lag_seconds: fields.whole(
            &object,
            "search_lag_seconds",
            &(0..=86_400),
            base.search_lag_seconds,
        ),
        limits: limits(fields, &object, base.limits),
        pipeline: match object.get("pipeline") {
            None => base.pipeline,
            Some(_) => fields
                .optional_text(&object, "pipeline", MAX_NAME_BYTES)
                .map(str::to_owned),
        },
        stages: names(fields, &object, "stages", 0).unwrap_or(base.stages),
        clarify_type: name(fields, &object, "clarify_type", base.clarify_type),
        kick_off_type: name(fields, &object, "kick_off_type", base.kick_off_type),
        cancelled_outcomes: names(fields, &object, "cancelled_outcomes", 0)
            .unwrap_or(base.cancelled_outcomes),
        half_day_up_to_minutes: fields.whole(
            &object,
            "half_day_up_to_minutes",
            &(0..=1_440),
            base.half_day_up_to_minutes,
        ),
        packages: packages(fields, &object).unwrap_or(base.packages),
        properties: properties(fields, &object, base.properties),
        written_properties: written_properties(fields, &object).unwrap_or(base.written_properties),
    })
}

fn fixes(fields: &mut Fields, object: &Object<'_>, base: Fixes) -> Fixes {
    let known: Vec<&str> = ["absences", "unknown_sources"]
        .into_iter()
        .chain(Fixes::SWITCHES.iter().copied())
        .collect();
    let Some(object) = fields.part(object, "fixes", &known) else {
        return base;
    };
    let absences: Vec<_> = Absences::ALL
        .iter()
        .map(|&one| (one.as_str(), one))
        .collect();
    let unknown: Vec<_> = UnknownSources::ALL
        .iter()
        .map(|&one| (one.as_str(), one))
        .collect();
    let mut fixes = Fixes {
        absences: fields
            .choice(&object, "absences", &absences, Some(base.absences))
            .unwrap_or(base.absences),
        unknown_sources: fields
            .choice(
                &object,
                "unknown_sources",
                &unknown,
                Some(base.unknown_sources),
            )
            .unwrap_or(base.unknown_sources),
        ..base
    };
    for (name, on) in fixes.switches() {
        *on = fields.flag(&object, name, *on);
    }
    fixes
}

fn limits(fields: &mut Fields, object: &Object<'_>, base: Limits) -> Limits {
    let Some(object) = fields.part(object, "limits", &["monthly", "by_pod_type"]) else {
        return base;
    };
    let monthly = fields.whole(&object, "monthly", &(0..=MAX_LIMIT), base.monthly);
    let by_pod_type = by_pod_type(fields, &object).unwrap_or(base.by_pod_type);
    Limits {
        monthly,
        by_pod_type,
    }
}

fn by_pod_type(fields: &mut Fields, object: &Object<'_>) -> Option<BTreeMap<String, u32>> {
    let value = object.get("by_pod_type")?;
    let pods = fields.any_object(&object.at("by_pod_type"), value)?;
    if pods.member_count() > MAX_NAMES {
        fields.push(
            object.at("by_pod_type"),
            format!("it has {} pod types", pods.member_count()),
            format!("name {MAX_NAMES} at the most"),
        );
        return None;
    }
    let mut limits = BTreeMap::new();
    for (pod, value) in pods.iter() {
        if value.is_null() {
            fields.push(
                pods.at(pod),
                "is null",
                "give a whole number, or leave it out",
            );
        } else if pod.trim().is_empty() || pod.len() > MAX_NAME_BYTES {
            fields.push(
                pods.at(pod),
                "it is not the name of a pod type",
                format!("use 1 to {MAX_NAME_BYTES} bytes"),
            );
        } else {
            let limit = fields.whole(&pods, pod, &(0..=MAX_LIMIT), 0);
            limits.insert(pod.clone(), limit);
        }
    }
    Some(limits)
}

fn packages(fields: &mut Fields, object: &Object<'_>) -> Option<Vec<PackageRule>> {
    let list = list(fields, object, "packages", 0, "package rules")?;
    let mut rules: Vec<PackageRule> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let pointer = format!("{}/{index}", object.at("packages"));
        let known = ["name", "ignores_household", "household_types"];
        let Some(rule) = fields.object(&pointer, value, &known) else {
            continue;
        };
        let name = fields.required_text(&rule, "name", MAX_NAME_BYTES, "name the service package");
        let ignores_household = fields.flag(&rule, "ignores_household", false);
        let household_types = names(fields, &rule, "household_types", 0).unwrap_or_default();
        let Some(name) = name else { continue };
        let is_same =
            |one: &PackageRule| one.name.trim().to_lowercase() == name.trim().to_lowercase();
        if rules.iter().any(is_same) {
            fields.push(
                rule.at("name"),
                "another rule is of the same package",
                "keep one of them",
            );
        }
        rules.push(PackageRule {
            name: name.to_owned(),
            ignores_household,
            household_types,
        });
    }
    Some(rules)
}

fn properties(fields: &mut Fields, object: &Object<'_>, base: Properties) -> Properties {
    let Some(object) = fields.part(object, "properties", Properties::NAMES) else {
        return base;
    };
    let mut properties = base;
    for (name, property) in properties.each() {
        let Some(value) = object.get(name) else {
            continue;
        };
        if let Some(given) = property_name(fields, &object.at(name), value) {
            *property = given;
        }
    }
    properties
}

fn written_properties(fields: &mut Fields, object: &Object<'_>) -> Option<Vec<String>> {
    const NAME: &str = "written_properties";
    let list = list(fields, object, NAME, 1, "names of properties")?;
    let mut names = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let pointer = format!("{}/{index}", object.at(NAME));
        if let Some(name) = property_name(fields, &pointer, value) {
            if names.contains(&name) {
                fields.push(pointer, "it is there twice", "keep one of them");
            }
            names.push(name);
        }
    }
    Some(names)
}

fn property_name(fields: &mut Fields, pointer: &str, value: &Value) -> Option<String> {
    let text = fields.text(pointer, value, MAX_PROPERTY_BYTES)?;
    let has_shape = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !has_shape {
        fields.push(
            pointer,
            format!("{} is not the internal name of a property", shown(value)),
            "use the internal name: small letters, digits and _",
        );
        return None;
    }
    Some(text.to_owned())
}

fn name(fields: &mut Fields, object: &Object<'_>, name: &str, base: String) -> String {
    fields
        .optional_text(object, name, MAX_NAME_BYTES)
        .map_or(base, str::to_owned)
}

fn names(
    fields: &mut Fields,
    object: &Object<'_>,
    name: &str,
    least: usize,
) -> Option<Vec<String>> {
    let list = list(fields, object, name, least, "texts")?;
    let pointer = object.at(name);
    let texts = list.iter().enumerate().filter_map(|(index, value)| {
        fields
            .text(&format!("{pointer}/{index}"), value, MAX_NAME_BYTES)
            .map(str::to_owned)
    });
    Some(texts.collect())
}

fn list<'v>(
    fields: &mut Fields,
    object: &Object<'v>,
    name: &str,
    least: usize,
    what: &str,
) -> Option<&'v Vec<Value>> {
    let list = object.get(name)?;
    let found = list
        .as_array()
        .filter(|list| (least..=MAX_NAMES).contains(&list.len()));
    if found.is_none() {
        fields.push(
            object.at(name),
            "it is not such an array",
            format!("send an array of {least} to {MAX_NAMES} {what}"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::MeetingKind;
    use super::*;

    fn errors(document: &Value) -> Vec<(String, String)> {
        match Settings::from_json(document) {
            Err(crate::Error::InvalidFields(errors)) => errors
                .as_slice()
                .iter()
                .map(|error| {
                    assert!(!error.remedy.is_empty());
                    (error.pointer.clone(), error.detail.clone())
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_the_corrected_preset() {
        let settings = Settings::from_json(&json!({})).unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.mode(), "corrected");
        let numbers = (
            settings.horizon_weeks,
            settings.buffer_weeks,
            settings.prestart_weeks,
        );
        assert_eq!(numbers, (52, 2, 3));
    }

    #[test]
    fn a_preset_is_what_is_left_out() {
        for &preset in Preset::ALL {
            let read = Settings::from_json(&json!({"preset": preset})).unwrap();
            assert_eq!(read, Settings::preset(preset));
            assert_eq!(read.mode(), preset.as_str());
            assert_eq!(Settings::from_json(&read.to_json()).unwrap(), read);
        }
        let mixed = json!({"preset": "compatible", "fixes": {"keep_past_backlog": true}, "horizon_weeks": 30});
        let mixed = Settings::from_json(&mixed).unwrap();
        assert!(mixed.fixes.keep_past_backlog && !mixed.fixes.empty_is_free);
        assert_eq!((mixed.horizon_weeks, mixed.mode()), (30, "custom"));
    }

    #[test]
    fn everything_can_be_set() {
        let document = json!({
            "fixes": {"absences": "sum", "unknown_sources": "fail", "fixed_horizon": false},
            "limits": {"monthly": 8, "by_pod_type": {"Team Pod": 10, "Parental": 0}},
            "pipeline": "12345", "stages": ["a", "b", "c"],
            "clarify_type": "First meeting", "cancelled_outcomes": [],
            "packages": [{"name": "Gold", "household_types": ["trust"]}, {"name": "IPO", "ignores_household": true}],
            "properties": {"deal_adviser_email": "adviser_mail"},
            "written_properties": ["hubspot_owner_id"],
        });
        let settings = Settings::from_json(&document).unwrap();
        assert_eq!(settings.limits.by_pod_type.get("Team Pod"), Some(&10));
        assert_eq!(settings.pipeline.as_deref(), Some("12345"));
        assert_eq!(settings.properties.deal_adviser_email, "adviser_mail");
        assert_eq!(settings.properties.deal_id, "hs_deal_record_id");
        assert_eq!(settings.packages.len(), 2);
        assert!(settings.counts_outcome("CANCELED"));
        assert_eq!(
            settings.meeting_kind("first meeting"),
            Some(MeetingKind::Clarify)
        );
        assert_eq!(settings.meeting_kind("Lunch"), None);
        assert_eq!(Settings::from_json(&settings.to_json()).unwrap(), settings);
    }

    #[test]
    fn every_fault_is_named() {
        let document = json!({
            "horizon": 52,
            "horizon_weeks": 3,
            "buffer_weeks": "two",
            "fixes": {"absences": "most", "fix_everything": true, "empty_is_free": 1},
            "limits": {"monthly": -1, "by_pod_type": {"Solo Adviser": 1.5, "Team Pod": null}},
            "stages": "one",
            "packages": [{"ignores_household": true}, {"name": "IPO"}, {"name": "ipo "}],
            "properties": {"deal_id": "Deal Id", "nothing": "x"},
            "written_properties": [],
        });
        let pointers: Vec<_> = errors(&document)
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        for pointer in [
            "/horizon",
            "/horizon_weeks",
            "/buffer_weeks",
            "/fixes/absences",
            "/fixes/fix_everything",
            "/fixes/empty_is_free",
            "/limits/monthly",
            "/limits/by_pod_type/Solo Adviser",
            "/limits/by_pod_type/Team Pod",
            "/stages",
            "/packages/0/name",
            "/packages/2/name",
            "/properties/deal_id",
            "/properties/nothing",
            "/written_properties",
        ] {
            assert!(
                pointers.contains(&pointer.to_owned()),
                "{pointer}: {pointers:?}"
            );
        }
        assert_eq!(pointers.len(), 15);
    }

    #[test]
    fn a_buffer_leaves_weeks_to_look_at() {
        let found = errors(&json!({"horizon_weeks": 10, "buffer_weeks": 9}));
        assert_eq!(found[0].0, "/buffer_weeks");
        assert_eq!(errors(&json!([]))[0].0, "");
        assert_eq!(errors(&json!({"preset": "best"}))[0].0, "/preset");
    }
}
