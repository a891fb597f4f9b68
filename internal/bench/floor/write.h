// put_route writes the message that adds or deletes the route to 10.0.0.0 plus i.
static inline struct nlmsghdr *put_route(void *p, int adding, uint32_t i, uint32_t link)
{
	struct nlmsghdr *nlh = begin(p, adding ? RTM_NEWROUTE : RTM_DELROUTE, adding ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(struct rtmsg));
	struct rtmsg *h = NLMSG_DATA(nlh);
	uint32_t dst = htonl(10 << 24 | i);

	h->rtm_family = AF_INET;
	h->rtm_dst_len = 32;
	h->rtm_table = RT_TABLE_MAIN;
	h->rtm_protocol = RTPROT_STATIC;
	h->rtm_scope = RT_SCOPE_LINK;
	h->rtm_type = RTN_UNICAST;
	put(nlh, RTA_DST, &dst, sizeof dst);
	put_u32(nlh, RTA_OIF, link);
	return nlh;
}
