package nlconn

import (
	"encoding/binary"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/uapi"
)

// appendMessage appends r to the datagram that is to be sent, with the next sequence
// number, which it returns.
func (c *Conn) appendMessage(r Request, flags uint16) uint32 {
	c.seq++
	n := align(uapi.NLMSG_HDRLEN + len(r.Data))
	b := binary.NativeEndian.AppendUint32(c.out, uint32(n))
	b = binary.NativeEndian.AppendUint16(b, r.Type)
	b = binary.NativeEndian.AppendUint16(b, r.Flags|flags|uapi.NLM_F_REQUEST)
	b = binary.NativeEndian.AppendUint32(b, c.seq)
	b = binary.NativeEndian.AppendUint32(b, c.nl.PID())
	b = append(b, r.Data...)
	c.out = append(b, make([]byte, n-uapi.NLMSG_HDRLEN-len(r.Data))...)
	return c.seq
}

// room makes the next n sequence numbers follow each other, without 0, which is that of
// messages that no request caused.
func (c *Conn) room(n int) {
	if c.seq > math.MaxUint32-uint32(n) {
		c.seq = 0
	}
}

// flush sends the datagram that was appended to. The kernel processes it meanwhile.
func (c *Conn) flush() error {
	c.unfinished = true
	err := c.raw.Write(c.writeFn)
	if err == nil && c.writeErr != nil {
		err = os.NewSyscallError("sendto", c.writeErr)
	}
	if err != nil {
		return c.ioError(err)
	}
	c.BytesOut += uint64(len(c.out))
	return nil
}

// keptOut is how long a datagram may be whose buffer is kept for the next one.
const keptOut = 4 << 10

// forgetOut makes room for the next datagram.
func (c *Conn) forgetOut() {
	if c.out = c.out[:0]; cap(c.out) > keptOut {
		c.out = nil
	}
}

// send sends one request and returns its sequence number.
func (c *Conn) send(r Request, flags uint16) (uint32, error) {
	c.room(1)
	seq := c.appendMessage(r, flags)
	defer c.forgetOut()
	return seq, c.flush()
}

// sendto sends a datagram to the kernel, without waiting for room. unix.Sendto would
// want an address, which it allocates.
func sendto(fd int, b []byte) error {
	_, err := received(unix.Syscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0))
	return err
}
