//! The crawler: its parts by cases and against servers on this machine, and the whole as a program.

mod address;
mod archive;
mod bodies;
mod connections;
mod crawl;
mod demo;
mod hostile;
mod html;
mod killed;
mod limits;
mod output;
mod pace;
mod persons;
mod polite;
mod program;
mod properties;
mod proxy;
mod resume;
mod robots;
mod robots_txt;
mod server;
mod site;
mod timeouts;
mod tls;
mod url;
