import json, ast, collections

source = open(collections.__file__).read()
for _ in range(20):
    tree = ast.parse(source)
objects = [
    {"id": i, "name": "n%d" % i, "tags": [str(j) for j in range(8)], "x": i * 1.5}
    for i in range(20000)
]
text = json.dumps(objects)
for _ in range(3):
    parsed = json.loads(text)
print(len(text), len(parsed))
