/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leaksxx.cpp - what C++ points at inside: strings of old, arrays with counts, other base classes
 */
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#define CASE static __attribute__((noinline)) void

struct first {
	virtual ~first()
	{
	}
	virtual int one()
	{
		return 1;
	}
	long a = 1;
};

struct second {
	virtual ~second()
	{
	}
	virtual int two()
	{
		return 2;
	}
	long b = 2;
};

struct both : first, second {
	long c = 3;
};

struct with_destructor {
	~with_destructor()
	{
		value = 0;
	}
	int value = 0;
};

second *kept_base;
with_destructor *kept_array;
char *kept_string, *kept_length;
std::vector<std::string> *kept_vector;
static std::map<int, std::string> kept_map;
static std::shared_ptr<int> kept_shared;

CASE
keep_base()
{
	kept_base = new both;
}

CASE
lost_base()
{
	(new both)->c++;
}

CASE
keep_array()
{
	kept_array = new with_destructor[7];
}

/* Length, capacity, references, characters. */
CASE
keep_string()
{
	size_t *head = static_cast<size_t *>(malloc(24 + 40 + 1));
	memset(head, 0, 65);
	head[0] = 30;
	head[1] = 40;
	kept_string = reinterpret_cast<char *>(head + 3);
}

CASE
keep_length()
{
	size_t *head = static_cast<size_t *>(malloc(8 + 56));
	memset(head, 0, 64);
	head[0] = 56;
	kept_length = reinterpret_cast<char *>(head + 1);
}

CASE
keep_vector()
{
	kept_vector = new std::vector<std::string>;
	for (int i = 0; i < 5; i++)
		kept_vector->push_back(std::string(100, 'x'));
}

CASE
keep_map()
{
	for (int i = 0; i < 9; i++)
		kept_map[i] = std::string(60, 'y');
}

CASE
lost_list()
{
	auto *lost = new std::list<int>;
	for (int i = 0; i < 6; i++)
		lost->push_back(i);
}

CASE
lost_map()
{
	auto *lost = new std::map<int, int>;
	for (int i = 0; i < 12; i++)
		(*lost)[i] = i;
}

struct owner {
	std::shared_ptr<owner> other;
};

/* Counts of references that never become zero. */
CASE
lost_cycle()
{
	auto a = std::make_shared<owner>(), b = std::make_shared<owner>();
	a->other = b;
	b->other = a;
}

CASE
keep_shared()
{
	kept_shared = std::make_shared<int>(5);
}

CASE
clean_stack()
{
	volatile char area[16384];

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = 0;
}

int
main()
{
	/* Before anything is freed: the head of a cycle is its block of lowest address. */
	lost_list();
	lost_map();
	lost_cycle();
	lost_base();
	keep_base();
	keep_array();
	keep_string();
	keep_length();
	keep_vector();
	keep_map();
	keep_shared();
	clean_stack();
	return 0;
}
