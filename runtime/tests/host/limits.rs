//! What a guest can do wrong, and whom it hurts.

use std::time::{Duration, Instant};

use runtime::{Limits, Runtime, RuntimeBuilder};
use tokio::join;

use crate::support::{application, get, request, start};

fn with(limits: Limits) -> RuntimeBuilder {
    Runtime::builder(&application(&[])).limits(limits)
}

async fn assert_retryable(runtime: &Runtime, path: &str) {
    let response = runtime.handle(request("GET", path, "")).await;
    assert_eq!(response.status(), 503, "{path}");
    assert_eq!(response.headers()["retry-after"], "1", "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_an_instance_fails_its_requests_alone() {
    for wrong in [
        "/misbehaving/trap",
        "/misbehaving/memory",
        "/misbehaving/loop",
    ] {
        let runtime = with(Limits {
            // Then the third request needs an instance of its own.
            concurrent_requests_per_instance: 2,
            memory_per_instance: 16 << 20,
            computation: Duration::from_millis(300),
            ..Limits::default()
        })
        .start()
        .expect("a start");
        // One idle instance, which then takes both requests.
        get(&runtime, "/misbehaving/x").await;
        let after = async |milliseconds, path| {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            get(&runtime, path).await
        };
        let ((), (), other_instance, other_component) = join!(
            // It shares the instance.
            assert_retryable(&runtime, "/misbehaving/neighbour"),
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                assert_retryable(&runtime, wrong).await;
            },
            after(100, "/misbehaving/neighbour"),
            after(100, "/hello"),
        );
        assert_eq!(other_instance.0, 200, "{wrong}");
        assert_eq!(other_component.0, 200, "{wrong}");
        assert_eq!(
            get(&runtime, "/misbehaving/x").await.0,
            200,
            "{wrong}: the instance is replaced"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_reuse_a_trap_fails_its_request_alone() {
    let runtime = Runtime::builder(&application(&[]))
        .instance_reuse(1)
        .start()
        .expect("a start");
    let (neighbour, trap) = join!(
        get(&runtime, "/misbehaving/neighbour"),
        get(&runtime, "/misbehaving/trap")
    );
    assert_eq!((neighbour.0, trap.0), (200, 503));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded() {
    let runtime = with(Limits {
        memory_per_instance: 16 << 20,
        ..Limits::default()
    })
    .start()
    .expect("a start");
    assert_retryable(&runtime, "/misbehaving/memory").await;
    assert_eq!(get(&runtime, "/misbehaving/x").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_is_interrupted_and_holds_nobody_up() {
    let runtime = with(Limits {
        computation: Duration::from_millis(300),
        // Every loop has an instance of its own.
        concurrent_requests_per_instance: 1,
        ..Limits::default()
    })
    .start()
    .expect("a start");
    let started = Instant::now();
    // More loops than the host has threads.
    let loops = futures::future::join_all((0..8).map(|_| get(&runtime, "/misbehaving/loop")));
    let hello = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let answer = get(&runtime, "/hello").await;
        (answer, started.elapsed())
    };
    let (loops, (hello, after)) = join!(loops, hello);
    assert_eq!(hello.0, 200);
    assert!(after < Duration::from_secs(2), "{after:?}");
    assert!(loops.iter().all(|(status, _)| *status == 503), "{loops:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_instance_does_not_keep_what_it_has_not_begun() {
    let runtime = start(&[]);
    let next = async {
        // The loop has begun, in an instance that has room for more.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = Instant::now();
        let answer = get(&runtime, "/misbehaving/x").await;
        (answer, asked.elapsed())
    };
    let (stuck, (next, after)) = join!(get(&runtime, "/misbehaving/loop"), next);
    assert_eq!(next, (200, "well-behaved".to_owned()));
    assert!(after < Duration::from_millis(1500), "{after:?}");
    assert_eq!(stuck.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_is_not_computing() {
    let runtime = with(Limits {
        computation: Duration::from_millis(100),
        ..Limits::default()
    })
    .start()
    .expect("a start");
    for _ in 0..2 {
        assert_eq!(get(&runtime, "/misbehaving/neighbour").await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_waits_for_ever_is_given_up() {
    let runtime = with(Limits {
        request: Duration::from_millis(300),
        ..Limits::default()
    })
    .start()
    .expect("a start");
    let (status, _) = get(&runtime, "/misbehaving/wait").await;
    assert_eq!(status, 504);
    assert_eq!(get(&runtime, "/misbehaving/x").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_answers_with_an_error_is_a_500() {
    assert_eq!(get(&start(&[]), "/misbehaving/fail").await.0, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_bound_wait_and_then_are_refused() {
    let runtime = with(Limits {
        concurrent_requests: 2,
        queued_requests: 2,
        queue_wait: Duration::from_secs(5),
        ..Limits::default()
    })
    .start()
    .expect("a start");
    let started = Instant::now();
    let answers = (0..6).map(|_| async {
        let response = runtime
            .handle(request("GET", "/misbehaving/neighbour", ""))
            .await;
        (
            response.status().as_u16(),
            response.headers().contains_key("retry-after"),
            started.elapsed(),
        )
    });
    let answers = futures::future::join_all(answers).await;
    let served = answers.iter().filter(|(status, ..)| *status == 200).count();
    let refused = answers.iter().filter(|(status, retry, after)| {
        *status == 503 && *retry && *after < Duration::from_millis(700)
    });
    assert_eq!((served, refused.count()), (4, 2), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_does_not_wait_in_the_queue_for_ever() {
    let runtime = with(Limits {
        concurrent_requests: 1,
        queue_wait: Duration::from_millis(100),
        ..Limits::default()
    })
    .start()
    .expect("a start");
    let (first, second) = join!(get(&runtime, "/misbehaving/neighbour"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        get(&runtime, "/hello").await
    });
    assert_eq!((first.0, second.0), (200, 503));
}
