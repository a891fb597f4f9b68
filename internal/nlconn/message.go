package nlconn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Request is a message to send. Flags are what the caller wants beyond
// NLM_F_REQUEST; the exchanges add NLM_F_ACK and NLM_F_DUMP themselves.
type Request struct {
	Type  uint16
	Flags uint16
	Data  []byte
}

// Message is a message received. Data is part of the socket's buffer: it is valid
// until the next message is asked for.
type Message struct {
	Type  uint16
	Flags uint16
	Seq   uint32
	PID   uint32
	NSID  int // sender's namespace id, -1 if the kernel did not say
	Data  []byte
}

// KernelError is the kernel's refusal of a request, with all of its extended
// acknowledgement.
type KernelError struct {
	Errno    syscall.Errno
	Message  string
	Offset   int    // of the attribute at fault, from the start of the request's header; 0: none
	Missing  uint16 // type of an attribute that was required and absent
	HasMiss  bool
	MissNest int // offset of the nest that Missing belongs in; 0: the message itself
}

func (e *KernelError) Error() string {
	if e.Message != "" {
		return e.Errno.Error() + ": " + e.Message
	}
	return e.Errno.Error()
}

func (e *KernelError) Unwrap() error { return e.Errno }

var (
	// ErrOverrun: the kernel dropped messages for this socket, its receive
	// buffer being full.
	ErrOverrun = errors.New("messages were lost: receive buffer overrun")
	// ErrMalformed: what came is not a netlink message.
	ErrMalformed = errors.New("malformed netlink message")
	// ErrTruncated: a datagram was larger than the buffer, which has grown since;
	// its messages are lost.
	ErrTruncated = errors.New("datagram larger than the receive buffer")
	// ErrNoReply: the kernel acknowledged a request that wanted a reply, or
	// ended an exchange without saying anything.
	ErrNoReply = errors.New("no reply")
)

// parseError reads NLMSG_ERROR. It returns nil for an acknowledgement, whose
// extended part may carry a warning.
func parseError(m Message) (refusal *KernelError, warning string, err error) {
	const nlmsgerr = 4 + uapi.NLMSG_HDRLEN
	if len(m.Data) < nlmsgerr {
		return nil, "", fmt.Errorf("%w: error message of %d bytes", ErrMalformed, len(m.Data))
	}
	tlvs := nlmsgerr
	if m.Flags&uapi.NLM_F_CAPPED == 0 {
		// The request is repeated whole, padded to a multiple of four.
		tlvs = 4 + align(int(binary.NativeEndian.Uint32(m.Data[4:])))
	}
	return parseStatus(m, tlvs)
}

// parseDone reads NLMSG_DONE, which ends a dump with a status of its own.
func parseDone(m Message) (refusal *KernelError, warning string, err error) {
	if len(m.Data) < 4 {
		return nil, "", nil // older families end without a status
	}
	return parseStatus(m, 4)
}

func parseStatus(m Message, tlvs int) (refusal *KernelError, warning string, err error) {
	e := KernelError{}
	if m.Flags&uapi.NLM_F_ACK_TLVS != 0 && tlvs >= 4 && tlvs <= len(m.Data) {
		s := attr.Scan(m.Data[tlvs:])
		for s.Next() {
			switch s.Type() {
			case uapi.NLMSGERR_ATTR_MSG:
				e.Message = s.String()
			case uapi.NLMSGERR_ATTR_OFFS:
				e.Offset = int(s.Uint32())
			case uapi.NLMSGERR_ATTR_MISS_TYPE:
				e.Missing, e.HasMiss = uint16(s.Uint32()), true
			case uapi.NLMSGERR_ATTR_MISS_NEST:
				e.MissNest = int(s.Uint32())
			}
		}
		// A broken extended part takes nothing from the errno before it.
	}
	code := int32(binary.NativeEndian.Uint32(m.Data))
	if code >= 0 {
		return nil, e.Message, nil
	}
	e.Errno = syscall.Errno(-code)
	refused := e // an acknowledgement allocates nothing
	return &refused, "", nil
}

func align(n int) int { return (n + 3) &^ 3 }
