//! What follows from answers and from none.

use std::time::Duration;

use proptest::prelude::*;
use providers::rest::{Failure, Reason, Sent, Verdict, judge_answer, judge_failure};

use crate::support::{RECEIVED_AT, answer};

const READ: Sent = Sent {
    is_repeatable: true,
    has_idempotency_key: false,
    may_renew: false,
};
const WRITE: Sent = Sent {
    is_repeatable: false,
    ..READ
};
const KEYED: Sent = Sent {
    has_idempotency_key: true,
    ..READ
};
const RENEWABLE: Sent = Sent {
    may_renew: true,
    ..WRITE
};

const RETRY: Verdict = Verdict::Retry { after: None };

fn judged(status: u16, sent: Sent) -> Verdict {
    judge_answer(&answer(status, &[], ""), sent, RECEIVED_AT)
}

#[test]
fn a_status_says_whether_another_try_makes_sense() {
    let give_up = Verdict::GiveUp;
    for (status, read, write) in [
        (200, Verdict::Success, Verdict::Success),
        (201, Verdict::Success, Verdict::Success),
        (204, Verdict::Success, Verdict::Success),
        (301, give_up(Reason::Redirect), give_up(Reason::Redirect)),
        (302, give_up(Reason::Redirect), give_up(Reason::Redirect)),
        (304, give_up(Reason::Redirect), give_up(Reason::Redirect)),
        (308, give_up(Reason::Redirect), give_up(Reason::Redirect)),
        (400, give_up(Reason::Refused), give_up(Reason::Refused)),
        (
            401,
            give_up(Reason::Credential),
            give_up(Reason::Credential),
        ),
        (403, give_up(Reason::Forbidden), give_up(Reason::Forbidden)),
        (404, give_up(Reason::NotFound), give_up(Reason::NotFound)),
        (405, give_up(Reason::Refused), give_up(Reason::Refused)),
        (408, RETRY, RETRY),
        (409, give_up(Reason::Conflict), give_up(Reason::Conflict)),
        (410, give_up(Reason::NotFound), give_up(Reason::NotFound)),
        (422, give_up(Reason::Refused), give_up(Reason::Refused)),
        (425, RETRY, RETRY),
        (429, RETRY, RETRY),
        (500, RETRY, give_up(Reason::MayHaveHappened)),
        (
            501,
            give_up(Reason::Unexpected),
            give_up(Reason::Unexpected),
        ),
        (502, RETRY, give_up(Reason::MayHaveHappened)),
        (503, RETRY, RETRY),
        (504, RETRY, give_up(Reason::MayHaveHappened)),
        (
            599,
            give_up(Reason::Unexpected),
            give_up(Reason::Unexpected),
        ),
    ] {
        assert_eq!(judged(status, READ), read, "{status}");
        assert_eq!(judged(status, KEYED), read, "{status}");
        assert_eq!(judged(status, WRITE), write, "{status}");
    }
}

#[test]
fn a_token_is_renewed_once() {
    assert_eq!(judged(401, RENEWABLE), Verdict::Renew);
    assert_eq!(
        judged(401, RENEWABLE.renewed()),
        Verdict::GiveUp(Reason::Credential)
    );
    // The right is missing, not the token.
    assert_eq!(judged(403, RENEWABLE), Verdict::GiveUp(Reason::Forbidden));
}

#[test]
fn a_conflict_passes_where_the_api_says_that_the_first_try_is_not_over() {
    let busy = "{\"code\":\"Idempotency_key_in_use\"}";
    for (sent, body, verdict) in [
        (KEYED, busy, RETRY),
        (READ, busy, Verdict::GiveUp(Reason::Conflict)),
        (
            KEYED,
            "{\"code\":\"exists\"}",
            Verdict::GiveUp(Reason::Conflict),
        ),
        (KEYED, "", Verdict::GiveUp(Reason::Conflict)),
    ] {
        assert_eq!(
            judge_answer(&answer(409, &[], body), sent, RECEIVED_AT),
            verdict,
            "{body}"
        );
    }
}

#[test]
fn the_api_says_how_long_to_wait() {
    for (headers, seconds) in [
        (&[("retry-after", "120")][..], Some(120)),
        (&[("retry-after", "86400")], Some(3_600)),
        (
            &[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")],
            Some(60),
        ),
        (
            &[("retry-after", "Sunday, 06-Nov-94 08:50:37 GMT")],
            Some(60),
        ),
        (&[("retry-after", "Sun Nov  6 08:50:37 1994")], Some(60)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(0)),
        (
            &[
                ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
            ],
            Some(30),
        ),
        (&[("retry-after", "1.5")], None),
        (&[("retry-after", "-3")], None),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "")], None),
        (&[("retry-after", "1"), ("retry-after", "2")], None),
        (&[("ratelimit", "\"minute\";r=0;t=9")], Some(9)),
        (&[("ratelimit", "\"minute\";r=1;t=9")], None),
        (
            &[("retry-after", "7"), ("ratelimit", "\"minute\";r=0;t=9")],
            Some(7),
        ),
        (
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "20")],
            Some(20),
        ),
    ] {
        let verdict = judge_answer(&answer(429, headers, ""), WRITE, RECEIVED_AT);
        assert_eq!(
            verdict,
            Verdict::Retry {
                after: seconds.map(Duration::from_secs)
            },
            "{headers:?}"
        );
    }
}

#[test]
fn a_failure_is_tried_again_where_nothing_can_have_happened_twice() {
    for (failure, read, write) in [
        (Failure::NotConnected, RETRY, RETRY),
        (
            Failure::Broken,
            RETRY,
            Verdict::GiveUp(Reason::MayHaveHappened),
        ),
        (
            Failure::NotAllowed,
            Verdict::GiveUp(Reason::NotAllowed),
            Verdict::GiveUp(Reason::NotAllowed),
        ),
        (
            Failure::TooLarge,
            Verdict::GiveUp(Reason::TooLarge),
            Verdict::GiveUp(Reason::TooLarge),
        ),
    ] {
        assert_eq!(judge_failure(failure, READ), read);
        assert_eq!(judge_failure(failure, WRITE), write);
        assert_eq!(judge_failure(failure, KEYED), read);
    }
}

proptest! {
    #[test]
    fn what_may_have_been_done_is_never_repeated_unasked(status in 200_u16..600) {
        let verdict = judged(status, WRITE);
        if matches!(verdict, Verdict::Retry { .. }) {
            prop_assert!(matches!(status, 408 | 425 | 429 | 503), "{}", status);
        }
        if let Verdict::GiveUp(reason) = verdict {
            prop_assert!(!reason.code().is_empty() && !reason.remedy().is_empty());
        }
    }
}
