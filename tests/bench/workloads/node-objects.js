/* Objects that live and die, and the parts of node that allocate outside the heap of V8. */
const crypto = require("crypto"), fs = require("fs"), zlib = require("zlib");

let kept = [];
for (let i = 0; i < 200000; i++) {
	kept.push({ i, s: "x" + i });
	if (kept.length > 1000)
		kept = [];
}
for (let i = 0; i < 400; i++) {
	crypto.createHash("sha256").update("a" + i).digest("hex");
	zlib.deflateSync(Buffer.alloc(1000, i));
	JSON.parse(JSON.stringify({ a: [1, 2, 3], b: i }));
}
for (let i = 0; i < 50; i++) {
	zlib.deflate(Buffer.alloc(10000, i), () => {});
	crypto.pbkdf2("a", "b", 10, 32, "sha1", () => {});
	fs.readFile(__filename, () => {});
}
