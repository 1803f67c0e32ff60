//! What a bad request is told.

use api::routes::{Access, Operation, Parameter, ParameterForm, ROUTES, is_compatible};
use http::{Method, StatusCode};
use runtime::Limits;
use serde_json::{Value, json};
use simulators::seven_shifts::demo_data;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whole_system::{App, INTERNAL_TOKEN, LAKESHORE, OPERATOR_KEY, Settings};

use super::{EPOCH, NO_ID, fields, method, path, problem, protected, raw};

const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
];

#[tokio::test(start_paused = true)]
async fn a_path_takes_its_methods_and_tells_which() {
    let app = App::simulate(51, EPOCH).await;
    for route in ROUTES {
        let taken: Vec<_> = ROUTES
            .iter()
            .filter(|other| other.path == route.path)
            .flat_map(|other| match other.method {
                "GET" => vec!["GET", "HEAD"],
                method => vec![method],
            })
            .collect();
        for other in METHODS
            .iter()
            .filter(|method| !taken.contains(&method.as_str()))
        {
            let path = path(route, NO_ID);
            let answer = app.request(other.clone(), &path, OPERATOR_KEY, None).await;
            assert_eq!(answer.status, 405, "{other} {path}");
            if other != Method::HEAD {
                problem(&answer, 405, "method-not-allowed");
            }
            assert_eq!(answer.headers["allow"], taken.join(", "), "{other} {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_start_page_lists_every_route_that_a_caller_may_find() {
    let app = App::simulate(59, EPOCH).await;
    let page = app.get("/", "").await.expect(StatusCode::OK);
    assert_eq!(page["name"], "Patchbay");
    let listed = page["routes"].as_array().unwrap();
    let known: Vec<_> = ROUTES
        .iter()
        .filter(|route| route.access != Access::Internal)
        .map(|route| json!({"method": route.method, "path": route.path, "summary": route.summary}))
        .collect();
    assert_eq!(*listed, known);
    assert!(!page.to_string().contains("/internal/"));
    // Each is where the page says: not the answer of a path that is not there.
    for route in listed {
        let path = route["path"].as_str().unwrap().replace("{id}", NO_ID);
        let method = route["method"].as_str().unwrap().parse().unwrap();
        let answer = app.request(method, &path, "", None).await;
        let expected: &[u16] = if path.starts_with("/hooks/") {
            // Who is told no path has none to call.
            &[404]
        } else if path.ends_with("/webhook-receiver") || path.starts_with("/auth/") {
            &[400]
        } else {
            &[200, 401]
        };
        assert!(expected.contains(&answer.status.as_u16()), "{route}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_not_there_is_404_and_a_trailing_slash_does_not_matter() {
    let app = App::simulate(52, EPOCH).await;
    let organization = app.organization("Paths", "America/Toronto").await;
    for path in [
        "/nothing",
        "/api",
        "/api/nothing",
        "/api/connectors/x/y/z",
        "/api/api-keys/x/y",
        "/api/organizations/x/y",
        "/functions/v1/other",
        "/internal/other",
        "/health/x",
    ] {
        problem(&app.get(path, &organization.key).await, 404, "not-found");
    }
    for path in [
        "/health/",
        "/api/shifts/",
        "/api/shifts/?limit=1",
        "/api/connectors/",
        "/openapi.json/",
    ] {
        app.get(path, &organization.key)
            .await
            .expect(StatusCode::OK);
    }
    let call = json!({"action": "no"});
    let answer = app
        .post("/functions/v1/7shifts-proxy/", &organization.key, call)
        .await;
    assert_eq!(answer.json()["code"], "UNKNOWN_ACTION");
    for route in protected().filter(|route| route.path.contains("{id}")) {
        for id in [
            "7",
            "not-an-id",
            "0190f3a000007000800000000000000",
            "%FF",
            "*",
        ] {
            let answer = app
                .request(method(route), &path(route, id), OPERATOR_KEY, None)
                .await;
            let status = answer.status.as_u16();
            // The operator has to name an organization first, where the id is not one.
            assert!(
                [400, 404].contains(&status),
                "{} {id}: {status}",
                route.path
            );
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_small_json_of_the_right_type_or_is_refused() {
    let app = App::simulate(53, EPOCH).await;
    let (organization, connector_id) = app.synced("Bodies", LAKESHORE).await;
    let location = app.all("/api/locations", &organization.key).await.remove(0);
    let location_id = location["id"].as_str().unwrap().to_owned();
    let webhook = json!({"name": "Bodies", "scheme": "standard"});
    let webhook = app.post("/api/webhooks", &organization.key, webhook).await;
    let webhook = webhook.expect(StatusCode::CREATED);
    let webhook_id = webhook["id"].as_str().unwrap().to_owned();
    let sent = crate::inbox::send(&app, &webhook, "m-1", "{}").await;
    let sent = sent.expect(StatusCode::OK);
    let event_id = sent["event_id"].as_str().unwrap().to_owned();
    let rules = app.all("/api/automation-rules", &organization.key).await;
    let rule_id = rules[0]["id"].as_str().unwrap().to_owned();
    let endpoint = json!({"name": "Bodies", "url": "https://receiver.example.com/hook"});
    let endpoint = app.post("/api/outgoing-webhooks", &organization.key, endpoint);
    let endpoint = endpoint.await.expect(StatusCode::CREATED);
    let endpoint_id = endpoint["id"].as_str().unwrap().to_owned();
    let keys = app.all("/api/api-keys", &organization.key).await;
    let key_id = keys[0]["id"].as_str().unwrap().to_owned();
    for route in protected().filter(|route| route.body.is_some()) {
        let id = if route.path.starts_with("/api/connectors") {
            &connector_id
        } else if route.path.starts_with("/api/webhooks") {
            &webhook_id
        } else if route.path.starts_with("/api/webhook-events") {
            &event_id
        } else if route.path.starts_with("/api/automation-rules") {
            &rule_id
        } else if route.path.starts_with("/api/outgoing-webhooks") {
            &endpoint_id
        } else if route.path.starts_with("/api/api-keys") {
            &key_id
        } else if route.path.starts_with("/api/location-mappings") {
            &location_id
        } else {
            &organization.id
        };
        let key = if route.path.starts_with("/api/organizations") {
            OPERATOR_KEY
        } else {
            &organization.key
        };
        let authorization = format!("Bearer {key}");
        let path = path(route, id);
        let send = async |content_type: &str, body: Vec<u8>| {
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", content_type),
            ];
            raw(&app, method(route), &path, &headers, body).await
        };
        let deep = format!("{{\"name\":{}", "[".repeat(50_000));
        for (what, body) in [
            ("nothing", Vec::new()),
            ("half", b"{\"name\":".to_vec()),
            ("two", b"{}{}".to_vec()),
            ("no JSON", b"name=x".to_vec()),
            ("invalid UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
            ("a lone surrogate", br#"{"name":"\ud800"}"#.to_vec()),
            ("too deep", deep.into_bytes()),
            ("a field twice", br#"{"name":"a","name":"b"}"#.to_vec()),
            ("an array", b"[]".to_vec()),
            ("null", b"null".to_vec()),
            ("a number", b"7".to_vec()),
            ("a text", b"\"x\"".to_vec()),
        ] {
            // Nothing is sent for all that is usual.
            let needs_none = [
                Operation::SyncIntegration,
                Operation::RotateWebhookSecret,
                Operation::RotateOutgoingWebhookSecret,
                Operation::RotateApiKey,
                Operation::ReplayWebhookEvent,
                Operation::RunAttendanceNow,
                Operation::RerunAllocation,
            ];
            if body.is_empty() && needs_none.contains(&route.operation) {
                continue;
            }
            let answer = send("application/json", body).await;
            assert_eq!(answer.status, 400, "{what} to {path}: {:?}", answer.body);
            problem(&answer, 400, "invalid-request");
        }
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
        ] {
            let answer = send(content_type, b"{}".to_vec()).await;
            if route.access == Access::Caller {
                // The replaced system knows 400 only.
                problem(&answer, 400, "unsupported-media-type");
            } else {
                problem(&answer, 415, "unsupported-media-type");
            }
        }
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(256 * 1024));
        problem(
            &send("application/json", large.into_bytes()).await,
            413,
            "payload-too-large",
        );
        for (length, status, kind) in [
            ("262145", 413, "payload-too-large"),
            ("99", 400, "invalid-request"),
        ] {
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "application/json"),
                ("content-length", length),
            ];
            let answer = raw(&app, method(route), &path, &headers, "{}").await;
            problem(&answer, status, kind);
        }
    }
    // As deep as can be where nobody looks at it.
    for depth in [100, 50_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body = format!(r#"{{"action":"health_check","ignored":{open}{close}}}"#);
        let authorization = format!("Bearer {}", organization.key);
        let headers = [("authorization", authorization.as_str())];
        let path = "/functions/v1/7shifts-proxy";
        let answer = raw(&app, Method::POST, path, &headers, body).await;
        assert!(
            [200, 400].contains(&answer.status.as_u16()),
            "{depth} deep: {}",
            answer.status
        );
    }
    // One that is refused for its size is refused before anybody looks at who sent it; the others
    // did nothing.
    let shown = super::connector(&app, &organization, &connector_id).await;
    assert_eq!(shown["state"], "active");
    assert_eq!(app.all("/api/organizations", OPERATOR_KEY).await.len(), 1);
}

/// Over a socket, because only there a body can come without saying how long it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_cut_off_at_its_limit_whether_it_tells_its_length_or_not() {
    let app = App::start().await;
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let answer = async |framing: &str, body: &str| {
        let mut socket = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let head = format!(
            "POST /api/organizations HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\nauthorization: Bearer {OPERATOR_KEY}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n{body}"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let limit = 256 * 1024;
    let chunk = |size: usize| format!("{size:x}\r\n{}\r\n", " ".repeat(size));
    // Its end need not come: what is announced is enough to refuse it, once the host has taken what
    // it takes before any component is asked.
    let announced = answer(
        &format!("content-length: {}", limit * 2),
        &" ".repeat(limit + 1),
    )
    .await;
    // What never ends is refused as soon as it is too much.
    let endless = chunk(1024).repeat(limit / 1024) + &chunk(1);
    let endless = answer("transfer-encoding: chunked", &endless).await;
    for refused in [announced, endless] {
        assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
        assert!(
            refused.contains("urn:patchbay:problem:payload-too-large"),
            "{refused}"
        );
    }
    // Exactly at the limit it is read, and understood.
    let json = r#"{"name":"Full","time_zone":"UTC"}"#;
    let full = format!("{json}{}", " ".repeat(limit - json.len()));
    let full = format!("{:x}\r\n{full}\r\n0\r\n\r\n", full.len());
    let full = answer("transfer-encoding: chunked", &full).await;
    assert!(full.starts_with("HTTP/1.1 201 "), "{full}");
    assert_eq!(app.all("/api/organizations", OPERATOR_KEY).await.len(), 1);
}

/// Over a socket: what leaves out the content of the answer is the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_request_is_answered_as_its_get_without_the_content() {
    let app = App::start().await;
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let answer = async |method: &str, path: &str| {
        let mut socket = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\nauthorization: Bearer {OPERATOR_KEY}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), content.to_owned())
    };
    for (path, status) in [
        ("/health", 200),
        ("/openapi.json", 200),
        ("/api/organizations", 200),
        ("/api/no-such-route", 404),
    ] {
        let (head, content) = answer("HEAD", path).await;
        let (_, read) = answer("GET", path).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(content, "", "{path}");
        // `/health` tells the time, and a problem its request.
        if path == "/openapi.json" {
            let length = format!("content-length: {}\r\n", read.len());
            assert!(format!("{head}\r\n").contains(&length), "{head}");
        }
    }
}

/// A client that is gone before it has sent everything has asked for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_does_nothing() {
    // What a host keeps back whole it refuses by itself; here the function sees the beginning.
    let settings = Settings {
        limits: Limits {
            buffered_request: 8,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let app = App::start_with(settings, demo_data(1, EPOCH)).await;
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let json = r#"{"name":"Half","time_zone":"UTC"}"#;
    for framing in [
        format!(
            "transfer-encoding: chunked\r\n\r\n{:x}\r\n{json}\r\n",
            json.len()
        ),
        format!("content-length: {}\r\n\r\n{json}", json.len() + 1),
    ] {
        let mut socket = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let head = format!(
            "POST /api/organizations HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\nauthorization: Bearer {OPERATOR_KEY}\r\ncontent-type: application/json\r\n{framing}"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // The host may answer or hang up.
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(app.all("/api/organizations", OPERATOR_KEY).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_field_that_is_wrong_is_named() {
    let app = App::simulate(54, EPOCH).await;
    let organization = app.organization("Fields", "America/Toronto").await;
    let long = "x".repeat(201);
    let organizations = "/api/organizations".to_owned();
    let organization_path = format!("/api/organizations/{}", organization.id);
    let keys = "/api/api-keys".to_owned();
    let stores = "/api/stores".to_owned();
    let product_refs = "/api/product-refs".to_owned();
    let store = format!("/api/stores/{NO_ID}");
    let post = Method::POST;
    let patch = Method::PATCH;
    let put = Method::PUT;
    let cases: Vec<(&Method, &str, Value, &[&str])> = vec![
        (
            &post,
            &organizations,
            json!({"time_zone": "UTC"}),
            &["/name"],
        ),
        (&post, &organizations, json!({"name": "a"}), &["/time_zone"]),
        (
            &post,
            &organizations,
            json!({"name": null, "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": 7, "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "", "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "   ", "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a\u{0}b", "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": long, "time_zone": "UTC"}),
            &["/name"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a", "time_zone": "Toronto"}),
            &["/time_zone"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a", "time_zone": "+02:00"}),
            &["/time_zone"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a", "time_zone": "../etc/passwd"}),
            &["/time_zone"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "", "time_zone": ""}),
            &["/name", "/time_zone"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a", "time_zone": "UTC", "timezone": "UTC"}),
            &["/timezone"],
        ),
        (
            &post,
            &organizations,
            json!({"name": "a", "time_zone": "UTC", "id": NO_ID}),
            &["/id"],
        ),
        (&patch, &organization_path, json!({"name": ""}), &["/name"]),
        (
            &patch,
            &organization_path,
            json!({"name": null}),
            &["/name"],
        ),
        (
            &patch,
            &organization_path,
            json!({"time_off_categories": null}),
            &["/time_off_categories"],
        ),
        // Members without their names.
        (
            &put,
            &stores,
            json!({"stores": [{"name": "a", "product_ref": "1"}, ["b", "2"]]}),
            &["/stores/1"],
        ),
        (
            &put,
            &product_refs,
            json!({"people": [["1", null, null, "user-1"]]}),
            &["/people/0"],
        ),
        (
            &patch,
            &store,
            json!({"name": null, "product_ref": "2"}),
            &["/name"],
        ),
        (
            &patch,
            &organization_path,
            json!({"name": ["a"]}),
            &["/name"],
        ),
        (
            &patch,
            &organization_path,
            json!({"time_zone": "Mars/Base"}),
            &["/time_zone"],
        ),
        (
            &patch,
            &organization_path,
            json!({"state": "purging"}),
            &["/state"],
        ),
        (&post, &keys, json!({"role": "member"}), &["/name"]),
        (&post, &keys, json!({"name": "a"}), &["/role"]),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "member", "scopes": ["shifts:read"]}),
            &["/role"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "operator"}),
            &["/role"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "Owner"}),
            &["/role"],
        ),
        (&post, &keys, json!({"name": "a", "role": 1}), &["/role"]),
        (
            &post,
            &keys,
            json!({"name": "a", "scopes": []}),
            &["/scopes"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "scopes": ["shifts:read", "all"]}),
            &["/scopes/1"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "scopes": [1]}),
            &["/scopes/0"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "member", "networks": []}),
            &["/networks"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "member", "networks": ["10.0.0.0/33"]}),
            &["/networks"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "member", "expires_at": "tomorrow"}),
            &["/expires_at"],
        ),
        (
            &post,
            &keys,
            json!({"name": "a", "role": "member", "expires_at": "2020-01-01T00:00:00Z"}),
            &["/expires_at"],
        ),
        (
            &post,
            &keys,
            json!({"name": long, "role": "x", "networks": ["x"], "expires_at": ""}),
            &["/name", "/role", "/networks", "/expires_at"],
        ),
    ];
    for (method, path, body, expected) in cases {
        let key = if path != organizations && path != organization_path {
            &organization.key
        } else {
            OPERATOR_KEY
        };
        let answer = app
            .request(method.clone(), path, key, Some(body.clone()))
            .await;
        assert_eq!(answer.status, 400, "{path} took {body}");
        assert_eq!(fields(&answer), expected, "{path} {body}");
    }
    for key in ["", " ", &"k".repeat(256), "with blank", "ümlaut"] {
        let authorization = format!("Bearer {OPERATOR_KEY}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", key),
        ];
        let body = json!({"name": "a", "time_zone": "UTC"}).to_string();
        let answer = raw(&app, Method::POST, "/api/organizations", &headers, body).await;
        assert_eq!(fields(&answer), ["Idempotency-Key"], "{key:.20}");
    }
    assert_eq!(app.all("/api/organizations", OPERATOR_KEY).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_parameter_of_every_list_is_checked_and_named() {
    let app = App::simulate(55, EPOCH).await;
    let organization = app.organization("Parameters", "America/Toronto").await;
    // Shift checks take no store that is not there.
    let stores = json!({"stores": [{"product_ref": "x", "name": "X"}]});
    app.request(Method::PUT, "/api/stores", &organization.key, Some(stores))
        .await
        .expect(StatusCode::OK);
    for route in protected().filter(|route| route.method == "GET" && !route.query.is_empty()) {
        let bare = path(route, &organization.id);
        let key = if route.path.contains("/export") {
            OPERATOR_KEY
        } else {
            &organization.key
        };
        // With what the route cannot do without, unless it is what is tried.
        let get = async |query: &str| {
            let needed = route.query.iter().filter(|parameter| {
                let given = format!("{}=", parameter.name);
                parameter.is_required && !query.starts_with(&given)
            });
            let needed: String = needed
                .map(|parameter| {
                    format!("&{}={}", parameter.name, good(parameter, &organization.id))
                })
                .collect();
            app.get(&format!("{bare}?{query}{needed}"), key).await
        };
        let is_lenient = is_compatible(route.path) && !is_shift_check(route.path);
        if is_lenient {
            // What its callers add against caches is passed over, as it was.
            assert_eq!(get("_=1").await.status, get("").await.status, "{bare}");
        } else {
            assert_eq!(fields(&get("nonsense=1").await), ["nonsense"], "{bare}");
            assert_eq!(fields(&get("Limit=1&%00=2").await).len(), 2, "{bare}");
        }
        for parameter in route.query {
            let name = parameter.name;
            let bad: &[&str] = match parameter.form {
                ParameterForm::Text if name == "cursor" => &[
                    "",
                    "x",
                    "bnVsbA",
                    "%FF",
                    "e30",
                    "eyJxIjoiIiwiayI6MSwiaSI6IiJ9",
                ],
                ParameterForm::Text => &[""],
                ParameterForm::Email => &["", "x", "@x", "a%20b@x", "a@x%00"],
                ParameterForm::Id => &[
                    "",
                    "7",
                    "%27%20OR%201=1--",
                    "0190f3a0-0000-7000-8000-00000000000g",
                ],
                ParameterForm::Time => &[
                    "",
                    "yesterday",
                    "1790000000",
                    "2026-03-14",
                    "2026-13-01T00:00:00Z",
                    "1800-01-01T00:00:00Z",
                ],
                ParameterForm::Date => &["", "today", "2026-13-01", "2026-02-30", "20260314"],
                ParameterForm::DateOrTime => &["", "yesterday", "2026-02-30", "1790000000"],
                ParameterForm::Boolean => &["", "yes", "TRUE", "2"],
                ParameterForm::Number => &["", "-1", "1.5", "x", "9223372036854775808"],
                ParameterForm::Limit => {
                    &["", "0", "501", "-1", "ten", "1.5", "99999999999999999999"]
                }
                ParameterForm::OneOf(_) => &["", "nothing", "%00"],
            };
            // The older API takes these as its callers send them.
            let is_taken = |value: &str| is_lenient && ["", "TRUE"].contains(&value);
            for value in bad.iter().filter(|value| !is_taken(value)) {
                let answer = get(&format!("{name}={value}")).await;
                assert_eq!(fields(&answer), [name], "{bare}?{name}={value}");
            }
            let good = good(parameter, &organization.id);
            let twice = get(&format!("{name}={good}&{name}={good}")).await;
            assert!(
                fields(&twice).contains(&name.to_owned()),
                "{bare} twice {name}"
            );
            if name != "cursor" && !route.path.contains("{id}") {
                let answer = get(&format!("{name}={good}")).await;
                // Without an account some have nothing to list, whatever is asked for.
                if api::routes::is_compatible(route.path) && answer.status == 400 {
                    assert!(fields(&answer).is_empty(), "{bare}?{name}={good}");
                } else if route.path == "/api/costing/daily" && name == "location_id" {
                    // There is no such location, and no role of any name.
                    assert_eq!(fields(&answer), [name]);
                } else if route.path == "/api/costing/daily" && name == "role" {
                    problem(&answer, 422, "unknown-role");
                } else if route.function == "employment-hero" && answer.status == 404 {
                    // There is no such connector, or nobody with that mail.
                    problem(&answer, 404, "not-found");
                } else if route.function == "availability" {
                    // There is no account of the CRM.
                    let (status, kind) = match name {
                        "connector" => (404, "not-found"),
                        _ => (409, "conflict"),
                    };
                    problem(&answer, status, kind);
                } else {
                    answer.expect(StatusCode::OK);
                }
            }
        }
    }
}

/// The routes among those of the older API that it did not have.
fn is_shift_check(path: &str) -> bool {
    path.ends_with("/should-send") || path.ends_with("/on-shift")
}

/// A value that the parameter takes.
fn good(parameter: &Parameter, id: &str) -> String {
    match parameter.form {
        ParameterForm::Id => id.to_owned(),
        ParameterForm::Time => "2026-03-14T22:00:00%2B01:00".to_owned(),
        ParameterForm::Date | ParameterForm::DateOrTime => "2026-03-14".to_owned(),
        ParameterForm::Boolean => "true".to_owned(),
        ParameterForm::Limit | ParameterForm::Number => "7".to_owned(),
        ParameterForm::OneOf(values) => values[0].to_owned(),
        ParameterForm::Text => "x".to_owned(),
        ParameterForm::Email => "a@x".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_goes_with_the_list_and_the_filters_that_it_came_from() {
    let app = App::simulate(56, EPOCH).await;
    let (organization, _) = app.synced("Cursors", LAKESHORE).await;
    let page = app
        .get("/api/shifts?limit=2&is_open=false", &organization.key)
        .await
        .json();
    let cursor = page["next_cursor"].as_str().unwrap();
    for path in [
        "/api/time-punches?limit=2",
        "/api/shifts?limit=2",
        "/api/shifts?limit=2&is_open=true",
        "/api/shifts?limit=2&is_open=false&include_deleted=true",
        "/api/sync-runs?limit=2",
        "/api/connectors?limit=2",
        "/api/api-keys?limit=2",
        "/api/organizations?limit=2",
    ] {
        let answer = app
            .get(&format!("{path}&cursor={cursor}"), &organization.key)
            .await;
        assert_eq!(fields(&answer), ["cursor"], "{path}");
    }
    // Another page size is the same list.
    app.get(
        &format!("/api/shifts?is_open=false&limit=9&cursor={cursor}"),
        &organization.key,
    )
    .await
    .expect(StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_id_comes_back_and_another_is_replaced() {
    let app = App::simulate(57, EPOCH).await;
    for path in ["/", "/api/shifts", "/nothing"] {
        for (given, comes_back) in [
            ("abcd-1234_XYZ", true),
            ("short", false),
            ("with blank in it", false),
            ("quote\"quote\"", false),
            (&"x".repeat(65), false),
        ] {
            let answer = raw(&app, Method::GET, path, &[("x-request-id", given)], "").await;
            let id = answer.headers["x-request-id"].to_str().unwrap();
            assert_eq!(id == given, comes_back, "{path}: {given} became {id}");
            assert!(id.len() >= 8);
        }
    }
    let (one, other) = (app.get("/", "").await, app.get("/", "").await);
    assert_ne!(one.headers["x-request-id"], other.headers["x-request-id"]);
    for name in ["cache-control", "x-content-type-options", "content-length"] {
        assert!(one.headers.contains_key(name), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn internal_calls_are_checked_like_any_others() {
    let app = App::simulate(58, EPOCH).await;
    let path = "/internal/seven-shifts-sync/run";
    for body in [json!({}), json!([]), json!(null), json!({"job_id": 7})] {
        let answer = app.post(path, INTERNAL_TOKEN, body).await;
        problem(&answer, 400, "invalid-request");
    }
}
