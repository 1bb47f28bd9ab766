//! Where items come from, one file each.
