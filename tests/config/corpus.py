"""Snippets of configuration, which the comparison with nats-server and the fuzzing start from."""

ENVIRONMENT = {"HOME": "/tmp", "SIZE": "1k", "EMPTY": "", "WORDS": "a b", "LOOP": "$LOOP"}

FILES = {
    "sub.conf": "port: 5222\n",
    "bad.conf": "port: {\n",
    "users.conf": "users: [ {user: a, password: b} ]\n",
    "loop.conf": "include loop.conf\n",
}

_LINES = r"""
port: 4222
port = 4222
port 4222
port=4222
port	4222
port 4222;
port: 4222,
port: 4222; debug: true
port: 4222, debug: true
port: 4222 # c
port: 4222 // c
port: 4222# c
port: 4222 / c
"port": 4222
'port': 4222
"port" 4222
{"port": 4222}
{"port": 4222, "debug": true}
{ port: 4222 }
{ port: 4222, }
{ port: 4222 } debug: true
port
port:
port: "4222"
port: 4222.5
port: true
port: -1
port: 0
PORT: 4222
Port: 4223
port: 4222x
port: 1k
port: 0x10
listen: 4222
listen: "127.0.0.1:4222"
listen: 127.0.0.1:4222
listen: localhost:-1
listen: "[::1]:4222"
listen: "::1:4222"
listen: nothing
listen: ":4222"
listen: "a:b"
listen: true
listen: -1
host: localhost
host: 127.0.0.1
net: "0.0.0.0"
host: 1
http: 8222
http: "localhost:8222"
http: localhost
http_port: 8222
http_port: "8222"
monitor_port: 8222
http_base_path: "/x"
http_base_path: /x
server_name: foo
server_name: "foo bar"
server_name: foo bar
server_name: 12
server_name: "12"
server_name: "a\q"
server_name: "\x4"
server_name: "\xc3\xa9"
server_name: é
server_name: "a
server_name: 'a"b'
server_name: 'a\tb'
server_name: a'b
server_name: ab'
server_name: a\x41b
server_name: 1\x41\x41
server_name: 1'2
server_name: 1k\x41
server_name: true
server_name: 1.2.3
server_name: 10-20
server_name: 2006-01-02T15:04:05Z
server_name: -x
server_name: .x
server_name: $UNKNOWN
server_name: $HOME
server_name: "$HOME"
server_name: $SIZE
server_name: $EMPTY
server_name: $WORDS
server_name: $LOOP
server_name: $$
server_name: $
client_advertise: "h:1"
client_advertise: 1
debug: true
debug: yes
debug: on
debug: ON
debug: False
debug: off
debug: no
debug: 1
debug: "true"
debug: maybe
trace: true
trace_verbose: true
trace_headers: true
logtime: false
logtime_utc: true
logfile: "/tmp/x"
log_file: /tmp/x.log
logfile_size_limit: 1mb
log_size_limit: "1mb"
logfile_max_num: 3
pid_file: /tmp/p
pidfile: "/tmp/p"
ports_file_dir: /tmp
max_control_line: 4096
max_control_line: 4k
max_control_line: 4KB
max_control_line: 4Kib
max_control_line: 4kbb
max_control_line: 10000000000
max_payload: 1mb
max_payload: 1MB
max_payload: 1 mb
max_payload: 1mx
max_payload: 3g
max_payload: "1mb"
max_payload: 1.5mb
max_pending: 64MB
max_pending: 1t
max_pending: 9223372036854775807
max_pending: 9223372036854775808
max_connections: 100
max_conn: 100
max_connections: -1
max_connections: "100"
max_subscriptions: 10
max_subs: 10
max_sub_tokens: 16
max_sub_tokens: 256
max_sub_tokens: 0
ping_interval: "2m"
ping_interval: 2s
ping_interval: 1h30m
ping_interval: "1.5s"
ping_interval: "1x"
ping_interval: ""
ping_interval: true
ping_max: 3
ping_max: "3"
write_deadline: "10s"
write_deadline: 10s
write_deadline: "10"
write_deadline: ".5s"
lame_duck_duration: "2m"
lame_duck_duration: "10s"
lame_duck_duration: 120
lame_duck_grace_period: "10s"
no_header_support: true
no_header_support: 1
authorization { user: a, password: b }
authorization { user: a, pass: b }
authorization { username: a, password: b }
authorization: { user: a password: b }
authorization: {user:a,password:b}
authorization { user: a; password: b; }
authorization { user: a, password: 12 }
authorization { user: a, password: $2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG }
authorization { user: a, password: "$2a$11$W2zko751KUvVy59mUTWmpO" }
authorization { token: secret }
authorization { token: a, user: b }
authorization { users: [ {user: a, password: b} ] }
authorization { users = [ {user: a, password: b}, {user: c, password: d} ] }
authorization { users = [ {user: a, password: b}, {user: a, password: d} ] }
authorization { users = [ {password: b} ] }
authorization { users = [ 1 ] }
authorization { users = a }
authorization { users = [ {user: a, permissions: {publish: "a.>", subscribe: ["b", "c.*"]}} ] }
authorization { users = [ {user: a, permissions: {pub: {allow: "a", deny: [b]}, sub: {deny: b}}} ] }
authorization { users = [ {user: a, password: b, permissions: {publish: {allow: "a..b"}}} ] }
authorization { users = [ {user: a, password: b, permissions: {publish: {foo: "a"}}} ] }
authorization { users = [ {user: a, password: b, permissions: {foo: "a"}} ] }
authorization { users = [ {user: a, password: b, permissions: "a"} ] }
authorization { users = [ {user: a, password: b, permissions: {publish: 5}} ] }
authorization { users = [ {user: a, password: b, permissions: {publish: [5]}} ] }
authorization { default_permissions: {publish: "a"}, users = [ {user: a, password: b} ] }
authorization { users: [ {nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: [MQTT]} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: true}} ] }
authorization { users: [ {user: a, password: b, permissions: {allow_responses: {max: 1}}} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: ["STANDARD"]} ] }
authorization { users: [ {user: a, password: b, allowed_connection_types: ["BOGUS"]} ] }
authorization { users: [ {user: a, password: b, foo: 1} ] }
authorization { token: a, users: [ {user: a, password: b} ] }
authorization { user: x, users: [ {user: a, password: b} ] }
authorization { user: x, timeout: 1 }
authorization { user: x, timeout: 1.5 }
authorization { user: x, timeout: "2s" }
authorization { user: x, timeout: "2" }
authorization { user: x, timeout: true }
authorization { foo: x }
authorization: true
jetstream: true
jetstream: enabled
jetstream: Enabled
jetstream: disabled
jetstream: maybe
jetstream: 1
jetstream {}
jetstream { enabled: true }
jetstream { enabled: false, store_dir: "/tmp" }
jetstream { store_dir: "/tmp/js", domain: edge }
jetstream { store_dir: /tmp/js, domain: edge }
jetstream { store_dir: 5 }
jetstream { max_mem: 1GB, max_file: 10GB }
jetstream { max_memory_store: 1GB, max_file_store: 10GB }
jetstream { max_mem: "1G", max_file: "10T" }
jetstream { max_mem: "1GB" }
jetstream { max_mem: 1x }
jetstream { max_mem: true }
jetstream { max_mem: "" }
jetstream { max_mem: "G" }
jetstream { sync_interval: always }
jetstream { sync_interval: "30s" }
jetstream { sync: "x" }
jetstream { unique_tag: "az:" }
jetstream { strict: false }
jetstream { foo: 1 }
jetstream { limits: { max_ack_pending: 5 } }
jetstream { limits: { foo: 5 } }
jetstream { max_concurrent_io: 2 }
jetstream { max_concurrent_io: 8 }
jetstream { meta_compact: -1 }
jetstream{store_dir:"/tmp"}
store_dir: "/tmp"
leafnodes { remotes: [ { url: "nats-leaf://h:7422" } ] }
leafnodes { remotes: [ { urls: ["nats-leaf://u:p@h:7422", "nats://g"] } ] }
leafnodes { remotes: [ { url: nats-leaf://h:7422 } ] }
leafnodes { remotes: [ { url: 5 } ] }
leafnodes { remotes: [ { urls: [5] } ] }
leafnodes { remotes: { url: "nats://h" } }
leafnodes { remotes: [ "nats://h" ] }
leafnodes { remotes: [ { url: "nats://h", deny_imports: "a", deny_exports: ["b", "c.>"] } ] }
leafnodes { remotes: [ { url: "nats://h", deny_imports: "a..b" } ] }
leafnodes { remotes: [ { url: "nats://h", no_randomize: true, hub: false } ] }
leafnodes { remotes: [ { url: "nats://h", foo: true } ] }
leafnodes { remotes: [ { url: "nats://h" }, { url: "nats://h" } ] }
leafnodes { remotes: [ { url: "nats://h", disabled: true } ] }
leafnodes { remotes: [ { url: "nats://h", first_info_timeout: "2s" } ] }
leafnodes { remotes: [ { url: "nats://h", compression: off } ] }
leafnodes { remotes: [], reconnect: "2s" }
leafnodes { remotes: [], reconnect_interval: "2s" }
leafnodes { foo: 1 }
leafnodes: 1
leaf { remotes: [] }
unknown: 1
unknown { a: 1 }
x: 5, port: $x
x: 5, port: $y
x: { y: 4 }, port: $y
x = "a", authorization { user: $x, password: $x }
authorization { p: secret, user: $p, password: $p }
authorization { p: secret, user: a }
x: [1 ], port: 3
x: [1], port: 3
x: "s", server_tags: [$x, "b"]
server_tags: a
server_tags: [a, b]
server_tags: [a b]
server_tags: [a, b,]
server_tags: [a,, b]
server_tags: [, a]
server_tags: [a; b]
server_tags: [a
server_tags: [1k]
server_tags: ["a" "b"]
server_tags: []
server_tags: [[a]]
server_metadata { a: b }
server_metadata { a: 1 }
server_metadata: { a: b
server_metadata: { a: b, c }
server_metadata: { a: }
server_metadata: { a: , b: c }
server_metadata: { : b }
server_metadata: { ] }
server_metadata { "a b": "c d" }
feature_flags { a: true }
default_js_domain { A: b }
default_js_domain { A: 5 }
default_js_domain: x
feature_flags { a: 1 }
connect_error_reports: 5
max_traced_msg_len: 5
disable_sublist_cache: true
write_timeout: close
write_timeout: bogus
no_fast_producer_stall: true
max_closed_clients: 10
prof_port: 0
syslog: false
remote_syslog: "udp://localhost:514"
max_pending: 5e
max_pending: 1k5
= 5
: 5
port == 4222
port: = 4222
port: : 4222
port: {
port: (
port: [
]
}
{
}}
include
include "nothere.conf"
include nothere.conf
include "sub.conf"
include sub.conf
include 'sub.conf'
include ./sub.conf
include [sub.conf]
include 5
include: sub.conf
Include sub.conf
include bad.conf
authorization { include users.conf }
authorization { include "users.conf"; }
authorization { include "users.conf", timeout: 1 }
mappings { a: b }
maps { a: b }
mappings {}
mappings: 5
mappings: [a]
mappings { a: b, a: c }
mappings { "a b": c }
mappings { "a..b": c }
mappings { "a.>.b": c }
mappings { "": c }
mappings { "a.*": "b.$1" }
mappings { "a.*": "b.$2" }
mappings { "a.*": "b.*" }
mappings { "a.>": b }
mappings { "a.*": "{{partition(3,1)}}" }
mappings { "a.*": "{{partition(3,2)}}" }
mappings { a: "{{bad(1)}}" }
mappings { a: 5 }
mappings { a: true }
mappings { a: [] }
mappings { a: [b] }
mappings { a: [[{destination: b, weight: 1}]] }
mappings { a: {} }
mappings { a: {destination: b} }
mappings { a: {destination: b, weight: 50} }
mappings { a: [{destination: b}] }
mappings { a: [{destination: b, weight: 50%}, {dest: c, weight: "50"}] }
mappings { a: [{destination: b, weight: 50%}, {destination: c, weight: 51}] }
mappings { a: [{destination: b, weight: 50}, {destination: b, weight: 50}] }
mappings { a: [{destination: b, weight: 50}, {destination: b, weight: 50, cluster: x}] }
mappings { a: [{destination: b, weight: 60}, {destination: c, weight: 60, cluster: x}] }
mappings { a: [{destination: b, weight: 60, cluster: x}, {destination: c, weight: 60, cluster: x}] }
mappings { a: [{destination: b, weight: 60, cluster: x}, {destination: c, weight: 60, cluster: y}] }
mappings { a: [{DEST: b, Weight: 10}] }
mappings { a: [{destination: b, to: c, weight: 10}] }
mappings { a: [{destination: b, weight: 101}] }
mappings { a: [{destination: b, weight: -1}] }
mappings { a: [{destination: b, weight: 1k}] }
mappings { a: [{destination: b, weight: 5.5}] }
mappings { a: [{destination: b, weight: true}] }
mappings { a: [{destination: b, weight: "+7%"}] }
mappings { a: [{destination: b, weight: "0007"}] }
mappings { a: [{destination: b, weight: " 7%"}] }
mappings { a: [{destination: b, weight: "7%%"}] }
mappings { a: [{destination: b, weight: "%"}] }
mappings { a: [{destination: b, weight: ""}] }
mappings { a: [{destination: b, weight: "0x7"}] }
mappings { a: [{destination: b, weight: "1_0"}] }
mappings { a: [{destination: b, weight: 50}, "x"] }
mappings { a: {destination: [b], weight: 1} }
mappings { a: [{destination: b, weight: 1, cluster: 5}] }
mappings { a: [{destination: b c, weight: 1}] }
"""

_TEXTS = [
    "a=(\nfoo\n)\nserver_tags=[$a]\n",
    'x: "\\xff<\\x08\\x0c\\x01\\x7f"\n'
    'leaf { remotes: [ {url: "nats://h", js_cluster_migrate: {a: $x}} ] }',
    "port\n4222\n",
    "port:\n4222\n",
    "server_tags: [\na\nb\n]\n",
    "server_tags: [\na\n, b\n]\n",
    "server_tags: [\n a # x\n, b\n]\n",
    "server_tags: [\n # x\n a, // y\n b\n]\n",
    "authorization {\n # c\n user: a // c\n password:\n  b\n}\n",
    "authorization\n{\nuser: a\n}\n",
    "authorization {\n user: a,\n password: b,\n}\nport: 1\n",
    "authorization: {\n user: a\n , password: b\n}\n",
    "port: 1\nport: 2\n",
    "# c\n\n\nport: 1\n\n# d",
    "port: 1\r\ndebug: true\r\n",
    '{\n"port": 4222,\n"authorization": {"user": "a", "password": "b"}\n}\n',
    '{\n"port":\n4222\n}',
    "x {\n y: 5\n z: $y\n}\nport: 4\n",
    "x: 1.5\nauthorization { user: a, timeout: $x }",
    "d: 2016-05-04T18:53:41Z\nport: 5\n",
    "a = (\nx\n) foo\nport: 4\n",
    "server_name: (\n hi\n)\n",
    "server_name: (hi)\n",
    "port: 4222\n/\n",
    "port: 4222 {\n",
    'x: 5\nX: 6\nport: $X\nclient_advertise: "$x"\n',
    'server_tags: ["<a>&", "\\"q\\"", "\u2028"]\n',
    "x: -5\ny: [$x, -1.5 ]\nport: 4\n",
    "authorization { user: a\npassword: b }",
    "jetstream {\n store_dir: /tmp/x\n max_file: 1G\n}\n",
]

# Both accept these, with the same values, or both refuse them.
SAME = _LINES.strip("\n").split("\n") + _TEXTS

# nats-server accepts these and we do not, each for its reason.
STRICTER = {
    'jetstream { key: "" }': "a variable that is empty would leave data in the clear",
    "jetstream { key: a, ek: b }": "the key is given twice",
    "port: 99999": "fails there as well, when the server starts",
    'server_name: "a\\x41\\t"': "no white space at all in names",
    "server_name: a\\tb": "no white space at all in names",
    r'server_name: "\xff\xfe"': "not UTF-8, which the INFO of a client has to be",
    "max_pending: -5": "a negative bound closes every connection",
    "max_pending: 50e": "overflows there without a word",
    r'server_tags: ["\xff"]': "not UTF-8",
    "port: 4222 }": "a brace that closes nothing",
    "server_name: 'multi\nline'\n": "no white space at all in names",
    'server_name: "multi\nline"\n': "no white space at all in names",
    "port: 4222\u0000": "not a text file",
    "server_metadata { /a: b }": "a key that starts like a comment",
    "port: 4222\n}": "a brace that closes nothing",
    "server_metadata { ,a: b }": "a key that is a comma",
    "authorization { users: [ {user: a, password: b, permissions: {publish: []}} ] }": (
        "permits everything there, which is not what it says"
    ),
    "authorization { user: a, password: b, permissions: {publish: x} }": (
        "the permissions are without effect there"
    ),
    "authorization { password: b }": "lets everybody in there",
    "jetstream { domain: a.b }": "fails there as well, when the server starts",
    'mappings { a: "" }': "the first message on the subject ends the server there",
    "mappings { a: [{weight: 50}] }": "the first message on the subject ends the server there",
    "leafnodes { remotes: [ {} ] }": "fails there as well, when the server starts",
    'leafnodes { remotes: [ { url: "localhost:7422" } ] }': "has no host there",
    "max_payload: 2mb, max_pending: 1mb": "fails there as well, when the server starts",
    "ping_max: -1": "would close every connection",
    'write_deadline: "-1s"': "would close every connection",
}

# nats-server accepts these; here they are refused with the words "not supported".
UNSUPPORTED = r"""
cluster { port: 6222 }
cluster {}
gateway { name: A, port: 7222 }
leafnodes { port: 7422 }
leafnodes { listen: "127.0.0.1:7422" }
leafnodes { host: localhost }
leafnodes { authorization { user: a, password: b } }
leafnodes { remotes: [ { url: "tls://h:7422" } ] }
leafnodes { remotes: [ { url: "wss://h:443" } ] }
leafnodes { remotes: [ { url: "nats://h", account: A } ] }
leafnodes { remotes: [ { url: "nats://h", creds: "/tmp/x.creds" } ] }
leafnodes { remotes: [ { url: "nats://h", tls: {} } ] }
mqtt { port: 1883 }
websocket { port: 8080, no_tls: true }
ocsp: true
resolver: "URL(http://127.0.0.1:1/)"
default_sentinel: x
authorization { user: a, password: b, proxy_required: true }
""".strip("\n").split("\n")

# These only warn there, which is a failure for "nats-server -t".
WARNINGS = [
    "",
    "# only comment",
    "// only comment",
    "ping_interval: 2m",
    "ping_interval: 120",
    "authorization { user: x, timeout: 100 }",
    'leafnodes { remotes: [ { urls: ["nats://h", "nats://h"] } ] }',
]
