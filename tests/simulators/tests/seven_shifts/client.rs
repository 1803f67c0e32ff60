//! The client and the simulator understand each other: what the one reads is what the other
//! holds.

use bytes::Bytes;
use http::Response;
use providers::seven_shifts::{
    AvailabilitiesQuery, AvailabilityReasonsQuery, Client, CompanyClient, Credential,
    DEFAULT_BASE_URL, NewWebhook, Paging, RequestStatus, TimeOffQuery, WebhooksQuery,
};
use providers::{Call, Page, ProviderError, Secret};
use simulators::seven_shifts::{Life, Mutation, NewWage, Resource};
use simulators::{Fault, FaultRule};

use crate::support::{LAKESHORE, NOW, TOKEN, World};

fn client() -> CompanyClient {
    Client::new(DEFAULT_BASE_URL, Credential::access_token(TOKEN).unwrap())
        .unwrap()
        .company(LAKESHORE)
        .unwrap()
}

async fn send<T>(world: &World, call: Call<T>) -> Result<T, ProviderError> {
    let answer = world.ask(call.request.map(Bytes::from)).await.unwrap();
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    call.reply.read(&response, NOW)
}

async fn walk<T>(world: &World, page: impl Fn(Paging) -> Call<Page<T>>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let paging = Paging {
            cursor,
            limit: Some(8),
        };
        let page = send(world, page(paging)).await.unwrap();
        assert_eq!(page.rejected, []);
        rows.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

/// A world in which something has happened.
fn lived() -> World {
    let world = World::demo();
    let mut life = Life::new(8);
    for _ in 0..200 {
        world.clock.advance_seconds(300);
        life.happen(world.simulator.provider(), LAKESHORE).unwrap();
    }
    world
}

#[tokio::test]
async fn the_wages_and_assignments_of_everyone_are_read_as_they_are() {
    let world = lived();
    let truth = world.truth();
    for user in &truth.users {
        let wages = send(&world, client().user_wages(user.id).unwrap())
            .await
            .unwrap();
        assert_eq!(wages.rejected, []);
        for (read, held) in [
            (&wages.current, &truth.current_wages),
            (&wages.upcoming, &truth.upcoming_wages),
        ] {
            let read: Vec<_> = read
                .iter()
                .map(|wage| {
                    (
                        wage.id,
                        wage.role_id,
                        wage.effective_date,
                        wage.wage_cents,
                        wage.modified,
                    )
                })
                .collect();
            let held: Vec<_> = held
                .iter()
                .filter(|wage| wage.user_id == user.id)
                .map(|wage| {
                    (
                        wage.id,
                        wage.role_id,
                        wage.effective_date,
                        wage.wage_cents,
                        Some(wage.modified),
                    )
                })
                .collect();
            assert_eq!(read, held);
        }
        let assigned = send(&world, client().user_assignments(user.id).unwrap())
            .await
            .unwrap();
        assert_eq!(assigned.rejected, []);
        let roles: Vec<i64> = assigned.roles.iter().map(|role| role.id).collect();
        let held: Vec<i64> = user.assignments.role_ids.iter().copied().collect();
        assert_eq!(roles, held);
        let primary = assigned.roles.iter().find(|role| role.is_primary);
        assert_eq!(
            primary.map(|role| role.id),
            user.assignments.primary_role_id
        );
    }
}

#[tokio::test]
async fn availability_and_time_off_are_read_as_they_are() {
    let world = lived();
    let truth = world.truth();
    let read = walk(&world, |paging| {
        client()
            .availabilities(&AvailabilitiesQuery {
                paging,
                ..AvailabilitiesQuery::default()
            })
            .unwrap()
    })
    .await;
    assert_eq!(read.len(), truth.availabilities.len());
    for (read, held) in read.iter().zip(&truth.availabilities) {
        assert_eq!(
            (read.id, read.user_id, read.week, read.week_to, read.repeat),
            (held.id, held.user_id, held.week, held.week_to, held.repeat)
        );
        assert_eq!(read.status.code(), held.status.code());
        for (read, held) in read.days.iter().zip(&held.days) {
            assert_eq!(read.code, Some(held.code));
            assert_eq!(read.from, Some(held.from.to_string()));
            assert_eq!(read.to, Some(held.to.to_string()));
            assert_eq!(read.reason_id, held.reason_id);
        }
    }
    let one = send(&world, client().availability(read[0].id).unwrap()).await;
    assert_eq!(one.unwrap(), read[0]);
    let reasons = walk(&world, |paging| {
        client()
            .availability_reasons(&AvailabilityReasonsQuery { paging })
            .unwrap()
    })
    .await;
    assert_eq!(reasons.len(), truth.availability_reasons.len());

    let read = walk(&world, |paging| {
        client()
            .time_off(&TimeOffQuery {
                paging,
                ..TimeOffQuery::default()
            })
            .unwrap()
    })
    .await;
    assert_eq!(read.len(), truth.time_off.len());
    for (read, held) in read.iter().zip(&truth.time_off) {
        assert_eq!(
            (read.id, read.user_id, read.from_date, read.to_date),
            (held.id, held.user_id, held.from_date, held.to_date)
        );
        assert_eq!(read.status.code(), held.status.code());
        assert_eq!(read.category.as_deref(), Some(held.category.as_str()));
        assert_eq!(read.partial, held.partial.is_some());
        let minutes: Vec<i64> = read.hours.iter().map(|day| day.minutes).collect();
        let held_minutes: Vec<i64> = held.hours.iter().map(|day| day.minutes).collect();
        assert_eq!(minutes, held_minutes);
        assert_eq!(read.amount_minutes, Some(held_minutes.iter().sum()));
    }
    let one = send(&world, client().one_time_off(read[0].id).unwrap()).await;
    assert_eq!(one.unwrap(), read[0]);
    let today = "2026-09-21".parse().unwrap();
    let ahead = walk(&world, |paging| {
        client()
            .time_off(&TimeOffQuery {
                to_date_gte: Some(today),
                status: Some(RequestStatus::Approved),
                paging,
                ..TimeOffQuery::default()
            })
            .unwrap()
    })
    .await;
    assert!(!ahead.is_empty());
    assert!(
        ahead
            .iter()
            .all(|off| off.to_date >= today && off.status == RequestStatus::Approved)
    );
}

#[tokio::test]
async fn settings_are_read_and_webhooks_made_once_and_ended() {
    let world = World::demo();
    let settings = send(&world, client().time_off_settings().unwrap())
        .await
        .unwrap();
    assert_eq!(settings.categories[3].value, "study_leave");
    let labor = send(&world, client().labor_settings().unwrap())
        .await
        .unwrap();
    assert_eq!(labor.wage_based_roles_enabled, Some(true));
    let new = NewWebhook {
        url: Secret::new("https://hooks.example.test/7s?key=1"),
        event: "user.modified".to_owned(),
    };
    let made = send(&world, client().create_webhook(&new).unwrap())
        .await
        .unwrap();
    assert_eq!(made.url, new.url);
    let again = send(&world, client().create_webhook(&new).unwrap()).await;
    assert!(matches!(again, Err(ProviderError::Conflict { .. })));
    let listed = send(
        &world,
        client().webhooks(&WebhooksQuery::default()).unwrap(),
    );
    assert_eq!(listed.await.unwrap().rows, std::slice::from_ref(&made));
    let ended = send(&world, client().delete_webhook(made.id).unwrap()).await;
    assert_eq!(ended, Ok(()));
    let twice = send(&world, client().delete_webhook(made.id).unwrap()).await;
    assert!(matches!(twice, Err(ProviderError::NotFound { .. })));
}

#[tokio::test]
async fn a_bad_day_of_wages_is_survived() {
    let world = World::demo();
    let wage = world.truth().current_wages[0].clone();
    let ask = || client().user_wages(wage.user_id).unwrap();
    world.change(Mutation::AddWage(NewWage {
        user_id: wage.user_id,
        role_id: wage.role_id,
        effective_date: wage.effective_date,
        wage_type: wage.wage_type,
        wage_cents: 1,
        force: true,
    }));
    let wages = send(&world, ask()).await.unwrap();
    assert_eq!(wages.current.len(), 2, "two of one day");
    let path = format!("/v2/company/{LAKESHORE}/users/{}/wages", wage.user_id);
    for fault in [Fault::lone_surrogate(), Fault::huge_number()] {
        world
            .simulator
            .add_fault(FaultRule::once(path.clone(), fault));
        let wages = send(&world, ask()).await.unwrap();
        assert_eq!((wages.current.len(), wages.rejected.len()), (1, 1));
    }
    world.change(Mutation::Corrupt {
        resource: Resource::Wages,
        id: wage.id,
        field: "wage_cents".to_owned(),
        raw: "null".to_owned(),
    });
    let wages = send(&world, ask()).await.unwrap();
    assert_eq!(
        wages.rejected[0].external_id,
        Some(wage.id.to_string()),
        "{wages:?}"
    );
    world.change(Mutation::Corrupt {
        resource: Resource::Assignments,
        id: wage.user_id,
        field: "roles".to_owned(),
        raw: "null".to_owned(),
    });
    let assigned = send(&world, client().user_assignments(wage.user_id).unwrap()).await;
    assert!(matches!(assigned, Err(ProviderError::Malformed { .. })));
    world.change(Mutation::SetPlan {
        resource: Resource::Wages,
        included: false,
    });
    let refused = send(&world, ask()).await;
    assert!(matches!(refused, Err(ProviderError::Forbidden { .. })));
}
