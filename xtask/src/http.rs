//! A client for JSON over plain HTTP on this machine.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use ureq::http::{Method, Request, header};

const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// One origin, one credential.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    origin: String,
    token: Option<String>,
}

/// What a browser gets.
#[derive(Debug)]
pub struct Browsed {
    pub status: u16,
    location: Option<String>,
    /// As it is sent back.
    pub cookie: Option<String>,
    pub body: String,
}

impl Browsed {
    /// # Errors
    /// If the browser is sent nowhere; with what it shows.
    pub fn location(&self) -> anyhow::Result<&str> {
        let location = self.location.as_deref();
        location.with_context(|| format!("{} {}", self.status, self.body))
    }
}

impl Client {
    /// `origin` as in `http://127.0.0.1:3000`; `timeout` is for each whole call.
    pub fn new(origin: &str, timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // What runs here is never reached through a proxy.
            .proxy(None)
            .build()
            .into();
        Self {
            agent,
            origin: origin.to_owned(),
            token: None,
        }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// # Errors
    /// If there is no answer, or it is not a success; with what the problem document says.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(&Method::GET, path, None)
    }

    /// # Errors
    /// As [`Client::get`].
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(&Method::POST, path, Some(body))
    }

    /// # Errors
    /// As [`Client::get`].
    pub fn post_nothing(&self, path: &str) -> anyhow::Result<Value> {
        self.call(&Method::POST, path, None)
    }

    /// # Errors
    /// As [`Client::get`].
    pub fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(&Method::PATCH, path, Some(body))
    }

    /// Opens a URL as a browser does that stays where it is sent to another one, with the cookie that it has.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn browse(&self, url: &str, cookie: Option<&str>) -> anyhow::Result<Browsed> {
        let mut request = Request::get(url);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.browsed(url, request.body(())?)
    }

    /// Sends the form of our own page at `url`, as a browser does.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn submit(&self, url: &str) -> anyhow::Result<Browsed> {
        let request = Request::post(url).header(header::ORIGIN, &self.origin);
        self.browsed(url, request.body(())?)
    }

    fn browsed(&self, url: &str, request: Request<()>) -> anyhow::Result<Browsed> {
        let request = self
            .agent
            .configure_request(request)
            .max_redirects(0)
            .build();
        let mut response = self.agent.run(request).with_context(|| url.to_owned())?;
        let headers = response.headers();
        let header = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let cookie = header(header::SET_COOKIE);
        Ok(Browsed {
            location: header(header::LOCATION),
            // Without its attributes.
            cookie: cookie.and_then(|cookie| cookie.split(';').next().map(str::to_owned)),
            status: response.status().as_u16(),
            body: response.body_mut().read_to_string()?,
        })
    }

    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(&Method::DELETE, path, None)
    }

    /// Posts what a provider would: its own headers, and bytes as they are.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn deliver(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> anyhow::Result<Value> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.origin))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(request.body(body.to_owned())?)
    }

    fn call(&self, method: &Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.origin);
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send(request.body(body.map(Value::to_string).unwrap_or_default())?)
    }

    fn send(&self, request: Request<String>) -> anyhow::Result<Value> {
        let (method, url) = (request.method().clone(), request.uri().clone());
        let mut response = self
            .agent
            .run(request)
            .with_context(|| format!("{method} {url}"))?;
        let status = response.status();
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string()
            .with_context(|| format!("{method} {url}: the answer cannot be read"))?;
        if !status.is_success() {
            bail!("{method} {url} answered {status}: {}", problem(&text));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text)
            .with_context(|| format!("{method} {url}: the answer is not JSON"))
    }
}

/// What a problem document (RFC 9457) says to a person; anything else as it is, cut short.
fn problem(text: &str) -> String {
    const SHOWN: usize = 300;
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return text.chars().take(SHOWN).collect();
    };
    let member = |name: &str| document.get(name).and_then(Value::as_str);
    let Some(title) = member("detail").or_else(|| member("title")) else {
        return text.chars().take(SHOWN).collect();
    };
    let fields = document
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|error| {
            let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("; {} {}", part("pointer"), part("detail"))
        });
    let request = member("request_id").map(|id| format!(" (request {id})"));
    std::iter::once(title.to_owned())
        .chain(fields)
        .chain(request)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Answers one request and hands over what it received.
    fn answering(answer: &'static str) -> (Client, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let length = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..length]);
                if request.ends_with(b"}") || request.ends_with(b"\r\n\r\n") {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        (Client::new(&origin, Duration::from_secs(5)), server)
    }

    #[test]
    fn a_call_carries_token_and_body_and_returns_json() {
        let (client, server) = answering(
            "HTTP/1.1 201 Created\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{\"id\":\"a\"}",
        );
        let answer = client
            .with_token("secret")
            .post("/api/organizations", &serde_json::json!({"name": "A"}))
            .unwrap();
        assert_eq!(answer["id"], "a");
        let request = server.join().unwrap().to_lowercase();
        assert!(
            request.starts_with("post /api/organizations http/1.1"),
            "{request}"
        );
        assert!(
            request.contains("authorization: bearer secret"),
            "{request}"
        );
        assert!(
            request.contains("content-type: application/json"),
            "{request}"
        );
    }

    #[test]
    fn a_refusal_is_an_error_that_says_why() {
        let (client, server) = answering(
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 28\r\nConnection: close\r\n\r\n{\"detail\":\"No such API key\"}",
        );
        let error = client.get("/api/shifts").unwrap_err().to_string();
        server.join().unwrap();
        assert!(
            error.ends_with("/api/shifts answered 401 Unauthorized: No such API key"),
            "{error}"
        );
    }

    #[test]
    fn a_problem_names_its_fields_and_the_request() {
        let text = r#"{"title":"Bad","detail":"Two fields are wrong.","request_id":"r1",
            "errors":[{"pointer":"/name","detail":"is missing"}]}"#;
        assert_eq!(
            problem(text),
            "Two fields are wrong.; /name is missing (request r1)"
        );
        assert_eq!(problem("bad gateway"), "bad gateway");
    }
}
