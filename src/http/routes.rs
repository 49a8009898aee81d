//! The only way to add a route: it says who may ask for it. For every file of `http` that serves something.
//!
//! A route for clients has a handler that takes a [`Client`](crate::clients::Client), and a signed one a handler that
//! takes a [`Signed`] form: others do not compile. A public one takes neither, and is listed in
//! [`PUBLIC`](super::PUBLIC) with the reason.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, any, on};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::Edge;
use super::error::Refusal;
use super::signed::Signed;

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Applications, with a key that has the permission in the handler's signature.
    Client,
    /// The provider, whose signature is checked.
    Signed,
    /// Anyone, for the reason in [`PUBLIC`](super::PUBLIC).
    Public,
}

/// A route of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// How it is asked for.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// Who may ask.
    pub access: Access,
}

/// An extractor that lets nothing in but a client.
pub(super) trait Credentials {}

/// The arguments of a handler that takes a client's [`Credentials`], first of all or behind the state.
pub(super) trait TakesClient {}

impl<M, C: Credentials> TakesClient for (M, C) {}
impl<M, S, C: Credentials> TakesClient for (M, State<S>, C) {}
impl<M, S, C: Credentials, A> TakesClient for (M, State<S>, C, A) {}
impl<M, S, C: Credentials, A, B> TakesClient for (M, State<S>, C, A, B) {}

/// Compiles for a handler that takes a client.
pub(super) fn takes_client<H: Handler<T, Edge>, T: TakesClient>(_: H) {}

/// Routes with their description, as [`client_routes`] and [`public_routes`] make them.
pub(super) struct Described {
    pub(super) routes: UtoipaMethodRouter<Edge>,
    pub(super) access: Access,
}

/// Described routes of one path whose handlers each take a client.
macro_rules! client_routes {
    ($($handler:ident),+) => {{
        $(crate::http::routes::takes_client($handler);)+
        crate::http::routes::Described {
            routes: utoipa_axum::routes!($($handler),+),
            access: crate::http::Access::Client,
        }
    }};
}
pub(super) use client_routes;

/// Described routes of one path that anyone may ask for.
macro_rules! public_routes {
    ($($handler:ident),+) => {
        crate::http::routes::Described {
            routes: utoipa_axum::routes!($($handler),+),
            access: crate::http::Access::Public,
        }
    };
}
pub(super) use public_routes;

/// Routes, and who may ask for each.
pub(super) struct Routes {
    router: OpenApiRouter<Edge>,
    listed: Vec<Route>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self { router: OpenApiRouter::new(), listed: Vec::new() }
    }

    /// Adds described routes.
    pub(super) fn described(mut self, Described { routes, access }: Described) -> Self {
        for (path, item) in &routes.1.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::DELETE, &item.delete),
            ];
            let there = operations.into_iter().filter(|(_, operation)| operation.is_some());
            self.listed.extend(there.map(|(method, _)| Route { method, path: path.clone(), access }));
        }
        self.router = self.router.routes(routes);
        self
    }

    /// Adds a route for clients.
    pub(super) fn client<H, T>(self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, Edge>,
        T: TakesClient + 'static,
    {
        self.add(method, path, handler, Access::Client)
    }

    /// Answers clients on every path that has no route here.
    pub(super) fn client_fallback<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, Edge>,
        T: TakesClient + 'static,
    {
        self.listed.push(Route { method: Method::GET, path: "/{*rest}".to_owned(), access: Access::Client });
        self.router = self.router.fallback(any(handler));
        self
    }

    /// Adds a route for the provider's signed forms.
    pub(super) fn signed<H, M>(self, path: &str, handler: H) -> Self
    where
        H: Handler<(M, State<Edge>, Signed), Edge>,
        M: 'static,
    {
        self.add(Method::POST, path, handler, Access::Signed)
    }

    /// Adds a web socket of the provider's, whose handler checks the signature of the handshake before all else.
    pub(super) fn signed_socket<F>(self, path: &str, upgrade: fn(State<Edge>, Request) -> F) -> Self
    where
        F: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        self.add(Method::GET, path, upgrade, Access::Signed)
    }

    /// Adds a route that anyone may ask for.
    pub(super) fn public<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, Edge>,
        T: 'static,
    {
        self.add(Method::GET, path, handler, Access::Public)
    }

    /// Adds the routes of another crate's router, which anyone may ask for.
    pub(super) fn public_router(mut self, paths: &[&str], router: Router<Edge>) -> Self {
        let route = |path: &&str| Route { method: Method::GET, path: (*path).to_owned(), access: Access::Public };
        self.listed.extend(paths.iter().map(route));
        self.router = self.router.merge(OpenApiRouter::from(router));
        self
    }

    /// Adds all routes of another group.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        Self { router: self.router.merge(other.router), listed: self.listed }
    }

    /// The same routes under a base path.
    pub(super) fn under(self, base: &str) -> Self {
        let listed = self.listed.into_iter().map(|route| Route { path: format!("{base}{}", route.path), ..route });
        Self { router: OpenApiRouter::new().nest(base, self.router), listed: listed.collect() }
    }

    /// The same routes without a limit of their bodies: their handlers count bytes as they arrive.
    pub(super) fn counting_bodies(self) -> Self {
        Self { router: self.router.layer(DefaultBodyLimit::disable()), ..self }
    }

    /// Every route with who may ask for it.
    pub(super) fn listed(self) -> Vec<Route> {
        self.listed
    }

    /// The routes as axum takes them, and their description.
    pub(super) fn into_parts(self) -> (Router<Edge>, OpenApi) {
        self.router.split_for_parts()
    }

    fn add<H, T>(mut self, method: Method, path: &str, handler: H, access: Access) -> Self
    where
        H: Handler<T, Edge>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone());
        let routed: MethodRouter<Edge> = filter.map_or_else(|_| MethodRouter::new(), |filter| on(filter, handler));
        self.listed.push(Route { method, path: path.to_owned(), access });
        self.router = self.router.route(path, routed);
        self
    }
}
