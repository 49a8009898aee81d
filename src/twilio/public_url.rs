/// The base URL the provider was given, in parts: how it is spelled is part of every signature.
#[derive(Clone, Debug)]
pub(super) struct PublicUrl {
    is_tls: bool,
    /// Host and port as configured, without any user name.
    authority: String,
    /// Host only.
    host: String,
    /// A path in front of ours, without a trailing slash; mostly empty.
    path: String,
}

impl PublicUrl {
    /// Splits `http(s)://host[:port][/path]`.
    ///
    /// A query or fragment has no place in a base. A user name is dropped: the provider signs without it.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (is_tls, rest) = match url.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        if rest.contains(|c: char| c == '?' || c == '#' || c == '\\' || c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        let host = match authority.rfind(':') {
            // The colons of an IPv6 address stand inside its brackets.
            Some(colon) if !authority[colon..].contains(']') => {
                authority[colon + 1..].parse::<u16>().ok()?;
                &authority[..colon]
            }
            _ => authority,
        };
        let is_host = !host.is_empty() && (host.starts_with('[') == host.ends_with(']'));
        is_host.then(|| Self {
            is_tls,
            authority: authority.to_owned(),
            host: host.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// A webhook's URL: as configured, without a port, with the default port.
    pub(super) fn spellings(&self, path_and_query: &str) -> Vec<String> {
        let scheme = if self.is_tls { "https" } else { "http" };
        self.with_ports(scheme, path_and_query)
    }

    /// A media stream's URL: as [`PublicUrl::spellings`], each also with a slash at the end.
    pub(super) fn socket_spellings(&self, path_and_query: &str) -> Vec<String> {
        let scheme = if self.is_tls { "wss" } else { "ws" };
        let mut urls = self.with_ports(scheme, path_and_query);
        let slashed: Vec<_> = urls.iter().map(|url| format!("{url}/")).collect();
        urls.extend(slashed);
        urls
    }

    fn with_ports(&self, scheme: &str, path_and_query: &str) -> Vec<String> {
        let default_port = if self.is_tls { 443 } else { 80 };
        let mut urls = Vec::new();
        for authority in [&self.authority, &self.host, &format!("{}:{default_port}", self.host)] {
            let url = format!("{scheme}://{authority}{}{path_and_query}", self.path);
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_gives_each_spelling_once() {
        let rows: &[(&str, &[&str])] = &[
            ("https://a.example", &["https://a.example/x?y=%20", "https://a.example:443/x?y=%20"]),
            ("https://a.example/", &["https://a.example/x?y=%20", "https://a.example:443/x?y=%20"]),
            ("https://a.example:443", &["https://a.example:443/x?y=%20", "https://a.example/x?y=%20"]),
            (
                "http://a.example:8080/voice/",
                &[
                    "http://a.example:8080/voice/x?y=%20",
                    "http://a.example/voice/x?y=%20",
                    "http://a.example:80/voice/x?y=%20",
                ],
            ),
            ("https://jo:pw@a.example", &["https://a.example/x?y=%20", "https://a.example:443/x?y=%20"]),
            ("http://[::1]:8024", &["http://[::1]:8024/x?y=%20", "http://[::1]/x?y=%20", "http://[::1]:80/x?y=%20"]),
            ("http://[::1]", &["http://[::1]/x?y=%20", "http://[::1]:80/x?y=%20"]),
        ];
        for (base, expected) in rows {
            assert_eq!(PublicUrl::parse(base).expect(base).spellings("/x?y=%20"), *expected, "{base}");
        }
    }

    #[test]
    fn a_stream_is_also_spelled_with_a_slash() {
        let urls = PublicUrl::parse("https://a.example").expect("valid").socket_spellings("/media");
        let expected = [
            "wss://a.example/media",
            "wss://a.example:443/media",
            "wss://a.example/media/",
            "wss://a.example:443/media/",
        ];
        assert_eq!(urls, expected);
    }

    #[test]
    fn what_is_no_base_is_refused() {
        let rows = [
            "",
            "a.example",
            "ftp://a.example",
            "HTTPS://a.example",
            "https://",
            "https:///path",
            "https://:443",
            "https://a.example:port",
            "https://a.example:70000",
            "https://a.example?x=1",
            "https://a.example/#rc=2",
            "https://a example",
            "https://[::1",
            "https://a.example\n",
        ];
        for base in rows {
            assert!(PublicUrl::parse(base).is_none(), "{base}");
        }
    }
}
