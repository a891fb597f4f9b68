package nlkit

import (
	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/internal/nlconn"
)

// WithKernel makes a client talk to a scripted kernel.
func WithKernel(dial func(proto int) (*netlink.Conn, error)) Option {
	return option(func(c *config) {
		c.pool = func(p *nlconn.Config) { p.Dial = dial }
	})
}

// Sockets returns how many sockets the client has, and how many of them are idle.
func (c *Client) Sockets() (idle, all int) { return c.pool.Idle() }

// ReadBuffer returns the size of the kernel's receive buffer of a subscription.
func ReadBuffer[T any](s *Subscription[T]) (int, error) { return s.conn.ReadBuffer() }
