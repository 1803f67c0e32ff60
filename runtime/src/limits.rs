//! Every bound of the host, with its default.

use std::time::Duration;

/// Bounds on what requests, guests and clients may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Linear memory of one instance, in bytes.
    pub memory_per_instance: usize,
    /// Requests that one instance handles at a time. Spin's is 16.
    pub concurrent_requests_per_instance: usize,
    /// Requests that one instance handles before it is replaced. Spin's is
    /// 128; 1 gives every request an instance of its own.
    pub requests_per_instance: usize,
    /// How long an instance without requests is kept.
    pub idle_instance: Duration,
    /// From the acceptance of a request to its response's headers.
    pub request: Duration,
    /// How long a guest may compute without waiting for anything. While other
    /// requests wait for an instance of its component, half a second is enough.
    pub computation: Duration,
    /// Inbound requests that are handled at a time; chained calls do not count,
    /// for the requests they serve hold a place already.
    pub concurrent_requests: usize,
    /// Inbound requests that wait for such a place; the next one is refused.
    pub queued_requests: usize,
    /// How long they wait before they are refused.
    pub queue_wait: Duration,
    /// How many components call each other in a chain.
    pub chain_depth: u8,
    /// The body of an inbound request, in bytes.
    pub request_body: usize,
    /// A request begins to be handled, and takes a place, when its body has
    /// arrived: the whole of it, or this many bytes of a larger one.
    pub buffered_request: usize,
    /// A response up to this many bytes is read whole before it is sent.
    pub buffered_response: usize,
    /// How long an outbound connection may take to be established.
    pub connect: Duration,
    /// The first byte of an outbound response, when the guest sets no timeout.
    pub first_byte: Duration,
    /// The pause within an outbound response, when the guest sets no timeout.
    pub between_bytes: Duration,
    /// How long a transaction may keep other writers out.
    pub writer_hold: Duration,
    /// Open client connections.
    pub connections: usize,
    /// From the start of a request line, or of the wait for it, to the end of
    /// the headers. Bounds idle connections too.
    pub request_headers: Duration,
    /// The pause that a client may make while it receives, and the pauses that
    /// it may make in all while it sends.
    pub client_stall: Duration,
    /// Bytes of a request's body that earn the client another second of pauses.
    pub upload_pace: u32,
    /// Runs of one cron trigger at a time; a tick beyond it is left out.
    pub concurrent_cron_runs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_per_instance: 128 << 20,
            concurrent_requests_per_instance: 16,
            requests_per_instance: 128,
            idle_instance: Duration::from_secs(60),
            // A scheduler's tick may take a minute.
            request: Duration::from_secs(90),
            // The longest that the application computes is a page of records, in milliseconds.
            computation: Duration::from_secs(3),
            concurrent_requests: 256,
            queued_requests: 1024,
            queue_wait: Duration::from_secs(5),
            chain_depth: 8,
            request_body: 16 << 20,
            buffered_request: 256 << 10,
            buffered_response: 256 << 10,
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            between_bytes: Duration::from_secs(30),
            writer_hold: Duration::from_secs(10),
            connections: 4096,
            request_headers: Duration::from_secs(30),
            client_stall: Duration::from_secs(20),
            upload_pace: 64 << 10,
            concurrent_cron_runs: 4,
        }
    }
}
