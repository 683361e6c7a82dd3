# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interpreters and virtual machines, each with a few thousand objects to make and a sum to print."""

from row import Row

PYTHON = """
import collections, json, re, sys, threading
words = collections.Counter("word%d" % (i * 7919 % 997) for i in range(50000))
text = json.dumps(words, sort_keys=True)
threads = [threading.Thread(target=lambda: json.loads(text)) for _ in range(4)]
[t.start() for t in threads], [t.join() for t in threads]
print(len(text), sum(json.loads(text).values()), len(re.findall(r"\\d+", text)))
sys.stderr.write("done\\n")
sys.exit(3)
"""
PERL = """
my %h; $h{"key" . ($_ % 997)} .= "x" for 1 .. 100000;
print scalar(keys %h), " ", length(join "", map { $h{$_} } sort keys %h), "\\n"; warn "done\\n"; exit 3;
"""
RUBY = """
h = Hash.new { |hash, key| hash[key] = [] }
100_000.times { |i| h["key#{i % 997}"] << i.to_s }
puts h.size, h.values.flatten.map(&:to_i).sum
warn "done"
exit 3
"""
LUA = """
local t, n = {}, 0
for i = 1, 100000 do local k = "key" .. (i % 997); t[k] = (t[k] or "") .. "x" end
for _, v in pairs(t) do n = n + #v end
print(n); io.stderr:write("done\\n"); os.exit(3)
"""
SCHEME = """
(define (build n) (let loop ((i 0) (all '())) (if (= i n) all (loop (+ i 1) (cons (number->string i) all)))))
(display (apply + (map string-length (build 100000)))) (newline) (exit 3)
"""
PHP = """<?php
$a = []; for ($i = 0; $i < 100000; $i++) { $a["key" . $i % 997][] = "value$i"; }
ksort($a); echo count($a), " ", strlen(json_encode($a)), "\\n"; fwrite(STDERR, "done\\n"); exit(3);
"""
NODE = """
const o = {}; for (let i = 0; i < 100000; i++) (o['k' + i % 997] ||= []).push('x'.repeat(i % 50));
console.log(JSON.stringify(o).length, require('zlib').gzipSync('x'.repeat(1e6)).length);
setTimeout(() => { console.error('done'); process.exit(3) }, 1);
"""
TCL = """
for {set i 0} {$i < 50000} {incr i} { dict lappend d key[expr {$i % 997}] value$i }
puts [dict size $d]; puts [string length $d]; puts stderr done; exit 3
"""
OCTAVE = """
a = reshape(1:250000, 500,
        500); b = a * a'; c = cellfun(@(x) sprintf("%d", x), num2cell(1:5000), "UniformOutput", false);
printf("%g %d\\n", trace(b), numel(strjoin(c, ","))); exit(3);
"""
R = """
d <- data.frame(k = paste0("key", 1:50000 %% 97), v = as.numeric(1:50000))
a <- aggregate(v ~ k, d, sum); cat(nrow(a), sum(a$v), "\\n"); message("done"); quit(status = 3)
"""
PROLOG = """
:- initialization(main, main).
main :- numlist(1, 100000, L), maplist([X, Y]>>(atom_number(A, X), atom_length(A, Y)), L, Ys), sum_list(Ys, S),
        writeln(S), halt(3).
"""
ERLANG = """
M = lists:foldl(fun(I, A) -> maps:put(integer_to_list(I), lists:seq(1, 20), A) end, #{}, lists:seq(1, 20000)),
io:format("~p~n", [maps:size(M)]), halt(3).
"""
BASH = """
declare -A h
for i in {1..20000}; do h[key$((i % 97))]+=x; done
s=0; for k in "${!h[@]}"; do s=$((s + ${#h[$k]})); done
echo $s; (echo child; exit 4); echo $?; echo "$(echo from a child)" | cat; echo done >&2; exit 3
"""
DASH = """
i=0; t=; while [ $i -lt 3000 ]; do t="$t $i"; i=$((i + 1)); done; echo ${#t}; (exit 4); echo $?; ls / | wc -l; exit 3
"""
AWK = 'BEGIN { for (i = 0; i < 100000; i++) a["key" i % 997] = a["key" i % 997] "x"; for (k in a) n += length(a[k]); print n; exit 3 }'
EMACS = """
(let ((all nil)) (dotimes (i 50000) (push (format "%d" i) all)) (princ (length (mapconcat #'identity all ","))))
(terpri) (kill-emacs 3)
"""
BC = "scale=600\nx=4*a(1)\nx\n2^4000\nfor (i = 0; i < 2000; i++) a[i] = i^9\na[1999]\n"

ROWS = [
    Row("python3", "python3", "python3 -sB job.py", files={"job.py": PYTHON}, status=3, least=1000,
        variables={"PYTHONHASHSEED": "0"}),
    Row("python3-malloc", "python3", "python3 -sB job.py", files={"job.py": PYTHON}, status=3, least=100000,
        variables={"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}),
    Row("numpy", "python3", "python3 -sB job.py", needs=("f2py3:python3-numpy",), least=1000, files={
        "job.py": "import numpy as n\na = n.arange(250000.).reshape(500, 500)\nprint(n.linalg.norm(a @ a.T))\n"}),
    Row("pypy3", "pypy3", "pypy3 -sB job.py", files={"job.py": PYTHON}, status=3, least=100),
    Row("perl", "perl", "perl job.pl", files={"job.pl": PERL}, status=3, least=5000,
        variables={"PERL_HASH_SEED": "0"}),
    Row("ruby", "ruby", "ruby job.rb", files={"job.rb": RUBY}, status=3, least=10000),
    Row("lua5.4", "lua5.4", "lua5.4 job.lua", files={"job.lua": LUA}, status=3, least=10000),
    Row("luajit", "luajit", "luajit job.lua", files={"job.lua": LUA}, status=3),
    Row("guile", "guile-3.0", "guile --no-auto-compile -s job.scm", files={"job.scm": SCHEME}, status=3, least=100),
    Row("php", "php-cli", "php job.php", files={"job.php": PHP}, status=3, least=1000),
    Row("node", "nodejs", "node job.js", files={"job.js": NODE}, status=3, least=1000),
    Row("tclsh", "tcl", "tclsh job.tcl", files={"job.tcl": TCL}, status=3, least=100),
    Row("octave", "octave", "octave-cli --norc --no-history job.m", files={"job.m": OCTAVE}, status=3, least=10000),
    Row("R", "r-base-core", "Rscript --vanilla job.R", files={"job.R": R}, status=3, least=1000),
    Row("swipl", "swi-prolog", "swipl job.pro", files={"job.pro": PROLOG}, status=3, least=1000),
    Row("erlang", "erlang-base", "erl -noshell -noinput -boot start_clean -eval '%s'" % ERLANG.strip(), status=3,
        least=100),
    Row("ocaml", "ocaml-nox", "ocaml job.ml", least=100, files={
        "job.ml": "let l = List.init 100000 string_of_int in print_int (String.length (String.concat \",\" l))\n"}),
    Row("sbcl", "sbcl", "sbcl --script job.lisp", files={
        "job.lisp": "(print (length (loop for i below 100000 collect (format nil \"~d\" i))))\n"}),
    Row("java", "default-jre-headless", "java -Xshare:auto -version", least=1000),
    Row("mono", "mono-runtime", "mono --version", least=10),
    Row("bash", "bash", "bash job.sh", files={"job.sh": BASH}, status=3, least=10000),
    Row("dash", "dash", "dash job.sh", files={"job.sh": DASH}, status=3, least=1000),
    Row("gawk", "gawk", "gawk '%s'" % AWK, status=3, least=10000),
    Row("mawk", "mawk", "mawk '%s'" % AWK, status=3, least=100),
    Row("emacs", "emacs-nox", "emacs --batch -Q -l job.el", files={"job.el": EMACS}, status=3, least=10000),
    Row("bc", "bc", "bc -lq job.bc", files={"job.bc": BC + "quit\n"}, least=1000),
    Row("sqlite3", "sqlite3", "sqlite3 x.db '.read job.sql'", least=1000, files={
        "job.sql": "create table t(a integer primary key, b text);\n"
                   "with recursive c(x) as (select 1 union all select x + 1 from c where x < 20000)"
                   " insert into t select x, printf('%d bottles', x) from c;\ncreate index i on t(b);\n"
                   "select count(*), sum(length(b)) from t;\nselect b from t order by b desc limit 3;\n"}),
    Row("jq", "jq", "jq -c 'map(.a * 2) | add, length' x.json", least=10000,
        setup="python3 -c 'import json; print(json.dumps([{\"a\": i, \"b\": str(i)} for i in range(20000)]))' > x.json",
        needs=("python3",)),
]
