//! A client's folder in Box: what it is called, how it says whose it is, and which folder that is
//! there already is the one that was wanted.
//!
//! Box keeps names unique within a folder without regard to case, and answers a second copy with 409
//! and the folder that is in the way. It may be ours, of an attempt whose answer was lost, or that of
//! a client with the same name. [`Mark`] in its description tells which, and [`judge`] decides.

mod adoption;
mod mark;
mod name;
pub mod settings;

pub use adoption::{Attempt, CLOCK_ALLOWANCE_S, Existing, Verdict, Wanted, judge};
pub use mark::{InvalidMark, MAX_DESCRIPTION_CHARS, MAX_ID_CHARS, Mark};
pub use name::{
    Contact, FolderName, MAX_BOX_NAME_CHARS, MAX_NAME_CHARS, MAX_NUMBER, client_name, folded,
    free_name, is_same_name,
};
pub use settings::Settings;
