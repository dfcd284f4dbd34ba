"""The blocks of a single server in many spellings, for the comparison with nats-server."""

# Both accept these, with the same values, or both refuse them.
SAME = r"""
accounts { A: { exports: [ { service: "a.*", latency: { subject: lat, sampling: "50%" } } ] } }
accounts { A: { exports: [ { service: "a.*", latency: { subject: lat, sampling: 50 } } ] } }
accounts { A: { exports: [ { service: "a.*", latency: { subject: lat, sampling: headers } } ] } }
accounts { A: { exports: [ { service: "a.*", response: single } ] } }
accounts { A: { exports: [ { service: "a.*", response_type: chunked } ] } }
accounts { A: { exports: [ { stream: "a..b" } ] } }
accounts { A: { exports: [ { stream: "a.>" } ] } }
accounts { A: { exports: [ { stream: "a.>", accounts: [B] } ] }, B {} }
accounts { A: { exports: [ {} ] } }
accounts { A: { imports: [ {} ] } }
accounts { "$G": { users: [ {user: a, password: b} ] } }
accounts { "$SYS": { users: [ {user: a, password: b} ] } }
accounts { A: 5 }
accounts { A: { default_permissions: 5 } }
accounts { A: { default_permissions: { publish: "a..b" }, users: [ {user: a, password: b} ] } }
accounts { A: { default_permissions: { publish: a }, users: [ {user: a, password: b} ] } }
accounts { A: { exports: 5 } }
accounts { A: { exports: [ 5 ] } }
accounts { A: { exports: [ { service: "a.*", account_token_position: 1 } ] } }
accounts { A: { exports: [ { service: "a.*", foo: 1 } ] } }
accounts { A: { exports: [ { service: "a.*", latency: { sampling: 50 } } ] } }
accounts { A: { exports: [ { service: "a.*", latency: { subject: lat, sampling: 500 } } ] } }
accounts { A: { exports: [ { service: "a.*", response_time: "x" } ] } }
accounts { A: { exports: [ { service: "a.*", response_type: foo } ] } }
accounts { A: { exports: [ { stream: "a.*", allow_trace: true } ] } }
accounts { A: { exports: [ { stream: "a.*", latency: x } ] } }
accounts { A: { exports: [ { stream: "a.*", service: "b" } ] } }
accounts { A: { exports: [ { stream: "a.>", accounts: [B] } ] } }
accounts { A: { exports: [ { stream: 5 } ] } }
accounts { A: { exports: [] , imports: [] } }
accounts { A: { exports: {} } }
accounts { A: { foo: 1 } }
accounts { A: { imports: 5 } }
accounts { A: { imports: [ { foo: 1 } ] } }
accounts { A: { imports: [ { service: 5 } ] } }
accounts { A: { imports: [ { stream: { account: B, subject: "a.>" } } ] } }
accounts { A: { jetstream: 5 } }
accounts { A: { jetstream: Enabled } }
accounts { A: { jetstream: disabled } }
accounts { A: { jetstream: enable } }
accounts { A: { jetstream: enabled } }
accounts { A: { jetstream: foo } }
accounts { A: { jetstream: true } }
accounts { A: { jetstream: { cluster_traffic: 5 } } }
accounts { A: { jetstream: { cluster_traffic: foo } } }
accounts { A: { jetstream: { cluster_traffic: owner } } }
accounts { A: { jetstream: { cluster_traffic: system } } }
accounts { A: { jetstream: { disabled: true } } }
accounts { A: { jetstream: { enabled: false } } }
accounts { A: { jetstream: { enabled: true } } }
accounts { A: { jetstream: { foo: "5" } } }
accounts { A: { jetstream: { max_ack_pending: "5" } } }
accounts { A: { jetstream: { max_bytes_required: 5 } } }
accounts { A: { jetstream: { max_bytes_required: true, max_stream_bytes: true, max_bytes: true } } }
accounts { A: { jetstream: { max_mem: "1G" } } }
accounts { A: { jetstream: { max_mem: "1GB" } } }
accounts { A: { jetstream: { max_mem: -5 } } }
accounts { A: { jetstream: { max_mem: 1G, max_file: 1G, max_streams: 3, max_consumers: 5 } } }
accounts { A: { jetstream: { max_mem: 1GB } } }
accounts { A: { jetstream: { max_streams: "5" } } }
accounts { A: { jetstream: {} } }
accounts { A: { limits: 5 } }
accounts { A: { limits: { foo: 5 } } }
accounts { A: { limits: { max_conn: 5, max_subs: 6, max_pay: 7, max_leafs: 8 } } }
accounts { A: { limits: { max_connections: "5" } } }
accounts { A: { limits: { max_connections: -5 } } }
accounts { A: { limits: { max_payload: 10g } } }
accounts { A: { limits: { max_payload: 1mb } } }
accounts { A: { limits: {} } }
accounts { A: { mappings { a: b } } }
accounts { A: { msg_trace: a } }
accounts { A: { msg_trace: { dest: a } } }
accounts { A: { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 } }
accounts { A: { nkey: x } }
accounts { A: { trace_dest: "" } }
accounts { A: { trace_dest: "a.>" } }
accounts { A: { trace_dest: 5 } }
accounts { A: { trace_dest: { dest: "a.*" } } }
accounts { A: { trace_dest: { dest: 5 } } }
accounts { A: { trace_dest: { dest: a, sampling: "20%" } } }
accounts { A: { trace_dest: { dest: a, sampling: "x" } } }
accounts { A: { trace_dest: { dest: a, sampling: -1 } } }
accounts { A: { trace_dest: { dest: a, sampling: 0 } } }
accounts { A: { trace_dest: { dest: a, sampling: 101 } } }
accounts { A: { trace_dest: { dest: a, sampling: 20 } } }
accounts { A: { trace_dest: { dest: a, sampling: 5.5 } } }
accounts { A: { trace_dest: { foo: 1 } } }
accounts { A: { trace_dest: { sampling: 5 } } }
accounts { A: { trace_dest: { } } }
accounts { A: { users: 5 } }
accounts { A: { users: [ {password: a} ] } }
accounts { A: { users: [ {user: a, password: b} ] }, B: { users: [ {user: a, password: b} ] } }
accounts { A: { users: [ {user: a, password: b}, {user: a, password: c} ] } }
accounts { A: { users: [ {user: a} ] } }
accounts { A: { users: [] } }
accounts { A: { users: { user: a } } }
accounts { A: {} }
accounts { B: {exports: [ {stream: "a.>"} ]}, A: { imports: [ { stream: { account: B } } ] } }
accounts { a: { }, A: { } }
accounts {}
accounts: [ "$G" ]
accounts: [ $G ]
accounts: [ A, 5 ]
accounts: [ A, A ]
accounts: [ A, B ]
accounts: []
authorization { auth_callout: 5 }
authorization { auth_callout: { issuer: ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA } }
authorization { auth_callout: { issuer: x } }
authorization { auth_hook: { } }
authorization { timeout: 0 }
authorization { token: "" }
authorization { token: b }, accounts { A: { users: [ {user: c, password: c} ] } }
authorization { token: b }, accounts { A: { } }
authorization { user: "", password: "" }
authorization { user: a, password: b }, accounts { A: { users: [ {user: c, password: c} ] } }
authorization { user: c, password: b }, accounts { A: { users: [ {user: c, password: c} ] } }
authorization { users: [ [ {user: a, password: b} ] ] }
authorization { users: [ {nkey: x} ] }
authorization { users: [ {user: "", password: b} ] }
authorization { users: [ {user: "a b", password: b} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: ["IN_PROCESS"]} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: {max_msgs: 5}}} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: {ttl: 5s}}} ] }
authorization { users: [ {user: a, password: b, permissions: {publish_allow_responses: true}} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: "STANDARD"} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: ["INPROCESS"]} ] }
authorization { users: [ {user: a, password: b, clients: 5} ] }
authorization { users: [ {user: a, password: b, clients: [5 ]} ] }
authorization { users: [ {user: a, password: b, clients: []} ] }
authorization { users: [ {user: a, password: b, connection_types: [standard]} ] }
authorization { users: [ {user: a, password: b, permissions: { publish: {allow: a, deny: a} }} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: 5}} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: false}} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: {expires: 5}}} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: {foo: 5}}} ] }
authorization { users: [ {user: a, password: b, permissions: {import: a, export: b}} ] }
authorization { users: [ {user: a, password: b, permissions: {publish: "a q"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a q"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a  q"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a q.*"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a q.>"}} ] }
authorization { users: [ {user: a, password: b, permissions: {sub: {deny: ["a q", "b q r"]}}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a q r"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: "a q..x"}} ] }
authorization { users: [ {user: a, password: b, permissions: {subscribe: {}}} ] }
authorization { users: [ {user: a, password: b, proxy_required: 5} ] }
authorization { users: [ {user: a, password: b} ], token: "" }
authorization { users: [ {user: a} ] }
authorization { users: [], user: a }
authorization: []
https: localhost
jetstream: enabled, accounts { A: { jetstream: enabled } }
jetstream: enabled, accounts { A: { jetstream: {max_mem: 5} } }
lame_duck_grace_period: "-10s"
lame_duck_grace_period: "0s"
lame_duck_grace_period: "29s", lame_duck_duration: "30s"
lame_duck_grace_period: 0
lame_duck_grace_period: 10
lame_duck_grace_period: 10s
lame_duck_grace_period: x
leafnodes { authorization { foo: x } }
leafnodes { authorization { nkey: ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA } }
leafnodes { authorization { token: x } }
leafnodes { authorization { users: [ {user: a, password: b, permissions: {publish: x}} ] } }
leafnodes { compression: foo }
leafnodes { compression: on }
leafnodes { compression: s2_fast }
leafnodes { compression: { mode: s2_auto, rtt_thresholds: [ 10ms ] } }
leafnodes { dial_timeout: 2s }
leafnodes { isolate: true }
leafnodes { isolate_leafnode_interest: 5 }
leafnodes { leafnode_advertise: 5 }
leafnodes { min_version: "2.7.0" }
leafnodes { min_version: "2.8.0" }
leafnodes { min_version: "v2.8.0" }
leafnodes { min_version: 5 }
leafnodes { min_version: x }
leafnodes { reconnect_delay: 2s }
leafnodes { remotes: [ { url: "nats://h", account: 5 } ] }
leafnodes { remotes: [ { url: "nats://h", compression: foo } ] }
leafnodes { remotes: [ { url: "nats://h", disabled: 5 } ] }
leafnodes { remotes: [ { url: "nats://h", hub: 5 } ] }
leafnodes { remotes: [ { url: "nats://h", ignore_discovered_servers: 5 } ] }
leafnodes { remotes: [ { url: "nats://h", isolate: true, request_isolation: true } ] }
leafnodes { remotes: [ { url: "nats://h", js_cluster_migrate: 5 } ] }
leafnodes { remotes: [ { url: "nats://h", js_cluster_migrate: true } ] }
leafnodes { remotes: [ { url: "nats://h", js_cluster_migrate: { leader_migrate_delay: 5s } } ] }
leafnodes { remotes: [ { url: "nats://h", nkey: "x" } ] }
leafnodes { remotes: [ { url: "nats://h", nkey: x, creds: y } ] }
leafnodes { remotes: [ { url: "ws://h", proxy: 5 } ] }
leafnodes { remotes: [ { url: "ws://h", proxy: { url: "ftp://x:1" } } ] }
leafnodes { remotes: [ { url: "ws://h", proxy: { url: "http://p:8080", foo: 1 } } ] }
leafnodes { remotes: [ { url: "ws://h", proxy: { url: "x" } } ] }
leafnodes { remotes: [ { url: "ws://h", proxy: { username: a } } ] }
leafnodes { remotes: [ { url: "ws://h", ws_compress: 5 } ] }
leafnodes { write_deadline: 5s }
leafnodes { write_timeout: close }
leafnodes { write_timeout: foo }
mappings { "": b }
mappings { "a b": c }
mappings { "a.*": "b.$1" }
mappings { "a.*": "b.{{wildcard(1)}}" }
mappings { "a..b": b }
mappings { "a.>": "b.>" }
mappings { $SYS.x: b }
mappings { a: 5 }
mappings { a: [ 5 ] }
mappings { a: [ [ { destination: b } ] ] }
mappings { a: [ ] }
mappings { a: [ b ] }
mappings { a: [ { destination: b } ] }
mappings { a: [ { destination: b }, { destination: c } ] }
mappings { a: [ { destination: b, weight: 100 }, { destination: a, weight: 10 } ] }
mappings { a: [ { destination: b, weight: 50 }, { destination: b, weight: 50 } ] }
mappings { a: [ { destination: b, weight: 50 }, { destination: b, weight: 50, cluster: X } ] }
mappings { a: [ { destination: b, weight: 50 }, { destination: c, weight: 50 } ] }
mappings { a: [ { destination: b, weight: 50 }, { destination: c, weight: 60 } ] }
mappings { a: { Destination: b, WEIGHT: 1 } }
mappings { a: { dest: b } }
mappings { a: { destination: 5 } }
mappings { a: { destination: b } }
mappings { a: { destination: b, cluster: 5 } }
mappings { a: { destination: b, foo: 1 } }
mappings { a: { destination: b, weight: " 20%" } }
mappings { a: { destination: b, weight: "" } }
mappings { a: { destination: b, weight: "%5" } }
mappings { a: { destination: b, weight: "+20%" } }
mappings { a: { destination: b, weight: "-5%" } }
mappings { a: { destination: b, weight: "200%" } }
mappings { a: { destination: b, weight: "5%%" } }
mappings { a: { destination: b, weight: "50" } }
mappings { a: { destination: b, weight: "50%" } }
mappings { a: { destination: b, weight: -1 } }
mappings { a: { destination: b, weight: 0 } }
mappings { a: { destination: b, weight: 101 } }
mappings { a: { destination: b, weight: 1k } }
mappings { a: { destination: b, weight: 5.5 } }
mappings { a: { destination: b, weight: 50 } }
mappings { a: { destination: b, weight: 50% } }
mappings { a: { destination: b, weight: 9223372036854775807 } }
mappings { a: { destination: b, weight: true } }
mappings { a: { } }
mappings {}
mappings: [ a ]
mappings: a
mappings: true
maps { a: b }
max_sub_tokens: "5"
max_sub_tokens: -1
max_sub_tokens: 255
no_auth_user: ""
no_auth_user: 5
no_auth_user: a, accounts { A: { users: [ {user: a, password: b} ] } }
no_auth_user: a, authorization { users: [ {user: a, password: b} ] }
no_sublist_cache: true
no_sys_acc: 5
no_sys_acc: false
no_sys_acc: true
no_system: true
no_system_account: true
proxies: 5
proxies: { foo: 1 }
proxies: { trusted: 5 }
proxies: { trusted: [ 5 ] }
proxies: { trusted: [ { foo: x } ] }
proxies: { trusted: [ { key: x } ] }
server_metadata { a: 5 }
server_metadata { a: true }
server_metadata {}
server_metadata: []
server_metadata: a
server_tags {}
server_tags: ""
server_tags: "a b"
server_tags: "a, b"
server_tags: 5
server_tags: [""]
server_tags: ["A", "a"]
server_tags: ["a b", c]
server_tags: ["a b"]
server_tags: [5]
system: A, accounts { A: { users: [ {user: a, password: b} ] } }
system_account: ""
system_account: "$G"
system_account: "$SYS"
system_account: "$SYS", accounts { "$SYS": {users: [ {user: a, password: b} ] } }
system_account: "$SYS", accounts { A: {} }
system_account: 5
system_account: A, accounts { A: {} }
system_account: A, no_system_account: true, accounts { A: {} }
tls { cert_file: 5 }
tls { certs: [ 5 ] }
tls { certs: [ {} ] }
tls { ocsp_peer: "true" }
tls { ocsp_peer: { verify: 5 } }
tls { ocsp_peer: { verify: true, foo: 1 } }
tls: []
tls: true
write_timeout: ""
write_timeout: 5
write_timeout: Close
write_timeout: default
write_timeout: retry
""".strip("\n").split("\n")

# The same with files: CERT, KEY and CA are variables.
SAME_WITH_FILES = r"""
tls { cert_file: "/none", key_file: "/x" }
tls { cert_file: $CERT }
tls { cert_file: $CERT, key_file: $KEY }
tls { cert_file: $CERT, key_file: $KEY }, allow_non_tls: true
tls { cert_file: $CERT, key_file: $KEY }, https: "127.0.0.1:-1"
tls { cert_file: $CERT, key_file: $KEY, allow_insecure_cipher_suites: 5 }
tls { cert_file: $CERT, key_file: $KEY, ca_certs_match: "x" }
tls { cert_file: $CERT, key_file: $KEY, ca_certs_match: ["x"] }
tls { cert_file: $CERT, key_file: $KEY, ca_file: "/none" }
tls { cert_file: $CERT, key_file: $KEY, ca_file: $CA }
tls { cert_file: $CERT, key_file: $KEY, ca_file: $CA, verify: true }
tls { cert_file: $CERT, key_file: $KEY, ca_file: $CA, verify_and_map: true }
tls { cert_file: $CERT, key_file: $KEY, ca_file: $CA, verify_cert_and_check_known_urls: true }
tls { cert_file: $CERT, key_file: $KEY, cert_match: "x" }
tls { cert_file: $CERT, key_file: $KEY, cert_match_by: "foo" }
tls { cert_file: $CERT, key_file: $KEY, cert_match_by: "subject" }
tls { cert_file: $CERT, key_file: $KEY, cert_match_skip_invalid: true }
tls { cert_file: $CERT, key_file: $KEY, cert_store: "WindowsLocalMachine" }
tls { cert_file: $CERT, key_file: $KEY, cert_store: 5 }
tls { cert_file: $CERT, key_file: $KEY, certs: [ { cert_file: $CERT, key_file: $KEY } ] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: "foo" }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: ["TLS_RSA_WITH_AES_128_CBC_SHA"] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: ["TLS_RSA_WITH_RC4_128_SHA"] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: [5 ] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: [] }
tls { cert_file: $CERT, key_file: $KEY, cipher_suites: [foo] }
tls { cert_file: $CERT, key_file: $KEY, connection_rate_limit: "5" }
tls { cert_file: $CERT, key_file: $KEY, connection_rate_limit: -5 }
tls { cert_file: $CERT, key_file: $KEY, connection_rate_limit: 5 }
tls { cert_file: $CERT, key_file: $KEY, curve_preferences: "X25519" }
tls { cert_file: $CERT, key_file: $KEY, curve_preferences: ["X25519MLKEM768"] }
tls { cert_file: $CERT, key_file: $KEY, curve_preferences: ["foo"] }
tls { cert_file: $CERT, key_file: $KEY, curve_preferences: [] }
tls { cert_file: $CERT, key_file: $KEY, first: on }
tls { cert_file: $CERT, key_file: $KEY, foo: 1 }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "0s" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "100ms" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "auto_fallback" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "off" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "on" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: "true" }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: 5 }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: AUTO }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: auto }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: auto }, allow_non_tls: true
tls { cert_file: $CERT, key_file: $KEY, handshake_first: true }
tls { cert_file: $CERT, key_file: $KEY, handshake_first: true }, allow_non_tls: true
tls { cert_file: $CERT, key_file: $KEY, handshake_first: x }
tls { cert_file: $CERT, key_file: $KEY, immediate: false }
tls { cert_file: $CERT, key_file: $KEY, insecure: 5 }
tls { cert_file: $CERT, key_file: $KEY, insecure: true }
tls { cert_file: $CERT, key_file: $KEY, min_version: "" }
tls { cert_file: $CERT, key_file: $KEY, min_version: "1.0" }
tls { cert_file: $CERT, key_file: $KEY, min_version: "1.1" }
tls { cert_file: $CERT, key_file: $KEY, min_version: "1.2" }
tls { cert_file: $CERT, key_file: $KEY, min_version: "1.3" }
tls { cert_file: $CERT, key_file: $KEY, min_version: "TLS1.2" }
tls { cert_file: $CERT, key_file: $KEY, min_version: 1 }
tls { cert_file: $CERT, key_file: $KEY, min_version: 1.3 }
tls { cert_file: $CERT, key_file: $KEY, min_version: x }
tls { cert_file: $CERT, key_file: $KEY, ocsp_peer: 5 }
tls { cert_file: $CERT, key_file: $KEY, ocsp_peer: false }
tls { cert_file: $CERT, key_file: $KEY, ocsp_peer: {} }
tls { cert_file: $CERT, key_file: $KEY, pinned_certs: ["aa"] }
tls { cert_file: $CERT, key_file: $KEY, pinned_certs: [5 ] }
tls { cert_file: $CERT, key_file: $KEY, pinned_certs: [] }
tls { cert_file: $CERT, key_file: $KEY, timeout: "5" }
tls { cert_file: $CERT, key_file: $KEY, timeout: "5s" }
tls { cert_file: $CERT, key_file: $KEY, timeout: 0 }
tls { cert_file: $CERT, key_file: $KEY, timeout: 0.5 }
tls { cert_file: $CERT, key_file: $KEY, timeout: 5 }
tls { cert_file: $CERT, key_file: $KEY, timeout: true }
tls { cert_file: $CERT, key_file: $KEY, verify: 5 }
tls { cert_file: $CERT, key_file: $KEY, verify: false, verify_and_map: true }
tls { cert_file: $CERT, key_file: $KEY, verify: true }
tls { cert_file: $CERT, key_file: $KEY, verify_and_map: true }
tls { certificates: [ { cert_file: $CERT, key_file: $KEY }, { cert_file: $CERT, key_file: $KEY } ] }
tls { certs: [ { cert_file: $CERT } ] }
tls { certs: [ { cert_file: $CERT, key_file: $KEY } ] }
tls { certs: [ { cert_file: $CERT, key_file: $KEY, foo: 1 } ] }
tls { certs: [{cert_file: $CERT, key_file: $KEY}] }, https: "127.0.0.1:-1"
tls { certs: { cert_file: $CERT, key_file: $KEY } }
tls { key_file: $KEY }
""".strip("\n").split("\n")

# nats-server accepts these; here they are refused with the words "not supported".
UNSUPPORTED = r"""
authorization { proxy_required: true }
authorization { proxy_required: true, users: [ {user: a, password: b} ] }
authorization { users: [ {user: a, password: b, proxy_required: true} ] }
jetstream { tpm: { keys_file: x } }
jetstream { tpm: { keys_file: x, encryption_password: y } }
jetstream { tpm: { keys_file: x, encryption_password: y, srk_password: z, pcr: 5, cipher: aes } }
leafnodes { advertise: x }
leafnodes { authorization { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 } }
leafnodes { authorization { user: a, pass: b, timeout: 1, account: A, proxy_required: true } }
leafnodes { authorization { user: a, users: [] } }
leafnodes { authorization { users: [ {user: a, password: b, account: A} ] } }
leafnodes { listen: "127.0.0.1:-1", no_advertise: true }
leafnodes { remotes: [ { url: "nats://h", creds: "/none" } ] }
leafnodes { remotes: [ { url: "nats://h", hub: true, account: A } ] }
leafnodes { remotes: [ { url: "nats://h", proxy: { url: "http://p:8080" } } ] }
leafnodes { remotes: [ { url: "nats://h", tls { insecure: true } } ] }
leafnodes { remotes: [ { url: "nats://h", tls { } } ] }
leafnodes { remotes: [ { url: "ws://h", ws_compression: true, ws_no_masking: true } ] }
leafnodes { remotes: [ { urls: ["ws://h", "nats://h"] } ] }
leafnodes { tls { } }
""".strip("\n").split("\n")

# The same with files.
UNSUPPORTED_WITH_FILES = r"""
leafnodes { tls { cert_file: $CERT, key_file: $KEY } }
leafnodes { tls { cert_file: $CERT, key_file: $KEY, handshake_first: "100ms" } }
leafnodes { tls { cert_file: $CERT, key_file: $KEY, handshake_first: true } }
tls { cert_file: $CERT, key_file: $KEY, ocsp_peer: true }
tls { cert_file: $CERT, key_file: $KEY, ocsp_peer: { verify: true, ca_timeout: 2 } }
""".strip("\n").split("\n")

# nats-server accepts these and we do not, each for its reason.
STRICTER = {
    'accounts { "A B": { users: [ {user: a, password: b} ] } }': (
        "no subject of the system account can name it"
    ),
    "accounts: true": "means nothing there",
    "accounts: 5": "means nothing there",
    'accounts: "x"': "means nothing there",
    "authorization { timeout: -1, user: a, password: b }": "nobody could log in",
    "http: 8222, https: 8443, tls { cert_file: $CERT, key_file: $KEY }": (
        "fails there as well, when the server starts"
    ),
    "https: 8443": "fails there as well, when the server starts",
    "https_port: -1": "fails there as well, when the server starts",
    'lame_duck_grace_period: "5m"': "fails there as well, when the server starts",
    'lame_duck_grace_period: "30s", lame_duck_duration: "30s"': (
        "fails there as well, when the server starts"
    ),
    'jetstream: enabled, accounts { "$SYS": { jetstream: enabled } }': (
        "fails there as well, when the server starts"
    ),
    "max_closed_clients: -5": "panics there, when the server starts",
    "no_auth_user: a": "fails there as well, when the server starts",
    "no_auth_user: a, authorization { user: a, password: b }": (
        "fails there as well, when the server starts"
    ),
    "no_auth_user: a, authorization { token: t }": "fails there as well, when the server starts",
    "no_auth_user: x, authorization { users: [ {user: a, password: b} ] }": (
        "fails there as well, when the server starts"
    ),
    "no_auth_user: x, accounts { A: { users: [ {user: a, password: b} ] } }": (
        "fails there as well, when the server starts"
    ),
    "system_account: A": "fails there as well, when the server starts",
    "system_account: A, accounts { B: {} }": "fails there as well, when the server starts",
    "tls {}": "no client could connect",
    "tls { ca_file: $CA }": "no client could connect",
    "tls { certs: [] }": "no client could connect",
    "tls { cert_file: $CERT, key_file: $KEY, timeout: -5 }": "no client could connect",
    'tls { cert_file: $CERT, key_file: $KEY, handshake_first: "-1s" }': "a wait that is negative",
}

# These only warn there, which is a failure for "nats-server -t".
WARNINGS = [
    "leafnodes { dial_timeout: 2 }",
    "leafnodes { reconnect: 2 }",
    "jetstream { sync_interval: 5 }",
    'leafnodes { remotes: [ { url: "nats://h", first_info_timeout: 5 } ] }',
]
