//! Prints when it was run; fails in the first second of a minute.

wit_bindgen::generate!({
    inline: "
        package spin:cron@3.0.0;
        interface cron-types {
            record metadata { timestamp: u64 }
            variant error { other(string) }
        }
        world spin-cron {
            use cron-types.{metadata, error};
            export handle-cron-event: async func(metadata: metadata) -> result<_, error>;
        }
    ",
});

struct Cron;

impl Guest for Cron {
    async fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        println!("tick {}", metadata.timestamp);
        if metadata.timestamp % 60 == 0 {
            return Err(Error::Other("on the minute".to_owned()));
        }
        Ok(())
    }
}

export!(Cron);
