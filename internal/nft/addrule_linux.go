package nft

import (
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// AddLogRule adds a rule to the network namespace that the descriptor nsfd
// stands for, or that of the calling thread if nsfd is 0. Rules add up; they go
// with the namespace, or with the table "nlkit" of their family.
//
// It needs CAP_NET_ADMIN in the namespace, and CAP_SYS_ADMIN to enter it. The
// error is [errors.ErrUnsupported] where the kernel has no nf_tables, or not
// the parts of it that the rule is made of.
func AddLogRule(nsfd int, r LogRule) error {
	if r.Family == 0 {
		r.Family = Inet
	}
	if err := r.validate(); err != nil {
		return fmt.Errorf("nft: %w", err)
	}
	msgs, err := r.messages()
	if err != nil {
		return fmt.Errorf("nft: %w", err)
	}
	if err := exchange(nsfd, msgs); err != nil {
		if lacking(err, r, msgs) {
			err = fmt.Errorf("%w (%w)", err, errors.ErrUnsupported)
		}
		return fmt.Errorf("nft: log rule in %s %s: %w", r.Family, r.chain(), err)
	}
	return nil
}

// exchange sends a batch whose last but one message asks for an ack, and waits
// for that ack. The kernel applies all of a batch or nothing.
func exchange(nsfd int, msgs []netlink.Message) error {
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{NetNS: nsfd})
	if err != nil {
		return err
	}
	defer c.Close()
	// The words help when they are there; their absence is no failure.
	_ = c.SetOption(netlink.ExtendedAcknowledge, true)

	// A lost reply is not to hang a test.
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := c.SendMessages(msgs); err != nil {
		return err
	}
	// The first reply is the first error, which needs no asking, or the ack.
	_, err = c.Receive()
	return err
}

// lacking reports whether an error of exchange says that the kernel has not
// got what the rule needs.
func lacking(err error, r LogRule, msgs []netlink.Message) bool {
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT), // no nfnetlink
		errors.Is(err, unix.EOPNOTSUPP),   // no nf_tables, or not this family or hook
		errors.Is(err, unix.EAFNOSUPPORT): // as above, in older kernels
		return true
	case !errors.Is(err, unix.ENOENT):
		return false
	}
	// An expression, a logger, a type of chain, or just the device.
	op, ok := errors.AsType[*netlink.OpError](err)
	atChain := ok && op.Sequence == msgs[chainMessage].Header.Sequence
	return r.Device == "" || !atChain
}
