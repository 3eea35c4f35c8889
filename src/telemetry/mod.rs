//! Logs and traces: one line and one span a request, exported over OTLP when configured.
//! No value of a request and no credential is ever recorded; a document is known by its hash.

mod fields;

use std::{io::IsTerminal as _, time::Duration};

use axum::http::HeaderMap;
use opentelemetry::{
    propagation::{Extractor, TextMapPropagator as _},
    trace::TracerProvider as _,
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    config::{Config, LogFormat},
    error::{Code, Error},
};

/// How long a stop waits for the collector.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// Libraries that log what passes through them, a credential too: whatever is asked for, they tell no more than this.
const TOLD_BY_OTHERS: [&str; 6] =
    ["tungstenite=warn", "tokio_tungstenite=warn", "hyper=info", "hyper_util=info", "h2=info", "rustls=info"];

/// What must be flushed at the end.
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging, and tracing if configured. Call once a process, outside the async runtime.
pub fn start(config: &Config) -> Result<Telemetry, Error> {
    let mut filter = EnvFilter::try_new(&config.log).map_err(Error::internal)?;
    for library in TOLD_BY_OTHERS {
        filter = filter.add_directive(library.parse().map_err(Error::internal)?);
    }
    let provider = config.otlp_endpoint.as_deref().map(exporting_to).transpose()?;
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer(env!("CARGO_PKG_NAME"))));
    // Logs go to stderr: stdout belongs to what a command prints.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let lines = match config.log_format {
        LogFormat::Pretty => lines.fmt_fields(fields::Fields).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(traces).with(lines).try_init().map_err(Error::internal)?;
    log_panics();
    Ok(Telemetry(provider))
}

impl Telemetry {
    /// Sends what is still waiting.
    pub fn stop(self) {
        if let Some(provider) = self.0
            && let Err(e) = provider.shutdown_with_timeout(FLUSH_WITHIN)
        {
            tracing::warn!(error = %e, "the last traces were not delivered");
        }
    }
}

/// Makes a request's span part of the trace that its sender named (`traceparent`).
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        // Refused only where no traces are exported.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Incoming(headers)));
    }
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

fn exporting_to(endpoint: &str) -> Result<SdkTracerProvider, Error> {
    let base = endpoint.trim_end_matches('/');
    let url = if base.ends_with("/v1/traces") { base.to_string() } else { format!("{base}/v1/traces") };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(url)
        .build()
        .map_err(|e| Error::new(Code::BadRequest, format!("FOLIOGRAPH_OTLP_ENDPOINT cannot be used: {e}.")))?;
    let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// A panic's text may hold a value, so the log names the place; `RUST_BACKTRACE` is the operator's word to show it all.
fn log_panics() {
    let full = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "a panic; set RUST_BACKTRACE=1 to see its text");
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            full(panic);
        }
    }));
}
