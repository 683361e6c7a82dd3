# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compilers, linkers and what builds programs."""

from row import Row

C = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { struct node *next; char name[24]; };
static struct node *push(struct node *list, int i)
{
	struct node *n = malloc(sizeof *n);
	n->next = list;
	snprintf(n->name, sizeof n->name, "node %d", i);
	return n;
}
int main(void)
{
	struct node *list = NULL;
	size_t sum = 0;
	for (int i = 0; i < 1000; i++)
		list = push(list, i);
	for (struct node *n = list; n != NULL; n = n->next)
		sum += strlen(n->name);
	printf("%zu\\n", sum);
	return sum != 7890;
}
"""
CXX = """
#include <algorithm>
#include <map>
#include <string>
#include <vector>
int main()
{
	std::map<std::string, std::vector<int>> m;
	for (int i = 0; i < 1000; i++) m[std::to_string(i % 97)].push_back(i);
	return m.size() == 97 ? 0 : 1;
}
"""
BAD_CXX = "#include <map>\nint main() { std::map<int, int> m; m.insert(7, undeclared); return m; }\n"
FORTRAN = """
program p
  real, allocatable :: a(:)
  integer :: i
  do i = 1, 100
    allocate(a(i)); a = i; if (i < 100) deallocate(a)
  end do
  print *, sum(a)
end program p
"""
ADA = """
with Ada.Text_IO;
procedure Hello is
   type Pointer is access String;
   P : Pointer;
begin
   for I in 1 .. 100 loop
      P := new String'(Integer'Image (I));
   end loop;
   Ada.Text_IO.Put_Line (P.all);
end Hello;
"""
RUST = """
use std::collections::HashMap;
fn main() {
    let mut m: HashMap<String, Vec<u32>> = HashMap::new();
    for i in 0..1000 { m.entry(format!("key{}", i % 97)).or_default().push(i); }
    let h = std::thread::spawn(|| (0..1000).map(|i: i32| i.to_string()).collect::<Vec<String>>().len());
    println!("{} {}", m.len(), h.join().unwrap());
}
"""
OCAML = "let () = print_int (List.length (List.init 1000 (fun i -> string_of_int i)))\n"
MAKEFILE = "all: a.out\na.out: a.o b.o\n\t$(CC) -o $@ a.o b.o\na.o b.o: %.o: %.c\n\t$(CC) -c $<\n"
CMAKE = "cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_executable(p a.c)\n"
BISON = """
%{
int yylex(void); void yyerror(const char *);
%}
%token N
%left '+' '-'
%left '*'
%%
all: e; e: N | e '+' e | e '-' e | e '*' e | '(' e ')';
"""
FLEX = "%option noyywrap\n%%\n[a-z]+[0-9]* { return 1; }\n[0-9]+(\\.[0-9]+)? { return 2; }\n\"if\"|\"then\" { return 3; }\n%%\n"
SWIG = "%module m\n%{\nint f(int a, char *b);\n%}\nint f(int a, char *b);\nstruct s { int x; double y[4]; };\n"
# A path with random letters in it is passed from the driver to its children; messages may have it.
TEMPORARY = ((rb"/cc\w{6}\.", b"/ccX."),)


def c_files(**more):
    return dict({"a.c": C}, **more)


ROWS = [
    Row("gcc", "gcc", "gcc -O2 -g -o a.out a.c", files=c_files(), least=10000, normal=TEMPORARY),
    Row("gcc-lto", "gcc", "gcc -O2 -flto=2 -o a.out a.c b.c", least=10000, normal=TEMPORARY, needs=("make",),
        files=c_files(**{"b.c": "int twice(int x) { return 2 * x; }\n"})),
    Row("g++", "g++", "g++ -c a.cpp", files={"a.cpp": CXX}, least=50000, normal=TEMPORARY),
    Row("g++-errors", "g++", "g++ -c a.cpp", files={"a.cpp": BAD_CXX}, status=1, least=10000),
    Row("gfortran", "gfortran", "gfortran -O1 -o a.out a.f90", files={"a.f90": FORTRAN}, least=1000),
    Row("gnatmake", "gnat", "gnatmake -g hello.adb", files={"hello.adb": ADA}, least=1000),
    Row("gdc", "gdc", "gdc -c a.d", least=1000, files={
        "a.d": "import std.stdio;\nvoid main() { int[string] m; m[\"a\"] = 1; writeln(m.length); }\n"}),
    Row("clang", "clang", "clang -O2 -g -o a.out a.c", files=c_files(), least=10000),
    Row("clang++", "clang", "clang++ -c a.cpp", files={"a.cpp": CXX}, least=50000),
    Row("rustc", "rustc", "rustc -O -g a.rs", files={"a.rs": RUST}, least=10000, limit_s=240),
    Row("cargo", "cargo", "cargo build --offline", least=10000, variables={"CARGO_INCREMENTAL": "0"},
        normal=((rb"in [\d.]+s", b"in Ns"),), limit_s=240, files={
        "Cargo.toml": "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n", "src/main.rs": RUST}),
    Row("ocamlopt", "ocaml-nox", "ocamlopt -g -o a.out a.ml", files={"a.ml": OCAML}, least=100),
    Row("ghc", "ghc", "ghc -v0 a.hs", least=1000, limit_s=240, files={
        "a.hs": "import qualified Data.Map as M\nmain :: IO ()\nmain = print (M.size (M.fromList (zip [1 .. 1000 :: Int] \"x\")))\n"}),
    Row("go", "golang-go", "go version", refused=True),
    Row("as", "binutils", "as -o a.o a.s", files=c_files(), setup="gcc -O2 -S a.c", needs=("gcc",), least=100),
    Row("ld", "binutils", "ld -r -o b.o a.o a.o --allow-multiple-definition", files=c_files(), setup="gcc -g -c a.c",
        needs=("gcc",), least=100),
    Row("gold", "binutils", "gcc -fuse-ld=gold -o a.out a.c", files=c_files(), needs=("gold", "gcc"), least=1000,
        normal=TEMPORARY),
    Row("lld", "lld", "ld.lld -shared -o a.so a.o", files=c_files(), setup="gcc -g -fPIC -c a.c", needs=("gcc",),
        least=100),
    # It brings an allocator of its own, which nothing can be preloaded before: run as bare, and told.
    Row("mold", "mold", "mold -shared -o a.so a.o", files=c_files(), setup="gcc -g -fPIC -c a.c", needs=("gcc",),
        least=0),
    Row("objdump", "binutils", "objdump -dSr a.o", files=c_files(), setup="gcc -g -O2 -c a.c", needs=("gcc",),
        least=100),
    Row("make", "make", "make -j2", files=c_files(**{"b.c": "int b;\n", "Makefile": MAKEFILE}), least=10000,
        normal=TEMPORARY, needs=("gcc",)),
    Row("cmake", "cmake", "cmake -S . -B b", files=c_files(**{"CMakeLists.txt": CMAKE}), least=10000, normal=(
        (rb"\d+\.\d+s", b"Ns"),), needs=("gcc", "make")),
    Row("bison", "bison", "bison -d -v a.y", files={"a.y": BISON}, least=1000),
    Row("flex", "flex", "flex a.l", files={"a.l": FLEX}, least=1000),
    Row("swig", "swig", "swig -python a.i", files={"a.i": SWIG}, least=1000),
    Row("m4", "m4", "m4 a.m4", least=100, files={
        "a.m4": "define(`f', `ifelse($1, 0, , `x$1 f(decr($1))')')dnl\nf(400)\nf(300)\n"}),
    Row("doxygen", "doxygen", "doxygen",
        files=c_files(Doxyfile="FILE_PATTERNS = *.c\nEXTRACT_ALL = YES\nHAVE_DOT = NO\n"), least=10000),
    Row("gdb", "gdb", "gdb -nx -batch -ex 'break a.c:push' -ex run -ex bt -ex 'ptype struct node' -ex kill ./a.out",
        files=c_files(), setup="gcc -g -o a.out a.c", needs=("gcc",), least=10000,
        normal=((rb"0x[0-9a-f]+", b"0xN"), (rb"process \d+", b"process N"))),
]
