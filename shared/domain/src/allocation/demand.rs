//! Which deals wait for their first meeting with whom, and from which week on.
//!
//! The CRM's search shows a deal only some time after it was written, and the answer that is at hand may be a
//! few minutes old. So what we have decided ourselves is added: each deal counts once, whether the search
//! shows it, will show it, or shows it with the adviser of before.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Week;
use super::input::{Deal, Input, OwnAllocation, Request};
use super::settings::Settings;

/// A deal that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting<'a> {
    pub adviser_email: &'a str,
    /// `None`: no date says from when on, so it does not count.
    pub week: Option<Week>,
}

/// The deals of everybody, in the order of their ids.
pub(super) fn waiting<'a>(
    request: Option<&Request<'_>>,
    input: &Input<'a>,
    settings: &Settings,
) -> Vec<Waiting<'a>> {
    let own = latest(input, settings);
    let left_out = request
        .filter(|_| settings.fixes.leave_out_deal_itself)
        .map_or("", |request| request.deal_id);
    let mut found: BTreeMap<&str, Waiting<'a>> = BTreeMap::new();
    for allocation in own.values() {
        if !is_surely_visible(allocation, input, settings) {
            found.insert(allocation.deal_id, held(allocation, None, settings));
        }
    }
    let mut deals: Vec<&Deal<'a>> = input.deals.iter().collect();
    deals.sort_unstable();
    deals.dedup_by_key(|deal| deal.id);
    let mut waiting = Vec::with_capacity(deals.len().saturating_add(found.len()));
    for deal in deals {
        let ours = own.get(deal.id);
        let is_newer = found.remove(deal.id).is_some();
        if deal.id == left_out && !left_out.is_empty() {
            continue;
        }
        let is_same = |one: &&&OwnAllocation<'_>| {
            super::mail::folded(one.adviser_email) == super::mail::folded(deal.adviser_email)
        };
        waiting.push(match ours.filter(|one| is_newer || is_same(one)) {
            Some(allocation) => held(allocation, deal.agreement_start, settings),
            None => Waiting {
                adviser_email: deal.adviser_email,
                week: deal.agreement_start.map(Week::of),
            },
        });
    }
    found.remove(left_out);
    waiting.extend(found.into_values());
    waiting
}

/// Of each deal the allocation that was decided last.
fn latest<'a>(input: &Input<'a>, settings: &Settings) -> BTreeMap<&'a str, &'a OwnAllocation<'a>> {
    let mut latest: BTreeMap<&str, &OwnAllocation<'a>> = BTreeMap::new();
    if settings.fixes.count_own_allocations {
        for allocation in input.allocations {
            let kept = latest.entry(allocation.deal_id).or_insert(allocation);
            *kept = (*kept).max(allocation);
        }
    }
    latest
}

/// Whether the search must have seen what we have written: if it does not show the deal then, the deal
/// waits no longer.
fn is_surely_visible(
    allocation: &OwnAllocation<'_>,
    input: &Input<'_>,
    settings: &Settings,
) -> bool {
    allocation.written_at.is_some_and(|written_at| {
        let visible_at = written_at.saturating_add(i64::from(settings.search_lag_seconds));
        visible_at <= input.deals_read_at
    })
}

/// A deal that we have given to somebody: from the week of its agreement on, or of the decision where it has
/// none, and early enough for it to take its place in the week that was promised.
fn held<'a>(
    allocation: &OwnAllocation<'a>,
    agreement_now: Option<NaiveDate>,
    settings: &Settings,
) -> Waiting<'a> {
    let known = allocation.agreement_start;
    let date = agreement_now.or(known).unwrap_or(allocation.decided_on);
    let week = Week::of(date);
    // What was promised for another date is no promise.
    let is_as_promised = agreement_now.is_none_or(|now| known == Some(now));
    let promised = allocation
        .earliest_week
        .filter(|_| settings.fixes.hold_promised_weeks && is_as_promised)
        // A deal takes up room two weeks after its own week.
        .map(|promised| Week::of(promised).plus(-2));
    Waiting {
        adviser_email: allocation.adviser_email,
        week: Some(promised.map_or(week, |promised| week.min(promised))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: i64 = 1_773_190_000;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn own(deal_id: &'static str, adviser_email: &'static str) -> OwnAllocation<'static> {
        OwnAllocation {
            deal_id,
            decided_at: WRITTEN - 2,
            adviser_email,
            decided_on: date("2026-03-11"),
            written_at: Some(WRITTEN),
            agreement_start: Some(date("2026-03-10")),
            earliest_week: Some(date("2026-03-23")),
        }
    }

    fn deal(id: &'static str, adviser_email: &'static str, start: Option<&str>) -> Deal<'static> {
        Deal {
            id,
            adviser_email,
            agreement_start: start.map(date),
        }
    }

    /// Adviser and week of what waits, as of so many seconds after the allocation was written.
    fn found(
        deals: &[Deal<'_>],
        allocations: &[OwnAllocation<'_>],
        after: i64,
        without: &str,
    ) -> Vec<(String, String)> {
        let input = Input {
            today: date("2026-03-11"),
            advisers: &[],
            meetings: &[],
            deals,
            deals_read_at: WRITTEN + after,
            leave: &[],
            closures: &[],
            overrides: &[],
            allocations,
            unknown: &[],
        };
        let request = Request {
            deal_id: without,
            ..Request::default()
        };
        waiting(Some(&request), &input, &Settings::default())
            .into_iter()
            .map(|one| {
                let week = one
                    .week
                    .map_or_else(|| "none".to_owned(), |week| week.to_string());
                (one.adviser_email.to_owned(), week)
            })
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn what_the_search_cannot_show_yet_counts_once() {
        let once = pairs(&[("mia", "2026-03-09")]);
        let mine = [own("501", "mia")];
        let visible = [deal("501", "mia", Some("2026-03-10"))];
        for after in [-60, 0, 899] {
            assert_eq!(found(&[], &mine, after, ""), once);
            assert_eq!(found(&visible, &mine, after, ""), once);
        }
        // Later the search is believed: the meeting is booked, or the deal is lost.
        assert_eq!(found(&[], &mine, 900, ""), []);
        assert_eq!(found(&visible, &mine, 900, ""), once);
    }

    #[test]
    fn what_is_not_written_yet_counts_however_long_that_takes() {
        let mine = [OwnAllocation {
            written_at: None,
            ..own("501", "mia")
        }];
        assert_eq!(
            found(&[], &mine, 1_000_000, ""),
            pairs(&[("mia", "2026-03-09")])
        );
    }

    #[test]
    fn a_search_that_shows_the_adviser_of_before_is_not_believed_at_first() {
        let before = [deal("501", "tom", Some("2026-03-10"))];
        let mine = [own("501", "mia")];
        assert_eq!(
            found(&before, &mine, 60, ""),
            pairs(&[("mia", "2026-03-09")])
        );
        // Somebody has given it to Tom by hand.
        assert_eq!(
            found(&before, &mine, 3_600, ""),
            pairs(&[("tom", "2026-03-09")])
        );
    }

    #[test]
    fn of_several_decisions_on_one_deal_the_last_counts() {
        let again = OwnAllocation {
            decided_at: WRITTEN + 10,
            ..own("501", "ann")
        };
        for mine in [[own("501", "mia"), again], [again, own("501", "mia")]] {
            assert_eq!(found(&[], &mine, 0, ""), pairs(&[("ann", "2026-03-09")]));
        }
    }

    #[test]
    fn a_deal_takes_its_place_in_the_week_that_was_promised() {
        let ahead = OwnAllocation {
            agreement_start: Some(date("2026-04-20")),
            earliest_week: Some(date("2026-04-27")),
            ..own("501", "mia")
        };
        assert_eq!(found(&[], &[ahead], 0, ""), pairs(&[("mia", "2026-04-13")]));
        // The agreement has been put off since.
        let later = [deal("501", "mia", Some("2026-06-01"))];
        assert_eq!(
            found(&later, &[ahead], 0, ""),
            pairs(&[("mia", "2026-06-01")])
        );
    }

    #[test]
    fn without_a_date_only_what_we_have_decided_counts() {
        let undated = OwnAllocation {
            agreement_start: None,
            ..own("501", "mia")
        };
        let visible = [deal("501", "mia", None), deal("502", "mia", None)];
        let expected = pairs(&[("mia", "2026-03-09"), ("mia", "none")]);
        assert_eq!(found(&visible, &[undated], 1_000_000, ""), expected);
    }

    #[test]
    fn the_deal_itself_does_not_stand_in_its_own_way() {
        let visible = [deal("501", "mia", Some("2026-03-10"))];
        assert_eq!(found(&visible, &[own("501", "mia")], 0, "501"), []);
        assert_eq!(found(&[], &[own("501", "mia")], 0, "501"), []);
    }
}
