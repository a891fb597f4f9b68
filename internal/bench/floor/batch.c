// Adds or deletes N routes to 10.0.0.0/32 and on over a link, many in a datagram, with
// an acknowledgement asked of the last only.
//
//	batch N ROUNDS PRACTICE add|delete LINK MANY
//
// MANY is how many go into a datagram; ROUNDS and PRACTICE are not used.
#include "floor.h"
#include "write.h"

static char buf[128 << 10] __attribute__((aligned(8))), answer[64 << 10] __attribute__((aligned(8)));

int main(int argc, char **argv)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct report r = { 0 };
	struct meter m;
	uint32_t n, link;
	int fd, adding, many;

	if (argc != 7)
		return 2;
	n = atoi(argv[1]);
	adding = !strcmp(argv[4], "add");
	link = if_nametoindex(argv[5]);
	many = atoi(argv[6]);
	fd = open_netlink(NETLINK_ROUTE);
	if (connect(fd, (void *)&kernel, sizeof kernel) < 0)
		fail("connect");
	m = start();
	for (uint32_t i = 0; i < n;) {
		int len = 0;

		for (int j = 0; j < many && i < n; j++, i++) {
			struct nlmsghdr *nlh = put_route(buf + len, adding, i, link);

			if (j == many - 1 || i == n - 1)
				nlh->nlmsg_flags |= NLM_F_ACK;
			len += NLMSG_ALIGN(nlh->nlmsg_len);
		}
		if (send(fd, buf, len, 0) < 0)
			fail("send");
		r.datagrams++;
		acknowledged(fd, answer, sizeof answer); // the kernel answers sooner only if one fails
	}
	r.items = n;
	stop(m, r);
	return 0;
}
