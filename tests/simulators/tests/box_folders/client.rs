//! Our own client against the simulator: from the configuration file to a folder that is adopted.

use std::cell::Cell;

use bytes::Bytes;
use domain::client_folder::{
    Attempt, Contact, Existing, FolderName, Mark, Verdict, Wanted, client_name, free_name, judge,
};
use http::Request;
use proptest::prelude::*;
use providers::Secret;
use providers::box_folders::{
    AccessToken, AppConfig, Assertion, BoxFailure, Call, Class, Client, Folder, FolderChange, Id,
    MetadataTemplate, Role, Subject, TokenCall, TokenFailure, TokenFailureClass, with_login,
};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, json};
use simulators::box_folders::{
    CLIENT_ID, CLIENTS, Change, OPS_LOGIN, OPS_USER, SERVICE_ACCOUNT, ScriptedFailure, TEMPLATE,
};
use simulators::{ErrorShape, Fault, FaultRule, RetryAfter};

use crate::support::{NOW, World};

const BASE_URL: &str = "http://simulator";

struct App {
    world: World,
    config: AppConfig,
    nonces: Cell<u64>,
}

impl App {
    fn new() -> Self {
        let world = World::demo();
        let config = AppConfig::parse(&world.provider().config(CLIENT_ID).unwrap()).unwrap();
        Self {
            world,
            config,
            nonces: Cell::new(0),
        }
    }

    async fn token_at(&self, now: i64) -> Result<AccessToken, TokenFailure> {
        self.nonces.set(self.nonces.get() + 1);
        self.token_with_nonce(now, self.nonces.get()).await
    }

    async fn token_with_nonce(&self, now: i64, nonce: u64) -> Result<AccessToken, TokenFailure> {
        let key = self.config.signing_key().unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(nonce);
        let subject = Subject::ServiceAccount;
        let assertion = Assertion::sign(&self.config, &key, &subject, now, |bytes| {
            random.fill_bytes(bytes);
        })
        .unwrap();
        let call = TokenCall::new(BASE_URL, &self.config, &assertion).unwrap();
        let response = self
            .world
            .simulator
            .send(call.request.map(Bytes::from))
            .await
            .unwrap();
        call.reply.read(&response, now)
    }

    /// As the owner of the folders.
    async fn ops(&self) -> Client {
        let account = self.service_account().await;
        let users = self.send(account.users(OPS_LOGIN).unwrap()).await.unwrap();
        account.acting_as(&with_login(&users.rows, OPS_LOGIN).unwrap().id)
    }

    async fn service_account(&self) -> Client {
        let token = self.token_at(NOW).await.unwrap();
        Client::new(BASE_URL, token.token).unwrap()
    }

    async fn send<T>(&self, call: Call<T>) -> Result<T, BoxFailure> {
        let request: Request<Bytes> = call.request.map(Bytes::from);
        let response = self.world.simulator.send(request).await.unwrap();
        call.reply.read(&response, NOW)
    }

    async fn copy(&self, client: &Client, name: &FolderName) -> Result<Folder, BoxFailure> {
        let template = Id::parse(&self.world.template()).unwrap();
        let clients = Id::parse(&self.world.clients()).unwrap();
        self.send(client.copy_folder(&template, &clients, name).unwrap())
            .await
    }

    fn fail_next(&self, status: u16, code: &str, after_handling: bool) {
        self.world.change(Change::FailNext {
            method: None,
            path_suffix: String::new(),
            failure: ScriptedFailure {
                status,
                code: code.to_owned(),
                retry_after: None,
                after_handling,
            },
            times: 1,
        });
    }
}

fn name(text: &str) -> FolderName {
    FolderName::clean(text).unwrap()
}

fn existing(folder: &Folder) -> Existing<'_> {
    Existing {
        name: &folder.name,
        parent_id: folder.parent_id.as_ref().map(Id::as_str),
        description: &folder.description,
        created_at: folder.created_at,
        created_by: folder.created_by.as_ref().map(Id::as_str),
        is_active: folder.is_active,
    }
}

#[tokio::test]
async fn an_app_gets_a_token_and_acts_as_a_user() {
    let app = App::new();
    let token = app.token_at(NOW).await.unwrap();
    assert_eq!(token.expires_in_s, Some(4_123));
    let account = app.service_account().await;
    let me = app.send(account.current_user().unwrap()).await.unwrap();
    assert_eq!(me.id.as_str(), SERVICE_ACCOUNT);
    let ops = app.ops().await;
    let me = app.send(ops.current_user().unwrap()).await.unwrap();
    assert_eq!(
        (me.id.as_str(), me.login.as_deref()),
        (OPS_USER, Some(OPS_LOGIN))
    );
    let own_id = Id::parse(SERVICE_ACCOUNT).unwrap();
    let failure = app
        .send(account.acting_as(&own_id).current_user().unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Refused);
    app.world.change(Change::ExpireTokens);
    let failure = app.send(ops.current_user().unwrap()).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::NewToken, "http_401")
    );
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_set_by_the_servers_date() {
    let app = App::new();
    for skew in [-3_600, -31, 31, 3_600] {
        let failure = app.token_at(NOW + skew).await.unwrap_err();
        let server_time = Some(NOW);
        assert_eq!(
            failure.class,
            TokenFailureClass::SignAnew { server_time },
            "{skew}"
        );
        app.token_at(NOW).await.unwrap();
    }
    for skew in [-29, 30] {
        app.token_at(NOW + skew).await.unwrap();
    }
    app.token_with_nonce(NOW, 200).await.unwrap();
    let failure = app.token_with_nonce(NOW, 200).await.unwrap_err();
    assert!(matches!(failure.class, TokenFailureClass::SignAnew { .. }));
}

#[tokio::test]
async fn what_only_a_person_can_repair_is_told_apart() {
    let app = App::new();
    app.world.change(Change::AuthorizeApp {
        client_id: CLIENT_ID.to_owned(),
        is_authorized: false,
    });
    let failure = app.token_at(NOW).await.unwrap_err();
    assert_eq!(failure.class, TokenFailureClass::Configuration);
    assert!(failure.to_string().contains("administrator"), "{failure}");
    app.world.change(Change::ReplaceSecret {
        client_id: CLIENT_ID.to_owned(),
        client_secret: "another".to_owned(),
    });
    let failure = app.token_at(NOW).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (TokenFailureClass::Configuration, "invalid_client")
    );
    app.world.simulator.add_fault(FaultRule::once(
        "/oauth2",
        Fault::too_many_requests(Some(9)),
    ));
    let failure = app.token_at(NOW).await.unwrap_err();
    assert_eq!(failure.class, TokenFailureClass::Retry);
    assert_eq!(failure.retry_after.unwrap().as_secs(), 9);
}

#[tokio::test]
async fn a_client_gets_a_folder_with_a_mark() {
    let app = App::new();
    let ops = app.ops().await;
    let contacts = [
        Contact {
            first_name: "Sam",
            last_name: "Lee",
            email: "",
        },
        Contact {
            first_name: "Kim",
            last_name: "Lee",
            email: "",
        },
    ];
    let name = client_name(None, &contacts, "9001");
    let folder = app.copy(&ops, &name).await.unwrap();
    assert_eq!(folder.name, "Sam & Kim Lee");
    assert_eq!(folder.path, [CLIENTS]);
    assert_eq!(folder.created_by.as_ref().map(Id::as_str), Some(OPS_USER));
    let mark = Mark::new("77", "9001", Some("501")).unwrap();
    let change = FolderChange {
        description: Some(&mark.write_into(&folder.description)),
        if_etag: folder.etag.as_deref(),
        ..FolderChange::default()
    };
    let marked = app
        .send(ops.update_folder(&folder.id, change).unwrap())
        .await
        .unwrap();
    assert_eq!(Mark::find(&marked.description), Some(mark.clone()));
    // The same etag again: somebody has changed it since.
    let failure = app
        .send(ops.update_folder(&folder.id, change).unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Changed);

    // A second call for the deal finds it in its way, and takes it.
    let failure = app.copy(&ops, &name).await.unwrap_err();
    assert_eq!(failure.class, Class::NameInUse);
    assert!(!failure.may_have_happened);
    let found = app
        .send(ops.folder(&failure.conflicts[0].id).unwrap())
        .await
        .unwrap();
    let clients = app.world.clients();
    let mut wanted = Wanted {
        name: name.as_str(),
        parent_id: &clients,
        mark: &mark,
        attempt: None,
    };
    assert_eq!(judge(&wanted, &existing(&found)), Verdict::Ours);
    // Another client of that name gets another folder.
    let other = Mark::new("77", "9002", Some("502")).unwrap();
    wanted.mark = &other;
    assert_eq!(judge(&wanted, &existing(&found)), Verdict::Foreign);
    let page = app
        .send(ops.items(&Id::parse(&clients).unwrap(), None).unwrap())
        .await
        .unwrap();
    let taken = page.rows.iter().map(|item| item.name.as_str());
    let free = free_name(&name, taken).unwrap();
    assert_eq!(
        app.copy(&ops, &free).await.unwrap().name,
        "Sam & Kim Lee (2)"
    );
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_found_and_taken() {
    let app = App::new();
    let ops = app.ops().await;
    let name = name("Sam Lee");
    app.fail_next(503, "unavailable", true);
    let lost = app.copy(&ops, &name).await.unwrap_err();
    assert_eq!(lost.class, Class::Later);
    assert!(lost.may_have_happened);
    let in_the_way = app.copy(&ops, &name).await.unwrap_err();
    let found = app
        .send(ops.folder(&in_the_way.conflicts[0].id).unwrap())
        .await
        .unwrap();
    let mark = Mark::new("77", "9001", None).unwrap();
    let clients = app.world.clients();
    let attempt = Some(Attempt {
        since: NOW,
        user_id: OPS_USER,
    });
    let mut wanted = Wanted {
        name: name.as_str(),
        parent_id: &clients,
        mark: &mark,
        attempt,
    };
    assert_eq!(judge(&wanted, &existing(&found)), Verdict::Unmarked);
    wanted.attempt = None;
    assert_eq!(judge(&wanted, &existing(&found)), Verdict::Foreign);
}

#[tokio::test]
async fn locks_and_reservations_are_waited_for() {
    let app = App::new();
    let ops = app.ops().await;
    app.world
        .provider()
        .change_settings(|settings| settings.copy_ms = 1_000);
    app.copy(&ops, &name("Sam Lee")).await.unwrap();
    let blocked = app.copy(&ops, &name("Kim Park")).await.unwrap_err();
    assert_eq!(
        (blocked.class, blocked.may_have_happened),
        (Class::WaitAndLook, false)
    );
    app.world.clock.advance_ms(1_000);
    app.fail_next(409, "name_temporarily_reserved", false);
    let reserved = app.copy(&ops, &name("Kim Park")).await.unwrap_err();
    assert_eq!(
        (reserved.class, reserved.may_have_happened),
        (Class::WaitAndLook, true)
    );
    app.copy(&ops, &name("Kim Park")).await.unwrap();
}

#[tokio::test]
async fn failures_are_told_apart() {
    let app = App::new();
    let ops = app.ops().await;
    let clients = Id::parse(&app.world.clients()).unwrap();
    let account = app.service_account().await;
    let hidden = app
        .send(account.folder(&clients).unwrap())
        .await
        .unwrap_err();
    assert_eq!(hidden.class, Class::MissingOrNoAccess);
    app.world.simulator.add_fault(FaultRule::once(
        "/2.0",
        Fault::Status {
            status: 429,
            retry_after: Some(RetryAfter::Seconds(17)),
            shape: ErrorShape::Native,
            detail: None,
        },
    ));
    let limited = app.send(ops.folder(&clients).unwrap()).await.unwrap_err();
    assert_eq!(
        (limited.class, limited.code.as_str()),
        (Class::Later, "rate_limit_exceeded")
    );
    assert_eq!(limited.retry_after.unwrap().as_secs(), 17);
    for fault in [Fault::WrongJson, Fault::WrongShape] {
        app.world
            .simulator
            .add_fault(FaultRule::once("/2.0", fault));
        let failure = app.copy(&ops, &name("Sam Lee")).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.may_have_happened),
            ("unreadable_answer", true)
        );
        let item = app.world.id("1. Active Clients/Sam Lee");
        app.world.change(Change::Trash { item });
    }
}

#[tokio::test]
async fn pages_lead_to_the_end() {
    let app = App::new();
    let ops = app.ops().await;
    for number in 0..1_005 {
        app.world.change(Change::AddFolder {
            name: format!("client {number:04}"),
            parent: Some(app.world.id(CLIENTS)),
            user: OPS_USER.to_owned(),
        });
    }
    let clients = Id::parse(&app.world.clients()).unwrap();
    let first = app.send(ops.items(&clients, None).unwrap()).await.unwrap();
    assert_eq!(first.rows.len(), 1_000);
    let rest = app
        .send(ops.items(&clients, first.next.as_deref()).unwrap())
        .await
        .unwrap();
    assert_eq!((rest.rows.len(), rest.next), (6, None));
    // Paths are resolved by name from the top.
    let top = app
        .send(ops.items(&Id::root(), None).unwrap())
        .await
        .unwrap();
    let template = top.rows.iter().find(|item| item.name == TEMPLATE).unwrap();
    assert_eq!(template.id.as_str(), app.world.template());
}

#[tokio::test]
async fn metadata_and_invitations_work_where_they_are_wanted() {
    let app = App::new();
    let ops = app.ops().await;
    let folder = app.copy(&ops, &name("Sam Lee")).await.unwrap();
    let template = MetadataTemplate::parse("enterprise_27335.clientFolder").unwrap();
    let values = Map::from_iter([("dealId".to_owned(), json!("9001"))]);
    let create = || ops.create_metadata(&folder.id, &template, &values).unwrap();
    app.send(create()).await.unwrap();
    assert_eq!(
        app.send(create()).await.unwrap_err().class,
        Class::AlreadyThere
    );
    app.send(ops.update_metadata(&folder.id, &template, &values).unwrap())
        .await
        .unwrap();
    let found = app
        .send(
            ops.find_by_metadata(&template, "dealId", "9001", &Id::root())
                .unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(found.rows[0].id, folder.id);
    let share = || {
        ops.share(&folder.id, "mara.quist@harbour.example", Role::Viewer)
            .unwrap()
    };
    app.send(share()).await.unwrap();
    assert_eq!(
        app.send(share()).await.unwrap_err().class,
        Class::AlreadyThere
    );
    let made = app
        .send(ops.create_folder(&folder.id, &name("Extra")).unwrap())
        .await
        .unwrap();
    assert_eq!(made.path, [CLIENTS, "Sam Lee"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Box's rules of names, written apart from ours.
    #[test]
    fn whatever_we_call_a_folder_box_takes(
        first_name in "\\PC{0,20}|[ ./\\\\]{0,4}|[a]{250}",
        last_name in any::<String>(),
        number in 1u32..=100,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let contacts = [Contact { first_name: &first_name, last_name: &last_name, email: "" }];
        let mut name = client_name(None, &contacts, "9001");
        if number > 1 {
            name = name.numbered(number);
        }
        runtime.block_on(async {
            let world = World::demo();
            let token = world.token().await;
            let client = Client::new(BASE_URL, Secret::new(token)).unwrap().acting_as(&Id::parse(OPS_USER).unwrap());
            let parent = Id::parse(&world.clients()).unwrap();
            let call = client.create_folder(&parent, &name).unwrap();
            let response = world.simulator.send(call.request.map(Bytes::from)).await.unwrap();
            assert_eq!(call.reply.read(&response, NOW).unwrap().name, name.as_str());
        });
    }
}
