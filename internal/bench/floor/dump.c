// Lists all of a kind: receives into one buffer, takes the values out of each message
// and forgets them.
//
//	dump N ROUNDS PRACTICE KIND
//
// N is not needed: what is there is counted. It is listed PRACTICE times before it
// counts.
#include "floor.h"
#include "walk.h"

static char buf[64 << 10] __attribute__((aligned(8)));

// dump lists once and adds to the report.
static void dump(int fd, const struct kind *k, struct report *r)
{
	request_dump(fd, k);
	for (;;) {
		int len = recv(fd, buf, sizeof buf, 0);
		struct nlmsghdr *nlh = (void *)buf;

		if (len < 0)
			fail("recv");
		r->datagrams++;
		for (; NLMSG_OK(nlh, (unsigned)len); nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return;
			errno = failed(nlh);
			if (errno)
				fail("dump");
			if (nlh->nlmsg_type == k->new)
				r->items += k->walk(nlh);
		}
	}
}

int main(int argc, char **argv)
{
	struct report r = { 0 }, practice = { 0 };
	struct meter m;
	struct kind k;
	int fd;

	if (argc != 5)
		return 2;
	k = find_kind(argv[4]);
	fd = open_netlink(NETLINK_ROUTE);
	for (int i = 0; i < atoi(argv[3]); i++)
		dump(fd, &k, &practice);
	m = start();
	for (int i = 0; i < atoi(argv[2]); i++)
		dump(fd, &k, &r);
	stop(m, r);
	return 0;
}
