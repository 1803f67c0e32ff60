//! Days of operation, tick by tick, against the promises of the frequency model.
