//! The crawler: its parts by cases and against servers on this machine, and the whole as a program.
//!
//! Where `CRAWL_CASES` names a folder, the case files in there are run too.

mod address;
mod archive;
mod bodies;
mod cases;
mod connections;
mod crawl;
mod dashboard;
mod demo;
mod hostile;
mod html;
mod output;
mod persons;
mod polite;
mod program;
mod properties;
mod proxy;
mod robots;
mod server;
mod site;
mod timeouts;
mod tls;
mod url;
