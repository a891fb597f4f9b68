// Package addr lists, changes and watches the IP addresses of network links: what
// `ip address` does.
//
//	err := addr.Add(ctx, c, addr.Address{
//		Link:   2,
//		Prefix: netip.MustParsePrefix("192.0.2.1/24"),
//	})
//	addrs, err := addr.List(ctx, c, addr.MatchLink(2))
//
// An [Address] is a plain struct whose zero fields are not set; [Add] takes what
// [List] returned. Reading takes no privilege, writing takes CAP_NET_ADMIN.
//
// [Watch] follows addresses as they change; [WaitReady] waits until they can be used.
//
// Beside the addresses that it has, a link receives what is sent to the groups that it
// has joined, and to the anycast addresses that it answers to: [Multicast], [Anycast].
//
// The messages are RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR, and those of
// RTM_GETMULTICAST and RTM_GETANYCAST, with struct ifaddrmsg and the attributes IFA_*
// of include/uapi/linux/if_addr.h.
package addr
