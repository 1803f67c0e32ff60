//! Answers that are one object of lists: a bad entry costs itself, a missing list is no
//! empty one.

use providers::{ProviderError, Rejected};
use serde_json::{Value, json};

use crate::support::{self, client, read, with};

fn wages_around(bad: &str) -> String {
    let good = support::wage();
    format!(
        r#"{{"data":{{"current_wages":[{good},{bad},{good}],"upcoming_wages":[{good},{bad}]}}}}"#
    )
}

#[test]
fn a_bad_wage_costs_itself_in_either_list() {
    let call = client().user_wages(881_002).unwrap();
    let changed = |change: Value| with(support::wage(), change).to_string();
    for (bad, reason) in [
        (changed(json!({"id": null})), "id is missing"),
        (
            changed(json!({"effective_date": null})),
            "effective_date is missing",
        ),
        (
            changed(json!({"effective_date": "soon"})),
            "effective_date is not a date",
        ),
        (changed(json!({"wage_type": null})), "wage_type is missing"),
        (
            changed(json!({"wage_cents": null})),
            "wage_cents is missing",
        ),
        (
            changed(json!({"wage_cents": 18.5})),
            "wage_cents is not a whole number of 64 bits",
        ),
        (changed(json!({"role_id": -1})), "role_id is not an id"),
        (
            support::wage().to_string().replace("1800", "1e400"),
            "the record has a number that is too large",
        ),
        (
            support::wage().to_string().replace("hourly", r"\ud800"),
            "the record has a text with a broken character",
        ),
        ("7".to_owned(), "the record is not an object"),
    ] {
        let wages = read(&call, wages_around(&bad)).unwrap();
        assert_eq!((wages.current.len(), wages.upcoming.len()), (2, 1), "{bad}");
        assert_eq!(wages.rejected.len(), 2, "{bad}");
        let is_known = bad.contains("40110");
        for Rejected {
            external_id,
            reason: found,
        } in wages.rejected
        {
            assert!(found.starts_with(reason), "{found}");
            assert_eq!(external_id.is_some(), is_known);
        }
    }
}

#[test]
fn a_missing_list_of_wages_is_not_an_empty_one() {
    let call = client().user_wages(881_002).unwrap();
    for (data, what) in [
        (
            json!({"upcoming_wages": []}),
            "it has no `data.current_wages`",
        ),
        (
            json!({"current_wages": [], "upcoming_wages": null}),
            "it has no `data.upcoming_wages`",
        ),
        (
            json!({"current_wages": [], "upcoming_wages": [], "wage_type": {}}),
            "wage_type is not text",
        ),
        (
            json!({"current_wages": {}, "upcoming_wages": []}),
            "it has an unexpected shape",
        ),
    ] {
        assert_eq!(
            read(&call, json!({ "data": data }).to_string()),
            Err(ProviderError::Malformed {
                what: what.to_owned()
            })
        );
    }
    assert!(read(&call, r#"{"data":[]}"#).is_err());
    assert!(read(&call, "{}").is_err());
}

#[test]
fn a_bad_assignment_costs_itself() {
    let call = client().user_assignments(881_002).unwrap();
    let role = support::role_assignment();
    let body = support::assignments(
        &json!([with(support::location_assignment(), json!({"id": "x"}))]),
        &json!([support::department_assignment()]),
        &json!([role, with(role.clone(), json!({"is_primary": "maybe"}))]),
    );
    let assigned = read(&call, body).unwrap();
    assert_eq!(assigned.roles.len(), 1);
    assert_eq!(
        assigned.rejected,
        [Rejected {
            external_id: Some("7701".to_owned()),
            reason: "is_primary is not true or false".to_owned(),
        }]
    );
}

/// By a role, or by the list of locations; and where nobody can tell, nobody says no.
#[test]
fn where_somebody_works_is_known_or_not() {
    let call = client().user_assignments(881_002).unwrap();
    let at = |id: i64| with(support::location_assignment(), json!({ "id": id }));
    let role = |location: Value| {
        with(
            support::role_assignment(),
            json!({ "location_id": location }),
        )
    };
    let here = 5501;
    for (locations, roles, expected) in [
        (json!([]), json!([]), Some(false)),
        (json!([at(here)]), json!([]), Some(true)),
        (
            json!([at(2), at(here)]),
            json!([role(json!(2))]),
            Some(true),
        ),
        (json!([at(2)]), json!([role(json!(here))]), Some(true)),
        (json!([at(2)]), json!([role(json!(2))]), Some(false)),
        // The role that cannot be read may be one here.
        (json!([at(2)]), json!([role(json!("x"))]), None),
        (json!([at(here)]), json!([role(json!("x"))]), Some(true)),
        (json!([{"id": "x"}]), json!([]), None),
        (json!([{"id": "x"}]), json!([role(json!(here))]), Some(true)),
        (json!("none"), json!([]), None),
        (json!(null), json!([]), None),
    ] {
        let body = support::assignments(&locations, &json!([]), &roles);
        let assigned = read(&call, body).unwrap();
        assert_eq!(assigned.are_at(here), expected, "{locations} {roles}");
    }
    let without = json!({"data": {"roles": []}}).to_string();
    assert_eq!(read(&call, without).unwrap().are_at(here), None);
}

#[test]
fn a_missing_list_of_assignments_is_not_an_empty_one() {
    let call = client().user_assignments(881_002).unwrap();
    for data in [json!({"locations": []}), json!({"roles": null})] {
        assert_eq!(
            read(&call, json!({ "data": data }).to_string()),
            Err(ProviderError::Malformed {
                what: "it has no `data.roles`".to_owned()
            })
        );
    }
}
