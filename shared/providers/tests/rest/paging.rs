//! From page to page, and to the end.

use bytes::Bytes;
use domain::outbound_target::Refusal;
use http::{Request, Response};
use proptest::prelude::*;
use providers::rest::listing::{ListFailure, Position};
use providers::rest::{ListMapping, RestConfig, Secrets};
use serde_json::{Value, json};

use crate::support::{answer, config_with, mapping, secrets};

fn list(paging: Value) -> ListMapping {
    mapping(json!({
        "request": { "path": "/items", "query": { "active": "1" } }, "rows": "/data", "id": "/id",
        "paging": paging, "max_pages": 40
    }))
}

fn cursors() -> ListMapping {
    list(json!({ "type": "cursor", "next": "/next", "parameter": "cursor" }))
}

fn open() -> RestConfig {
    config_with(json!({ "type": "none" }))
}

/// Reads a list to its end, or to its failure: the requests, and the ids of the rows.
fn walk(
    list: &ListMapping,
    config: &RestConfig,
    secrets: &Secrets,
    mut serve: impl FnMut(&Request<Bytes>) -> Response<Bytes>,
) -> (Vec<String>, Result<Vec<String>, ListFailure>) {
    let mut asked = Vec::new();
    let mut ids = Vec::new();
    let mut position: Option<Position> = None;
    loop {
        let call = list
            .request(config, secrets, position.as_ref(), None)
            .unwrap();
        let tail = call.request.uri().path_and_query().unwrap().as_str();
        let body = String::from_utf8_lossy(call.request.body()).into_owned();
        asked.push(format!("{tail}{body}"));
        match list.read(config, position.as_ref(), &serve(&call.request)) {
            Ok(page) => {
                ids.extend(page.rows.into_iter().map(|row| row.external_id));
                let Some(next) = page.next else {
                    return (asked, Ok(ids));
                };
                // A position is stored between two pages.
                let stored = serde_json::to_string(&next).unwrap();
                position = Some(serde_json::from_str(&stored).unwrap());
                assert_eq!(position.as_ref(), Some(&next));
            }
            Err(failure) => return (asked, Err(failure)),
        }
    }
}

fn page(ids: &[u32], next: Value) -> Response<Bytes> {
    let rows: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    answer(200, &[], json!({ "data": rows, "next": next }).to_string())
}

/// Serves pages in order, and panics behind the last.
fn in_order(pages: Vec<Response<Bytes>>) -> impl FnMut(&Request<Bytes>) -> Response<Bytes> {
    let mut pages = pages.into_iter();
    move |_| pages.next().unwrap()
}

fn walk_open(
    list: &ListMapping,
    pages: Vec<Response<Bytes>>,
) -> (Vec<String>, Result<Vec<String>, ListFailure>) {
    walk(list, &open(), &Secrets::default(), in_order(pages))
}

fn parameter(request: &Request<Bytes>, name: &str) -> Option<u32> {
    form_urlencoded::parse(request.uri().query()?.as_bytes())
        .find(|(given, _)| given == name)
        .map(|(_, value)| value.parse().unwrap())
}

#[test]
fn a_list_without_pages_is_read_once() {
    let (asked, ids) = walk_open(
        &list(json!({ "type": "none" })),
        vec![page(&[1, 2], json!("more"))],
    );
    assert_eq!(asked, ["/v1/items?active=1"]);
    assert_eq!(ids, Ok(vec!["1".to_owned(), "2".to_owned()]));
}

#[test]
fn cursors_are_followed_as_they_come() {
    for end in [json!(null), json!(""), json!(false)] {
        let pages = vec![
            page(&[1], json!("a b/=&")),
            page(&[], json!(7)),
            page(&[2], end),
        ];
        let (asked, ids) = walk_open(&cursors(), pages);
        assert_eq!(
            asked,
            [
                "/v1/items?active=1",
                "/v1/items?active=1&cursor=a+b%2F%3D%26",
                "/v1/items?active=1&cursor=7",
            ]
        );
        assert_eq!(ids, Ok(vec!["1".to_owned(), "2".to_owned()]));
    }
    let missing = vec![answer(200, &[], r#"{"data":[]}"#)];
    assert_eq!(walk_open(&cursors(), missing).1, Ok(Vec::new()));
}

#[test]
fn a_cursor_in_a_body_keeps_its_kind() {
    let list = mapping(json!({
        "request": { "method": "POST", "path": "/query", "body": { "size": 2 } }, "rows": "/data", "id": "/id",
        "paging": { "type": "cursor", "next": "/next", "parameter": "start" }
    }));
    let pages = vec![
        page(&[1], json!("x")),
        page(&[2], json!(7)),
        page(&[3], json!(null)),
    ];
    let (asked, _) = walk_open(&list, pages);
    assert_eq!(
        asked,
        [
            r#"/v1/query{"size":2}"#,
            r#"/v1/query{"size":2,"start":"x"}"#,
            r#"/v1/query{"size":2,"start":7}"#,
        ]
    );
}

#[test]
fn a_cursor_that_cannot_be_sent_back_is_a_failure() {
    for (next, failure) in [
        (json!(true), ListFailure::UnreadableCursor),
        (json!({}), ListFailure::UnreadableCursor),
        (json!(["a"]), ListFailure::UnreadableCursor),
        (json!(1.5), ListFailure::UnreadableCursor),
        (json!("a".repeat(5_000)), ListFailure::LongCursor),
    ] {
        assert_eq!(
            walk_open(&cursors(), vec![page(&[1], next)]).1,
            Err(failure)
        );
    }
}

#[test]
fn a_cursor_that_repeats_is_a_failure() {
    let pages = vec![page(&[1], json!("a")), page(&[2], json!("a"))];
    assert_eq!(walk_open(&cursors(), pages).1, Err(ListFailure::Circle));
    // Some pages lead into a circle of three.
    let mut count = 0_u32;
    let (asked, end) = walk(&cursors(), &open(), &Secrets::default(), |_| {
        count += 1;
        let next = if count < 6 { count } else { 100 + count % 3 };
        page(&[count], json!(next))
    });
    assert_eq!(end, Err(ListFailure::Circle));
    assert!(asked.len() < 20, "{}", asked.len());
}

#[test]
fn a_page_that_repeats_is_a_failure() {
    let mut count = 0_u32;
    let (asked, end) = walk(&cursors(), &open(), &Secrets::default(), |_| {
        count += 1;
        page(&[1, 2], json!(count))
    });
    assert_eq!((asked.len(), end), (2, Err(ListFailure::SamePage)));
    // An API that does not know the parameter.
    let numbered = list(json!({ "type": "page_number", "parameter": "pgae" }));
    let (asked, end) = walk(&numbered, &open(), &Secrets::default(), |_| {
        page(&[1, 2], json!(null))
    });
    assert_eq!((asked.len(), end), (2, Err(ListFailure::SamePage)));
}

#[test]
fn empty_pages_and_long_lists_end() {
    let mut count = 0_u32;
    let (asked, end) = walk(&cursors(), &open(), &Secrets::default(), |_| {
        count += 1;
        page(&[], json!(count))
    });
    assert_eq!((asked.len(), end), (11, Err(ListFailure::EmptyPages(11))));
    let mut count = 0_u32;
    let (asked, end) = walk(&cursors(), &open(), &Secrets::default(), |_| {
        count += 1;
        page(&[count], json!(count))
    });
    assert_eq!((asked.len(), end), (40, Err(ListFailure::TooManyPages(40))));
    // The last page that is allowed may be the last page.
    let mut count = 0_u32;
    let (_, end) = walk(&cursors(), &open(), &Secrets::default(), |_| {
        count += 1;
        page(
            &[count],
            if count < 40 {
                json!(count)
            } else {
                json!(null)
            },
        )
    });
    assert_eq!(end.unwrap().len(), 40);
}

#[test]
fn pages_are_counted_until_one_is_empty() {
    let numbered = list(json!({
        "type": "page_number", "parameter": "page", "size_parameter": "per", "size": 50
    }));
    // The server gives two at the most, whatever it is asked for.
    let serve = |request: &Request<Bytes>| match parameter(request, "page").unwrap() {
        1 => page(&[1, 2], json!(null)),
        2 => page(&[3, 4], json!(null)),
        3 => page(&[5], json!(null)),
        _ => page(&[], json!(null)),
    };
    let (asked, ids) = walk(&numbered, &open(), &Secrets::default(), serve);
    assert_eq!(asked[0], "/v1/items?active=1&page=1&per=50");
    assert_eq!(asked[3], "/v1/items?active=1&page=4&per=50");
    assert_eq!(ids.unwrap(), ["1", "2", "3", "4", "5"]);
    // Or until there is no such page.
    let pages = vec![page(&[1], json!(null)), answer(404, &[], "no such page")];
    assert_eq!(walk_open(&numbered, pages).1, Ok(vec!["1".to_owned()]));
    assert_eq!(
        walk_open(&numbered, vec![answer(404, &[], "")]).1,
        Err(ListFailure::Status(404))
    );
}

#[test]
fn an_offset_grows_by_what_came() {
    let offset = list(
        json!({ "type": "offset", "parameter": "skip", "limit_parameter": "top", "limit": 50 }),
    );
    let all: Vec<u32> = (1..=7).collect();
    let serve = |request: &Request<Bytes>| {
        let skip = usize::try_from(parameter(request, "skip").unwrap()).unwrap();
        let some: Vec<u32> = all.iter().copied().skip(skip).take(3).collect();
        page(&some, json!(null))
    };
    let (asked, ids) = walk(&offset, &open(), &Secrets::default(), serve);
    let skips: Vec<_> = asked
        .iter()
        .map(|asked| asked.split("skip=").nth(1).unwrap())
        .collect();
    assert_eq!(skips, ["0&top=50", "3&top=50", "6&top=50", "7&top=50"]);
    assert_eq!(ids.unwrap().len(), 7);
    let pages = vec![page(&[1], json!(null)), answer(404, &[], "")];
    assert_eq!(walk_open(&offset, pages).1, Err(ListFailure::Status(404)));
}

fn linked(ids: &[u32], link: &str) -> Response<Bytes> {
    let rows: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let headers = [("link", link)];
    let headers = if link.is_empty() {
        &headers[..0]
    } else {
        &headers
    };
    answer(200, headers, json!({ "data": rows }).to_string())
}

#[test]
fn links_are_followed_within_the_origin() {
    let list = list(json!({ "type": "link_header" }));
    let pages = vec![
        linked(
            &[1],
            "<https://api.example.com/other/items?page[after]=2>; rel=\"next\"",
        ),
        linked(&[2], "<?page=3>; rel=next"),
        linked(
            &[3],
            "</v2/items?page=4>; rel=\"prev\", </v2/items?page=5>; rel=\"next last\"",
        ),
        linked(&[4], "</v2/items?page=1>; rel=first"),
    ];
    let (asked, ids) = walk_open(&list, pages);
    assert_eq!(
        asked,
        [
            "/v1/items?active=1",
            "/other/items?page[after]=2",
            "/other/items?page=3",
            "/v2/items?page=5",
        ]
    );
    assert_eq!(ids.unwrap().len(), 4);
}

#[test]
fn a_link_elsewhere_is_not_followed() {
    let list = list(json!({ "type": "link_header" }));
    for (link, refusal) in [
        ("https://evil.example/items?page=2", Refusal::OtherOrigin),
        ("http://api.example.com/items", Refusal::OtherOrigin),
        ("https://api.example.com:8443/items", Refusal::OtherOrigin),
        ("https://169.254.169.254/latest", Refusal::OtherOrigin),
        ("https://2852039166/latest", Refusal::NumericHost),
        (
            "https://api.example.com@evil.example/",
            Refusal::UserInformation,
        ),
        ("//evil.example/items", Refusal::EmptySegment),
        ("/../items", Refusal::DotSegment),
        ("items?page=2", Refusal::NotAbsolute),
        ("/items#2", Refusal::Fragment),
        ("/a\\b", Refusal::Backslash),
        ("", Refusal::NotAbsolute),
    ] {
        let page = linked(&[1], &format!("<{link}>; rel=next"));
        assert_eq!(
            walk_open(&list, vec![page]).1,
            Err(ListFailure::BadLink(refusal)),
            "{link}"
        );
    }
    let broken = linked(&[1], "<https://api.example.com/; rel=next");
    assert_eq!(
        walk_open(&list, vec![broken]).1,
        Err(ListFailure::UnreadableLink)
    );
    let mut pages = vec![
        linked(&[1], "</a>; rel=next"),
        linked(&[2], "</a>; rel=next"),
    ];
    assert_eq!(walk_open(&list, pages.clone()).1, Err(ListFailure::Circle));
    pages[1] = linked(&[2], &format!("</{}>; rel=next", "a".repeat(5_000)));
    assert_eq!(walk_open(&list, pages).1, Err(ListFailure::LongCursor));
}

#[test]
fn a_url_in_the_answer_is_followed_like_a_link() {
    let list = list(json!({ "type": "next_url", "next": "/next" }));
    let pages = vec![
        page(&[1], json!("https://api.example.com/v1/items?page=2")),
        page(&[2], json!(null)),
    ];
    let (asked, _) = walk_open(&list, pages);
    assert_eq!(asked[1], "/v1/items?page=2");
    let elsewhere = vec![page(&[1], json!("https://evil.example/"))];
    assert_eq!(
        walk_open(&list, elsewhere).1,
        Err(ListFailure::BadLink(Refusal::OtherOrigin))
    );
    let number = vec![page(&[1], json!(2))];
    assert_eq!(
        walk_open(&list, number).1,
        Err(ListFailure::UnreadableCursor)
    );
}

#[test]
fn a_key_in_a_link_is_not_stored_and_is_sent_once() {
    let config = config_with(json!({ "type": "api_key", "in": "query", "name": "api_key" }));
    let secrets = secrets(&config, json!({ "api_key": "hunter2" }));
    let list = list(json!({ "type": "link_header" }));
    for link in [
        "/items?page=2&api_key=hunter2",
        "/items?api%5Fkey=hunter2&page=2",
        "/items?api_key=hunter2&page=2&api_key=other",
    ] {
        let first = linked(&[1], &format!("<{link}>; rel=next"));
        let position = list.read(&config, None, &first).unwrap().next.unwrap();
        let stored = serde_json::to_string(&position).unwrap();
        assert!(!stored.contains("hunter2"), "{stored}");
        let call = list
            .request(&config, &secrets, Some(&position), None)
            .unwrap();
        assert_eq!(
            call.request.uri(),
            "https://api.example.com/items?page=2&api_key=hunter2"
        );
    }
}

#[test]
fn a_position_of_another_rule_is_refused() {
    let position = cursors()
        .read(&open(), None, &page(&[1], json!("a")))
        .unwrap()
        .next
        .unwrap();
    assert_eq!(position.pages(), 1);
    for paging in [
        json!({ "type": "none" }),
        json!({ "type": "page_number", "parameter": "p" }),
        json!({ "type": "link_header" }),
    ] {
        let refused = list(paging).request(&open(), &Secrets::default(), Some(&position), None);
        assert!(refused.is_err());
    }
    // One that was tampered with leads nowhere else.
    for link in [
        "//evil.example/",
        "https://evil.example/",
        "/../a",
        "@evil.example/",
    ] {
        let text =
            json!({ "pages": 1, "next": { "link": link }, "last_page": "", "empty_pages": 0 });
        let position: Position = serde_json::from_value(text).unwrap();
        let list = list(json!({ "type": "link_header" }));
        assert!(
            list.request(&open(), &Secrets::default(), Some(&position), None)
                .is_err(),
            "{link}"
        );
    }
}

fn any_paging() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({ "type": "none" }),
        json!({ "type": "cursor", "next": "/next", "parameter": "c" }),
        json!({ "type": "next_url", "next": "/next" }),
        json!({ "type": "page_number", "parameter": "p" }),
        json!({ "type": "offset", "parameter": "o", "limit_parameter": "l", "limit": 9 }),
        json!({ "type": "link_header" }),
    ])
}

fn any_answer() -> impl Strategy<Value = Response<Bytes>> {
    let next = prop_oneof![
        Just(json!(null)),
        (0_u32..4).prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        "/[a-z]{1,3}\\?[0-9]{1,3}".prop_map(Value::from),
        "https://(api|evil)\\.example\\.com/[0-9]{1,3}".prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
    ];
    let ids = prop::collection::vec(0_u32..50, 0..4);
    let link = prop_oneof![
        Just(String::new()),
        "</[a-z]{1,2}\\?[0-9]{1,3}>; rel=\"?next\"?",
        "[ -~]{0,20}",
    ];
    let status = prop_oneof![8 => Just(200_u16), 1 => Just(404), 1 => Just(500)];
    let well_formed = (ids, next, link, status).prop_map(|(ids, next, link, status)| {
        let rows: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        let headers = [("link", link.as_str())];
        answer(
            status,
            &headers,
            json!({ "data": rows, "next": next }).to_string(),
        )
    });
    prop_oneof![
        8 => well_formed,
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|body| answer(200, &[], body)),
        1 => "[\\[\\]{}\":,a-z0-9]{0,40}".prop_map(|body| answer(200, &[], body)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn paging_ends_whatever_an_api_answers(paging in any_paging(), answers in prop::collection::vec(any_answer(), 1..12)) {
        let list = list(paging);
        let mut served = answers.iter().cycle();
        let (asked, _) = walk(&list, &open(), &Secrets::default(), |request| {
            assert_eq!(request.uri().authority().unwrap(), "api.example.com");
            served.next().unwrap().clone()
        });
        prop_assert!(asked.len() <= 40, "{}", asked.len());
    }

    #[test]
    fn a_list_is_read_whole_whatever_its_pages(sizes in prop::collection::vec(0_usize..5, 1..12), rule in 0_usize..4) {
        // Counted pages end at an empty one.
        let sizes: Vec<_> = if rule < 2 { sizes.into_iter().map(|size| size.max(1)).collect() } else { sizes };
        let total: usize = sizes.iter().sum();
        let mut starts = vec![0];
        starts.extend(sizes.iter().scan(0, |sum, size| { *sum += size; Some(*sum) }));
        let list = list([
            json!({ "type": "page_number", "parameter": "p" }),
            json!({ "type": "offset", "parameter": "o", "limit_parameter": "l", "limit": 9 }),
            json!({ "type": "cursor", "next": "/next", "parameter": "c" }),
            json!({ "type": "link_header" }),
        ][rule].clone());
        let mut served = 0;
        let (_, ids) = walk(&list, &open(), &Secrets::default(), |request| {
            let index = match rule {
                0 => usize::try_from(parameter(request, "p").unwrap()).unwrap() - 1,
                1 => {
                    let offset = usize::try_from(parameter(request, "o").unwrap()).unwrap();
                    starts.iter().position(|start| *start == offset).unwrap()
                }
                _ => usize::try_from(parameter(request, "c").unwrap_or(0)).unwrap(),
            };
            served += 1;
            let range = starts.get(index).zip(starts.get(index + 1)).map_or(0..0, |(from, to)| *from..*to);
            let rows: Vec<_> = range.map(|id| json!({ "id": id })).collect();
            let next = index + 1;
            let link = format!("<?c={next}>; rel=next");
            let is_last = next >= sizes.len();
            let headers = [("link", link.as_str())];
            let headers = if is_last { &headers[..0] } else { &headers };
            let next = if is_last { json!(null) } else { json!(next) };
            answer(200, headers, json!({ "data": rows, "next": next }).to_string())
        });
        // Ten pages without a row in a row are the most.
        if let Ok(ids) = ids {
            let expected: Vec<_> = (0..total).map(|id| id.to_string()).collect();
            prop_assert_eq!(ids, expected);
        } else {
            prop_assert_eq!(ids, Err(ListFailure::EmptyPages(11)));
        }
        prop_assert!(served <= sizes.len() + 1);
    }
}
