# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tools of the shell, editors, archivers, solvers and clients."""

from row import Row

LINES = "seq 1 30000 | awk '{ print $1 * 7919 % 30011, \"line\", $1 }' > x.txt"
XML = "<r>%s</r>\n" % "".join("<e n='%d'><f>text %d</f></e>" % (i, i) for i in range(2000))
CNF = "p cnf 60 160\n" + "".join(
    "%d %d %d 0\n" % ((1 if i % 3 else -1) * (i % 60 + 1), (-1 if i % 2 else 1) * (i * 7 % 60 + 1),
                      (1 if i % 5 else -1) * (i * 13 % 60 + 1)) for i in range(160))
SMT = """
(declare-const x Int) (declare-const y Int) (declare-const a (_ BitVec 32))
(assert (and (> x 3) (< (+ x y) 20) (= (* 3 x) (+ y 10)))) (assert (= (bvmul a a) #x00000031)) (check-sat)
"""
ZONE = ("echo '$TTL 60'; echo '@ SOA a b 1 2 3 4 5'; echo '@ NS a'; echo 'a A 127.0.0.1';"
        " seq 20000 | awk '{ print \"h\" $1 \" A 10.0.\" $1 % 250 \".\" int($1 / 250) }'")
REPOSITORY = """
git init -q r; cd r; seq 3000 > f; git add f; git commit -qm one; seq 2 3500 > f; git commit -qam two
"""
IDENTITY = {"GIT_%s_%s" % (role, what): value for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2026-01-01T00:00:00Z"))}
TREE = "mkdir -p t/a t/b; seq 20000 > t/a/x; seq 5000 > t/b/y; ln -s ../a/x t/b/z; touch -d @1000000000 t/*/* t/* t"
WEB = "python3 -sB -m http.server --bind 127.0.0.1 $PORT"
STATIC = "int main(void) { return 0; }\n"

ROWS = [
    Row("sort", "coreutils", "sort -k1,1n -S 1M --parallel=2 x.txt", setup=LINES, least=10),
    Row("ls", "coreutils", "ls -lR --time-style=+ /etc/alternatives", least=100),
    Row("find", "findutils", "find /usr/share/doc/bash /usr/lib/python3 -name '*.py' -newer /etc/passwd", least=10),
    Row("grep", "grep", "grep -cE '(1|2)+line|[3-5]{2} line .*7$' x.txt", setup=LINES, least=100),
    Row("sed", "sed", "sed -nE 's/([0-9]+) line ([0-9]*7)$/\\2 \\1/p' x.txt", setup=LINES, least=100),
    Row("diff", "diffutils", "diff -u x.txt y.txt", setup=LINES + "; sed '5~9s/line/changed/' x.txt > y.txt",
        status=1, normal=((rb"(?m)^(---|\+\+\+) .*", rb"\1"),), least=10),
    Row("xargs", "findutils", "xargs -n 500 -a x.txt echo > y.txt", setup="seq 5000 > x.txt", least=10),
    Row("ripgrep", "ripgrep", "rg --sort path -c 7 t", setup=TREE, least=1000),
    Row("fd", "fd-find", "fdfind -j 1 . t", setup=TREE, least=100),
    Row("git-log", "git", "git -C r log --stat -p", setup=REPOSITORY, variables=IDENTITY, least=100),
    Row("git-gc", "git", "git -C r gc -q", setup=REPOSITORY, variables=IDENTITY, least=1000),
    Row("git-clone", "git", "git clone -q --no-local r s", setup=REPOSITORY, variables=IDENTITY, least=1000),
    Row("xmllint", "libxml2-utils", "xmllint --format --xpath 'count(//f)' x.xml", files={"x.xml": XML}, least=10000),
    Row("tar", "tar", "tar --sort=name --mtime=@0 -cJf x.tar.xz t", setup=TREE, least=10, needs=("xz:xz-utils",)),
    Row("xz", "xz-utils", "xz -k -T2 x.txt", setup=LINES, least=10),
    Row("zstd", "zstd", "zstd -q -19 -T2 x.txt", setup=LINES, least=10),
    Row("bzip2", "bzip2", "bzip2 -k x.txt", setup=LINES, least=5),
    Row("7z", "p7zip-full", "7z a -bd -mx=5 -mtm=off -mmt=2 x.7z x.txt", setup=LINES, least=1000),
    Row("rsync", "rsync", "rsync -a t/ u/", setup=TREE, least=100),
    Row("openssl", "openssl", "openssl x509 -in c.pem -noout -text", least=1000,
        setup="openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=x -keyout k.pem -out c.pem -days 9 2>/dev/null"),
    Row("openssl-enc", "openssl", "openssl enc -aes-256-cbc -K 00 -iv 00 -nosalt -in x.txt -out x.enc", setup=LINES,
        least=1000),
    Row("gpg", "gpg", "gpg --homedir . --no-options --print-md SHA512 x.txt", setup=LINES + "; chmod 700 .",
        least=100),
    Row("ssh-keygen", "openssh-client", "ssh-keygen -lvf k.pub", least=100,
        setup="ssh-keygen -q -t ed25519 -N '' -C x -f k"),
    Row("curl", "curl", "curl -sS http://127.0.0.1:$PORT/x.txt", setup=LINES, helper=WEB, ready="port",
        needs=("python3",), least=1000),
    Row("wget", "wget", "wget -q -O y.txt http://127.0.0.1:$PORT/x.txt", setup=LINES, helper=WEB, ready="port",
        needs=("python3",), least=100),
    Row("vim", "vim", "vim -N -u NONE -i NONE -es x.txt -c '%s/line/LINE/g' -c 'sort n' -c wq", setup=LINES,
        least=10000),
    Row("nvim", "neovim", "nvim --headless -u NONE -i NONE x.txt -c '%s/line/LINE/g' -c wq", setup=LINES,
        least=10000),
    Row("ed", "ed", "ed -s x.txt < job", files={"job": "g/7$/d\n1,3p\nw\nq\n"}, setup=LINES, least=1000),
    Row("tmux", "tmux", "tmux -S s -f /dev/null new-session -d 'seq 2000 > y; tmux -S s wait-for -S done' ';'"
        " wait-for done ';' kill-server", least=1000),
    Row("file", "file", "file -b x.txt /bin/sh", setup=LINES, least=10),
    Row("mandoc", "mandoc", "mandoc -Tutf8 x.1", least=1000, files={
        "x.1": ".Dd January 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd tries\n.Sh DESCRIPTION\n" + "Some text.\n" * 500}),
    Row("groff", "groff-base", "groff -Tutf8 -man x.1", least=1000, files={
        "x.1": ".TH X 1\n.SH NAME\nx\n.SH TEXT\n" + "Some text.\n" * 500}),
    Row("minisat", "minisat", "minisat -verb=0 x.cnf y.out", files={"x.cnf": CNF}, status=10, least=10),
    Row("z3", "z3", "z3 x.smt2", files={"x.smt2": SMT}, least=1000),
    Row("units", "units", "units -t '17 miles / hour' 'meters / second'", least=1000),
    Row("busybox", "busybox",
        "busybox sh -c 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; busybox ls /; echo $i'", least=10),
    Row("static", "gcc", "./a.out", needs=("gcc",), files={"a.c": STATIC}, setup="gcc -static a.c", refused=True),
    Row("ldconfig", "libc-bin", "ldconfig -p", refused=True),
    # It lists what is preloaded, as it has to.
    Row("ldd", "libc-bin", "ldd /bin/bash", least=10,
        normal=((rb"0x[0-9a-f]+", b"0xN"), (rb"\t\S*libheaptally\.so .*\n", b""))),
    Row("checkzone", "bind9-utils", "named-checkzone ex.test z", setup="(%s) > z" % ZONE, least=50000),
    Row("strace", "strace", "strace -qq -f -o /dev/null -e trace=none true", least=10),
    Row("valgrind", "valgrind", "valgrind --version", least=0),
]
