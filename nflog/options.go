package nflog

import (
	"math"
	"slices"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const (
	// The kernel takes a buffer size out of these bounds without a word, and
	// keeps its default.
	minBuffer = 4096
	maxBuffer = 131072

	maxCopy = math.MaxUint16 - 4 // what an attribute holds

	tick = 10 * time.Millisecond
	// The kernel multiplies ticks by its timer's frequency, at most 1000, in 32
	// bits.
	maxTicks = math.MaxUint32 / 1000

	defaultThreshold = 200
	defaultTimeout   = 20 * time.Millisecond
)

// Option is an option of [Subscribe].
type Option interface{ applySubscribe(*config) }

// SetOption is an option of [Subscribe] that [Subscription.Set] can change later.
type SetOption interface {
	Option
	applySet(*config)
}

type (
	option    func(*config)
	setOption func(*config)
)

func (o option) applySubscribe(c *config)    { o(c) }
func (o setOption) applySubscribe(c *config) { o(c) }
func (o setOption) applySet(c *config)       { o(c) }

// config is what the options fill in; check looks at it once all have run.
type config struct {
	groups      []uint16
	mode        uint8
	copyRange   int
	buffer      int
	threshold   int
	timeout     time.Duration
	flags       uint16
	readBuffer  int
	lossReports bool
}

// setFlag sets or clears NFULNL_CFG_F_*.
func (c *config) setFlag(flag uint16, on bool) {
	c.flags &^= flag
	if on {
		c.flags |= flag
	}
}

func newConfig(group uint16, opts []Option) config {
	c := config{
		groups: []uint16{group}, mode: uapi.NFULNL_COPY_PACKET, copyRange: maxCopy,
		buffer: maxBuffer, threshold: defaultThreshold, timeout: defaultTimeout,
		flags: uapi.NFULNL_CFG_F_SEQ,
	}
	for _, o := range opts {
		if o != nil {
			o.applySubscribe(&c)
		}
	}
	return c
}

// WithGroups receives more groups on the same subscription, with the same options.
// [Packet].Group tells them apart. Repeating a group does nothing.
func WithGroups(groups ...uint16) Option {
	return option(func(c *config) {
		for _, g := range groups {
			if !slices.Contains(c.groups, g) {
				c.groups = append(c.groups, g)
			}
		}
	})
}

// WithCopyRange receives the first bytes of each packet, from 1 to 65531, counted
// from the network header. The default is all that a message holds, 65531. A rule
// may say less by `snaplen`. (NFULA_CFG_MODE, NFULNL_COPY_PACKET)
func WithCopyRange(bytes int) SetOption {
	return setOption(func(c *config) { c.mode, c.copyRange = uapi.NFULNL_COPY_PACKET, bytes })
}

// WithCopyMeta receives what the kernel knows of each packet, without the packet:
// [Packet].Payload is nil. The link-layer headers are received all the same.
// (NFULA_CFG_MODE, NFULNL_COPY_META)
func WithCopyMeta() SetOption {
	return setOption(func(c *config) { c.mode, c.copyRange = uapi.NFULNL_COPY_META, 1 })
}

// WithCopyNone asks for nothing of each packet. All kernels so far do the same as
// for [WithCopyMeta]. (NFULA_CFG_MODE, NFULNL_COPY_NONE)
func WithCopyNone() SetOption {
	return setOption(func(c *config) { c.mode, c.copyRange = uapi.NFULNL_COPY_NONE, 1 })
}

// WithBufferSize sets the size of the buffer in which the kernel collects packets
// before it sends them, from 4096 bytes to 131072, the default. A larger one means
// more packets at a time and less work for each. Where memory pages are larger than
// 4 KiB, the kernel uses 8 KiB at least. (NFULA_CFG_NLBUFSIZ)
func WithBufferSize(bytes int) SetOption {
	return setOption(func(c *config) { c.buffer = bytes })
}

// WithQueueThreshold sets how many packets the kernel collects before it sends
// them; the default is 200. 1 sends each at once, which costs the receiver some 27
// times the work; 1000 saves a third of it. A rule may have less by
// `queue-threshold`. (NFULA_CFG_QTHRESH)
func WithQueueThreshold(packets int) SetOption {
	return setOption(func(c *config) { c.threshold = packets })
}

// WithFlushTimeout sets how long the kernel holds packets back at most; the default
// is 20 ms. It counts in 1/100 s; other durations are rounded up. 0 sends them
// when the kernel's timer next ticks. The longest is 11 hours 55 minutes.
// (NFULA_CFG_TIMEOUT)
func WithFlushTimeout(d time.Duration) SetOption {
	return setOption(func(c *config) { c.timeout = d })
}

// WithGlobalSeq says whether the packets are numbered through all groups of the
// network namespace as well: [Packet.GlobalSeq] tells the order of packets of
// several groups. The default is false. (NFULNL_CFG_F_SEQ_GLOBAL)
func WithGlobalSeq(on bool) SetOption {
	return setOption(func(c *config) { c.setFlag(uapi.NFULNL_CFG_F_SEQ_GLOBAL, on) })
}

// WithConntrack says whether the connection that each packet belongs to is received,
// where the kernel tracks it: [Packet.Conntrack]. The default is false. The error is
// errors.ErrUnsupported where the kernel has no nf_conntrack_netlink. Linux 4.4.
// (NFULNL_CFG_F_CONNTRACK)
func WithConntrack(on bool) SetOption {
	return setOption(func(c *config) { c.setFlag(uapi.NFULNL_CFG_F_CONNTRACK, on) })
}

// WithLossReports makes the loss of packets part of the stream: before the first
// packet behind a gap comes an error that is [*Loss], which tells the group and how
// many are missing. It is [nlkit.ErrOverrun] as well, so that a loop that goes on
// after that goes on after this. [Subscription.Stats] counts in any case.
func WithLossReports() Option { return option(func(c *config) { c.lossReports = true }) }

// WithReadBuffer sets the kernel's receive buffer of the subscription in bytes:
// what waits there while the consumer is busy. The default is that of all
// subscriptions, 4 MiB, which is 25,000 packets of 128 bytes or 5,000 of 1500; see
// [nlkit.WithEventBuffer]. Without CAP_NET_ADMIN in the
// first user namespace the system cuts it silently (net.core.rmem_max).
func WithReadBuffer(bytes int) Option {
	return option(func(c *config) { c.readBuffer = bytes })
}

// check refuses what the kernel would refuse, cut or ignore.
func (c *config) check() error {
	switch {
	case c.copyRange < 1 || c.copyRange > maxCopy:
		return attr.Invalid("NFULA_CFG_MODE", "copy range %d is out of range, which is 1 to %d", c.copyRange, maxCopy)
	case c.buffer < minBuffer || c.buffer > maxBuffer:
		return attr.Invalid("NFULA_CFG_NLBUFSIZ", "buffer size %d is out of range, which is %d to %d", c.buffer, minBuffer, maxBuffer)
	case c.threshold < 1 || int64(c.threshold) > math.MaxUint32:
		return attr.Invalid("NFULA_CFG_QTHRESH", "queue threshold %d is out of range, which is 1 to %d", c.threshold, uint32(math.MaxUint32))
	case c.timeout < 0 || c.timeout > maxTicks*tick:
		return attr.Invalid("NFULA_CFG_TIMEOUT", "flush timeout %v is out of range, which is 0 to %v", c.timeout, maxTicks*tick)
	case c.readBuffer < 0 || c.readBuffer > math.MaxInt32: // more would be cut to the lower 32 bits
		return attr.Refuse("read buffer of %d bytes, which is out of range", c.readBuffer)
	}
	return nil
}

// settings returns what is sent for each group, with a command or 0.
func (c *config) settings(command uint8) *settings {
	s := &settings{
		command:    command,
		mode:       copyMode{mode: c.mode},
		bufferSize: uint32(c.buffer),
		threshold:  uint32(c.threshold),
		timeout:    new(uint32((c.timeout + tick - 1) / tick)),
		flags:      c.flags,
	}
	if c.mode == uapi.NFULNL_COPY_PACKET {
		s.mode.limit = uint32(c.copyRange)
	}
	return s
}

// datagramSize is the size of the largest datagram to expect. The kernel allocates a
// buffer by powers of two and fills all of it: one of maxBuffer bytes and its
// overhead takes twice that. A packet that is larger than the buffer gets one of its
// own, which is smaller than this.
const datagramSize = 2 * maxBuffer

func (c *config) listen() ([]nlkit.SubscribeOption, nlkit.Listen) {
	l := nlkit.Listen{Op: op, Protocol: uapi.NETLINK_NETFILTER, Datagram: datagramSize}
	if c.readBuffer == 0 {
		return nil, l
	}
	return []nlkit.SubscribeOption{nlkit.WithEventBuffer(c.readBuffer)}, l
}
