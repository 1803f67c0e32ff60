//! Answers that are not what they should be: a bad record costs itself, a bad page is
//! an error, and nothing panics.

use proptest::prelude::*;
use providers::seven_shifts::{
    AvailabilitiesQuery, AvailabilityReasonsQuery, DepartmentsQuery, LocationsQuery, RolesQuery,
    ShiftsQuery, TimeOffQuery, TimePunchesQuery, UsersQuery, WebhooksQuery,
};
use providers::{Call, MAX_PAGE_RECORDS, Page, ProviderError, Rejected};
use serde_json::{Value, json};

use crate::support::{self, account, answer, client, page_of, read, with};

/// Reads one page of any kind: how many rows landed, and what was rejected.
type Reader = Box<dyn Fn(&[u8]) -> Result<(usize, Vec<Rejected>), ProviderError>>;

fn reader<T: 'static>(call: Call<Page<T>>) -> Reader {
    Box::new(move |body| {
        let page = read(&call, body.to_vec())?;
        assert_eq!(page.received, page.rows.len() + page.rejected.len());
        Ok((page.rows.len(), page.rejected))
    })
}

struct Kind {
    name: &'static str,
    record: Value,
    /// The fields that are read, those without which there is no row first.
    required: &'static [&'static str],
    optional: &'static [&'static str],
    read: Reader,
}

fn kinds() -> Vec<Kind> {
    let client = client();
    vec![
        Kind {
            name: "location",
            record: support::location(),
            required: &["id", "name"],
            optional: &[
                "company_id",
                "timezone",
                "country",
                "state",
                "city",
                "formatted_address",
                "mapping_id",
                "deleted",
                "created",
                "modified",
            ],
            read: reader(client.locations(&LocationsQuery::default()).unwrap()),
        },
        Kind {
            name: "department",
            record: support::department(),
            required: &["id", "name"],
            optional: &[
                "company_id",
                "location_id",
                "default",
                "deleted",
                "created",
                "modified",
            ],
            read: reader(client.departments(&DepartmentsQuery::default()).unwrap()),
        },
        Kind {
            name: "role",
            record: support::role(),
            required: &["id", "name"],
            optional: &[
                "company_id",
                "location_id",
                "department_id",
                "color",
                "job_code",
                "sort",
                "num_stations",
                "stations",
                "is_tipped_role",
                "created",
                "modified",
            ],
            read: reader(client.roles(&RolesQuery::default()).unwrap()),
        },
        Kind {
            name: "user",
            record: support::user(),
            required: &["id", "active"],
            optional: &[
                "identity_id",
                "company_id",
                "first_name",
                "last_name",
                "preferred_first_name",
                "preferred_last_name",
                "email",
                "mobile_number",
                "home_number",
                "photo",
                "type",
                "invite_status",
                "reactivation_status",
                "meta",
                "punch_id",
                "employee_id",
                "max_weekly_hours",
                "timezone",
                "language",
                "skill_level",
                "hourly_wage",
                "wage_type",
                "hire_date",
                "appear_as_employee",
                "created",
                "modified",
            ],
            read: reader(client.users(&UsersQuery::default()).unwrap()),
        },
        Kind {
            name: "shift",
            record: support::shift(),
            required: &["id", "start", "end"],
            optional: &[
                "user_id",
                "company_id",
                "location_id",
                "department_id",
                "role_id",
                "station",
                "station_name",
                "station_id",
                "close",
                "business_decline",
                "hourly_wage",
                "notes",
                "draft",
                "notified",
                "open",
                "unassigned",
                "open_offer_type",
                "publish_status",
                "attendance_status",
                "late_minutes",
                "deleted",
                "soft_deleted",
                "breaks",
                "created",
                "modified",
            ],
            read: reader(client.shifts(&ShiftsQuery::default()).unwrap()),
        },
        Kind {
            name: "time punch",
            record: support::time_punch(),
            required: &["id", "clocked_in"],
            optional: &[
                "company_id",
                "user_id",
                "shift_id",
                "role_id",
                "location_id",
                "department_id",
                "clocked_out",
                "hourly_wage",
                "tips",
                "approved",
                "auto_clocked_out",
                "clocked_in_offline",
                "clocked_out_offline",
                "editable_punch",
                "notes",
                "pos_type",
                "deleted",
                "breaks",
                "created",
                "modified",
            ],
            read: reader(client.time_punches(&TimePunchesQuery::default()).unwrap()),
        },
        Kind {
            name: "availability",
            record: support::availability(),
            required: &["id", "user_id", "status"],
            optional: &[
                "company_id",
                "week",
                "week_to",
                "repeat",
                "status_action_user_id",
                "status_action_message",
                "mon",
                "mon_from",
                "mon_to",
                "mon_comments",
                "mon_reason",
                "tue",
                "tue_from",
                "tue_to",
                "tue_comments",
                "tue_reason",
                "wed",
                "wed_from",
                "wed_to",
                "wed_comments",
                "wed_reason",
                "thu",
                "thu_from",
                "thu_to",
                "thu_comments",
                "thu_reason",
                "fri",
                "fri_from",
                "fri_to",
                "fri_comments",
                "fri_reason",
                "sat",
                "sat_from",
                "sat_to",
                "sat_comments",
                "sat_reason",
                "sun",
                "sun_from",
                "sun_to",
                "sun_comments",
                "sun_reason",
                "created",
                "modified",
            ],
            read: reader(
                client
                    .availabilities(&AvailabilitiesQuery::default())
                    .unwrap(),
            ),
        },
        Kind {
            name: "availability reason",
            record: support::availability_reason(),
            required: &["id", "reason"],
            optional: &[
                "company_id",
                "comments_required",
                "sort",
                "created",
                "modified",
            ],
            read: reader(
                client
                    .availability_reasons(&AvailabilityReasonsQuery::default())
                    .unwrap(),
            ),
        },
        Kind {
            name: "time off",
            record: support::time_off(),
            required: &["id", "user_id", "from_date", "to_date", "status"],
            optional: &[
                "company_id",
                "partial",
                "partial_from",
                "partial_to",
                "comments",
                "status_action_user_id",
                "status_action_message",
                "category",
                "amount_of_hours",
                "hours",
                "created",
            ],
            read: reader(client.time_off(&TimeOffQuery::default()).unwrap()),
        },
        Kind {
            name: "webhook",
            record: support::webhook(),
            required: &["id", "url", "event"],
            optional: &["company_id", "method", "created", "modified"],
            read: reader(client.webhooks(&WebhooksQuery::default()).unwrap()),
        },
        Kind {
            name: "company",
            record: support::company(),
            required: &["id", "name"],
            optional: &[
                "uuid",
                "country",
                "plan_id",
                "status",
                "active",
                "start_week_on",
                "created",
                "modified",
            ],
            read: reader(account().companies().unwrap()),
        },
    ]
}

/// A page of three whose middle record is the given text.
fn page_around(kind: &Kind, middle: &str) -> Vec<u8> {
    let good = &kind.record;
    format!(
        r#"{{"data":[{good},{middle},{good}],"meta":{{"cursor":{{"next":null}}}},"object":"x"}}"#
    )
    .into_bytes()
}

#[test]
fn any_field_may_be_missing_or_null_but_those_without_which_there_is_no_row() {
    for kind in kinds() {
        let id = kind.record["id"].to_string();
        for field in kind.required.iter().chain(kind.optional) {
            let mut without = kind.record.clone();
            assert!(
                without.as_object_mut().unwrap().remove(*field).is_some(),
                "the {} of these tests has no {field}",
                kind.name
            );
            let null = with(kind.record.clone(), json!({ *field: null }));
            for record in [without, null] {
                let (rows, rejected) =
                    (kind.read)(&page_around(&kind, &record.to_string())).unwrap();
                if kind.required.contains(field) {
                    let external_id = (*field != "id").then(|| id.clone());
                    let reason = format!("{field} is missing");
                    assert_eq!(rows, 2);
                    assert_eq!(
                        rejected,
                        [Rejected {
                            external_id,
                            reason
                        }],
                        "{}",
                        kind.name
                    );
                } else {
                    assert_eq!((rows, rejected), (3, vec![]), "{} {field}", kind.name);
                }
            }
        }
    }
}

#[test]
fn a_field_of_the_wrong_type_costs_its_own_record_and_is_named() {
    for kind in kinds() {
        for field in kind.required.iter().chain(kind.optional) {
            let wrong = with(
                kind.record.clone(),
                json!({ *field: [{"private": "words"}] }),
            );
            let (rows, rejected) = (kind.read)(&page_around(&kind, &wrong.to_string())).unwrap();
            assert_eq!(rows, if rejected.is_empty() { 3 } else { 2 });
            for Rejected { reason, .. } in &rejected {
                let is_named = reason.contains(field) || reason.contains("unexpected shape");
                assert!(is_named && !reason.contains("words"), "{field}: {reason}");
            }
            // A list of anything is a list; the entries then miss what they need.
            let is_list = ["stations", "breaks", "hours"].contains(field);
            assert!(is_list || rejected.len() == 1, "{} {field}", kind.name);
        }
    }
}

#[test]
fn fields_that_nobody_knows_are_ignored_whatever_they_hold() {
    for kind in kinds() {
        let mut text = kind.record.to_string();
        assert_eq!(text.pop(), Some('}'));
        text.push_str(r#","zz_new":{"a":[1e400,"\ud800",null,{}]},"zz\ud83d\ude00":1}"#);
        let (rows, rejected) = (kind.read)(&page_around(&kind, &text)).unwrap();
        assert_eq!((rows, rejected), (3, vec![]), "{}", kind.name);
    }
}

#[test]
fn what_json_itself_cannot_hold_costs_its_own_record() {
    for kind in kinds() {
        let id = kind.record["id"].to_string();
        for (value, reason) in [
            (r#""a\ud800""#, "lone leading surrogate"),
            (r#""\udc00b""#, "lone leading surrogate"),
            ("1e400", "number out of range"),
            ("\"caf\u{fffd}\"", ""),
        ] {
            let field = kind.required.iter().rfind(|field| **field != "id").unwrap();
            let damaged = with(kind.record.clone(), json!({ *field: "DAMAGE" })).to_string();
            let damaged = damaged.replace("\"DAMAGE\"", value);
            let mut body = page_around(&kind, &damaged);
            if reason.is_empty() {
                // Latin-1 in place of UTF-8.
                let at = body
                    .windows(3)
                    .position(|w| w == "\u{fffd}".as_bytes())
                    .unwrap();
                body.splice(at..at + 3, [0xe9]);
            }
            let (rows, rejected) = (kind.read)(&body).unwrap();
            assert_eq!(rows, 2, "{} {value}", kind.name);
            assert_eq!(rejected.len(), 1);
            assert_eq!(rejected[0].external_id.as_deref(), Some(id.as_str()));
            let reason = &rejected[0].reason;
            assert!(
                reason.starts_with("the record is not valid JSON: ")
                    || reason.starts_with("the record has a "),
                "{reason}"
            );
        }
    }
}

#[test]
fn numbers_beyond_64_bits_or_with_fractions_cost_their_own_record() {
    let call = client().time_punches(&TimePunchesQuery::default()).unwrap();
    for number in ["1180591620717411303424", "1.5", "-1e30", "\"12 dollars\""] {
        let bad = support::time_punch()
            .to_string()
            .replace("\"tips\":-250", &format!("\"tips\":{number}"));
        let body = format!(
            r#"{{"data":[{bad},{}],"meta":{{"cursor":{{"next":"n"}}}}}}"#,
            support::time_punch()
        );
        let page = read(&call, body).unwrap();
        assert_eq!(page.rows.len(), 1);
        assert_eq!(page.next.as_deref(), Some("n"));
        assert_eq!(
            page.rejected,
            [Rejected {
                external_id: Some("720001".to_owned()),
                reason: "tips is not a whole number of 64 bits".to_owned(),
            }]
        );
    }
}

#[test]
fn an_id_that_cannot_be_used_is_shown_as_it_was_sent() {
    let call = client().users(&UsersQuery::default()).unwrap();
    for (id, shown) in [
        ("1180591620717411303424", Some("1180591620717411303424")),
        ("1e400", Some("1e400")),
        ("12.5", Some("12.5")),
        ("\"abc\"", Some("abc")),
        ("0", Some("0")),
        ("-7", Some("-7")),
        ("null", None),
        ("{}", None),
        ("[1]", None),
    ] {
        let bad = support::user()
            .to_string()
            .replace("\"id\":881002", &format!("\"id\":{id}"));
        let body = format!(r#"{{"data":[{bad}],"meta":{{"cursor":{{}}}}}}"#);
        let page = read(&call, body).unwrap();
        assert_eq!(page.rows, [], "{id}");
        assert_eq!(page.rejected[0].external_id.as_deref(), shown, "{id}");
    }
}

#[test]
fn what_is_not_a_record_at_all_is_rejected_without_being_repeated() {
    for kind in kinds() {
        for (record, reason) in [
            ("null", "the record is not an object"),
            ("7", "the record is not an object"),
            ("\"private words\"", "the record is not an object"),
            (
                "[5501,4410,\"private words\"]",
                "the record is not an object",
            ),
            ("{}", "id is missing"),
            ("{\"id\":1,\"id\":1}", "the record has an unexpected shape"),
        ] {
            let (rows, rejected) = (kind.read)(&page_around(&kind, record)).unwrap();
            assert_eq!(rows, 2, "{}", kind.name);
            assert_eq!(rejected.len(), 1);
            assert_eq!(rejected[0].reason, reason);
        }
    }
}

#[test]
fn a_break_that_pay_depends_on_is_not_guessed() {
    let call = client().time_punches(&TimePunchesQuery::default()).unwrap();
    let good = json!({"id": 1, "paid": true, "in": "2026-03-14T23:00:00Z", "out": null});
    for (change, reason) in [
        (json!({"in": null}), "breaks[1].in is missing"),
        (json!({"paid": null}), "breaks[1].paid is missing"),
        (json!({"in": "11 pm"}), "breaks[1].in is not a date-time"),
        (json!({"out": "late"}), "breaks[1].out is not a date-time"),
        (
            json!({"deleted": "maybe"}),
            "breaks[1].deleted is not true or false",
        ),
    ] {
        let breaks = json!([good, with(good.clone(), change)]);
        let punch = with(support::time_punch(), json!({ "breaks": breaks }));
        let page = read(&call, page_of(&json!([punch]))).unwrap();
        assert_eq!(page.rejected[0].reason, reason);
        assert_eq!(page.rejected[0].external_id.as_deref(), Some("720001"));
    }
}

#[test]
fn a_time_that_is_none_is_named() {
    let call = client().shifts(&ShiftsQuery::default()).unwrap();
    for time in [
        json!("tomorrow"),
        json!("2026-03-14"),
        json!(1_773_525_600),
        json!("2026-02-30T00:00:00Z"),
    ] {
        let page = read(
            &call,
            page_of(&json!([with(support::shift(), json!({"end": time}))])),
        )
        .unwrap();
        assert_eq!(page.rejected[0].reason, "end is not a date-time");
    }
}

#[test]
fn another_companys_record_never_lands() {
    for kind in kinds().iter().filter(|kind| kind.name != "company") {
        let foreign = with(kind.record.clone(), json!({"company_id": 9999, "id": 31}));
        let (rows, rejected) = (kind.read)(&page_around(kind, &foreign.to_string())).unwrap();
        assert_eq!(rows, 2, "{}", kind.name);
        assert_eq!(
            rejected,
            [Rejected {
                external_id: Some("31".to_owned()),
                reason: "the record belongs to another account".to_owned(),
            }]
        );
    }
    let call = client().user(31).unwrap();
    let body = json!({"data": with(support::user(), json!({"company_id": 9999}))});
    assert_eq!(
        read(&call, body.to_string()),
        Err(ProviderError::Malformed {
            what: "the record belongs to another account".to_owned()
        })
    );
}

#[test]
fn a_page_that_is_broken_as_a_whole_is_an_error_to_retry() {
    let call = client().shifts(&ShiftsQuery::default()).unwrap();
    let whole = page_of(&json!([support::shift(), support::shift()]));
    let cut = |bytes: usize| &whole.as_bytes()[..bytes];
    for bytes in [1, whole.len() / 2, whole.len() - 1] {
        let error = read(&call, cut(bytes).to_vec()).unwrap_err();
        assert_eq!(
            error.detail(),
            Some("it is cut off before its end"),
            "{bytes}"
        );
    }
    for (body, what) in [
        ("", "it is cut off before its end"),
        ("<html></html>", "it is not valid JSON: expected value"),
        ("null", "it has an unexpected shape"),
        ("[]", "it has an unexpected shape"),
        ("[[],{\"cursor\":{}}]", "it has an unexpected shape"),
        ("{}", "it has no `data`"),
        (r#"{"data":null,"meta":{"cursor":{}}}"#, "it has no `data`"),
        (
            r#"{"status":"error","message":"private words"}"#,
            "it has no `data`",
        ),
        (
            r#"{"data":{},"meta":{"cursor":{}}}"#,
            "it has an unexpected shape",
        ),
        (r#"{"data":"private words"}"#, "it has an unexpected shape"),
        (r#"{"data":[]}"#, "it has no `meta.cursor`"),
        (r#"{"data":[],"meta":{}}"#, "it has no `meta.cursor`"),
        (
            r#"{"data":[],"meta":{"cursor":null}}"#,
            "it has no `meta.cursor`",
        ),
        (
            r#"{"data":[],"meta":{"cursor":{"next":{}}}}"#,
            "meta.cursor.next is not text",
        ),
        (
            r#"{"data":[],"meta":{"cursor":{}}} trailing"#,
            "it is not valid JSON: trailing characters",
        ),
    ] {
        let error = read(&call, body.to_owned()).unwrap_err();
        assert_eq!(
            error,
            ProviderError::Malformed {
                what: what.to_owned()
            },
            "{body}"
        );
        assert!(error.is_retryable());
    }
}

#[test]
fn a_page_has_a_bound_on_records_and_on_its_cursor() {
    let call = client().users(&UsersQuery::default()).unwrap();
    let page = |count: usize, record: &str| {
        let records = vec![record; count].join(",");
        format!(r#"{{"data":[{records}],"meta":{{"cursor":{{"next":null}}}}}}"#)
    };
    for record in [r#"{"id":1,"active":true}"#, "{}"] {
        let full = read(&call, page(MAX_PAGE_RECORDS, record)).unwrap();
        assert_eq!(full.received, MAX_PAGE_RECORDS);
        let error = read(&call, page(MAX_PAGE_RECORDS + 1, record)).unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
    let cursor = json!({"data": [], "meta": {"cursor": {"next": "n".repeat(4097)}}});
    assert_eq!(
        read(&call, cursor.to_string()),
        Err(ProviderError::Malformed {
            what: "its next cursor is too long".to_owned()
        })
    );
}

#[test]
fn a_single_record_that_cannot_be_read_says_why() {
    let call = client().time_punch(720_001).unwrap();
    for (body, what) in [
        (
            json!({"data": with(support::time_punch(), json!({"clocked_in": null}))}),
            "clocked_in is missing",
        ),
        (json!({"data": null}), "it has no `data`"),
        (json!({"data": []}), "it has an unexpected shape"),
        (support::time_punch(), "it has no `data`"),
    ] {
        let error = read(&call, body.to_string()).unwrap_err();
        assert_eq!(
            error,
            ProviderError::Malformed {
                what: what.to_owned()
            }
        );
    }
}

#[test]
fn a_backslash_before_a_byte_that_is_no_text_does_not_let_it_pass() {
    let call = client().users(&UsersQuery::default()).unwrap();
    let mut body = page_of(&json!([with(support::user(), json!({"notes": "@@"}))])).into_bytes();
    let at = body.windows(2).position(|two| two == b"@@").unwrap();
    body[at] = b'\\';
    body[at + 1] = 0xff;
    let damaged = String::from_utf8_lossy(&body).replace("\"notes\"", "\"email\"");
    assert!(read(&call, damaged).is_err());
    assert!(read(&call, body).is_err());
}

#[test]
fn nesting_without_end_does_not_exhaust_the_stack() {
    let call = client().users(&UsersQuery::default()).unwrap();
    let deep = "[".repeat(2_000_000);
    let body = format!(r#"{{"data":[{{"id":1,"active":true,"zz":{deep}"#);
    assert!(matches!(
        read(&call, body),
        Err(ProviderError::Malformed { .. })
    ));
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        r#"{{"data":[{{"id":1,"active":true,"notes_new":{closed},"email":{closed}}}],"meta":{{"cursor":{{}}}}}}"#
    );
    let page = read(&call, body);
    assert!(page.is_ok() || matches!(page, Err(ProviderError::Malformed { .. })));
}

/// Bytes that look like an answer often enough to reach every branch.
fn almost_an_answer() -> impl Strategy<Value = Vec<u8>> {
    let records: Vec<Value> = kinds().into_iter().map(|kind| kind.record).collect();
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..6);
    (prop::sample::select(records), damage).prop_map(|(record, damage)| {
        let mut body = page_of(&json!([record, record])).into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => {
                    body.remove(at);
                }
            }
        }
        body
    })
}

/// The same of the answers that hold several lists.
fn almost_lists() -> impl Strategy<Value = Vec<u8>> {
    let wage = support::wage();
    let bodies = vec![
        support::wages(&json!([wage, wage]), &json!([wage])),
        support::assignments(
            &json!([support::location_assignment()]),
            &json!([support::department_assignment()]),
            &json!([support::role_assignment()]),
        ),
    ];
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(bodies), damage).prop_map(|(body, damage)| {
        let mut body = body.into_bytes();
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..400), status in 200u16..600) {
        for kind in kinds() {
            let _ = (kind.read)(&body);
        }
        let call = account().whoami().unwrap();
        let _ = call.reply.read(&answer(status, body.clone()), i64::MAX);
        let _ = read(&client().company().unwrap(), body.clone());
        let _ = read(&client().user_wages(1).unwrap(), body.clone());
        let _ = read(&client().user_assignments(1).unwrap(), body.clone());
        let _ = read(&client().time_off_settings().unwrap(), body.clone());
        let _ = read(&client().labor_settings().unwrap(), body.clone());
        let _ = read(&client().one_time_off(1).unwrap(), body.clone());
        let _ = read(&client().user(1).unwrap(), body);
    }

    #[test]
    fn damaged_lists_within_an_object_never_hold_more_than_was_sent(body in almost_lists()) {
        if let Ok(wages) = read(&client().user_wages(1).unwrap(), body.clone()) {
            let held = wages.current.len() + wages.upcoming.len() + wages.rejected.len();
            prop_assert!(held <= 5);
        }
        if let Ok(assigned) = read(&client().user_assignments(1).unwrap(), body) {
            let held = assigned.roles.len() + assigned.rejected.len();
            prop_assert!(held <= 5);
        }
    }

    #[test]
    fn a_damaged_answer_is_a_page_or_an_error_and_never_holds_more_than_was_sent(body in almost_an_answer()) {
        for kind in kinds() {
            if let Ok((rows, rejected)) = (kind.read)(&body) {
                // Two inserted bytes (`7,`) make one more record; there are five changes.
                prop_assert!(rows + rejected.len() <= 4);
                for Rejected { external_id, reason } in rejected {
                    prop_assert!(reason.len() <= 300);
                    prop_assert!(external_id.is_none_or(|id| id.chars().count() <= 64));
                }
            }
        }
    }
}
