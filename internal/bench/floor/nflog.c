// Receives packets of NFLOG and finds their sequence numbers: the least that any
// receiver does.
//
//	nflog N BUFFER THRESHOLD
//
// N packets come, then some that say so; see nflog.go.
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { group = 5, range = 128, header = 28, receive_buffer = 32 << 20 };

static char buf[512 << 10] __attribute__((aligned(8)));

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(struct nlmsghdr *nlh, int type, const void *data, int len)
{
	struct nlattr *nla = (void *)((char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len));

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy((char *)nla + NLA_HDRLEN, data, len);
	nlh->nlmsg_len = NLMSG_ALIGN(nlh->nlmsg_len) + NLA_ALIGN(nla->nla_len);
}

static void put32(struct nlmsghdr *nlh, int type, uint32_t n)
{
	n = htonl(n);
	put(nlh, type, &n, sizeof n);
}

static void configure(int fd, uint32_t size, uint32_t threshold)
{
	struct nlmsghdr *nlh = (void *)buf;
	struct nfgenmsg *nf = NLMSG_DATA(nlh);
	struct nfulnl_msg_config_mode mode = { .copy_range = htonl(range), .copy_mode = NFULNL_COPY_PACKET };
	uint8_t bind_group = NFULNL_CFG_CMD_BIND;
	uint16_t flags = htons(NFULNL_CFG_F_SEQ);

	nlh->nlmsg_len = NLMSG_LENGTH(sizeof *nf);
	nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nf->version = NFNETLINK_V0;
	nf->res_id = htons(group);
	put(nlh, NFULA_CFG_CMD, &bind_group, sizeof bind_group);
	put(nlh, NFULA_CFG_MODE, &mode, sizeof mode);
	put32(nlh, NFULA_CFG_NLBUFSIZ, size);
	put32(nlh, NFULA_CFG_QTHRESH, threshold);
	put32(nlh, NFULA_CFG_TIMEOUT, 2);
	put(nlh, NFULA_CFG_FLAGS, &flags, sizeof flags);
	if (send(fd, buf, nlh->nlmsg_len, 0) < 0 || recv(fd, buf, sizeof buf, 0) < 0)
		fail("configure");
	errno = -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
	if (nlh->nlmsg_type != NLMSG_ERROR || errno)
		fail("configure");
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

int main(int argc, char **argv)
{
	uint64_t n, received = 0, lost = 0, overruns = 0, index;
	int64_t cpu0 = 0, wall0 = 0;
	uint32_t next = 0, seq;
	int fd, size = receive_buffer;

	if (argc != 4)
		return 2;
	n = strtoull(argv[1], NULL, 10);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0)
		fail("setsockopt");
	configure(fd, atoi(argv[2]), atoi(argv[3]));
	puts("ready");
	fflush(stdout);
	for (;;) {
		int len = recv(fd, buf, sizeof buf, 0);
		struct nlmsghdr *nlh = (void *)buf;

		if (len < 0 && errno == ENOBUFS) {
			overruns++;
			continue;
		}
		if (len < 0)
			fail("recv");
		for (; NLMSG_OK(nlh, (unsigned)len); nlh = NLMSG_NEXT(nlh, len)) {
			struct nlattr *nla = (void *)((char *)nlh + NLMSG_LENGTH(sizeof(struct nfgenmsg)));
			int rest = nlh->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg));

			if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
				continue;
			if (!received++)
				cpu0 = cpu(), wall0 = now();
			seq = next;
			index = 0;
			while (rest >= NLA_HDRLEN && nla->nla_len >= NLA_HDRLEN && nla->nla_len <= rest) {
				char *data = (char *)nla + NLA_HDRLEN;

				switch (nla->nla_type & NLA_TYPE_MASK) {
				case NFULA_SEQ:
					memcpy(&seq, data, sizeof seq);
					seq = ntohl(seq);
					break;
				case NFULA_PAYLOAD:
					memcpy(&index, data + header, sizeof index);
					index = be64toh(index);
					break;
				}
				rest -= NLA_ALIGN(nla->nla_len);
				nla = (void *)((char *)nla + NLA_ALIGN(nla->nla_len));
			}
			lost += (uint32_t)(seq - next);
			next = seq + 1;
			if (index < n)
				continue;
			printf("{\"items\":%llu,\"lost\":%llu,\"overruns\":%llu,\"cpu\":%lld,\"wall\":%lld,\"wrong\":\"%s\"}\n",
			       (unsigned long long)received, (unsigned long long)lost, (unsigned long long)overruns,
			       (long long)(cpu() - cpu0), (long long)(now() - wall0),
			       received + lost == index + 1 && seq == index ? "" : "received and lost are not what was logged");
			return 0;
		}
	}
}
