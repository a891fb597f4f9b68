package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// XDPOption is a condition of [WithXDP] and [WithNoXDP].
type XDPOption interface{ applyXDP(*change) }

type xdpOption func(*change)

func (o xdpOption) applyXDP(c *change) { o(c) }

// WithXDP attaches the XDP program that the file descriptor fd stands for, in place
// of the one that is attached in this mode. [XDPNone] leaves the mode to the kernel:
// the driver if it can, else the network stack. The file must stay open until the
// request is done, in a batch until that was sent. `ip link set NAME xdp pinned
// FILE`
//
// The error is [io/fs.ErrExist] if a program is attached in another mode, or not the
// one that a condition asks for, EBUSY if one holds the place that must not be
// replaced, [errors.ErrUnsupported] if the driver cannot do it, EBADF if fd is not
// open, and [io/fs.ErrInvalid] if it is no XDP program.
func WithXDP(fd int, mode XDPMode, opts ...XDPOption) SetOption {
	return setOption(func(c *change) {
		if fd < 0 {
			c.refuse(attr.Invalid("IFLA_XDP.IFLA_XDP_FD", "%d is not a file descriptor", fd))
		}
		c.setXDP(fd, mode, opts)
	})
}

// WithNoXDP detaches the XDP program that is attached in this mode, if there is one;
// [XDPNone] is any mode, as long as there is one program. `ip link set NAME xdp off`
func WithNoXDP(mode XDPMode, opts ...XDPOption) SetOption {
	return setOption(func(c *change) { c.setXDP(-1, mode, opts) })
}

// XDPIfNone attaches a program only if none is attached in this mode; else the error
// is EBUSY.
func XDPIfNone() XDPOption {
	return xdpOption(func(c *change) {
		if c.xdp.fd < 0 {
			c.refuse(attr.Invalid("IFLA_XDP.IFLA_XDP_FLAGS", "nothing is attached that could be there already"))
		}
		c.xdp.flags |= uapi.XDP_FLAGS_UPDATE_IF_NOEXIST
	})
}

// XDPInPlaceOf attaches or detaches only if the attached program is the one that the
// file descriptor fd stands for; else the error is [io/fs.ErrExist]. Linux 5.7.
func XDPInPlaceOf(fd int) XDPOption {
	return xdpOption(func(c *change) {
		if fd < 0 {
			c.refuse(attr.Invalid("IFLA_XDP.IFLA_XDP_EXPECTED_FD", "%d is not a file descriptor", fd))
		}
		c.xdp.expected = &fd
		c.xdp.flags |= uapi.XDP_FLAGS_REPLACE
	})
}

func (c *change) setXDP(fd int, mode XDPMode, opts []XDPOption) {
	if c.xdp != nil {
		c.refuse(attr.Invalid("IFLA_XDP", "two changes of XDP programs"))
	}
	c.xdp = &xdpChange{fd: fd}
	switch mode {
	case XDPNone:
	case XDPDriver:
		c.xdp.flags = uapi.XDP_FLAGS_DRV_MODE
	case XDPGeneric:
		c.xdp.flags = uapi.XDP_FLAGS_SKB_MODE
	case XDPHardware:
		c.xdp.flags = uapi.XDP_FLAGS_HW_MODE
	default:
		c.refuse(attr.Invalid("IFLA_XDP.IFLA_XDP_FLAGS", "a program has one mode, not %v", mode))
	}
	for _, o := range opts {
		if o != nil {
			o.applyXDP(c)
		}
	}
}
