package nlconn

import (
	"math/bits"
	"sync"
)

// A datagram is read into a buffer that the socket has only meanwhile: from a read that
// finds one to a read that finds none, or to the end of the exchange. A socket at rest has
// none, so that thousands of them cost little.

// spares are the buffers that no socket has, by the power of two that is their size.
var spares [bits.UintSize]sync.Pool

// takeBuffer returns a buffer of at least so many bytes.
func takeBuffer(size int) *[]byte {
	power := bits.Len(uint(size - 1))
	if b, ok := spares[power].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 1<<power)
	return &b
}

// take returns the buffer of the socket, and gives it one if it has none.
func (c *Conn) take() []byte {
	if c.buf == nil {
		c.buf = takeBuffer(max(c.datagram, int(c.size.Load())))
	}
	return *c.buf
}

// release gives the socket's buffer back: nobody looks at what is in it any more.
func (c *Conn) release() {
	if c.buf != nil {
		spares[bits.Len(uint(len(*c.buf)-1))].Put(c.buf)
		c.buf = nil
	}
}
