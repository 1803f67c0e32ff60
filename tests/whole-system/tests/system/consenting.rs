//! Accounts that are connected by their owner's consent: the link, the browser, the tokens.

mod connecting;
mod guarding;
mod hubspot;
mod refreshing;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::employment_hero::{CLIENT_ID, CLIENT_SECRET, HARBOUR};
use whole_system::{
    Answer, App, Organization, SIMULATED_EMPLOYMENT_HERO_ORIGIN, SIMULATED_HUBSPOT_ORIGIN,
    Settings, send_raw,
};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;
const PUBLIC_URL: &str = "https://patchbay.example.com";
const REDIRECT_URI: &str = "https://patchbay.example.com/auth/callback";
const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// With the redirect URI registered at Employment Hero.
async fn start(seed: u64) -> (App, Organization) {
    let settings = Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL)
    .variable("allowed_origins", "https://app.example.com");
    let accounts = simulators::seven_shifts::demo_data(seed, EPOCH);
    let app = App::simulate_with(settings, EPOCH, accounts).await;
    app.employment_hero.provider().change_settings(|settings| {
        settings.redirect_uris.insert(REDIRECT_URI.to_owned());
    });
    app.hubspot.provider().change_settings(|settings| {
        settings.redirect_uris.insert(REDIRECT_URI.to_owned());
    });
    let organization = app.organization("Harbour Advice", "Australia/Sydney").await;
    (app, organization)
}

/// A connector of an account whose owner has not agreed yet.
async fn connector(app: &App, organization: &Organization) -> String {
    let body = json!({
        "type": "employment_hero", "name": "People of Harbour Advice",
        "config": {"client_id": CLIENT_ID, "organisation_id": HARBOUR},
        "credentials": {"client_secret": CLIENT_SECRET},
    });
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(made["state"], "disconnected");
    assert_eq!(made["connected_at"], Value::Null);
    made["id"].as_str().unwrap().to_owned()
}

async fn read(app: &App, organization: &Organization, id: &str) -> Value {
    let path = format!("/api/connectors/{id}");
    app.get(&path, &organization.key)
        .await
        .expect(StatusCode::OK)
}

async fn ask(app: &App, organization: &Organization, id: &str, body: Value) -> Answer {
    let path = format!("/api/connectors/{id}/authorizations");
    app.post(&path, &organization.key, body).await
}

/// A link, as its owner gets it.
async fn link(app: &App, organization: &Organization, id: &str, body: Value) -> String {
    let asked = ask(app, organization, id, body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(asked["redirect_uri"], REDIRECT_URI);
    asked["url"].as_str().unwrap().to_owned()
}

/// A browser with its cookies, of which ours are all.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// Opens an address of ours.
    async fn open(&mut self, app: &App, url: &str, accept: &str) -> Answer {
        let request = Request::get(ours(url)).header("accept", accept);
        self.send(app, request).await
    }

    /// Sends the form of our page, as the page of `origin` does; programs name none.
    async fn go_on(&mut self, app: &App, link: &str, origin: Option<&str>) -> Answer {
        let mut request = Request::post(ours(link))
            .header("accept", PAGE)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        self.send(app, request).await
    }

    async fn send(&mut self, app: &App, mut request: http::request::Builder) -> Answer {
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", format!("theirs=1; {}", cookies.join("; ")));
        }
        let answer = send_raw(&app.runtime, request.body(Bytes::new()).unwrap()).await;
        self.take(&answer.headers);
        answer
    }

    fn take(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            for part in [
                "; HttpOnly",
                "; SameSite=Lax",
                "; Secure",
                "; Path=/auth/callback",
            ] {
                assert!(cookie.contains(part), "{cookie}");
            }
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// From a link to the provider, and to where that sends the browser back.
    async fn consents(&mut self, app: &App, link: &str) -> String {
        let page = self.open(app, link, PAGE).await;
        assert_eq!(page.status, StatusCode::OK, "{:?}", page.body);
        let page = String::from_utf8(page.body.to_vec()).unwrap();
        let (_, query) = link.split_once('?').unwrap();
        let form = format!("<form method=\"post\" action=\"?{query}\"><button>");
        assert!(page.contains(&form), "{page}");
        let sent = self.go_on(app, link, Some(PUBLIC_URL)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{:?}", sent.body);
        self.answers(app, location(&sent)).await
    }

    /// What the provider's page sends the browser back with.
    async fn answers(&self, app: &App, authorize: &str) -> String {
        let request = Request::get(authorize).body(Bytes::new()).unwrap();
        let is_page = |origin: &str, path: &str| authorize.starts_with(&format!("{origin}{path}?"));
        let answer = if is_page(SIMULATED_EMPLOYMENT_HERO_ORIGIN, "/oauth2/authorize") {
            app.employment_hero.send(request).await.unwrap()
        } else {
            assert!(
                is_page(SIMULATED_HUBSPOT_ORIGIN, "/oauth/authorize"),
                "{authorize}"
            );
            app.hubspot.send(request).await.unwrap()
        };
        assert_eq!(answer.status(), StatusCode::FOUND);
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

/// Without the origin, which is the runtime's own.
fn ours(url: &str) -> &str {
    url.strip_prefix(PUBLIC_URL).unwrap_or(url)
}

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

/// Connects the account of a connector as its owner does.
async fn connect(app: &App, organization: &Organization, id: &str) -> Value {
    let mut browser = Browser::default();
    let link = link(app, organization, id, json!({})).await;
    let back = browser.consents(app, &link).await;
    browser
        .open(app, &back, "application/json")
        .await
        .expect(StatusCode::OK)
}

/// The fields of what is stored for a connector.
fn stored(app: &App, id: &str) -> Vec<String> {
    let database = app.database();
    let mut statement = database
        .prepare("SELECT field FROM credentials WHERE connector_id = ?1 ORDER BY field")
        .unwrap();
    let fields = statement.query_map([id], |row| row.get(0)).unwrap();
    fields.collect::<Result<_, _>>().unwrap()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}
