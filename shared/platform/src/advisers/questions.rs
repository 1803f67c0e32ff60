//! What is asked of HubSpot, as its copies are known by.

use std::collections::BTreeSet;

use domain::allocation::Settings;

use super::MINUTE_MS;
use super::copies::{About, Copied};
use super::rows::USER_OWNER_ID;

pub const USERS: &str = "users";
pub const OWNERS: &str = "owners";
pub const MEETINGS: &str = "meetings";
pub const DEALS: &str = "deals";

/// An owner who is not in a list that is older than this may be a new one.
pub const OWNERS_LOOK_AGAIN_MS: i64 = 5 * MINUTE_MS;

pub fn user_properties(settings: &Settings) -> Vec<String> {
    let properties = &settings.properties;
    [
        &properties.adviser_email,
        &properties.adviser_owner_id,
        &properties.adviser_taking_on_clients,
        &properties.adviser_packages,
        &properties.adviser_households,
        &properties.adviser_pod_type,
        &properties.adviser_start_date,
    ]
    .into_iter()
    .cloned()
    .collect()
}

pub fn meeting_types(settings: &Settings) -> Vec<String> {
    vec![
        settings.clarify_type.clone(),
        settings.kick_off_type.clone(),
    ]
}

/// The list of one adviser's meetings.
pub fn meetings_of(owner_id: &str) -> String {
    format!("meetings-of-{owner_id}")
}

pub fn users(settings: &Settings) -> About {
    About {
        asked: user_properties(settings).join("\n"),
        ..About::default()
    }
}

/// Of these owners, that start at this time or later.
pub fn meetings(settings: &Settings, owner_ids: &[String], since: i64) -> About {
    About {
        asked: meeting_types(settings).join("\n"),
        since,
        of: owner_ids.to_vec(),
        ..About::default()
    }
}

pub fn deals(settings: &Settings) -> About {
    let properties = &settings.properties;
    let pipeline = settings.pipeline.as_deref().unwrap_or_default();
    let mut asked = vec![
        pipeline,
        &properties.deal_clarify_booked,
        &properties.deal_clarify_held,
        &properties.deal_adviser_email,
        &properties.deal_agreement_start_date,
    ];
    asked.extend(settings.stages.iter().map(String::as_str));
    About {
        asked: asked.join("\n"),
        ..About::default()
    }
}

/// Whose meetings are needed, in order.
pub fn owner_ids(users: Option<&Copied>) -> Vec<String> {
    let rows = users.into_iter().flat_map(|copied| &copied.rows);
    let ids: BTreeSet<&String> = rows
        .filter_map(|row| row.get(USER_OWNER_ID))
        .filter(|id| !id.is_empty())
        .collect();
    ids.into_iter().cloned().collect()
}

/// Whether somebody who is not among the owners of a copy may have come since.
pub fn is_missed(owners: &Copied, needed: &[String], now_ms: i64) -> bool {
    let is_there = |id: &String| owners.rows.iter().any(|row| row.first() == Some(id));
    !owners.is_younger(OWNERS_LOOK_AGAIN_MS, now_ms) && !needed.iter().all(is_there)
}
