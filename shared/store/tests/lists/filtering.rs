//! Filters, each with what it takes and what it leaves.

use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;
use store::lists::{
    Paging, QuarantineFilter, ShiftFilter, SyncRunFilter, TeamMemberFilter, TimePunchFilter,
    quarantined_records, shifts, sync_runs, team_members, time_punches,
};
use store::records::{LocationRecord, Page, Refused, quarantine};

use crate::fixture::{Fixture, NOW, Party, member, party, punch, shift, uuid};
use crate::reading::{id_of, ids, read};

fn paging() -> Paging<'static> {
    Paging::default()
}

#[test]
fn people() {
    let fixture = Fixture::new();
    let party = party(1);
    let mut ann = member("ann");
    ann.email = Some("Ann@Example.test".to_owned());
    let mut ben = member("ben");
    (ben.is_active, ben.email) = (false, Some("ben@example.test".to_owned()));
    let mut gone = member("gone");
    fixture.write(&party, Page::TeamMembers(&[ann, ben, gone.clone()]));
    gone.deleted_at = Some(NOW);
    fixture.write(&party, Page::TeamMembers(&[gone]));
    let list = |filter: TeamMemberFilter<'_>| {
        ids(&fixture, &team_members(&party.tenant, &filter, &paging()))
    };
    let all = TeamMemberFilter::default();
    assert_eq!(list(all), ["ann", "ben"]);
    assert_eq!(
        list(TeamMemberFilter {
            include_deleted: true,
            ..all
        }),
        ["ann", "ben", "gone"]
    );
    assert_eq!(
        list(TeamMemberFilter {
            is_active: Some(true),
            ..all
        }),
        ["ann"]
    );
    assert_eq!(
        list(TeamMemberFilter {
            is_active: Some(false),
            ..all
        }),
        ["ben"]
    );
    for email in ["ann@example.test", "ANN@EXAMPLE.TEST"] {
        assert_eq!(
            list(TeamMemberFilter {
                email: Some(email),
                ..all
            }),
            ["ann"]
        );
    }
    for email in ["", "ann@example", "%"] {
        assert_eq!(
            list(TeamMemberFilter {
                email: Some(email),
                ..all
            }),
            [""; 0]
        );
    }
}

#[test]
fn shifts_by_time_person_place_and_openness() {
    let fixture = Fixture::new();
    let party = party(1);
    places_and_people(&fixture, &party);
    let mut early = shift("early", Some("7"), NOW);
    early.external_location_id = Some("1".to_owned());
    let mut open = shift("open", None, NOW + 60);
    open.external_location_id = Some("2".to_owned());
    let late = shift("late", Some("8"), NOW + 120);
    let gone = shift("gone", Some("7"), NOW + 180);
    fixture.write(&party, Page::Shifts(&[early, open, late, gone.clone()]));
    let mut gone = gone;
    gone.deleted_at = Some(NOW);
    fixture.write(&party, Page::Shifts(&[gone]));
    let person = id_of(&fixture, "team_members", &party, "7");
    let place = id_of(&fixture, "locations", &party, "2");
    let list = |filter: ShiftFilter<'_>| ids(&fixture, &shifts(&party.tenant, &filter, &paging()));
    let all = ShiftFilter::default();
    assert_eq!(list(all), ["early", "open", "late"]);
    assert_eq!(
        list(ShiftFilter {
            starts_from: Some(NOW + 60),
            ..all
        }),
        ["open", "late"]
    );
    assert_eq!(
        list(ShiftFilter {
            starts_to: Some(NOW + 60),
            ..all
        }),
        ["early"]
    );
    assert_eq!(
        list(ShiftFilter {
            starts_from: Some(NOW + 1),
            starts_to: Some(NOW + 120),
            ..all
        }),
        ["open"]
    );
    assert_eq!(
        list(ShiftFilter {
            team_member_id: Some(&person),
            ..all
        }),
        ["early"]
    );
    assert_eq!(
        list(ShiftFilter {
            team_member_id: Some(&person),
            include_deleted: true,
            ..all
        }),
        ["early", "gone"]
    );
    assert_eq!(
        list(ShiftFilter {
            location_id: Some(&place),
            ..all
        }),
        ["open"]
    );
    assert_eq!(
        list(ShiftFilter {
            location_id: Some("unknown"),
            ..all
        }),
        [""; 0]
    );
    assert_eq!(
        list(ShiftFilter {
            is_open: Some(true),
            ..all
        }),
        ["open"]
    );
    assert_eq!(
        list(ShiftFilter {
            is_open: Some(false),
            ..all
        }),
        ["early", "late"]
    );
    let changed = ShiftFilter {
        updated_since: Some(0),
        team_member_id: Some(&person),
        ..all
    };
    assert_eq!(
        list(changed),
        ["early", "gone"],
        "changes have the deleted ones"
    );
}

#[test]
fn punches_by_time_person_place_and_state() {
    let fixture = Fixture::new();
    let party = party(1);
    places_and_people(&fixture, &party);
    let mut done = punch("done", "7", None, NOW);
    (done.clocked_out_at, done.is_approved) = (Some(NOW + 3600), true);
    done.external_location_id = Some("1".to_owned());
    let running = punch("running", "8", None, NOW + 60);
    fixture.write(&party, Page::TimePunches(&[done, running]));
    let person = id_of(&fixture, "team_members", &party, "7");
    let place = id_of(&fixture, "locations", &party, "1");
    let list = |filter: TimePunchFilter<'_>| {
        ids(&fixture, &time_punches(&party.tenant, &filter, &paging()))
    };
    let all = TimePunchFilter::default();
    assert_eq!(list(all), ["done", "running"]);
    assert_eq!(
        list(TimePunchFilter {
            clocked_in_from: Some(NOW + 1),
            ..all
        }),
        ["running"]
    );
    assert_eq!(
        list(TimePunchFilter {
            clocked_in_to: Some(NOW + 60),
            ..all
        }),
        ["done"]
    );
    assert_eq!(
        list(TimePunchFilter {
            team_member_id: Some(&person),
            ..all
        }),
        ["done"]
    );
    assert_eq!(
        list(TimePunchFilter {
            location_id: Some(&place),
            ..all
        }),
        ["done"]
    );
    assert_eq!(
        list(TimePunchFilter {
            is_running: Some(true),
            ..all
        }),
        ["running"]
    );
    assert_eq!(
        list(TimePunchFilter {
            is_running: Some(false),
            ..all
        }),
        ["done"]
    );
    assert_eq!(
        list(TimePunchFilter {
            is_approved: Some(true),
            ..all
        }),
        ["done"]
    );
    assert_eq!(
        list(TimePunchFilter {
            is_approved: Some(false),
            ..all
        }),
        ["running"]
    );
    let disputed = |is| {
        list(TimePunchFilter {
            is_disputed: Some(is),
            ..all
        })
    };
    assert_eq!(disputed(true), [""; 0]);
    assert_eq!(disputed(false), ["done", "running"]);
    fixture.query(
        "UPDATE time_punches SET disputed_at = 1 WHERE external_id = 'done'",
        &[],
    );
    assert_eq!(disputed(true), ["done"]);
    assert_eq!(disputed(false), ["running"]);
}

#[test]
fn runs_by_connector_stream_status_trigger_and_time() {
    let fixture = Fixture::new();
    let party = party(1);
    for (number, connector, stream, status, trigger) in [
        (1, "a", "users", "success", "cron"),
        (2, "a", "shifts", "failed", "manual"),
        (3, "b", "users", "partial", "nightly"),
    ] {
        fixture.query(
            "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at)
             VALUES (?1, ?2, ?3, 'job', ?4, ?5, ?6, ?7)",
            store::parameters![uuid(number), party.tenant.as_str(), connector, stream, trigger, status, NOW + i64::try_from(number).unwrap()],
        );
    }
    let list = |filter: SyncRunFilter<'_>| {
        let (rows, _) = read(
            &fixture.database,
            &sync_runs(&party.tenant, &filter, &paging()),
        );
        let number = |row: &serde_json::Value| row["id"].as_str().unwrap().chars().last().unwrap();
        rows.iter().map(number).collect::<String>()
    };
    let all = SyncRunFilter::default();
    assert_eq!(list(all), "321");
    assert_eq!(
        list(SyncRunFilter {
            connector_id: Some("a"),
            ..all
        }),
        "21"
    );
    assert_eq!(
        list(SyncRunFilter {
            stream: Some(Stream::Users),
            ..all
        }),
        "31"
    );
    assert_eq!(
        list(SyncRunFilter {
            connector_id: Some("a"),
            stream: Some(Stream::Users),
            ..all
        }),
        "1"
    );
    assert_eq!(
        list(SyncRunFilter {
            status: Some(RunStatus::Failed),
            ..all
        }),
        "2"
    );
    assert_eq!(
        list(SyncRunFilter {
            trigger: Some(Trigger::Nightly),
            ..all
        }),
        "3"
    );
    assert_eq!(
        list(SyncRunFilter {
            started_from: Some(NOW + 2),
            ..all
        }),
        "32"
    );
}

#[test]
fn quarantine_by_connector_and_stream() {
    let fixture = Fixture::new();
    let party = party(1);
    for stream in [Stream::Shifts, Stream::Users] {
        let refused = [Refused {
            external_id: stream.as_str().to_owned(),
            reason: "odd".to_owned(),
        }];
        fixture.transact(async |transaction| {
            quarantine(transaction, &party.scope(), stream, "run", &refused, NOW).await
        });
    }
    let list = |filter: QuarantineFilter<'_>| {
        ids(
            &fixture,
            &quarantined_records(&party.tenant, &filter, &paging()),
        )
    };
    let all = QuarantineFilter::default();
    assert_eq!(list(all), ["shifts", "users"]);
    assert_eq!(
        list(QuarantineFilter {
            stream: Some(Stream::Users),
            ..all
        }),
        ["users"]
    );
    assert_eq!(
        list(QuarantineFilter {
            connector_id: Some(&party.connector_id),
            ..all
        }),
        ["shifts", "users"]
    );
    assert_eq!(
        list(QuarantineFilter {
            connector_id: Some("another"),
            ..all
        }),
        [""; 0]
    );
}

fn places_and_people(fixture: &Fixture, party: &Party) {
    let places = ["1", "2"].map(|id| LocationRecord {
        external_id: id.to_owned(),
        ..LocationRecord::default()
    });
    fixture.write(party, Page::Locations(&places));
    fixture.write(party, Page::TeamMembers(&[member("7"), member("8")]));
}
