//! The crawler: its parts by cases and against servers on this machine, and the whole as a program.

mod address;
mod archive;
mod bodies;
mod connections;
mod crawl;
mod demo;
mod hostile;
mod html;
mod html5ever;
mod killed;
mod limits;
mod output;
mod pace;
mod persons;
mod polite;
mod program;
mod properties;
mod proxy;
mod robots;
mod robots_txt;
mod server;
mod site;
mod sitemaps;
mod timeouts;
mod tls;
mod url;
