/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/trace_table.h"

#include "memory/arena.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/os_memory.h"

#define BUCKETS_FIRST        256u
#define POPULATE_STEP        ((size_t)64 << 10)
#define AHEAD                4 /* splits */
#define BUCKETS_MAPPED_FIRST ((size_t)1 << 20)

static struct {
	struct lock lock;
	uint32_t *buckets; /* first node of each chain, 0 is none */
	uint32_t bucket_count;
	uint32_t hashed;        /* nodes in the chains */
	uint32_t version;       /* odd while nodes are added */
	size_t mapped_bytes;    /* of the buckets */
	size_t populated_bytes; /* of those */
	bool refused;           /* more of them */
} table;

/* The bucket of a hash among `count`: linear hashing's address. */
static uint32_t
bucket_of(uint32_t hash, uint32_t count)
{
	uint32_t mask = UINT32_MAX >> __builtin_clz((count - 1) | 1);
	uint32_t bucket = hash & mask;

	return bucket < count ? bucket : bucket & (mask >> 1);
}

static uint32_t
node_hash(uint32_t parent, uint32_t frame)
{
	return hash_pair(parent, frame);
}

static uint32_t
find_in_chain(uint32_t parent, uint32_t frame)
{
	uint32_t bucket = bucket_of(node_hash(parent, frame), load_acquire(&table.bucket_count));
	uint32_t id = load_acquire(&table.buckets[bucket]);

	/* A chain that is being split still leads from younger nodes to older ones: it ends. */
	while (id != 0) {
		const struct recording_node *node = &recording.nodes[id];

		if (node->frame == frame && node->parent == parent)
			return id;
		id = load_acquire(&node->next);
	}
	return NODE_NONE;
}

/* Move what belongs into the new bucket `count` out of the bucket that it splits. */
static void
split_bucket(uint32_t count)
{
	uint32_t source = bucket_of(count, count), id = table.buckets[source];
	uint32_t *kept = &table.buckets[source], *moved = &table.buckets[count];

	while (id != 0) {
		struct recording_node *node = &recording.nodes[id];
		uint32_t next = node->next;
		uint32_t **end = bucket_of(node_hash(node->parent, node->frame), count + 1) == count
					 ? &moved
					 : &kept;

		store_release(*end, id);
		*end = &node->next;
		id = next;
	}
	store_release(kept, 0);
	store_release(moved, 0);
	/* Release: the new bucket is filled before anyone is sent to it. */
	store_release(&table.bucket_count, count + 1);
	/* Which buckets are split next is known; their nodes are anywhere. */
	__builtin_prefetch(
		&recording.nodes[table.buckets[bucket_of(count + AHEAD, count + AHEAD)]]);
}

/* A power of two, as all that leads there. */
static size_t
bucket_limit_bytes(void)
{
	return recording.header->sections[SECTION_NODES].capacity * sizeof *table.buckets;
}

static void
grow_buckets(void)
{
	size_t bytes = (size_t)table.bucket_count * sizeof *table.buckets;

	if (++table.hashed <= table.bucket_count)
		return;
	if (unlikely(bytes >= table.mapped_bytes)) {
		/* Where that is refused, chains get longer. */
		if (table.refused || bytes >= bucket_limit_bytes())
			return;
		table.refused = !os_grow(table.buckets, bytes, 2 * bytes);
		if (table.refused)
			return;
		table.mapped_bytes = 2 * bytes;
	}
	if (bytes >= table.populated_bytes) {
		table.populated_bytes += POPULATE_STEP;
		arena_add_bytes(POPULATE_STEP);
	}
	split_bucket(table.bucket_count);
}

static void
insert_into_chain(uint32_t id, uint32_t parent, uint32_t frame)
{
	uint32_t *bucket = &table.buckets[bucket_of(node_hash(parent, frame), table.bucket_count)];

	store(&recording.nodes[id].next, *bucket);
	/* Release: who finds the node finds it complete. */
	store_release(bucket, id);
	grow_buckets();
}

static uint32_t
insert_node(uint32_t parent, uint32_t frame)
{
	struct recording_extent *nodes = &recording.header->sections[SECTION_NODES];
	uint32_t id = (uint32_t)nodes->count;
	struct recording_node *node = &recording.nodes[id];

	/* One more than is needed: a look-up reads the node after its parent, whatever it is. */
	if (!recording_reserve(SECTION_NODES, (uint64_t)id + 2)) {
		recording_note(TROUBLE_NODES_FULL);
		return NODE_NONE;
	}
	store(&node->frame, frame);
	/* Release: a look-up that compares both, in any order, never takes half a node for one. */
	store_release(&node->parent, parent);
	store_release(&nodes->count, (uint64_t)id + 1);
	if (id != parent + 1)
		insert_into_chain(id, parent, frame);
	return id;
}

/* They count from `base` on. Their nodes are the first ones, so this never lacks room. */
static void
make_fixed_sites(uint32_t base)
{
	static const uint32_t roots[] = {
		[FIXED_SITE_UNKNOWN] = FRAME_UNKNOWN,
		[FIXED_SITE_NESTED] = FRAME_NESTED,
	};

	for (uint32_t i = 0; i < FIXED_SITES; i++) {
		uint32_t root = trace_table_find_child(NODE_ROOT, roots[i]);
		uint32_t leaf = trace_table_find_child(root, FRAME_MALLOC);

		if (leaf == NODE_NONE)
			return; /* a forked child, see `recording_abandon` */
		recording.sites[base + i] = leaf;
		store(&recording.nodes[leaf].hint, base + i);
	}
	store_release(&recording.header->sections[SECTION_SITES].count, base + FIXED_SITES);
	/* Release: whoever sees the base sees its fixed sites. */
	store_release(&recording.control->site_base, base);
}

bool
trace_table_init(void)
{
	/* A forked child has its parent's, to which an interrupted call may have added. */
	if (table.buckets == NULL || !arena_wipe(table.buckets, table.mapped_bytes)) {
		table.mapped_bytes = BUCKETS_MAPPED_FIRST;
		table.buckets = os_map_growable(&table.mapped_bytes, bucket_limit_bytes());
	}
	table.bucket_count = BUCKETS_FIRST;
	table.hashed = table.version = 0;
	table.refused = false;
	table.populated_bytes = BUCKETS_FIRST * sizeof *table.buckets;
	if (table.buckets == NULL)
		return false;
	/* The root is node 0. Its hint names itself, which is nobody's child. */
	recording.nodes[NODE_ROOT].frame = FRAME_NONE;
	recording.header->sections[SECTION_NODES].count = 1;
	recording.header->sections[SECTION_FRAMES].count = FRAME_FIRST;
	for (uint32_t i = 1; i < FRAME_FIRST; i++)
		recording.frames[i] =
			(struct recording_frame){.value = i, .kind = FRAME_KIND_FIXED};
	make_fixed_sites(SITE_BASE_FIRST);
	return true;
}

/* A first child is next to its parent and in no chain. */
static uint32_t
find(uint32_t parent, uint32_t frame)
{
	const struct recording_node *next = &recording.nodes[parent + 1];

	if (load(&next->frame) == frame && load(&next->parent) == parent)
		return parent + 1;
	return find_in_chain(parent, frame);
}

static uint32_t
insert_and_publish(uint32_t parent, uint32_t frame)
{
	uint32_t id;

	store(&table.version, table.version + 1);
	id = insert_node(parent, frame);
	/* Release: a look-up that saw this version saw all nodes up to it. */
	store_release(&table.version, table.version + 1);
	return id;
}

/* The newest node has no children yet; most new nodes are made below it. */
static inline uint32_t
find_below(uint32_t parent, uint32_t frame)
{
	return load(&recording.nodes[parent + 1].frame) != FRAME_NONE ? find(parent, frame)
								      : NODE_NONE;
}

uint32_t
trace_table_extend(struct trace_path *path, uint32_t parent, uint32_t frame)
{
	uint32_t version = load_acquire(&table.version);
	uint32_t id = find_below(parent, frame);

	if (unlikely(id == NODE_NONE)) {
		bool had_lock = path->locked;

		if (!had_lock && !lock_take(&table.lock))
			return NODE_NONE;
		path->locked = true;
		if (!had_lock && (table.version != version || version % 2 != 0))
			id = find(parent, frame);
		if (id == NODE_NONE)
			id = insert_and_publish(parent, frame);
	}
	if (likely(id != NODE_NONE && id != parent + 1))
		store(&recording.nodes[parent].hint, id);
	return id;
}

void
trace_table_end_path(struct trace_path *path)
{
	if (path->locked)
		lock_drop(&table.lock);
	path->locked = false;
}

uint32_t
trace_table_find_child(uint32_t parent, uint32_t frame)
{
	struct trace_path path = {false};
	uint32_t id = trace_table_extend(&path, parent, frame);

	trace_table_end_path(&path);
	return id;
}

/* Give a leaf its site: the next number, published in the leaf last. Under the lock. */
static uint32_t
number_site(uint32_t leaf)
{
	struct recording_extent *sites = &recording.header->sections[SECTION_SITES];
	uint32_t site = recording.nodes[leaf].hint;

	if (site >= recording_site_base())
		return site;
	if (!recording_reserve(SECTION_SITES, sites->count + 1))
		return recording_fixed_site(FIXED_SITE_UNKNOWN);
	site = (uint32_t)sites->count;
	recording.sites[site] = leaf;
	store_release(&sites->count, site + 1);
	store_release(&recording.nodes[leaf].hint, site);
	return site;
}

uint32_t
trace_table_make_site(uint32_t parent, uint32_t kind)
{
	uint32_t site = recording_fixed_site(FIXED_SITE_UNKNOWN);
	struct trace_path path = {false};
	uint32_t leaf = trace_table_extend(&path, parent, kind);

	if (leaf != NODE_NONE && load_acquire(&recording.nodes[leaf].hint) >= recording_site_base())
		site = recording.nodes[leaf].hint;
	else if (leaf != NODE_NONE && (path.locked || lock_take(&table.lock))) {
		path.locked = true;
		site = number_site(leaf);
	}
	trace_table_end_path(&path);
	return site;
}

bool
trace_table_forget_sites(void)
{
	struct recording_extent *sites = &recording.header->sections[SECTION_SITES];
	bool done = false;

	if (!lock_take(&table.lock))
		return false;
	if (recording_reserve(SECTION_SITES, sites->count + FIXED_SITES)) {
		make_fixed_sites((uint32_t)sites->count);
		done = true;
	}
	lock_drop(&table.lock);
	return done;
}
