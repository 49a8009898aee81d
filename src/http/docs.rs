//! The API's description, and the page that shows it.

use axum::Router;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::Edge;
use super::routes::Routes;

/// The API's description as the handlers have it, with what they cannot say themselves.
pub(super) fn described(mut api: OpenApi) -> OpenApi {
    api.info = InfoBuilder::new()
        .title("Callprint")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Voice authentication for phone lines, browsers and back ends. \
             Every error is `{\"error\": CODE, \"message\": TEXT}`.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    api
}

/// `/openapi.json`, and at `/docs` a page that shows it and asks no other server for anything.
pub(super) fn routes(api: OpenApi) -> Routes {
    // No other server is asked to check the description.
    let config = Config::new(["/openapi.json"]).validator_url("none").persist_authorization(false);
    let ui: Router<Edge> = SwaggerUi::new("/docs").url("/openapi.json", api).config(config).into();
    Routes::new().public_router(&["/openapi.json", "/docs", "/docs/", "/docs/{*rest}"], ui)
}
