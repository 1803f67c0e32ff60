//! Our own client against the simulator.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use providers::employment_hero::{
    Client, DEFAULT_BASE_URL, LeaveRequestsQuery, OrganisationClient, oauth_client,
};
use providers::oauth::{
    self, Authorization, Callback, Token, TokenCall, TokenFailure, TokenFailureClass, Verifier,
};
use providers::{Call, Page, ProviderError, Secret};
use simulators::employment_hero::{
    CLIENT_ID, CLIENT_SECRET, Consent, HARBOUR, REDIRECT_URI, SCALE, Scope, ScriptedAnswer, scale,
};
use simulators::{ErrorShape, Fault, FaultRule};

use crate::support::{NOW, World, request};

fn client_at(world: &World, organisation: &str) -> OrganisationClient {
    let token = Secret::new(world.access_token());
    Client::new(DEFAULT_BASE_URL, token)
        .unwrap()
        .organisation(organisation)
        .unwrap()
}

fn oauth() -> oauth::Client {
    oauth_client("http://simulator", CLIENT_ID, CLIENT_SECRET).unwrap()
}

async fn answer(world: &World, request: Request<Bytes>) -> Response<Bytes> {
    world.simulator.send(request).await.unwrap()
}

async fn send<T>(world: &World, call: Call<T>) -> Result<T, ProviderError> {
    let answer = answer(world, call.request.map(Bytes::from)).await;
    call.reply.read(&answer, NOW)
}

async fn ask(world: &World, call: TokenCall) -> Result<Token, TokenFailure> {
    let answer = answer(world, call.request).await;
    call.reply.read(&answer, NOW)
}

async fn walk<T>(world: &World, page: impl Fn(Option<String>) -> Call<Page<T>>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = send(world, page(cursor)).await.unwrap();
        assert_eq!(page.rejected, []);
        rows.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

/// As a browser does that is sent there.
async fn browse(world: &World, verifier: &Verifier) -> Callback {
    let url = oauth()
        .authorization_url(&Authorization {
            state: "state-1",
            verifier,
            redirect_uri: REDIRECT_URI,
            scopes: &[],
            extra: &[],
        })
        .unwrap();
    let path = url.strip_prefix("http://simulator").unwrap();
    let answer = world.ask(request(Method::GET, path, &[], "")).await;
    let location = answer.headers["location"].to_str().unwrap();
    Callback::read(location.split_once('?').unwrap().1).unwrap()
}

#[tokio::test]
async fn an_account_is_connected_read_and_renewed() {
    let world = World::demo();
    let verifier = Verifier::from_random([9; 32]);
    let Callback::Code { state, code } = browse(&world, &verifier).await else {
        panic!("expected a code");
    };
    assert_eq!(state.expose(), "state-1");
    let token = ask(
        &world,
        oauth().exchange(&code, &verifier, REDIRECT_URI).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(token.renew_at(NOW), Some(NOW + 840));
    let client = Client::new(DEFAULT_BASE_URL, token.access_token).unwrap();
    let organisations = send(&world, client.organisations(None).unwrap()).await;
    assert_eq!(organisations.unwrap().rows.len(), 2);
    world.clock.advance_seconds(900);
    let late = send(&world, client.organisations(None).unwrap()).await;
    assert_eq!(late.unwrap_err().code(), "unauthorized");
    let refresh_token = token.refresh_token.unwrap();
    let renewed = ask(&world, oauth().refresh(&refresh_token).unwrap())
        .await
        .unwrap();
    assert_ne!(renewed.refresh_token, Some(refresh_token));
    let client = Client::new(DEFAULT_BASE_URL, renewed.access_token).unwrap();
    assert!(
        send(&world, client.organisations(None).unwrap())
            .await
            .is_ok()
    );
    assert_eq!(world.counts().burnt_grants, 0);
}

#[tokio::test]
async fn a_refusal_is_read() {
    let world = World::demo();
    world.settings(|settings| settings.consent = Consent::Refuse);
    let callback = browse(&world, &Verifier::from_random([9; 32])).await;
    assert!(matches!(&callback, Callback::Refused { error, .. } if error == "access_denied"));
    assert_eq!(callback.state().expose(), "state-1");
}

#[tokio::test]
async fn failures_of_the_token_endpoint_are_told_apart() {
    let world = World::demo();
    let token = Secret::new(
        world
            .provider()
            .grant("consultant@example.test")
            .refresh_token
            .unwrap(),
    );
    let refresh = async || ask(&world, oauth().refresh(&token).unwrap()).await;
    for (fault, class) in [
        (
            Fault::status(StatusCode::SERVICE_UNAVAILABLE),
            TokenFailureClass::Transient,
        ),
        (Fault::too_many_requests(None), TokenFailureClass::Transient),
        (Fault::WrongJson, TokenFailureClass::Transient),
        (Fault::WrongShape, TokenFailureClass::Transient),
        (
            Fault::Status {
                status: 403,
                retry_after: None,
                shape: ErrorShape::Html,
                detail: None,
            },
            TokenFailureClass::Transient,
        ),
        (
            Fault::Status {
                status: 400,
                retry_after: None,
                shape: ErrorShape::Legacy,
                detail: Some("only a message".to_owned()),
            },
            TokenFailureClass::Configuration,
        ),
    ] {
        world.provider().script([]);
        // What is injected comes in the place of the answer, or spoils it after it was given.
        let spoils = matches!(fault, Fault::WrongJson | Fault::WrongShape);
        if spoils {
            world.provider().script([ScriptedAnswer::Status(500)]);
        }
        let shown = format!("{fault:?}");
        world
            .simulator
            .add_fault(FaultRule::once("/oauth2/token", fault));
        assert_eq!(refresh().await.unwrap_err().class, class, "{shown}");
    }
    world.provider().script([ScriptedAnswer::Status(401)]);
    assert_eq!(
        refresh().await.unwrap_err().class,
        TokenFailureClass::Configuration
    );
    assert!(refresh().await.is_ok());
    assert_eq!(
        refresh().await.unwrap_err().class,
        TokenFailureClass::Reconnect
    );
}

#[tokio::test]
async fn everybody_and_all_leave_is_read_as_it_is() {
    let world = World::demo();
    let client = client_at(&world, HARBOUR);
    let organisation = send(&world, client.organisation().unwrap()).await.unwrap();
    assert_eq!(organisation.time_zone.as_deref(), Some("Australia/Sydney"));
    let truth = world.provider().organisations();
    let truth = truth.get(HARBOUR).unwrap();
    let people = walk(&world, |cursor| {
        client.employees(cursor.as_deref()).unwrap()
    })
    .await;
    assert_eq!(people.len(), truth.employees.len());
    for (read, held) in people.iter().zip(&truth.employees) {
        assert_eq!(read.id, held.id);
        assert_eq!(read.is_active(), held.status == "active");
        assert_eq!(read.start_date, Some(held.start_date));
        assert_eq!(
            read.mails().last().map(str::to_owned),
            held.account_email.as_ref().map(|mail| mail.to_lowercase())
        );
    }
    let query = |cursor| LeaveRequestsQuery {
        cursor,
        ..LeaveRequestsQuery::default()
    };
    let leave = walk(&world, |cursor| {
        client.leave_requests(&query(cursor)).unwrap()
    })
    .await;
    assert_eq!(leave.len(), truth.leave_requests.len());
    for (read, held) in leave.iter().zip(&truth.leave_requests) {
        assert_eq!((&read.id, &read.employee_id), (&held.id, &held.employee_id));
        assert_eq!(
            (read.start_date, read.end_date),
            (held.start_date, held.end_date)
        );
        assert_eq!(
            read.is_approved(),
            held.status.eq_ignore_ascii_case("approved")
        );
        let total: i64 = read.hours_per_day.iter().map(|day| day.minutes).sum();
        assert_eq!(read.total_minutes, Some(total));
        let alone = send(&world, client.leave_request(&read.id).unwrap()).await;
        assert_eq!(alone.unwrap(), *read);
    }
}

#[tokio::test]
async fn a_large_organisation_is_read_page_by_page() {
    let world = World::of(scale(2_000, 20_000, NOW));
    world.settings(|settings| {
        settings.per_second = None;
        settings.per_minute = None;
    });
    let client = client_at(&world, SCALE);
    let people = walk(&world, |cursor| {
        client.employees(cursor.as_deref()).unwrap()
    })
    .await;
    let known: BTreeSet<_> = people.iter().map(|person| &person.id).collect();
    assert_eq!(known.len(), 2_000);
    let leave = walk(&world, |cursor| {
        let query = LeaveRequestsQuery {
            cursor,
            ..LeaveRequestsQuery::default()
        };
        client.leave_requests(&query).unwrap()
    })
    .await;
    assert_eq!(leave.len(), 20_000);
    assert!(leave.iter().all(|row| known.contains(&row.employee_id)));
    // One request a page.
    assert_eq!(world.simulator.requests().len(), 20 + 200);
}

#[tokio::test]
async fn failures_of_the_api_are_told_apart() {
    let world = World::demo();
    let client = client_at(&world, HARBOUR);
    let code = async || {
        let outcome = send(&world, client.employees(None).unwrap()).await;
        outcome.unwrap_err().code()
    };
    world.settings(|settings| {
        settings.withheld_scopes.insert(Scope::Employees);
    });
    assert_eq!(code().await, "forbidden");
    world.settings(|settings| {
        settings.withheld_scopes.clear();
        settings.per_second = Some(0);
    });
    assert_eq!(code().await, "rate_limited");
    world.settings(|settings| settings.per_second = None);
    for (fault, expected) in [
        (
            Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
            "server_error",
        ),
        (
            Fault::status(StatusCode::UNPROCESSABLE_ENTITY),
            "invalid_request",
        ),
        (Fault::WrongJson, "malformed_answer"),
        (Fault::WrongShape, "malformed_answer"),
    ] {
        world
            .simulator
            .add_fault(FaultRule::once("/api/v1/", fault));
        assert_eq!(code().await, expected);
    }
    world.simulator.add_fault(FaultRule::once(
        "/api/v1/",
        Fault::LoneSurrogate {
            record: 1,
            field: Some("full_name".to_owned()),
        },
    ));
    let page = send(&world, client.employees(None).unwrap()).await.unwrap();
    assert_eq!(page.rejected.len(), 1);
    world.provider().withdraw_grants();
    assert_eq!(code().await, "unauthorized");
    let gone = client_at(&world, "6f0d4b1e-8a1c-4a77-9c43-0f6f2f6a9999");
    let gone = send(&world, gone.employees(None).unwrap()).await;
    assert_eq!(gone.unwrap_err().code(), "not_found");
}
