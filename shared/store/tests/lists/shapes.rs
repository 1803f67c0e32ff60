//! The JSON of every kind of row, literally.

use serde_json::{Value, json};
use store::lists::{
    AttendanceOf, Kind, Paging, QuarantineFilter, ShiftFilter, get, get_shift, quarantined_records,
    shifts,
};
use store::parameters;
use store::records::{
    CustomRecord, DepartmentRecord, EmployeeRecord, EmployeeTeam, LeaveRequestRecord,
    LocationRecord, Page, PunchBreak, Refused, Resource, RoleRecord, ShiftBreak, ShiftRecord,
    TeamMemberRecord, TimeOffDay, TimePunchRecord, WageRecord, quarantine, tombstone,
};

use domain::stream::Stream;

use crate::exporting::add_account;
use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, party, punch, shift, uuid, wage};
use crate::reading::{id_of, read};
use crate::support::wait;

// NOW
const T0: &str = "2027-01-15T08:00:00Z";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn row(fixture: &Fixture, party: &Party, kind: Kind, table: &str, external_id: &str) -> Value {
    let id = id_of(fixture, table, party, external_id);
    let json = wait(get(&fixture.database, &party.tenant, kind, &id)).unwrap();
    serde_json::from_str(&json.unwrap()).unwrap()
}

/// `expected` with the members that every provider row has.
fn provider_row(
    fixture: &Fixture,
    party: &Party,
    table: &str,
    external_id: &str,
    mut expected: Value,
) -> Value {
    let common = json!({
        "id": id_of(fixture, table, party, external_id),
        "organization_id": party.tenant.as_str(),
        "connector_id": party.connector_id,
        "source": "7shifts",
        "external_id": external_id,
        "provider_modified_at": null,
        "deleted_at": null,
        "created_at": T0,
        "updated_at": T0,
    });
    for (name, value) in common.as_object().unwrap() {
        let members = expected.as_object_mut().unwrap();
        members.entry(name.clone()).or_insert(value.clone());
    }
    expected
}

fn places(fixture: &Fixture, party: &Party) {
    fixture.write(
        party,
        Page::Locations(&[LocationRecord {
            external_id: "5501".to_owned(),
            name: "Riverside".to_owned(),
            time_zone: some("America/Toronto"),
            country: some("CA"),
            region: some("ON"),
            city: some("Toronto"),
            address: some("12 \"Quay\" St"),
            provider_modified_at: Some(NOW - 1),
            deleted_at: None,
        }]),
    );
    fixture.write(
        party,
        Page::Departments(&[DepartmentRecord {
            external_id: "6601".to_owned(),
            external_location_id: some("5501"),
            name: "Kitchen".to_owned(),
            ..DepartmentRecord::default()
        }]),
    );
    fixture.write(
        party,
        Page::Roles(&[RoleRecord {
            external_id: "7701".to_owned(),
            external_location_id: some("5501"),
            external_department_id: some("6601"),
            name: "Cook".to_owned(),
            color: some("3c78d8"),
            is_tipped: Some(false),
            ..RoleRecord::default()
        }]),
    );
    fixture.write(
        party,
        Page::TeamMembers(&[TeamMemberRecord {
            external_id: "8801".to_owned(),
            first_name: "Jonathan".to_owned(),
            last_name: "Reyes".to_owned(),
            preferred_first_name: some("Jon"),
            email: some("jon@example.test"),
            employee_number: some("0625"),
            user_type: some("employee"),
            is_active: true,
            hire_date: some("2024-04-01"),
            ..TeamMemberRecord::default()
        }]),
    );
}

#[test]
fn places_and_people() {
    let fixture = Fixture::new();
    let party = party(1);
    places(&fixture, &party);
    let location = id_of(&fixture, "locations", &party, "5501");
    assert_eq!(
        row(&fixture, &party, Kind::Location, "locations", "5501"),
        provider_row(
            &fixture,
            &party,
            "locations",
            "5501",
            json!({
                "name": "Riverside", "time_zone": "America/Toronto", "country": "CA", "region": "ON",
                "city": "Toronto", "address": "12 \"Quay\" St", "provider_modified_at": "2027-01-15T07:59:59Z",
                "store_id": null, "store_name": null,
            })
        )
    );
    assert_eq!(
        row(&fixture, &party, Kind::Department, "departments", "6601"),
        provider_row(
            &fixture,
            &party,
            "departments",
            "6601",
            json!({
                "location_id": location, "external_location_id": "5501", "location_name": "Riverside",
                "name": "Kitchen",
            })
        )
    );
    assert_eq!(
        row(&fixture, &party, Kind::Role, "roles", "7701"),
        provider_row(
            &fixture,
            &party,
            "roles",
            "7701",
            json!({
                "location_id": location, "external_location_id": "5501", "location_name": "Riverside",
                "department_id": id_of(&fixture, "departments", &party, "6601"),
                "external_department_id": "6601", "department_name": "Kitchen",
                "name": "Cook", "color": "3c78d8", "job_code": null, "is_tipped": false,
            })
        )
    );
    assert_eq!(
        row(&fixture, &party, Kind::TeamMember, "team_members", "8801"),
        provider_row(
            &fixture,
            &party,
            "team_members",
            "8801",
            json!({
                "first_name": "Jonathan", "last_name": "Reyes", "preferred_first_name": "Jon",
                "preferred_last_name": null, "full_name": "Jon Reyes", "email": "jon@example.test",
                "mobile_number": null, "employee_number": "0625", "user_type": "employee",
                "is_active": true, "invite_status": null, "language": null, "time_zone": null,
                "hire_date": "2024-04-01", "photo_url": null, "product_ref": null,
            })
        )
    );
}

fn full_shift() -> ShiftRecord {
    ShiftRecord {
        external_id: "9101".to_owned(),
        external_user_id: some("8801"),
        external_location_id: some("5501"),
        external_department_id: some("6601"),
        external_role_id: some("7701"),
        starts_at: NOW,
        ends_at: NOW + 8 * 3600,
        station_name: some("Grill"),
        attendance_status: some("late"),
        late_minutes: Some(12),
        break_minutes: 45,
        unpaid_break_minutes: 30,
        breaks: vec![
            ShiftBreak {
                name: some("Meal"),
                minutes: Some(30),
                ..ShiftBreak::default()
            },
            ShiftBreak {
                starts_at: Some(NOW),
                ends_at: Some(NOW + 900),
                is_paid: true,
                ..ShiftBreak::default()
            },
        ],
        ..ShiftRecord::default()
    }
}

#[test]
fn a_shift() {
    let fixture = Fixture::new();
    let party = party(1);
    places(&fixture, &party);
    fixture.write(&party, Page::Shifts(&[full_shift()]));
    assert_eq!(
        row(&fixture, &party, Kind::Shift, "schedule_shifts", "9101"),
        provider_row(
            &fixture,
            &party,
            "schedule_shifts",
            "9101",
            json!({
                "team_member_id": id_of(&fixture, "team_members", &party, "8801"),
                "external_user_id": "8801", "employee_name": "Jon Reyes",
                "role_id": id_of(&fixture, "roles", &party, "7701"),
                "external_role_id": "7701", "role_name": "Cook",
                "department_id": id_of(&fixture, "departments", &party, "6601"),
                "external_department_id": "6601", "department_name": "Kitchen",
                "location_id": id_of(&fixture, "locations", &party, "5501"),
                "external_location_id": "5501", "location_name": "Riverside",
                "starts_at": T0, "ends_at": "2027-01-15T16:00:00Z", "scheduled_minutes": 450,
                "break_minutes": 45, "unpaid_break_minutes": 30,
                "breaks": [
                    {"name": "Meal", "starts_at": null, "ends_at": null, "minutes": 30, "is_paid": false},
                    {"name": null, "starts_at": T0, "ends_at": "2027-01-15T08:15:00Z", "minutes": null, "is_paid": true},
                ],
                "is_open": false, "is_close": false, "is_business_decline": false,
                "station_name": "Grill", "notes": null, "attendance_status": "late", "late_minutes": 12,
            })
        )
    );
}

/// Everything else is shown of everybody, and nothing is left out.
#[test]
fn a_shift_tells_of_attendance_only_to_who_may_know_of_it() {
    let fixture = Fixture::new();
    let party = party(1);
    places(&fixture, &party);
    let people = ["8802", "8803"].map(|id| TeamMemberRecord {
        external_id: id.to_owned(),
        ..TeamMemberRecord::default()
    });
    fixture.write(&party, Page::TeamMembers(&people));
    let of = |id: &str, user: Option<&str>| ShiftRecord {
        external_id: id.to_owned(),
        external_user_id: user.map(str::to_owned),
        ..full_shift()
    };
    fixture.write(
        &party,
        Page::Shifts(&[
            of("1", Some("8801")),
            of("2", Some("8802")),
            of("3", Some("8803")),
            of("4", None),
        ]),
    );
    for (user, product_ref) in [("8801", "user-7"), ("8802", "user-8")] {
        fixture.query(
            "UPDATE team_members SET product_ref = ?1 WHERE external_id = ?2",
            parameters![product_ref, user],
        );
    }
    let told = |attendance_of: AttendanceOf<'_>| -> Vec<String> {
        let seen = |attendance_of| {
            let filter = ShiftFilter {
                attendance_of,
                ..ShiftFilter::default()
            };
            let list = shifts(&party.tenant, &filter, &Paging::default());
            read(&fixture.database, &list).0
        };
        let rows = seen(attendance_of);
        let mut told = Vec::new();
        for (row, mut whole) in rows.iter().zip(seen(AttendanceOf::Everybody)) {
            let one = wait(get_shift(
                &fixture.database,
                &party.tenant,
                row["id"].as_str().unwrap(),
                attendance_of,
            ));
            let one: Value = serde_json::from_str(&one.unwrap().unwrap()).unwrap();
            assert_eq!(one, *row, "alone as in the list");
            if row["attendance_status"].is_null() {
                (whole["attendance_status"], whole["late_minutes"]) = (Value::Null, Value::Null);
            } else {
                assert_eq!(row["attendance_status"], "late");
                told.push(row["external_id"].as_str().unwrap().to_owned());
            }
            assert_eq!(*row, whole);
        }
        assert_eq!(rows.len(), 4);
        told.sort();
        told
    };
    assert_eq!(told(AttendanceOf::Everybody), ["1", "2", "3", "4"]);
    assert_eq!(told(AttendanceOf::Person("user-7")), ["1"]);
    for nobody in [
        AttendanceOf::Nobody,
        AttendanceOf::Person("user-9"),
        AttendanceOf::Person(""),
    ] {
        assert_eq!(told(nobody), [""; 0], "{nobody:?}");
    }
    // Who was deleted is nobody any more.
    fixture.query(
        "UPDATE team_members SET deleted_at = 1 WHERE external_id = '8801'",
        parameters![],
    );
    assert_eq!(told(AttendanceOf::Person("user-7")), [""; 0]);
}

#[test]
fn a_shift_of_another_tenant_is_none() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fixture.write(&theirs, Page::Shifts(&[shift("1", None, NOW)]));
    let id = id_of(&fixture, "schedule_shifts", &theirs, "1");
    for of in [
        AttendanceOf::Everybody,
        AttendanceOf::Person("user-7"),
        AttendanceOf::Nobody,
    ] {
        let one = |tenant| wait(get_shift(&fixture.database, tenant, &id, of)).unwrap();
        assert_eq!(one(&ours.tenant), None);
        assert!(one(&theirs.tenant).is_some());
    }
}

#[test]
fn an_open_shift_until_close_of_an_unknown_place() {
    let fixture = Fixture::new();
    let party = party(1);
    let mut record = shift("1", None, NOW);
    record.is_close = true;
    record.external_location_id = some("5501");
    fixture.write(&party, Page::Shifts(&[record]));
    let row = row(&fixture, &party, Kind::Shift, "schedule_shifts", "1");
    assert_eq!(row["is_open"], true);
    assert_eq!(row["breaks"], json!([]));
    for unknown in [
        "team_member_id",
        "employee_name",
        "location_id",
        "location_name",
        "scheduled_minutes",
    ] {
        assert_eq!(row[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(row["external_location_id"], "5501");
}

#[test]
fn a_finished_punch_of_a_shift() {
    let fixture = Fixture::new();
    let party = party(1);
    places(&fixture, &party);
    fixture.write(&party, Page::Shifts(&[full_shift()]));
    fixture.write(
        &party,
        Page::TimePunches(&[TimePunchRecord {
            external_id: "7201".to_owned(),
            external_user_id: some("8801"),
            external_shift_id: some("9101"),
            external_location_id: some("5501"),
            external_department_id: some("6601"),
            external_role_id: some("7701"),
            clocked_in_at: NOW + 720,
            clocked_out_at: Some(NOW + 8 * 3600),
            worked_seconds: Some(26_047),
            break_minutes: 34,
            paid_break_minutes: 0,
            unpaid_break_minutes: 34,
            breaks: vec![
                PunchBreak {
                    started_at: NOW + 3600,
                    ended_at: Some(NOW + 5640),
                    is_paid: false,
                },
                PunchBreak {
                    started_at: NOW + 7200,
                    ended_at: None,
                    is_paid: true,
                },
            ],
            tips_cents: Some(-250),
            is_approved: true,
            pos_type: some("web"),
            ..TimePunchRecord::default()
        }]),
    );
    let read = || row(&fixture, &party, Kind::TimePunch, "time_punches", "7201");
    let expected = provider_row(
        &fixture,
        &party,
        "time_punches",
        "7201",
        json!({
            "team_member_id": id_of(&fixture, "team_members", &party, "8801"),
            "external_user_id": "8801", "employee_name": "Jon Reyes",
            "schedule_shift_id": id_of(&fixture, "schedule_shifts", &party, "9101"),
            "external_shift_id": "9101",
            "role_id": id_of(&fixture, "roles", &party, "7701"),
            "external_role_id": "7701", "role_name": "Cook",
            "department_id": id_of(&fixture, "departments", &party, "6601"),
            "external_department_id": "6601", "department_name": "Kitchen",
            "location_id": id_of(&fixture, "locations", &party, "5501"),
            "external_location_id": "5501", "location_name": "Riverside",
            "clocked_in_at": "2027-01-15T08:12:00Z", "clocked_out_at": "2027-01-15T16:00:00Z",
            "auto_clocked_out": false,
            "break_minutes": 34, "paid_break_minutes": 0, "unpaid_break_minutes": 34,
            "breaks": [
                {"started_at": "2027-01-15T09:00:00Z", "ended_at": "2027-01-15T09:34:00Z", "is_paid": false},
                {"started_at": "2027-01-15T10:00:00Z", "ended_at": null, "is_paid": true},
            ],
            "worked_minutes": 434, "total_hours": 7.24,
            "scheduled_minutes": 450, "scheduled_hours": 7.5, "delta_minutes": -16,
            "tips_cents": -250, "status": "approved", "is_approved": true,
            "disputed_at": null, "disputed_by": null, "dispute_note": null,
            "notes": null, "pos_type": "web",
        }),
    );
    assert_eq!(read(), expected);

    // A shift that was deleted plans nothing, and stays the punch's shift.
    let mut gone = full_shift();
    gone.deleted_at = Some(NOW);
    fixture.write(&party, Page::Shifts(&[gone]));
    let row = read();
    assert_eq!(row["schedule_shift_id"], expected["schedule_shift_id"]);
    for planned in ["scheduled_minutes", "scheduled_hours", "delta_minutes"] {
        assert_eq!(row[planned], Value::Null, "{planned}");
    }
}

#[test]
fn a_running_punch_of_somebody_unknown() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(
        &party,
        Page::TimePunches(&[punch("1", "404", Some("404"), NOW)]),
    );
    let row = row(&fixture, &party, Kind::TimePunch, "time_punches", "1");
    assert_eq!(row["status"], "pending");
    assert_eq!(row["external_user_id"], "404");
    for unknown in [
        "team_member_id",
        "employee_name",
        "schedule_shift_id",
        "clocked_out_at",
        "worked_minutes",
        "total_hours",
        "scheduled_minutes",
        "scheduled_hours",
        "delta_minutes",
    ] {
        assert_eq!(row[unknown], Value::Null, "{unknown}");
    }
}

#[test]
fn hours_are_the_domains_hours() {
    let fixture = Fixture::new();
    let party = party(1);
    let seconds = [
        0, 17, 18, 60, 1_200, 3_599, 3_600, 3_661, 20_929, 26_100, 28_800, 6_000_060,
    ];
    for worked in seconds {
        let mut record = punch("1", "1", None, NOW);
        record.worked_seconds = Some(worked);
        fixture.write(&party, Page::TimePunches(&[record]));
        let row = row(&fixture, &party, Kind::TimePunch, "time_punches", "1");
        let hours = domain::worked_time::Hours::from_seconds(worked);
        assert_eq!(
            row["total_hours"],
            serde_json::to_value(hours).unwrap(),
            "{worked}"
        );
    }
}

#[test]
fn a_wage_is_a_decimal_and_ends_where_the_next_one_begins() {
    let (fixture, party) = (Fixture::new(), party(1));
    let wages = [
        (1, -1_850, "2027-01-01", "-18.50"),
        (2, -5, "2027-02-01", "-0.05"),
        (3, 0, "2027-03-01", "0.00"),
        (4, 1_805, "2027-04-01", "18.05"),
    ];
    let records = wages.map(|(id, wage_cents, day, _)| WageRecord {
        wage_cents,
        effective_date: day.to_owned(),
        ..wage(&id.to_string(), "8801")
    });
    fixture.write(&party, Page::Wages(&records));
    let read = |id: &str| row(&fixture, &party, Kind::Wage, "team_member_wages", id);
    for (id, _, _, decimal) in wages {
        assert_eq!(read(&id.to_string())["wage_rate"], decimal);
    }
    assert_eq!(read("2")["end_date"], "2027-02-28");
    // Another of the same day takes its place at once: it ends, and not before it has begun.
    let same_day = WageRecord {
        effective_date: "2027-04-01".to_owned(),
        ..wage("5", "8801")
    };
    fixture.write(&party, Page::Wages(&[same_day]));
    assert_eq!(read("4")["end_date"], "2027-04-01");
    assert_eq!(read("5")["end_date"], Value::Null);
    // One that was withdrawn does not move with those that are paid.
    let withdraw = |id: &str| {
        fixture.transact(async |transaction| {
            tombstone(
                transaction,
                &party.scope(),
                Resource::Wages,
                &[id],
                NOW,
                NOW_MICROS,
            )
            .await
        });
    };
    withdraw("2");
    let before = read("2");
    assert_eq!(before["end_date"], Value::Null);
    withdraw("3");
    assert_eq!(read("2"), before);
    assert_eq!(read("1")["end_date"], "2027-03-31");
}

#[test]
fn a_deleted_row_says_when() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(&party, Page::Shifts(&[shift("1", None, NOW)]));
    let mut gone = shift("1", None, NOW);
    gone.deleted_at = Some(NOW + 60);
    fixture.write_at(&party, Page::Shifts(&[gone]), (NOW + 61) * 1_000_000);
    let row = row(&fixture, &party, Kind::Shift, "schedule_shifts", "1");
    assert_eq!(row["deleted_at"], "2027-01-15T08:01:00Z");
    assert_eq!(row["created_at"], T0);
    assert_eq!(row["updated_at"], "2027-01-15T08:01:01Z");
}

#[test]
fn the_extremes_of_time_are_still_times() {
    let fixture = Fixture::new();
    let party = party(1);
    for (id, at, expected) in [
        ("first", -62_167_219_200, "0000-01-01T00:00:00Z"),
        ("last", 253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        let mut record = shift(id, None, at);
        record.ends_at = at;
        assert_eq!(fixture.write(&party, Page::Shifts(&[record])).created, 1);
        let row = row(&fixture, &party, Kind::Shift, "schedule_shifts", id);
        assert_eq!(row["starts_at"], expected);
    }
}

#[test]
fn runs_and_refused_records() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.query(
        "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, kind, started_at, finished_at,
           duration_ms, pages, provider_calls, fetched, created, updated, unchanged, deleted, errors, error_code, error_detail)
         VALUES (?1, ?2, ?3, 'job', 'shifts', 'manual', 'partial', 'backfill', ?4, ?4 + 2, 1840, 1, 2, 3, 4, 5, 6, 7, 8, 'records_refused', 'One shift has no start.')",
        parameters![uuid(1), party.tenant.as_str(), party.connector_id.as_str(), NOW],
    );
    let json = wait(get(
        &fixture.database,
        &party.tenant,
        Kind::SyncRun,
        &uuid(1),
    ))
    .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&json.unwrap()).unwrap(),
        json!({
            "id": uuid(1), "organization_id": party.tenant.as_str(), "connector_id": party.connector_id,
            "stream": "shifts", "trigger": "manual", "status": "partial", "kind": "backfill",
            "started_at": T0, "finished_at": "2027-01-15T08:00:02Z", "duration_ms": 1840,
            "pages": 1, "provider_calls": 2, "fetched": 3, "created": 4, "updated": 5, "unchanged": 6,
            "deleted": 7, "errors": 8, "error_code": "records_refused", "error_detail": "One shift has no start.",
        })
    );
    let refused = [Refused {
        external_id: "9".to_owned(),
        reason: "start is missing".to_owned(),
    }];
    fixture.transact(async |transaction| {
        quarantine(
            transaction,
            &party.scope(),
            Stream::Shifts,
            &uuid(1),
            &refused,
            NOW,
        )
        .await
    });
    let list = quarantined_records(
        &party.tenant,
        &QuarantineFilter::default(),
        &Paging::default(),
    );
    assert_eq!(
        read(&fixture.database, &list).0,
        [json!({
            "organization_id": party.tenant.as_str(), "connector_id": party.connector_id, "stream": "shifts",
            "external_id": "9", "reason": "start is missing", "run_id": uuid(1),
            "first_seen_at": T0, "last_seen_at": T0,
        })]
    );
}

#[test]
fn a_custom_record() {
    let fixture = Fixture::new();
    let party = party(1);
    let record = CustomRecord {
        external_id: "i-1".to_owned(),
        record: r#"{"id":"i-1","lines":[1,2.5]}"#.to_owned(),
        provider_modified_at: Some(NOW),
        deleted_at: None,
    };
    fixture.write(&party, Page::Custom(&[record]));
    let expected = json!({"record": {"id": "i-1", "lines": [1, 2.5]}, "provider_modified_at": T0});
    assert_eq!(
        row(
            &fixture,
            &party,
            Kind::CustomRecord,
            "custom_records",
            "i-1"
        ),
        provider_row(&fixture, &party, "custom_records", "i-1", expected)
    );
}

#[test]
fn an_employee_and_their_leave() {
    let fixture = Fixture::new();
    let party = party(1);
    let leave = LeaveRequestRecord {
        external_id: "l-1".to_owned(),
        external_employee_id: "e-1".to_owned(),
        start_date: "2027-02-01".to_owned(),
        end_date: "2027-02-02".to_owned(),
        status: "approved".to_owned(),
        leave_category: some("Annual Leave"),
        total_minutes: Some(684),
        days: vec![
            TimeOffDay {
                date: "2027-02-01".to_owned(),
                minutes: 456,
            },
            TimeOffDay {
                date: "2027-02-02".to_owned(),
                minutes: 228,
            },
        ],
        deleted_at: None,
    };
    // Nobody knows yet whose it is.
    fixture.write(&party, Page::LeaveRequests(&[leave]));
    let read = |kind, table, id| {
        let mut read = row(&fixture, &party, kind, table, id);
        read["provider_modified_at"] = Value::Null;
        read
    };
    let mut expected = json!({
        "employee_id": null, "external_employee_id": "e-1", "employee_name": null,
        "start_date": "2027-02-01", "end_date": "2027-02-02", "status": "approved",
        "leave_category": "Annual Leave", "total_hours": 11.4, "total_minutes": 684,
        "days": [{"date": "2027-02-01", "hours": 7.6, "minutes": 456},
            {"date": "2027-02-02", "hours": 3.8, "minutes": 228}],
    });
    assert_eq!(
        read(Kind::LeaveRequest, "leave_requests", "l-1"),
        provider_row(&fixture, &party, "leave_requests", "l-1", expected.clone())
    );
    let employee = EmployeeRecord {
        external_id: "e-1".to_owned(),
        name: some("Mia Tan"),
        first_name: some("Mia"),
        last_name: some("Tan"),
        known_as: some("Mimi"),
        company_email: some("mia.tan@example.test"),
        account_email: some("mia@example.test"),
        job_title: some("Financial Adviser"),
        status: some("active"),
        start_date: some("2024-02-05"),
        termination_date: None,
        time_zone: some("Australia/Sydney"),
        teams: vec![EmployeeTeam {
            id: some("t-1"),
            name: some("Advice"),
        }],
        deleted_at: None,
    };
    fixture.write(&party, Page::Employees(&[employee]));
    let told = json!({
        "name": "Mia Tan", "first_name": "Mia", "last_name": "Tan", "known_as": "Mimi",
        "company_email": "mia.tan@example.test", "account_email": "mia@example.test",
        "job_title": "Financial Adviser", "status": "active", "start_date": "2024-02-05",
        "termination_date": null, "time_zone": "Australia/Sydney",
        "teams": [{"id": "t-1", "name": "Advice"}],
    });
    assert_eq!(
        read(Kind::Employee, "employees", "e-1"),
        provider_row(&fixture, &party, "employees", "e-1", told)
    );
    expected["employee_id"] = id_of(&fixture, "employees", &party, "e-1").into();
    expected["employee_name"] = json!("Mia Tan");
    assert_eq!(
        read(Kind::LeaveRequest, "leave_requests", "l-1"),
        provider_row(&fixture, &party, "leave_requests", "l-1", expected)
    );
}

#[test]
fn an_account() {
    let fixture = Fixture::new();
    let party = party(1);
    add_account(&fixture, &party);
    let read = |kind, id: &str| -> Value {
        let json = wait(get(&fixture.database, &party.tenant, kind, id)).unwrap();
        serde_json::from_str(&json.unwrap()).unwrap()
    };
    const EPOCH: &str = "1970-01-01T00:00:00Z";
    assert_eq!(
        read(Kind::Organization, party.tenant.as_str()),
        json!({"id": party.tenant.as_str(), "name": "Osei Grill", "time_zone": "America/Toronto", "state": "active",
            "time_off_categories": {}, "created_at": EPOCH, "updated_at": EPOCH})
    );
    assert_eq!(
        read(Kind::Connector, &party.connector_id),
        json!({"id": party.connector_id, "organization_id": party.tenant.as_str(), "provider": "seven_shifts",
            "integration_key": "7shifts", "name": "7shifts", "state": "active", "state_reason": null,
            "state_changed_at": EPOCH, "config": {"company_id": 4410}, "sync_settings": {},
            "connected_at": null, "connected_by": null, "created_at": EPOCH, "updated_at": EPOCH})
    );
    let key = fixture.text("SELECT id FROM api_keys").unwrap();
    assert_eq!(
        read(Kind::ApiKey, &key),
        json!({"id": key, "organization_id": party.tenant.as_str(), "name": "till", "display_prefix": "pb_live_abc",
            "last_four": "wxyz", "scopes": ["shifts:read"], "networks": null, "created_by": "operator",
            "created_at": EPOCH, "expires_at": null, "revoked_at": null, "last_used_at": null,
            "requests_per_minute": null})
    );
    let webhook = fixture
        .text("SELECT id FROM webhook_registrations")
        .unwrap();
    assert_eq!(
        read(Kind::WebhookRegistration, &webhook),
        json!({"id": webhook, "organization_id": party.tenant.as_str(), "connector_id": party.connector_id,
            "topic": "user.created", "external_id": "81", "base_url": "https://patchbay.example.com",
            "state": "registered", "reason": null, "created_at": EPOCH, "last_checked_at": EPOCH})
    );
    let webhook = fixture.text("SELECT id FROM webhooks").unwrap();
    let secret = fixture
        .text("SELECT id FROM webhook_secrets WHERE webhook_id IN (SELECT id FROM webhooks)")
        .unwrap();
    assert_eq!(
        read(Kind::Webhook, &webhook),
        json!({"id": webhook, "organization_id": party.tenant.as_str(), "name": "orders",
            "path": format!("/hooks/{webhook}"), "scheme": "generic", "options": {"header": "x-signature"},
            "events": ["order.*"], "state": "active", "state_reason": null,
            "failure_limit": null, "events_per_minute": 60_000, "failures_in_row": 0, "ignored_count": 0,
            "secrets": [{"id": secret, "created_at": EPOCH, "expires_at": null}],
            "created_by": "user-1", "created_at": EPOCH, "updated_at": EPOCH})
    );
    let event = fixture.text("SELECT id FROM webhook_events").unwrap();
    assert_eq!(
        read(Kind::WebhookEvent, &event),
        json!({"id": event, "organization_id": party.tenant.as_str(), "webhook_id": webhook,
            "event": "order.paid", "delivery_id": null, "ordering_key": null, "secret_id": secret,
            "is_hint": false, "items": null, "content_type": null, "size_bytes": 2,
            "state": "pending", "error_code": null, "error_detail": null, "processed_at": null,
            "sent_at": null, "received_at": EPOCH})
    );
    let endpoint = fixture.text("SELECT id FROM outgoing_webhooks").unwrap();
    let secret = fixture
        .text(
            "SELECT id FROM webhook_secrets WHERE webhook_id IN (SELECT id FROM outgoing_webhooks)",
        )
        .unwrap();
    assert_eq!(
        read(Kind::OutgoingWebhook, &endpoint),
        json!({"id": endpoint, "organization_id": party.tenant.as_str(), "name": "product",
            "url": "https://example.com/hook", "events": ["shift.*"], "state": "disabled",
            "state_reason": "It answered 410.", "failing_since": EPOCH, "missed_count": 0,
            "secrets": [{"id": secret, "created_at": EPOCH, "expires_at": "1970-01-01T00:01:00Z"}],
            "created_by": "user-1", "created_at": EPOCH, "updated_at": EPOCH})
    );
    let delivery = fixture.text("SELECT id FROM deliveries").unwrap();
    assert_eq!(
        read(Kind::Delivery, &delivery),
        json!({"id": delivery, "organization_id": party.tenant.as_str(), "kind": "slack",
            "connector_id": party.connector_id, "endpoint_id": null, "requested_by": "user-1", "payload": {"text": "Hello"},
            "state": "pending", "attempts": [{"number": 1, "started_at": "1970-01-01T00:00:01Z",
                "duration_ms": 15_000, "status": null, "code": "timeout", "detail": "Wait.",
                "may_have_happened": true}],
            "result": null, "error_code": "timeout", "error_detail": "Wait.", "next_attempt_at": null,
            "created_at": EPOCH, "finished_at": null})
    );
    let rule = fixture.text("SELECT id FROM automation_rules").unwrap();
    assert_eq!(
        read(Kind::AutomationRule, &rule),
        json!({"id": rule, "organization_id": party.tenant.as_str(), "name": "Tell", "event": "order.*",
            "conditions": null, "actions": [{"type": "log", "text": "a"}], "is_enabled": true,
            "position": 100, "default_rule": null, "firings_per_minute": 60, "fired_count": 0, "failed_count": 0,
            "last_fired_at": null, "created_by": "user-1", "created_at": EPOCH, "updated_at": EPOCH})
    );
    let notice = fixture.text("SELECT id FROM notices").unwrap();
    assert_eq!(
        read(Kind::Notice, &notice),
        json!({"id": notice, "organization_id": party.tenant.as_str(), "kind": "rule",
            "connector_id": null, "title": "Look", "remedy": "Do.", "count": 1, "created_at": EPOCH,
            "updated_at": EPOCH, "read_at": null, "dismissed_at": null})
    );
    let closure = fixture.text("SELECT id FROM office_closures").unwrap();
    assert_eq!(
        read(Kind::Closure, &closure),
        json!({"id": closure, "organization_id": party.tenant.as_str(), "start_date": "2026-12-24",
            "end_date": "2027-01-03", "description": "Christmas shutdown", "tags": ["office"], "workdays": 7,
            "created_by": "user-1", "created_at": EPOCH, "updated_at": EPOCH})
    );
    let limit = fixture.text("SELECT id FROM capacity_overrides").unwrap();
    assert_eq!(
        read(Kind::CapacityOverride, &limit),
        json!({"id": limit, "organization_id": party.tenant.as_str(), "adviser_email": "mia.tan@example.com",
            "effective_date": "2026-04-07", "effective_week": "2026-04-13", "client_limit_monthly": 10,
            "pod_type": "Team Pod", "notes": null, "created_by": "user-1", "created_at": EPOCH,
            "updated_at": EPOCH})
    );
    let folder = fixture.text("SELECT id FROM client_folders").unwrap();
    let delivery = fixture
        .text("SELECT delivery_id FROM client_folders")
        .unwrap();
    assert_eq!(
        read(Kind::ClientFolder, &folder),
        json!({"id": folder, "organization_id": party.tenant.as_str(), "connector_id": party.connector_id,
            "hubspot_connector_id": party.connector_id, "portal_id": "62515", "deal_id": "501",
            "contacts": [{"id": "80010", "first_name": "Sam", "last_name": "Lee", "email": ""}],
            "requested_name": null, "status": "created", "folder_id": "310000777", "name": "Sam Lee",
            "path": ["1. Active Clients"], "link": "https://app.box.com/folder/310000777", "copies": 1,
            "failure_code": null, "failure_detail": null, "next_attempt_at": null, "links": [], "delivery_id": delivery,
            "requested_by": "user-1", "created_at": EPOCH, "updated_at": EPOCH, "finished_at": EPOCH})
    );
    let store = fixture.text("SELECT id FROM stores").unwrap();
    let seen_at = json!("1970-01-01T00:00:01Z");
    assert_eq!(
        read(Kind::Store, &store),
        json!({"id": store, "organization_id": party.tenant.as_str(), "name": "Shop", "product_ref": "s-1",
            "deleted_at": null, "created_at": seen_at, "updated_at": seen_at})
    );
}
