//! What the browser comes back with.

use proptest::prelude::*;
use providers::oauth::{Callback, CallbackFault};

#[test]
fn a_code_comes_with_its_state() {
    let callback = Callback::read("code=a%2Fb&state=s+t&iss=https%3A%2F%2Fid.example.com").unwrap();
    assert_eq!(callback.state().expose(), "s t");
    assert!(matches!(&callback, Callback::Code { code, .. } if code.expose() == "a/b"));
    assert!(!format!("{callback:?}").contains("a/b"));
}

#[test]
fn a_refusal_says_why() {
    let query = "error=access_denied&error_description=The+user%0Asaid+no&state=s&code=";
    let Callback::Refused {
        state,
        error,
        detail,
    } = Callback::read(query).unwrap()
    else {
        panic!("expected a refusal");
    };
    assert_eq!(state.expose(), "s");
    assert_eq!(error, "access_denied");
    assert_eq!(detail.as_deref(), Some("The user said no"));
}

#[test]
fn what_is_no_answer_is_refused() {
    use CallbackFault::{Empty, NoState, Repeated, TooLong};
    for (query, fault) in [
        ("", NoState),
        ("code=a", NoState),
        ("code=a&state=", NoState),
        ("state=s", Empty),
        ("state=s&code=", Empty),
        ("state=s&code=a&code=b", Repeated),
        ("state=s&state=t&code=a", Repeated),
        ("state=s&code=a&error=b&error=c", Repeated),
    ] {
        assert_eq!(Callback::read(query), Err(fault), "{query}");
    }
    let long = format!("state=s&code={}", "a".repeat(4_097));
    assert_eq!(Callback::read(&long), Err(TooLong));
    let long = format!("state=s&code=a&x={}", "a".repeat(20_000));
    assert_eq!(Callback::read(&long), Err(TooLong));
}

proptest! {
    #[test]
    fn any_query_is_read_without_panic(query in "(\\PC|state=|code=|error=|&|%){0,60}") {
        let _ = Callback::read(&query);
    }
}
