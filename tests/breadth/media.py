# SPDX-License-Identifier: LGPL-2.1-or-later
"""What reads and writes pictures, sound, film and documents."""

from row import NUMBERS, Row

GRAPH = "digraph g { rankdir=LR; %s }\n" % " ".join("n%d -> n%d;" % (i, i * 7 % 61) for i in range(120))
POSTSCRIPT = """%!PS
/Helvetica findfont 14 scalefont setfont
0 1 40 { dup 15 mul 72 exch moveto (line of the page number ) show 10 string cvs show } for
newpath 300 400 100 0 360 arc 0.5 setgray fill showpage
"""
# A portable grey map is the one picture that needs no program to make.
PICTURE = "P2 64 64 255\n%s\n" % " ".join(str((x * y) % 256) for x in range(64) for y in range(64))
PDF = "gs -q -sDEVICE=pdfwrite -o x.pdf x.ps"

ROWS = [
    Row("ffmpeg", "ffmpeg",
        "ffmpeg -nostdin -hide_banner -loglevel error -bitexact -f lavfi -i testsrc2=d=1:s=160x120"
        " -f lavfi -i sine=d=1 -threads 2 -c:v mpeg4 -c:a aac -flags +bitexact -fflags +bitexact x.mkv", least=1000),
    Row("x264", "x264", "x264 --demuxer raw --input-res 64x64 --frames 10 --quiet --threads 2 -o x.264 x.yuv",
        setup="head -c 61440 /dev/zero > x.yuv", normal=NUMBERS, least=100),
    Row("sox", "sox", "sox -R -n -r 8000 x.wav synth 3 sine 440 reverb", least=100),
    Row("convert", "imagemagick", "convert x.pgm -resize 300x300 -blur 3x2 -rotate 30 -colorspace sRGB x.ppm",
        files={"x.pgm": PICTURE}, least=1000),
    Row("identify", "imagemagick", "identify -format %m,%w,%h,%k x.pgm", files={"x.pgm": PICTURE}, least=1000),
    Row("gs", "ghostscript", "gs -q -dSAFER -sDEVICE=png16m -r100 -o x.png x.ps", files={"x.ps": POSTSCRIPT},
        least=1000),
    Row("ps2pdf", "ghostscript", "gs -q -sDEVICE=pdfwrite -o x.pdf x.ps", files={"x.ps": POSTSCRIPT}, least=1000),
    Row("pdftoppm", "poppler-utils", "pdftoppm -r 80 x.pdf page", files={"x.ps": POSTSCRIPT}, setup=PDF,
        needs=("gs:ghostscript",), least=1000),
    Row("pdftotext", "poppler-utils", "pdftotext -layout x.pdf -", files={"x.ps": POSTSCRIPT}, setup=PDF,
        needs=("gs:ghostscript",), least=1000),
    Row("dot", "graphviz", "dot -Tsvg -o x.svg x.dot", files={"x.dot": GRAPH}, least=10000),
    Row("dot-png", "graphviz", "dot -Tpng -o x.png x.dot", files={"x.dot": GRAPH}, least=10000),
    Row("neato", "graphviz", "neato -Tplain x.dot", files={"x.dot": GRAPH}, least=10000),
    Row("tesseract", "tesseract-ocr", "tesseract x.png - --psm 6", files={"x.ps": POSTSCRIPT}, least=1000,
        setup="gs -q -sDEVICE=pnggray -r100 -o x.png x.ps", needs=("gs:ghostscript",),
        variables={"OMP_THREAD_LIMIT": "1"}),
    Row("inkscape", "inkscape", "inkscape --export-type=png x.svg", files={
        "x.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'><circle cx='40' cy='40' r='30'/></svg>\n"},
        least=10000),
    Row("soffice", "libreoffice-writer-nogui", "soffice --headless --convert-to txt x.html", files={
        "x.html": "<html><body><p>One</p><table><tr><td>two</td></tr></table></body></html>\n"}, least=10000),
    Row("blender", "blender", "blender -b --factory-startup -noaudio --python-expr"
        " 'import bpy; bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4)'", least=200000),
    Row("qemu-img", "qemu-utils", "qemu-img convert -O qcow2 x.raw x.qcow2",
        setup="yes | head -c 1048576 > x.raw", least=1000),
]
