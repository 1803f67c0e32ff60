//! Pages: what lands, what is refused, what is counted.

use store::DatabaseError;
use store::records::{
    AvailabilityRecord, CustomRecord, DepartmentRecord, EmployeeRecord, EmployeeTeam,
    LeaveRequestRecord, LocationRecord, MAX_ROWS, Page, PunchBreak, Resource, RoleAssignmentRecord,
    RoleRecord, ShiftBreak, ShiftRecord, TeamMemberRecord, TimeOffDay, TimeOffRecord,
    TimePunchRecord, WageRecord, tombstone, write_page,
};

use crate::fixture::{
    Fixture, NOW, NOW_MICROS, absence, assignment, counts, day, member, party, punch, shift, table,
    uuid, wage,
};
use crate::support::wait;

/// No shift starts then: RFC 3339 has no such year.
const NO_TIME: i64 = i64::MAX;

#[test]
fn a_poison_record_is_refused_alone() {
    let fixture = Fixture::new();
    let party = party(1);
    for poison in [
        vec![0],
        vec![6],
        vec![3, 4],
        vec![0, 2, 5],
        (0..7).collect(),
    ] {
        fixture.query("DELETE FROM schedule_shifts", &[]);
        let page: Vec<ShiftRecord> = (0..7)
            .map(|number| {
                let mut shift = shift(&number.to_string(), Some("1"), NOW);
                if poison.contains(&number) {
                    shift.starts_at = NO_TIME;
                }
                shift
            })
            .collect();
        let outcome = fixture.write(&party, Page::Shifts(&page));
        let mut refused: Vec<usize> = outcome
            .refused
            .iter()
            .map(|record| record.external_id.parse().unwrap())
            .collect();
        refused.sort_unstable();
        assert_eq!(refused, poison);
        assert!(
            outcome.refused[0].reason.contains("starts_at_in_range"),
            "{:?}",
            outcome.refused
        );
        let landed = 7 - poison.len() as u64;
        assert_eq!(counts(&outcome), [landed, 0, 0, 0]);
        assert_eq!(
            fixture.number("SELECT count(*) FROM schedule_shifts"),
            i64::try_from(landed).unwrap()
        );
    }
}

#[test]
fn a_poison_record_leaves_its_row_as_it_was() {
    let fixture = Fixture::new();
    let party = party(1);
    let good = [shift("1", None, NOW), shift("2", None, NOW)];
    fixture.write(&party, Page::Shifts(&good));
    let outcome = fixture.write(
        &party,
        Page::Shifts(&[shift("1", None, NO_TIME), shift("2", None, NOW + 60)]),
    );
    assert_eq!(counts(&outcome), [0, 1, 0, 0]);
    assert_eq!(outcome.refused.len(), 1);
    assert_eq!(
        fixture.number("SELECT starts_at FROM schedule_shifts WHERE external_id = '1'"),
        NOW
    );
}

#[test]
fn an_id_that_is_taken_refuses_only_its_record() {
    let fixture = Fixture::new();
    let party = party(1);
    let mut ids = vec![uuid(1), uuid(2), uuid(1), uuid(3)].into_iter();
    let page: Vec<_> = ["1", "2", "3", "4"].map(member).into();
    let outcome = wait(write_page(
        &fixture.database,
        &party.scope(),
        Page::TeamMembers(&page),
        || ids.next().unwrap(),
        NOW_MICROS,
    ))
    .unwrap();
    assert_eq!(counts(&outcome), [3, 0, 0, 0]);
    assert_eq!(outcome.refused[0].external_id, "3");
}

#[test]
fn a_page_without_end_is_refused_whole() {
    let fixture = Fixture::new();
    let page = vec![member("1"); MAX_ROWS + 1];
    let result = wait(write_page(
        &fixture.database,
        &party(1).scope(),
        Page::TeamMembers(&page),
        || fixture.id(),
        NOW_MICROS,
    ));
    assert!(matches!(result, Err(DatabaseError::Shape(_))), "{result:?}");
    assert_eq!(fixture.number("SELECT count(*) FROM team_members"), 0);
}

#[test]
fn an_empty_page_costs_no_statement() {
    let fixture = Fixture::new();
    let outcome = wait(write_page(
        &fixture.database,
        &party(1).scope(),
        Page::Shifts(&[]),
        || fixture.id(),
        NOW_MICROS,
    ))
    .unwrap();
    assert_eq!(counts(&outcome), [0, 0, 0, 0]);
    assert_eq!(fixture.database.take_statements(), [""; 0]);
}

#[test]
fn a_page_costs_one_statement_for_its_rows() {
    let fixture = Fixture::new();
    let party = party(1);
    let page: Vec<_> = (0..250)
        .map(|number| punch(&number.to_string(), "1", None, NOW))
        .collect();
    wait(write_page(
        &fixture.database,
        &party.scope(),
        Page::TimePunches(&page),
        || fixture.id(),
        NOW_MICROS,
    ))
    .unwrap();
    let statements = fixture.database.take_statements();
    let rows: Vec<_> = statements
        .iter()
        .filter(|sql| sql.contains("INSERT"))
        .collect();
    assert_eq!(rows.len(), 1);
    // The sequence value, the rows, the counts.
    assert_eq!(statements.len(), 3, "{statements:#?}");
}

#[test]
fn the_same_page_again_writes_no_row() {
    let fixture = Fixture::new();
    let party = party(1);
    let pages = full_records();
    for page in pages.pages() {
        assert_eq!(counts(&fixture.write(&party, page)), [1, 0, 0, 0]);
    }
    let before: Vec<_> = Resource::ALL
        .map(|resource| fixture.dump(resource))
        .into_iter()
        .collect();
    for page in pages.pages() {
        let outcome = fixture.write_at(&party, page, NOW_MICROS + 1);
        assert_eq!(counts(&outcome), [0, 0, 1, 0], "{:?}", page.resource());
        assert_eq!(outcome.linked, 0);
    }
    let after: Vec<_> = Resource::ALL
        .map(|resource| fixture.dump(resource))
        .into_iter()
        .collect();
    assert_eq!(before, after);
}

#[test]
fn every_column_is_filled_by_a_full_record() {
    let fixture = Fixture::new();
    let party = party(1);
    for page in full_records().pages() {
        fixture.write(&party, page);
    }
    for resource in Resource::ALL {
        let columns = fixture.query(
            // What the product, a manager or the Delta Engine says comes from no record.
            "SELECT name FROM pragma_table_info(?1) WHERE name NOT IN ('deleted_at', 'product_ref')
               AND name NOT LIKE 'attendance!_%' ESCAPE '!' AND name NOT LIKE 'dispute%'",
            &[table(resource).into()],
        );
        for column in columns {
            let column = column.text(0).unwrap();
            let table = table(resource);
            assert_eq!(
                fixture.number(&format!("SELECT {column} IS NULL FROM {table}")),
                0,
                "{table}.{column}"
            );
        }
    }
}

#[test]
fn every_field_that_changes_is_an_update() {
    let fixture = Fixture::new();
    let party = party(1);
    let plain = punch("1", "7", None, NOW);
    fixture.write(&party, Page::TimePunches(std::slice::from_ref(&plain)));
    let changes: [fn(&mut TimePunchRecord); 18] = [
        |punch| punch.external_user_id = None,
        |punch| punch.external_shift_id = Some("s".to_owned()),
        |punch| punch.external_location_id = Some("l".to_owned()),
        |punch| punch.external_department_id = Some("d".to_owned()),
        |punch| punch.external_role_id = Some("r".to_owned()),
        |punch| punch.clocked_in_at += 1,
        |punch| punch.clocked_out_at = Some(NOW + 60),
        |punch| punch.auto_clocked_out = true,
        |punch| punch.worked_seconds = Some(1),
        |punch| punch.break_minutes = 1,
        |punch| punch.paid_break_minutes = 1,
        |punch| punch.unpaid_break_minutes = 1,
        |punch| punch.breaks.push(PunchBreak::default()),
        |punch| punch.tips_cents = Some(-1),
        |punch| punch.is_approved = true,
        |punch| punch.notes = Some(String::new()),
        |punch| punch.pos_type = Some("web".to_owned()),
        |punch| punch.provider_modified_at = Some(NOW),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut changed = plain.clone();
        change(&mut changed);
        let to = fixture.write(&party, Page::TimePunches(&[changed]));
        let back = fixture.write(&party, Page::TimePunches(std::slice::from_ref(&plain)));
        assert_eq!(counts(&to), [0, 1, 0, 0], "change {index}");
        assert_eq!(counts(&back), [0, 1, 0, 0], "change {index}");
    }
}

#[test]
fn a_record_twice_in_a_page_counts_once_as_it_was_last() {
    let fixture = Fixture::new();
    let party = party(1);
    let mut last = member("1");
    last.first_name = "Ann".to_owned();
    let page = [member("1"), member("2"), last.clone()];
    assert_eq!(
        counts(&fixture.write(&party, Page::TeamMembers(&page))),
        [2, 0, 0, 0]
    );
    assert_eq!(
        fixture.text("SELECT first_name FROM team_members WHERE external_id = '1'"),
        Some("Ann".to_owned())
    );
    // The first of the two would be a change, but it is not what the page says in the end.
    let again = [member("1"), last];
    assert_eq!(
        counts(&fixture.write(&party, Page::TeamMembers(&again))),
        [0, 0, 1, 0]
    );
}

#[test]
fn deleted_is_a_tombstone_once_and_coming_back_is_an_update() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(
        &party,
        Page::Shifts(&[shift("1", None, NOW), shift("2", None, NOW)]),
    );
    let mut gone = shift("1", None, NOW + 999);
    gone.deleted_at = Some(NOW + 5);
    let mut never_seen = shift("3", None, NOW);
    never_seen.deleted_at = Some(NOW + 5);
    let page = [gone, shift("2", None, NOW), never_seen];
    assert_eq!(
        counts(&fixture.write(&party, Page::Shifts(&page))),
        [0, 0, 2, 1]
    );
    assert_eq!(
        counts(&fixture.write(&party, Page::Shifts(&page))),
        [0, 0, 3, 0]
    );
    let row = &fixture.query(
        "SELECT deleted_at, starts_at FROM schedule_shifts WHERE external_id = '1'",
        &[],
    )[0];
    assert_eq!(row.integer(0), Ok(NOW + 5));
    assert_eq!(row.integer(1), Ok(NOW), "keeps its last content");
    assert_eq!(fixture.number("SELECT count(*) FROM schedule_shifts"), 2);

    let back = fixture.write(&party, Page::Shifts(&[shift("1", None, NOW)]));
    assert_eq!(counts(&back), [0, 1, 0, 0]);
    assert_eq!(
        fixture.number("SELECT count(*) FROM schedule_shifts WHERE deleted_at IS NULL"),
        2
    );
}

#[test]
fn a_tombstone_counts_only_what_was_alive() {
    let fixture = Fixture::new();
    let party = party(1);
    fixture.write(
        &party,
        Page::Shifts(&[shift("1", None, NOW), shift("2", None, NOW)]),
    );
    let bury = |ids: &[&str], at: i64| {
        fixture.transact(async |transaction| {
            tombstone(
                transaction,
                &party.scope(),
                Resource::Shifts,
                ids,
                at,
                NOW_MICROS,
            )
            .await
        })
    };
    assert_eq!(bury(&[], NOW), 0);
    assert_eq!(bury(&["1", "1", "unknown"], NOW), 1);
    assert_eq!(bury(&["1", "2"], NOW + 9), 1);
    assert_eq!(
        fixture.number("SELECT deleted_at FROM schedule_shifts WHERE external_id = '1'"),
        NOW,
        "the first deletion stands"
    );
}

#[test]
fn the_sequence_never_goes_back_and_never_lags_behind_the_clock() {
    let fixture = Fixture::new();
    let party = party(1);
    let write = |name: &str, now_micros: i64| {
        let mut record = member("1");
        record.first_name = name.to_owned();
        fixture
            .write_at(&party, Page::TeamMembers(&[record]), now_micros)
            .changed_seq
    };
    let first = write("a", NOW_MICROS);
    assert_eq!(first, NOW_MICROS);
    // The clock jumps back: still later than everything before.
    assert_eq!(write("b", NOW_MICROS - 3_600_000_000), first + 1);
    assert_eq!(write("c", NOW_MICROS), first + 2);
    assert_eq!(write("d", NOW_MICROS + 50), first + 50);
    let row = &fixture.query("SELECT created_seq, changed_seq FROM team_members", &[])[0];
    assert_eq!(row.integer(0), Ok(first));
    assert_eq!(row.integer(1), Ok(first + 50));
}

#[test]
fn a_scope_cannot_reach_rows_of_another_organization() {
    let fixture = Fixture::new();
    let (ours, theirs) = (party(1), party(2));
    fixture.write(&theirs, Page::TeamMembers(&[member("1"), member("2")]));
    let before = fixture.dump(Resource::TeamMembers);
    // A connector id of somebody else, by mistake or by malice.
    let mixed = crate::fixture::Party {
        tenant: ours.tenant.clone(),
        connector_id: theirs.connector_id.clone(),
    };
    let mut changed = member("1");
    changed.first_name = "Eve".to_owned();
    let mut gone = member("2");
    gone.deleted_at = Some(NOW);
    let outcome = fixture.write(&mixed, Page::TeamMembers(&[changed, gone]));
    assert_eq!(
        (outcome.created, outcome.updated, outcome.deleted),
        (0, 0, 0)
    );
    assert_eq!(fixture.dump(Resource::TeamMembers), before);
    // The same external ids under the own connector are rows of their own.
    let own = fixture.write(&ours, Page::TeamMembers(&[member("1"), member("2")]));
    assert_eq!(counts(&own), [2, 0, 0, 0]);
    assert_eq!(fixture.number("SELECT count(*) FROM team_members"), 4);
}

#[test]
fn text_and_numbers_arrive_as_they_are() {
    let fixture = Fixture::new();
    let party = party(1);
    let odd = "nul \0, quote ' \" \\, line\u{2028}, 🍳, \u{fffd}, 𐀀";
    let mut record = punch("1", "1", None, NOW);
    record.notes = Some(odd.to_owned());
    record.tips_cents = Some(i64::MIN);
    record.provider_modified_at = Some(i64::MAX);
    fixture.write(&party, Page::TimePunches(std::slice::from_ref(&record)));
    let row = &fixture.query(
        "SELECT notes, tips_cents, provider_modified_at FROM time_punches",
        &[],
    )[0];
    assert_eq!(row.text(0), Ok(odd));
    assert_eq!(row.integer(1), Ok(i64::MIN));
    assert_eq!(row.integer(2), Ok(i64::MAX));
    assert_eq!(
        counts(&fixture.write(&party, Page::TimePunches(&[record]))),
        [0, 0, 1, 0]
    );
}

/// One record of every kind with every member set.
struct FullRecords {
    location: LocationRecord,
    department: DepartmentRecord,
    role: RoleRecord,
    member: TeamMemberRecord,
    shift: ShiftRecord,
    punch: TimePunchRecord,
    wage: WageRecord,
    assignment: RoleAssignmentRecord,
    day: AvailabilityRecord,
    absence: TimeOffRecord,
    custom: CustomRecord,
    employee: EmployeeRecord,
    leave: LeaveRequestRecord,
}

impl FullRecords {
    fn pages(&self) -> [Page<'_>; 13] {
        [
            Page::Locations(std::slice::from_ref(&self.location)),
            Page::Departments(std::slice::from_ref(&self.department)),
            Page::Roles(std::slice::from_ref(&self.role)),
            Page::TeamMembers(std::slice::from_ref(&self.member)),
            Page::Shifts(std::slice::from_ref(&self.shift)),
            Page::TimePunches(std::slice::from_ref(&self.punch)),
            Page::Wages(std::slice::from_ref(&self.wage)),
            Page::RoleAssignments(std::slice::from_ref(&self.assignment)),
            Page::Availability(std::slice::from_ref(&self.day)),
            Page::TimeOff(std::slice::from_ref(&self.absence)),
            Page::Custom(std::slice::from_ref(&self.custom)),
            Page::Employees(std::slice::from_ref(&self.employee)),
            Page::LeaveRequests(std::slice::from_ref(&self.leave)),
        ]
    }
}

fn full_records() -> FullRecords {
    let some = |text: &str| Some(text.to_owned());
    FullRecords {
        location: LocationRecord {
            external_id: "1".to_owned(),
            name: "Riverside".to_owned(),
            time_zone: some("America/Toronto"),
            country: some("CA"),
            region: some("ON"),
            city: some("Toronto"),
            address: some("12 Quay St"),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        department: DepartmentRecord {
            external_id: "1".to_owned(),
            external_location_id: some("1"),
            name: "Kitchen".to_owned(),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        role: RoleRecord {
            external_id: "1".to_owned(),
            external_location_id: some("1"),
            external_department_id: some("1"),
            name: "Cook".to_owned(),
            color: some("3c78d8"),
            job_code: some("C1"),
            is_tipped: Some(false),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        member: TeamMemberRecord {
            external_id: "1".to_owned(),
            first_name: "Jon".to_owned(),
            last_name: "Reyes".to_owned(),
            preferred_first_name: some("Jo"),
            preferred_last_name: some("R."),
            email: some("jon@example.test"),
            mobile_number: some("3035550144"),
            employee_number: some("0625"),
            user_type: some("employee"),
            is_active: true,
            invite_status: some("accepted"),
            language: some("en"),
            time_zone: some("America/Toronto"),
            hire_date: some("2024-04-01"),
            photo_url: some("https://img.example.test/1.png"),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        shift: ShiftRecord {
            external_id: "1".to_owned(),
            external_user_id: some("1"),
            external_location_id: some("1"),
            external_department_id: some("1"),
            external_role_id: some("1"),
            starts_at: NOW,
            ends_at: NOW + 3600,
            is_open: false,
            is_close: true,
            is_business_decline: false,
            station_name: some("Grill"),
            notes: some("bring knives"),
            attendance_status: some("late"),
            late_minutes: Some(12),
            break_minutes: 30,
            unpaid_break_minutes: 30,
            breaks: vec![ShiftBreak {
                name: some("Meal"),
                starts_at: Some(NOW),
                ends_at: Some(NOW + 1800),
                minutes: Some(30),
                is_paid: false,
            }],
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        punch: TimePunchRecord {
            external_id: "1".to_owned(),
            external_user_id: some("1"),
            external_shift_id: some("1"),
            external_location_id: some("1"),
            external_department_id: some("1"),
            external_role_id: some("1"),
            clocked_in_at: NOW,
            clocked_out_at: Some(NOW + 3600),
            auto_clocked_out: true,
            worked_minutes: Some(30),
            worked_seconds: Some(1_800),
            break_minutes: 30,
            paid_break_minutes: 0,
            unpaid_break_minutes: 30,
            breaks: vec![PunchBreak {
                started_at: NOW,
                ended_at: Some(NOW + 1800),
                is_paid: false,
            }],
            tips_cents: Some(250),
            is_approved: true,
            notes: some("left early"),
            pos_type: some("web"),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        wage: WageRecord {
            external_role_id: some("1"),
            provider_modified_at: Some(NOW),
            ..wage("1", "1")
        },
        assignment: RoleAssignmentRecord {
            external_role_id: "1".to_owned(),
            external_department_id: some("1"),
            external_location_id: some("1"),
            skill_level: Some(2),
            provider_modified_at: Some(NOW),
            ..assignment("1:1", "1")
        },
        day: AvailabilityRecord {
            external_availability_id: "1".to_owned(),
            available_from: some("09:00:00"),
            available_to: some("17:00:00"),
            valid_from: some("2027-01-04"),
            valid_to: some("2027-01-10"),
            specific_date: some("2027-01-05"),
            reason: some("School"),
            comments: some("late"),
            provider_modified_at: Some(NOW),
            ..day("1:tue", "1")
        },
        absence: TimeOffRecord {
            partial_start: some("09:00:00"),
            partial_end: some("11:00:00"),
            provider_category: some("paid"),
            comments: some("dentist"),
            total_minutes: Some(120),
            external_action_user_id: some("1"),
            action_message: some("fine"),
            requested_at: Some(NOW),
            provider_modified_at: Some(NOW),
            ..absence("1", "1")
        },
        custom: CustomRecord {
            external_id: "1".to_owned(),
            record: r#"{"id":1,"price":2.50}"#.to_owned(),
            provider_modified_at: Some(NOW),
            deleted_at: None,
        },
        employee: EmployeeRecord {
            external_id: "1".to_owned(),
            name: some("Mia Tan"),
            first_name: some("Mia"),
            last_name: some("Tan"),
            known_as: some("Mia"),
            company_email: some("mia.tan@example.test"),
            account_email: some("mia@example.test"),
            job_title: some("Adviser"),
            status: some("active"),
            start_date: some("2024-02-05"),
            termination_date: some("2027-12-31"),
            time_zone: some("Australia/Sydney"),
            teams: vec![EmployeeTeam {
                id: some("31"),
                name: some("Advice"),
            }],
            deleted_at: None,
        },
        leave: LeaveRequestRecord {
            external_id: "1".to_owned(),
            external_employee_id: "1".to_owned(),
            start_date: "2027-03-23".to_owned(),
            end_date: "2027-03-23".to_owned(),
            status: "approved".to_owned(),
            leave_category: some("Annual Leave"),
            total_minutes: Some(228),
            days: vec![TimeOffDay {
                date: "2027-03-23".to_owned(),
                minutes: 228,
            }],
            deleted_at: None,
        },
    }
}

/// A wage ends the day before the next one: that one has changed for readers, and no other.
#[test]
fn a_wage_changes_the_one_before_it_and_no_other() {
    let fixture = Fixture::new();
    let party = party(1);
    let paid = |id: &str, day: &str| WageRecord {
        effective_date: day.to_owned(),
        ..wage(id, "1")
    };
    let changed = |seq: i64| {
        fixture
            .text(&format!(
                "SELECT group_concat(external_id, ' ' ORDER BY external_id) FROM team_member_wages
                 WHERE changed_seq >= {seq}"
            ))
            .unwrap_or_default()
    };
    let write = |wages: &[WageRecord]| fixture.write(&party, Page::Wages(wages)).changed_seq;
    write(&[
        paid("1", "2026-01-01"),
        paid("2", "2026-02-01"),
        paid("4", "2026-04-01"),
        WageRecord {
            external_role_id: Some("7".to_owned()),
            ..paid("9", "2026-01-01")
        },
    ]);
    assert_eq!(changed(write(&[paid("5", "2026-05-01")])), "4 5");
    // Between two.
    assert_eq!(changed(write(&[paid("3", "2026-03-01")])), "2 3");
    // From behind the first to the end: what was before it, and what is.
    assert_eq!(changed(write(&[paid("2", "2026-06-01")])), "1 2 5");
    fixture.transact(async |transaction| {
        let wages = Resource::Wages;
        tombstone(transaction, &party.scope(), wages, &["4"], NOW, NOW_MICROS).await
    });
    let last = fixture.number("SELECT max(changed_seq) FROM team_member_wages");
    assert_eq!(changed(last), "3 4");
}
