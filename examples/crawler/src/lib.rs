//! The parts of the crawler: the crawl itself, as a flow of thalweg, and what it is made of.
//!
//! * [`crawl`]: the flow from the frontier to the sinks;
//! * [`url`], [`robots`], [`html`], [`sitemap`]: what a crawler knows about the web, as plain functions without I/O;
//! * [`fetch`]: the HTTP client;
//! * [`args`], [`progress`], [`summary`], [`output`], [`report`]: the face towards the terminal and the disk;
//! * [`dashboard`]: the face towards the browser, and the numbers for other programs;
//! * [`dry_run`]: what a crawl would be like;
//! * [`demo`]: a web site of its own to crawl.

pub mod args;
pub mod crawl;
pub mod dashboard;
pub mod demo;
pub mod dry_run;
pub mod fetch;
pub mod html;
pub mod output;
mod percent;
pub mod progress;
pub mod report;
pub mod robots;
pub mod sitemap;
pub mod summary;
pub mod url;
