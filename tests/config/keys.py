"""Every key of nats-server 2.15's configuration, with a right value for it and a wrong one.

A block is a template with a place for its keys, and lines ``names | right | wrong``.  The names in
one line mean the same.  Values may use the variables CERT, KEY, CA and DIR, which are paths.
"""

ACCOUNT_KEY = "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA"
USER_KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

_LISTENER = """
listen | "127.0.0.1:-1" | x
port | -1 | "x"
host net | localhost | 5
"""
_WRITING = """
write_deadline | 5s | x
write_timeout | retry | never
"""
_EXPORTER = "B: { exports: [ {stream: 's.>'}, {service: 'r.>'} ] }"

BLOCKS = {
    "top level": (
        "%s",
        _LISTENER.replace("-1 |", "5222 |")
        + _WRITING
        + """
client_advertise | "h:1" | 5
server_name | n | 5
debug | true | 5
trace | true | 5
trace_verbose | true | 5
trace_headers | true | 5
logtime | true | 5
logtime_utc | true | 5
mappings maps | { a: b } | 5
disable_sublist_cache no_sublist_cache | true | 5
accounts | { A: {} } | { A: 5 }
default_sentinel | x | 5
authorization | { user: a, password: b } | 5
http | 8222 | x
https | "127.0.0.1:0" | x
http_port monitor_port | 8222 | "x"
https_port | 0 | "x"
http_base_path | /x | 5
cluster | { port: -1 } | 5
gateway | { name: A, port: -1 } | 5
leaf leafnodes | { reconnect: "2s" } | 5
store_dir storedir | /tmp/x | 5
jetstream | { max_mem: 5 } | 5
logfile log_file | /tmp/l | 5
logfile_size_limit log_size_limit | 5 | "x"
logfile_max_num log_max_num | 5 | "x"
syslog | true | 5
remote_syslog | "udp://127.0.0.1:514" | 5
pidfile pid_file | /tmp/p | 5
ports_file_dir | /tmp | 5
prof_port | 5 | "x"
prof_block_rate | 5 | "x"
max_control_line | 5000 | "x"
max_payload | 5000 | "x"
max_pending | 5000000 | "x"
proxy_protocol | true | 5
max_connections max_conn | 5 | "x"
max_traced_msg_len | 5 | "x"
max_subscriptions max_subs | 5 | "x"
max_sub_tokens max_subscription_tokens | 5 | "x"
ping_interval | "5s" | "x"
ping_max | 5 | "x"
tls | { cert_file: $CERT, key_file: $KEY } | 5
ocsp | { mode: auto } | 5
allow_non_tls | false | 5
lame_duck_duration | "60s" | 60
lame_duck_grace_period | "5s" | 5
operator operators root roots root_operator root_operators | [] | 5
resolver account_resolver accounts_resolver | MEMORY | 5
resolver_tls | {} | 5
resolver_preload | {} | 5
resolver_pinned_accounts | [x] | 5
no_auth_user | "" | 5
system_account system | "$SYS" | 5
no_system_account no_system no_sys_acc | true | 5
no_header_support | true | 5
trusted trusted_keys | [] | x
connect_error_reports | 5 | "x"
reconnect_error_reports | 5 | "x"
websocket ws | { port: -1, no_tls: true } | 5
mqtt | { port: -1 } | 5
server_tags | [a, b] | {}
server_metadata | { a: b } | { a: 5 }
feature_flags | { a: true } | { a: 5 }
default_js_domain | { A: b } | 5
ocsp_cache | { type: none } | 5
no_fast_producer_stall | true | 5
max_closed_clients | 5 | "x"
proxies | { trusted: [] } | 5
""",
    ),
    "authorization": (
        "authorization { %s }",
        """
user username | a | 5
token | t | 5
timeout | 5 | true
users | [ {user: a, password: b} ] | 5
default_permission default_permissions permissions | { publish: a } | 5
proxy_required | true | 5
""",
    ),
    "authorization with users": (
        "authorization { users: [{user: a, password: b}], %s }",
        f"""
auth_callout auth_hook | {{ issuer: {ACCOUNT_KEY}, auth_users: [ a ] }} | 5
""",
    ),
    "authorization with a user": (
        "authorization { user: a, %s }",
        """
pass password | b | 5
""",
    ),
    "callout": (
        "accounts { A: {} }, authorization { users: [{user: a, password: b}], "
        f"auth_callout {{ issuer: {ACCOUNT_KEY}, auth_users: [ a ], %s }} }}",
        f"""
issuer | {ACCOUNT_KEY} | 5
account acc | A | 5
auth_users users | [ a ] | 5
xkey key | XAB3NANV3M6N7AHSQP2U5FRWKKUT7EG2ZXXABV4XVXYQRJGM4S2CZGHT | 5
allowed_accounts | [ A ] | 5
""",
    ),
    "user": (
        "authorization { users: [ { user: a, password: b, %s } ] }",
        """
user username | a | 5
pass password | b | 5
permission permissions authorization | { publish: a } | 5
allowed_connection_types connection_types clients | [ STANDARD ] | [ BOGUS ]
proxy_required | true | 5
""",
    ),
    "user with a key": (
        "authorization { users: [ { %s } ] }",
        f"""
nkey | {USER_KEY} | {ACCOUNT_KEY}
""",
    ),
    "permissions": (
        "authorization { users: [ { user: a, password: b, permissions { %s } } ] }",
        """
publish pub import | a | 5
subscribe sub export | [ a, "b.>" ] | "a..b"
allow_responses publish_allow_responses | true | 5
""",
    ),
    "rule": (
        "authorization { users: [ { user: a, password: b, permissions { publish { %s } } } ] }",
        """
allow | [ a, b ] | "a..b"
deny | a | 5
""",
    ),
    "responses": (
        "authorization { users: [ { user: a, password: b, "
        "permissions { allow_responses { %s } } } ] }",
        """
max max_msgs max_messages max_responses | 5 | "x"
expires expiration ttl | "5s" | 5
""",
    ),
    "account": (
        "accounts { B: {}, A: { %s } }",
        f"""
nkey | {ACCOUNT_KEY} | {USER_KEY}
imports | [] | 5
exports | [ {{stream: "a.>"}} ] | 5
jetstream | {{ max_mem: 5 }} | 5
users | [ {{user: a, password: b}} ] | 5
default_permissions | {{ publish: a }} | 5
mappings maps | {{ a: b }} | 5
limits | {{ max_conn: 5 }} | 5
msg_trace trace_dest | a.b | a.*
""",
    ),
    "account limits": (
        "accounts { A: { limits { %s } } }",
        """
max_connections max_conn | 5 | "x"
max_subscriptions max_subs | 5 | "x"
max_payload max_pay | 1mb | "x"
max_leafnodes max_leafs | 5 | "x"
""",
    ),
    "account jetstream": (
        "accounts { A: { jetstream { %s } } }",
        """
max_memory max_mem mem memory | 1GB | "1G"
max_store max_file max_disk store disk | 1GB | "x"
max_streams streams | 5 | "x"
max_consumers consumers | 5 | "x"
max_bytes_required max_stream_bytes max_bytes | true | 5
mem_max_stream_bytes memory_max_stream_bytes | 5 | "x"
disk_max_stream_bytes store_max_stream_bytes | 5 | "x"
max_ack_pending | 5 | "x"
cluster_traffic | owner | nobody
""",
    ),
    "message trace": (
        "accounts { A: { msg_trace { dest: a, %s } } }",
        """
dest | a.b | a.>
sampling | "20%%" | 0
""",
    ),
    "mapping": (
        "mappings { a: { destination: b, weight: 5, %s } }",
        """
destination dest | b | 5
weight | "20%%" | 101
cluster | C | 5
""",
    ),
    "stream export": (
        "accounts { B: {}, A: { exports: [ { stream: s, %s } ] } }",
        """
stream | a | 5
accounts | [ B ] | 5
""",
    ),
    "service export": (
        "accounts { B: {}, A: { exports: [ { service: 's.*', %s } ] } }",
        """
service | a.* | 5
accounts | [ B ] | 5
response response_type | single | never
threshold response_threshold response_max_time response_time | "5s" | 5
latency | { subject: l, sampling: 50 } | 5
account_token_position | 2 | "x"
allow_trace | true | 5
""",
    ),
    "latency": (
        "accounts { A: { exports: [ { service: s, latency { subject: l, %s } } ] } }",
        """
subject | l | 5
sampling | headers | 500
""",
    ),
    "stream import": (
        f"accounts {{ {_EXPORTER}, "
        "A: { imports: [ { stream: {account: B, subject: 's.a'}, %s } ] } }",
        """
stream | {account: B, subject: 's.b'} | 5
prefix | p | 5
to | p | 5
allow_trace | true | 5
""",
    ),
    "service import": (
        f"accounts {{ {_EXPORTER}, "
        "A: { imports: [ { service: {account: B, subject: 'r.a'}, %s } ] } }",
        """
service | {account: B, subject: 'r.b'} | {account: B}
to | p | 5
share | true | 5
""",
    ),
    "jetstream": (
        "jetstream { %s }",
        """
enabled enable | true | 5
strict | true | 5
store store_dir storedir | /tmp/x | 5
sync sync_interval | "5s" | "x"
max_memory_store max_mem_store max_mem | "1G" | "1x"
max_file_store max_file | 1GB | "1x"
domain | d | 5
key ek encryption_key | k | 5
prev_key prev_ek prev_encryption_key | k | 5
cipher | aes | rot13
extension_hint | will_extend | 5
limits | { max_ha_assets: 5 } | 5
tpm | { keys_file: x } | 5
unique_tag | t | 5
max_outstanding_catchup | "1G" | "x"
max_buffered_size | 5 | "x"
max_buffered_msgs | 5 | "x"
request_queue_limit | 5 | "x"
info_queue_limit | 5 | "x"
meta_compact | 5 | -5
meta_compact_size | 5 | -5
meta_compact_sync | true | 5
max_concurrent_io | 8 | 3
""",
    ),
    "jetstream limits": (
        "jetstream { limits { %s } }",
        """
max_ack_pending | 5 | "x"
max_ha_assets | 5 | "x"
max_request_batch | 5 | "x"
duplicate_window | "5s" | 5
batch | { max_msgs: 5 } | 5
""",
    ),
    "batch limits": (
        "jetstream { limits { batch { %s } } }",
        """
max_inflight_per_stream | 5 | "x"
max_inflight_total | 5 | "x"
max_msgs | 5 | "x"
timeout | "5s" | 5
""",
    ),
    "tpm": (
        "jetstream { tpm { keys_file: x, %s } }",
        """
keys_file | x | 5
encryption_password | x | 5
srk_password | x | 5
pcr | 5 | "x"
cipher | aes | rot13
""",
    ),
    "cluster": (
        "cluster { %s }",
        _LISTENER
        + _WRITING
        + """
name | c | "a b"
authorization | { user: a, password: b } | { token: t }
routes | [ "nats://h:1" ] | "nats://h:1"
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
cluster_advertise advertise | "h:1" | 5
no_advertise | true | 5
connect_retries | 5 | "x"
connect_backoff | true | 5
permissions | { import: a } | 5
pool_size | 5 | "x"
accounts | [ A ] | 5
compression | s2_auto | 5
ping_interval | "5s" | "x"
ping_max | 5 | "x"
""",
    ),
    "gateway": (
        "gateway { %s }",
        _LISTENER
        + _WRITING
        + """
name | c | "a b"
authorization | { user: a, password: b } | { users: [ {user: a, password: b} ] }
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
advertise | "h:1" | 5
connect_retries | 5 | "x"
connect_backoff | true | 5
gateways | [ { name: A, url: "nats://h:1" } ] | 5
reject_unknown reject_unknown_cluster | true | 5
""",
    ),
    "remote gateway": (
        "gateway { gateways: [ { %s } ] }",
        """
name | A | 5
url | "nats://h:1" | 5
urls | [ "nats://h:1" ] | 5
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
""",
    ),
    "leafnodes": (
        "leafnodes { %s }",
        _LISTENER
        + _WRITING
        + """
authorization | { user: a, password: b } | { token: t }
remotes | [ { url: "nats://h" } ] | 5
reconnect reconnect_delay reconnect_interval | "5s" | "x"
dial_timeout | "5s" | "x"
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
leafnode_advertise advertise | "h:1" | 5
no_advertise | true | 5
min_version minimum_version | "2.8.0" | "2.7.9"
compression | s2_auto | 5
isolate_leafnode_interest isolate | true | 5
""",
    ),
    "leafnode login": (
        "leafnodes { authorization { %s } }",
        f"""
user username | a | 5
pass password | a | 5
nkey | {USER_KEY} | {ACCOUNT_KEY}
account | A | 5
users | [ {{user: a, password: b, account: A}} ] | 5
timeout | 5 | true
proxy_required | true | 5
""",
    ),
    "remote": (
        'leafnodes { remotes: [ { url: "nats://h", %s } ] }',
        """
no_randomize dont_randomize | true | 5
url | "nats://g" | 5
urls | [ "nats://g" ] | 5
account local | "$G" | 5
creds credentials | /tmp/c | 5
nkey seed | SUACH75SWCM5D2JMJM6EKLR2WDARVGZT4QC6LX3AGHSWOMVAKERABBBRWM | 5
tls | { insecure: true } | { min_version: "1.0" }
hub | true | 5
deny_imports deny_import | a | "a..b"
deny_exports deny_export | [ a ] | 5
ws_compression ws_compress websocket_compression websocket_compress | true | 5
ws_no_masking websocket_no_masking | true | 5
jetstream_cluster_migrate js_cluster_migrate | true | 5
isolate_leafnode_interest isolate | true | 5
request_isolation | true | 5
compression | off | 5
first_info_timeout | "5s" | "x"
dial_timeout | "5s" | "x"
disabled | true | 5
proxy | { url: "http://p:1" } | 5
ignore_discovered_servers | true | 5
""",
    ),
    "remote proxy": (
        'leafnodes { remotes: [ { url: "ws://h", proxy { url: "http://p:1", %s } } ] }',
        """
url | "https://p:1" | 5
timeout | "5s" | "x"
""",
    ),
    "remote proxy with a user": (
        'leafnodes { remotes: [ { url: "ws://h", '
        'proxy { url: "http://p:1", username: a, password: b, %s } } ] }',
        """
username | x | 5
password | x | 5
""",
    ),
    "websocket": (
        "websocket { no_tls: true, %s }",
        _LISTENER
        + """
advertise | "h:1" | 5
no_tls | true | 5
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
same_origin | true | 5
allowed_origins allowed_origin allow_origins allow_origin origins origin | [ "http://a" ] | 5
handshake_timeout | "5s" | "x"
compress compression | true | 5
authorization authentication | { user: a, password: b, token: c, timeout: 1 } | { users: [] }
jwt_cookie | x | 5
user_cookie | x | 5
pass_cookie | x | 5
token_cookie | x | 5
no_auth_user | x | 5
headers | { A: b } | { A: 5 }
ping_interval | "5s" | "x"
""",
    ),
    "mqtt": (
        "mqtt { %s }",
        _LISTENER
        + """
tls | { cert_file: $CERT, key_file: $KEY } | { min_version: "1.0" }
authorization authentication | { user: a, password: b, token: c, timeout: 1 } | { users: [] }
no_auth_user | x | 5
ack_wait ackwait | "5s" | "x"
js_api_timeout api_timeout | "5s" | "x"
max_ack_pending max_pending max_inflight | 5 | 65536
js_domain | x | 5
stream_replicas | 3 | "x"
consumer_memory_storage | true | 5
consumer_inactive_threshold consumer_auto_cleanup | "5s" | "x"
reject_qos2_publish | true | 5
downgrade_qos2_subscribe | true | 5
""",
    ),
    "tls": (
        "tls { cert_file: $CERT, key_file: $KEY, %s }",
        """
cert_file | $CERT | "/none"
key_file | $KEY | 5
ca_file | $CA | "/none"
insecure | true | 5
verify | true | 5
verify_and_map | true | 5
allow_insecure_cipher_suites | true | 5
cipher_suites | [ TLS_AES_128_GCM_SHA256 ] | []
curve_preferences | [ X25519 ] | [ x ]
timeout | 5 | true
connection_rate_limit | 5 | "x"
pinned_certs | [ "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069" ] | [ "7f" ]
cert_match_by | subject | colour
cert_match | x | 5
ca_certs_match | [ x ] | -
cert_match_skip_invalid | true | 5
handshake_first first immediate | auto | sometimes
ocsp_peer | { verify: false } | 5
min_version | "1.3" | "1.1"
""",
    ),
    "tls between servers": (
        "cluster { tls { cert_file: $CERT, key_file: $KEY, %s } }",
        """
verify_cert_and_check_known_urls | true | 5
""",
    ),
    "tls with several certificates": (
        "tls { %s }",
        """
certs certificates | [ {cert_file: $CERT, key_file: $KEY} ] | [ {cert_file: $CERT} ]
""",
    ),
    "peer's state": (
        "tls { cert_file: $CERT, key_file: $KEY, ocsp_peer { verify: false, %s } }",
        """
verify | false | 5
warn_only | true | 5
unknown_is_good | true | 5
allow_when_ca_unreachable | true | 5
ca_timeout | 5 | true
allowed_clockskew | 5 | true
cache_ttl_when_next_update_unset | 5 | true
""",
    ),
    "ocsp": (
        "ocsp { %s }",
        """
mode | must | rather_not
url | "http://h" | 5
""",
    ),
    "ocsp cache": (
        "ocsp_cache { %s }",
        """
type | local | magnetic
local_store | /tmp/x | 5
preserve_revoked | true | 5
save_interval | 5 | true
""",
    ),
    "resolver": (
        "resolver { type: full, dir: $DIR, %s }",
        """
type | cache | magnetic
limit | 5 | "x"
interval | "5s" | "x"
timeout | "5s" | "x"
allow_delete | true | 5
""",
    ),
    "folder of a resolver": (
        "resolver { type: full, %s }",
        """
dir | $DIR | 5
""",
    ),
    "cache of a resolver": (
        "resolver { type: cache, dir: $DIR, %s }",
        """
ttl | "5s" | "x"
""",
    ),
    "resolver that deletes": (
        "resolver { type: full, dir: $DIR, allow_delete: true, %s }",
        """
hard_delete | true | 5
""",
    ),
    "proxies": (
        "proxies { %s }",
        f"""
trusted | [ {{ key: {ACCOUNT_KEY} }} ] | [ {{ key: x }} ]
""",
    ),
}


def templates() -> list[tuple[str, str, str]]:
    """Return (block, name, template) of every name; the entry goes where the template has %s."""
    return [
        (block, name, template)
        for block, (template, lines) in BLOCKS.items()
        for line in filter(None, lines.split("\n"))
        for name in line.partition(" | ")[0].split()
    ]


def snippets(*, right: bool) -> list[tuple[str, str, str]]:
    """Return (block, name, configuration) of every name with its right or its wrong value.

    Where the wrong value is ``-``, nats-server takes any.
    """
    values = {}
    for block, (_, lines) in BLOCKS.items():
        for line in filter(None, lines.split("\n")):
            names, good, bad = line.split(" | ")
            value = (good if right else bad).replace("%%", "%")
            values |= {(block, name): value for name in names.split()}
    return [
        (block, name, template.replace("%s", f"{name}: {values[block, name]}\n"))
        for block, name, template in templates()
        if values[block, name] != "-"
    ]
