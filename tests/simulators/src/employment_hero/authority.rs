//! What the authorization server has given out, and to whom.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Rotation, Settings};

/// What the token endpoint answers next, whatever is asked. As JSON a status alone, such as `400`, or
/// an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScriptedAnswer {
    /// 200 is the right answer. Another status is RFC 6749's refusal, of a grant that stays good:
    /// `invalid_grant` with a 400.
    Status(u16),
    Refusal(ScriptedRefusal),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedRefusal {
    pub status: u16,
    /// RFC 6749 section 5.2.
    #[serde(default)]
    pub error: Option<String>,
    /// In place of the error, as the vendor's own client was tested with.
    #[serde(default)]
    pub message: Option<String>,
    /// The request is done all the same: a refresh token is spent.
    #[serde(default)]
    pub after_handling: bool,
}

/// What tests look at. `burnt_grants` is the one that must stay at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub codes: u64,
    /// Answers with tokens, of both kinds of grants.
    pub issued: u64,
    pub refreshed: u64,
    /// Requests for tokens, of every kind and outcome.
    pub asked: u64,
    /// How often a code came again.
    pub replayed_codes: u64,
    /// How often a spent refresh token came again, too late or not.
    pub reused: u64,
    /// Grants that were withdrawn because a spent refresh token, or a code, came again.
    pub burnt_grants: u64,
    pub live_grants: u64,
}

/// What a token request is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuedTokens {
    pub access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    pub token_type: &'static str,
    pub expires_in: i64,
}

#[derive(Debug, Default)]
pub struct Authority {
    /// Taken one by one before anything else.
    pub script: VecDeque<ScriptedAnswer>,
    pub(super) counts: Counts,
    pub(super) codes: BTreeMap<String, Code>,
    grants: BTreeMap<u64, Grant>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
}

/// A code that was given to a browser.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub login: String,
    pub ends_at: i64,
    pub is_used: bool,
    /// What was given for it.
    pub grant: Option<u64>,
}

#[derive(Debug)]
struct Grant {
    login: String,
    is_live: bool,
}

#[derive(Debug)]
struct Access {
    grant: u64,
    ends_at: i64,
}

#[derive(Debug)]
struct Refresh {
    grant: u64,
    spent_at: Option<i64>,
}

impl Authority {
    pub fn counts(&self) -> Counts {
        let live = self.grants.values().filter(|grant| grant.is_live).count();
        Counts {
            live_grants: u64::try_from(live).unwrap_or(u64::MAX),
            ..self.counts
        }
    }

    /// A new grant with its first tokens.
    pub fn grant(&mut self, login: &str, settings: &Settings, now: i64) -> IssuedTokens {
        let (_, tokens) = self.numbered_grant(login, settings, now);
        tokens
    }

    pub(super) fn numbered_grant(
        &mut self,
        login: &str,
        settings: &Settings,
        now: i64,
    ) -> (u64, IssuedTokens) {
        let number = u64::try_from(self.grants.len()).unwrap_or(u64::MAX) + 1;
        let grant = Grant {
            login: login.to_owned(),
            is_live: true,
        };
        self.grants.insert(number, grant);
        let refresh_token = self.new_refresh_token(number);
        (
            number,
            self.issue(number, Some(refresh_token), settings, now),
        )
    }

    /// New tokens for a refresh token; `None` if it is not good.
    pub(super) fn renew(
        &mut self,
        refresh_token: &str,
        settings: &Settings,
        now: i64,
    ) -> Option<IssuedTokens> {
        let known = self.refresh.get(refresh_token)?;
        let (number, spent_at) = (known.grant, known.spent_at);
        if !self.grants.get(&number)?.is_live {
            return None;
        }
        if let Some(spent_at) = spent_at {
            self.counts.reused += 1;
            let is_in_time = match settings.rotation {
                Rotation::Grace { seconds } => now - spent_at < seconds,
                Rotation::Off | Rotation::DiesAtOnce => false,
            };
            if !is_in_time {
                self.burn(number);
                return None;
            }
        }
        self.counts.refreshed += 1;
        let next = match settings.rotation {
            Rotation::Off => None,
            Rotation::DiesAtOnce | Rotation::Grace { .. } => {
                if let Some(known) = self.refresh.get_mut(refresh_token) {
                    known.spent_at.get_or_insert(now);
                }
                Some(self.new_refresh_token(number))
            }
        };
        Some(self.issue(number, next, settings, now))
    }

    /// The grant and the login of an access token that is good.
    pub fn holder(&self, access_token: &str, now: i64) -> Option<(u64, &str)> {
        let access = self.access.get(access_token)?;
        let grant = self.grants.get(&access.grant)?;
        (grant.is_live && now < access.ends_at).then_some((access.grant, grant.login.as_str()))
    }

    pub fn withdraw_access(&mut self) {
        self.access.clear();
    }

    pub fn withdraw_grants(&mut self) {
        for grant in self.grants.values_mut() {
            grant.is_live = false;
        }
    }

    pub(super) fn burn(&mut self, number: u64) {
        if let Some(grant) = self.grants.get_mut(&number)
            && grant.is_live
        {
            grant.is_live = false;
            self.counts.burnt_grants += 1;
        }
    }

    fn new_refresh_token(&mut self, grant: u64) -> String {
        let token = format!("rt_sim_{:04}", self.refresh.len() + 1);
        let spent_at = None;
        self.refresh
            .insert(token.clone(), Refresh { grant, spent_at });
        token
    }

    fn issue(
        &mut self,
        grant: u64,
        refresh_token: Option<String>,
        settings: &Settings,
        now: i64,
    ) -> IssuedTokens {
        self.counts.issued += 1;
        // Two parts of it never change, as with the real ones.
        let access_token = format!("eyJhbGciOi.sim.access-{}", self.counts.issued);
        let ends_at = now + settings.access_seconds;
        self.access
            .insert(access_token.clone(), Access { grant, ends_at });
        IssuedTokens {
            access_token,
            refresh_token,
            token_type: "bearer",
            expires_in: settings.access_seconds,
        }
    }
}
