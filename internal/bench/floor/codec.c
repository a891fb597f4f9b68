// Takes the values out of one message, or writes one, again and again.
//
//	codec N ROUNDS PRACTICE decode KIND
//	codec N ROUNDS PRACTICE encode LINK
//
// The message that is decoded is the first of its kind that counts. ROUNDS and
// PRACTICE are not used.
#include "floor.h"
#include "walk.h"
#include "write.h"

static char buf[64 << 10] __attribute__((aligned(8)));

// fetch returns a message of a kind.
static struct nlmsghdr *fetch(const struct kind *k)
{
	int fd = open_netlink(NETLINK_ROUTE);

	request_dump(fd, k);
	for (;;) {
		int len = recv(fd, buf, sizeof buf, 0);
		struct nlmsghdr *nlh = (void *)buf;

		if (len < 0)
			fail("recv");
		for (; NLMSG_OK(nlh, (unsigned)len); nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
				fail("there is none");
			if (nlh->nlmsg_type == k->new && k->walk(nlh))
				return nlh;
		}
	}
}

int main(int argc, char **argv)
{
	struct report r = { 0 };
	struct meter m;
	uint32_t n;

	if (argc != 6)
		return 2;
	n = atoi(argv[1]);
	if (!strcmp(argv[4], "decode")) {
		struct kind k = find_kind(argv[5]);
		struct nlmsghdr *nlh = fetch(&k);

		m = start();
		for (uint32_t i = 0; i < n; i++)
			r.items += k.walk(nlh);
	} else {
		uint32_t link = if_nametoindex(argv[5]);

		m = start();
		for (uint32_t i = 0; i < n; i++) {
			struct nlmsghdr *nlh = put_route(buf, 1, i, link);

			keep(nlh);
		}
		r.items = n;
	}
	stop(m, r);
	return 0;
}
