//! Where items go to, one file each.
