// Package nflog receives the packets that the firewall logs: what the statement
// `log group 5` of nftables, or the target NFLOG of iptables, sends to programs.
//
//	sub, err := nflog.Subscribe(ctx, c, 5, nflog.WithCopyRange(128))
//	if err != nil {
//		return err
//	}
//	defer sub.Close()
//	for pkt, err := range sub.All() {
//		if errors.Is(err, nlkit.ErrOverrun) {
//			continue // some were lost; sub.Stats() counts them
//		}
//		if err != nil {
//			return err
//		}
//		fmt.Println(pkt.Prefix, pkt.Hook, len(pkt.Payload))
//	}
//
// A group is a number from 0 to 65535 that the rule names. It has one receiver in
// a network namespace at a time. Receiving takes CAP_NET_ADMIN. What the kernel logs
// by itself comes to group 0, if [BindFamily] says so.
//
// # Losses
//
// The kernel numbers the packets of each group, and a [Subscription] counts what
// is missing: [Stats].Received and [Stats].Lost together are all packets that were
// logged up to the last one received. What was lost behind that one shows when the
// next comes. [nlkit.ErrOverrun] tells at once that something was lost, not how
// much; [WithLossReports] puts each gap into the stream.
//
// # Headers and connections
//
// [Packet.Headers] reads what the packet came with, from Ethernet to TCP, and
// [Packet.Conntrack] the connection that it belongs to, if [WithConntrack] asked for
// it. Both work when they are called, and not before.
//
// # Speed
//
// The kernel collects packets and sends them together: up to 200, or after 20 ms,
// unless [WithQueueThreshold] and [WithFlushTimeout] say otherwise; the rule may
// have a smaller `queue-threshold`. Where many packets are logged,
// [Subscription.ReadInto] reads without allocating, and [WithCopyRange] keeps the
// rest of each packet in the kernel. docs/nflog.md has figures for each setting, which
// [Subscription.Set] changes at any time.
//
// The messages are NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG with the attributes
// NFULA_* of include/uapi/linux/netfilter/nfnetlink_log.h.
package nflog
