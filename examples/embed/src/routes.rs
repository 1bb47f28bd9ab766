//! Who is served with what.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use tokio_util::task::TaskTracker;

use crate::{
    events::events,
    gauge::{Gauge, Reading},
    live::live,
};

/// What handlers share: clones are cheap.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) gauge: Gauge,
    /// The tasks of sockets, which a graceful stop waits for.
    pub(crate) sockets: TaskTracker,
}

pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route("/", get(Html(include_str!("page.html"))))
        .route("/readings", post(reading))
        .route("/events", get(events))
        .route("/live", get(live))
        .route("/latest", get(latest))
        .route("/plan", get(plan))
        .with_state(service)
}

async fn reading(State(service): State<Service>, Json(reading): Json<Reading>) -> StatusCode {
    if service.gauge.post(reading).await {
        StatusCode::ACCEPTED
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn latest(State(service): State<Service>) -> Response {
    // A new subscriber of `latest` has the newest item at once: there is no state besides the flow.
    match service.gauge.newest().next().await {
        Ok(Some(Some(level))) => Json(level).into_response(),
        Ok(Some(None)) => StatusCode::NO_CONTENT.into_response(),
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

async fn plan(State(service): State<Service>) -> String {
    format!(
        "{}\n{} sockets\n",
        service.gauge.plan(),
        service.sockets.len()
    )
}
