# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers: each listens on a socket in its own folder or on loopback, answers a client and is stopped by its number."""

from row import NUMBERS, Row

NGINX = """
daemon off; master_process on; worker_processes 2; pid nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen unix:s.sock; root .; location = /say { return 200 "said\\n"; } }
}
"""
LIGHTTPD = 'server.document-root = env.PWD + "/www"\nserver.bind = env.PWD + "/s.sock"\n'
APACHE = """
ServerRoot "${PWD}"
PidFile apache.pid
ServerName localhost
Listen 127.0.0.1:${PORT}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
DocumentRoot "${PWD}/www"
ErrorLog error.log
StartServers 1
"""
VARNISH = 'vcl 4.1;\nbackend default none;\nsub vcl_recv { return (synth(200, "hello")); }\n'
NAMED = """
options { directory "."; listen-on port %PORT% { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "named.pid";
  session-keyfile "session.key"; recursion no; dnssec-validation no; notify no; };
controls { };
zone "ex.test" { type primary; file "z"; };
"""
SLAPD = """
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile slapd.pid
database mdb
directory ./db
suffix "dc=ex"
rootdn "cn=root,dc=ex"
rootpw secret
access to * by * read
"""
LDIF = "dn: dc=ex\nobjectClass: dcObject\nobjectClass: organization\no: ex\ndc: ex\n\n" + "".join(
    "dn: cn=p%d,dc=ex\nobjectClass: person\ncn: p%d\nsn: s%d\n\n" % (i, i, i) for i in range(300))
HTTP_NODE = "require('http').createServer((q, s) => s.end('said ' + q.url + '\\n')).listen('s.sock');" \
            "process.on('SIGTERM', () => process.exit(3));\n"
WWW = "mkdir www; seq 5000 > www/x.txt"
CURL = "for i in 1 2 3 4 5; do curl -sS --unix-socket s.sock http://localhost/%s | cksum; done"
CURL_PORT = "for i in 1 2 3 4 5; do curl -sS --compressed http://127.0.0.1:$PORT/%s | cksum; done"
REDIS = """
r() { redis-cli -s s.sock "$@"; }
seq 3000 | awk '{ print "RPUSH list" $1 % 50 " value" $1; print "SET k" $1 " " $1 }' | r > replies
sort replies | uniq -c; r SORT list7 ALPHA LIMIT 0 5; r DBSIZE; r BGSAVE; r DEBUG JMAP
"""
POSTGRES = """
p() { psql -h "$PWD" -p 5432 -d postgres -X -A -t "$@"; }
p -c 'create table t as select i, i::text || $$x$$ as s from generate_series(1, 20000) i' \\
  -c 'create index on t(s)' -c 'select count(*), sum(length(s)) from t' -c 'select * from t order by s desc limit 3'
p -c 'select 1 / 0' 2>&1 || true
"""
MARIADB = """
m() { mariadb --no-defaults -S "$PWD/s.sock" "$@"; }
m -e 'create database d; create table d.t (i int primary key, s text);
  insert into d.t select seq, concat(seq, "x") from seq_1_to_5000; select count(*), sum(length(s)) from d.t'
m -e 'select no such thing' 2>&1 || true
"""
MEMCACHED = """
python3 -sB -c '
import socket
s = socket.socket(socket.AF_UNIX); s.connect("s.sock"); f = s.makefile("rwb")
for i in range(2000): f.write(b"set k%d 0 0 %d\\r\\n%s\\r\\n" % (i, i % 90 + 1, b"x" * (i % 90 + 1)))
f.write(b"get k7\\r\\nincr k7 1\\r\\nquit\\r\\n"); f.flush(); print(len(f.read()))'
"""

ROWS = [
    Row("redis", "redis-server", "redis-server --port 0 --unixsocket s.sock --save '' --daemonize no --dir .",
        normal=NUMBERS, needs=("redis-cli:redis-tools",), client=REDIS, ready="s.sock", least=1000),
    Row("postgres", "postgresql", "postgres -D d -k \"$PWD\" -c listen_addresses= -c logging_collector=off",
        normal=NUMBERS, unordered=True, needs=("initdb:postgresql", "psql:postgresql-client"),
        setup="initdb -D d -U breadth --auth=trust -N >/dev/null",
        client=POSTGRES, ready=".s.PGSQL.5432", not_root=True, least=1000),
    Row("mariadb", "mariadb-server",
        "mariadbd --no-defaults --datadir=\"$PWD/d\" --socket=\"$PWD/s.sock\" --skip-networking"
        " --lc-messages-dir=/usr/share/mysql", normal=NUMBERS, unordered=True, client=MARIADB, ready="s.sock",
        not_root=True, least=1000,
        setup="mkdir d; mariadb-install-db --no-defaults --datadir=\"$PWD/d\""
        " --auth-root-authentication-method=normal >/dev/null",
        needs=("mariadb:mariadb-client", "mariadb-install-db:mariadb-server")),
    Row("nginx", "nginx", "nginx -p \"$PWD\" -e stderr -c nginx.conf", files={"nginx.conf": NGINX},
        setup="seq 5000 > x.txt",
        client=CURL % "x.txt" + "; " + CURL % "say", ready="s.sock", needs=("curl",), normal=NUMBERS, least=100),
    Row("lighttpd", "lighttpd", "lighttpd -D -f l.conf", files={"l.conf": LIGHTTPD}, setup=WWW, client=CURL % "x.txt",
        ready="s.sock", needs=("curl",), normal=NUMBERS, least=100),
    Row("apache2", "apache2", "apache2 -d . -f a.conf -DFOREGROUND", files={"a.conf": APACHE}, setup=WWW,
        needs=("curl",), client=CURL_PORT % "x.txt", ready="port", normal=NUMBERS, least=1000),
    Row("memcached", "memcached", "memcached -s s.sock -t 2 -u root", client=MEMCACHED, ready="s.sock",
        needs=("python3",), least=50),
    Row("slapd", "slapd", "slapd -d 0 -f s.conf -h ldapi://s.sock", files={"s.conf": SLAPD, "x.ldif": LDIF},
        setup="mkdir db; slapadd -q -f s.conf -l x.ldif", ready="s.sock",
        needs=("ldapsearch:ldap-utils", "slapadd:slapd"),
        client="ldapsearch -x -H ldapi://s.sock -b dc=ex -LLL '(sn=s2*)' | cksum", least=10000),
    Row("named", "bind9", "named -g -n 2 -c n.conf",
        setup="sed -i s/%PORT%/$PORT/ n.conf; (echo '$TTL 60'; echo '@ SOA a b 1 2 3 4 5';"
        " echo '@ NS a'; echo 'a A 127.0.0.1') > z", files={"n.conf": NAMED}, ready="port", normal=NUMBERS,
        needs=("dig:bind9-dnsutils",), client="dig @127.0.0.1 -p $PORT a.ex.test +short +tcp", least=1000),
    Row("varnish", "varnish", "varnishd -F -j none -n \"$PWD/n\" -a \"$PWD/s.sock\" -f \"$PWD/v.vcl\" -s malloc,10M",
        needs=("curl", "gcc"),
        files={"v.vcl": VARNISH}, client="curl -sS --unix-socket s.sock http://localhost/ | grep -c hello",
        ready="s.sock", normal=NUMBERS, least=100),
    Row("php-server", "php-cli", "php -S 127.0.0.1:$PORT i.php", client=CURL_PORT % "", ready="port", needs=("curl",),
        files={"i.php": "<?php $a = range(1, 1000); echo strlen(json_encode($a)), \"\\n\";\n"}, normal=NUMBERS,
        stop="INT", least=100),
    Row("python-server", "python3", "python3 -sB -m http.server --bind 127.0.0.1 $PORT", setup=WWW, ready="port",
        client=CURL_PORT % "www/x.txt", needs=("curl",), normal=NUMBERS, status=-15, least=100),
    Row("node-server", "nodejs", "node h.js", files={"h.js": HTTP_NODE}, client=CURL % "path", ready="s.sock",
        needs=("curl",), status=3, least=1000),
]
