package nflog

import (
	"context"
	"errors"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// errNoFamily is what the kernel means when it finds no logger for a family.
var errNoFamily = errors.New("the kernel has no such family, or NFLOG is no logger of it: it knows ip, ip6, arp, bridge and netdev")

// BindFamily makes NFLOG the logger of what the kernel logs of a family's packets by
// itself, in the network namespace: packets that connection tracking finds invalid,
// where net.netfilter.nf_conntrack_log_invalid asks for it, and those that the target
// TRACE of iptables-legacy follows. They come to group 0, one at a time, and a prefix
// tells what they are. Rules that log to a group need none of this.
//
// It takes the place of the logger that was there, nf_log_ipv4 and such, and stays
// when the program ends; see [UnbindFamily]. The file
// /proc/sys/net/netfilter/nf_log/2 names the logger of IPv4, 10 that of IPv6.
// (NFULNL_CFG_CMD_PF_BIND)
//
// Errors: fs.ErrInvalid for [FamilyUnspec] and [FamilyInet], which no packet has:
// bind [FamilyIPv4] and [FamilyIPv6]; [errors.ErrUnsupported] for a family that the
// kernel does not know, and where it has no NFLOG; fs.ErrPermission without
// CAP_NET_ADMIN; that of ctx. Those of a batch are the kernel's own.
func BindFamily(ctx context.Context, d nlkit.Doer, f Family) error {
	return command(ctx, d, "nflog.BindFamily", uapi.NFULNL_CFG_CMD_PF_BIND, f)
}

// UnbindFamily leaves a family without a logger for what the kernel logs by itself,
// whichever it had: that is then logged nowhere. Writing the logger's name, such as
// nf_log_ipv4, to the file that [BindFamily] tells of brings back what was there.
// (NFULNL_CFG_CMD_PF_UNBIND)
//
// Errors are those of BindFamily, but that the kernel takes any family.
func UnbindFamily(ctx context.Context, d nlkit.Doer, f Family) error {
	return command(ctx, d, "nflog.UnbindFamily", uapi.NFULNL_CFG_CMD_PF_UNBIND, f)
}

// command sends a command that is about a family and no group.
func command(ctx context.Context, d nlkit.Doer, op string, cmd uint8, f Family) error {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_NETFILTER, Type: configType,
		Header: headerLen, Schema: configAttrs,
		Describe: func([]byte) string { return "family " + f.String() },
		Data:     attr.AppendUint8(header(nil, f, 0), uapi.NFULA_CFG_CMD, cmd),
	}
	if f == FamilyUnspec || f == FamilyInet {
		return req.Fail(attr.Refuse("no packet has it: use ip and ip6, each by itself"))
	}
	return explainCommand(nlkit.Do(ctx, d, req), func() error {
		return nlkit.Do(ctx, d, probe(op))
	})
}

// explainCommand does for a command what explain does for settings.
func explainCommand(err error, ask func() error) error {
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok {
		return err
	}
	switch e.Errno {
	case syscall.EPERM:
		e.Err = errNoRight
	case syscall.EINVAL, syscall.ENOENT:
		if e.Errno == syscall.EINVAL && errno(ask()) == syscall.EINVAL {
			e.Errno, e.Err = syscall.EOPNOTSUPP, errNoNFLOG
		} else {
			e.Errno, e.Err = syscall.EAFNOSUPPORT, errNoFamily
		}
	}
	return err
}

// probe is a request that the kernel always refuses: a packet is what it takes from
// nobody, and it says so (ENOTSUPP) to whoever may speak to NFLOG at all, where there
// is NFLOG.
func probe(op string) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_NETFILTER, Type: packetType,
		Data: header(nil, FamilyUnspec, 0), Header: headerLen,
	}
}

// errno returns the kernel's answer that an error tells of, 0 if there was none.
func errno(err error) syscall.Errno {
	if e, ok := errors.AsType[*nlkit.Error](err); ok {
		return e.Errno
	}
	return 0
}
