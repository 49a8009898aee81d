pub(crate) mod signal;
