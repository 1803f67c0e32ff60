//! What is said of a quota in the headers `RateLimit-Policy` and `RateLimit`, as
//! draft-ietf-httpapi-ratelimit-headers-11 has them.

use domain::inbound_limit::{Standing, WINDOW_SECONDS};

/// A quota, and how much of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Whose quota it is: `caller`, `address` or `webhook`.
    pub policy: &'static str,
    pub standing: Standing,
}

impl RateLimit {
    /// The value of `RateLimit-Policy`: the quota, and its window in seconds.
    #[must_use]
    pub fn policy_field(&self) -> String {
        let quota = self.standing.quota;
        format!("\"{}\";q={quota};w={WINDOW_SECONDS}", self.policy)
    }

    /// The value of `RateLimit`: the requests that are left, and the seconds until there are more.
    #[must_use]
    pub fn field(&self) -> String {
        let Standing {
            left,
            more_in_seconds,
            ..
        } = self.standing;
        format!("\"{}\";r={left};t={more_in_seconds}", self.policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_the_draft() {
        let limit = RateLimit {
            policy: "caller",
            standing: Standing {
                quota: 6_000,
                left: 17,
                more_in_seconds: 9,
            },
        };
        assert_eq!(limit.policy_field(), r#""caller";q=6000;w=60"#);
        assert_eq!(limit.field(), r#""caller";r=17;t=9"#);
    }
}
