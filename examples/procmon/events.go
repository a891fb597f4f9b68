//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
)

// What happened to a process: PROC_EVENT_* in include/uapi/linux/cn_proc.h.
type What uint32

// What is announced; the kernel also tells of changed users, groups, sessions and
// tracers.
const (
	Answer   What = 0x00000000 // to the request for events
	Fork     What = 0x00000001
	Exec     What = 0x00000002
	Comm     What = 0x00000200 // the name of a process was changed
	CoreDump What = 0x40000000
	Exit     What = 0x80000000
)

// Event is something that happened to a process.
type Event struct {
	What    What
	Time    time.Duration // since the system was started
	Process int           // with Fork that which forked
	Thread  int           // of the process, with its own number in the first
	Child   int           // with Fork
	Name    string        // with Comm
	Status  uint32        // with Exit as wait(2) has it, with Answer an errno
}

// String describes the event in a line.
func (e Event) String() string {
	switch e.What {
	case Answer:
		return "events are on" // asked for by another program
	case Fork:
		return fmt.Sprintf("process %d starts %d", e.Process, e.Child)
	case Exec:
		return fmt.Sprintf("process %d executes a program", e.Process)
	case Comm:
		return fmt.Sprintf("thread %d of process %d is now called %q", e.Thread, e.Process, e.Name)
	case CoreDump:
		return fmt.Sprintf("process %d dumps core", e.Process)
	case Exit:
		status := unix.WaitStatus(e.Status)
		if status.Signaled() {
			return fmt.Sprintf("thread %d of process %d is ended by signal %d", e.Thread, e.Process, status.Signal())
		}
		return fmt.Sprintf("thread %d of process %d ends with %d", e.Thread, e.Process, status.ExitStatus())
	}
	return fmt.Sprintf("process %d: event %#x", e.Process, uint32(e.What))
}

// Numbers of include/uapi/linux/connector.h and cn_proc.h.
const (
	cnIdxProc = 1 // both the index and the multicast group
	cnValProc = 1
	listen    = 1 // PROC_CN_MCAST_LISTEN

	// The structs of an event, one behind the other: struct cn_msg, the head of struct
	// proc_event, and what depends on the event.
	headerSize = 20
	eventSize  = 16
)

// control is struct cn_msg with what turns the events on behind it.
type control struct {
	Index, Value uint32
	Length       uint16
	Op           uint32
}

var controlLayout = attr.Layout[control]{Size: headerSize + 4, Fields: []attr.Row[control]{
	attr.U32(0, "cn_msg.id.idx", func(c *control) *uint32 { return &c.Index }),
	attr.U32(4, "cn_msg.id.val", func(c *control) *uint32 { return &c.Value }),
	attr.U16(16, "cn_msg.len", func(c *control) *uint16 { return &c.Length }),
	attr.U32(headerSize, "proc_cn_mcast_op", func(c *control) *uint32 { return &c.Op }),
}}

// head is what all events begin with.
var head = attr.Layout[Event]{Size: headerSize + eventSize, Fields: []attr.Row[Event]{
	attr.U32(headerSize, "proc_event.what", func(e *Event) *What { return &e.What }),
	attr.U64(headerSize+8, "proc_event.timestamp_ns", func(e *Event) *time.Duration { return &e.Time }),
}}

// process is what most have then. Where the kernel says pid it means a thread, and
// the process is the tgid.
var process = []attr.Row[Event]{
	attr.U32(0, "process_pid", func(e *Event) *int { return &e.Thread }),
	attr.U32(4, "process_tgid", func(e *Event) *int { return &e.Process }),
}

var rest = map[What]attr.Layout[Event]{
	Answer:   {Size: 4, Fields: []attr.Row[Event]{attr.U32(0, "err", func(e *Event) *uint32 { return &e.Status })}},
	Fork:     {Size: 16, Fields: append(process[:2:2], attr.U32(12, "child_tgid", func(e *Event) *int { return &e.Child }))},
	Exec:     {Size: 8, Fields: process},
	Comm:     {Size: 24, Fields: append(process[:2:2], attr.FixedString(8, "comm", 16, func(e *Event) *string { return &e.Name }))},
	CoreDump: {Size: 8, Fields: process},
	Exit:     {Size: 16, Fields: append(process[:2:2], attr.U32(8, "exit_code", func(e *Event) *uint32 { return &e.Status }))},
}

// errSilent says that a kernel took the request and did not answer.
var errSilent = errors.New("the connector does not answer")

// Subscribe receives the events of processes.
func Subscribe(ctx context.Context, c *nlkit.Client) (*nlkit.Subscription[Event], error) {
	const op = "procmon.Subscribe"
	sub, err := nlkit.Subscribe(ctx, c, nlkit.Listen{Op: op, Protocol: unix.NETLINK_CONNECTOR, Groups: []uint32{cnIdxProc}}, decode)
	if err != nil {
		return nil, err
	}
	data, err := controlLayout.Append(nil, &control{Index: cnIdxProc, Value: cnValProc, Length: 4, Op: listen})
	if err == nil {
		// On the subscription's own socket: newer kernels turn it on for each.
		err = sub.Do(ctx, nlkit.Request{Op: op, Protocol: unix.NETLINK_CONNECTOR, Type: unix.NLMSG_DONE, Data: data})
	}
	if err == nil {
		err = await(sub)
	}
	if err != nil {
		_ = sub.Close()
		return nil, err
	}
	return sub, nil
}

// await reads up to the kernel's answer, which it gave while it took the request.
func await(sub *nlkit.Subscription[Event]) error {
	for {
		var ev Event
		ok, err := sub.TryRead(&ev)
		switch {
		case err != nil:
			return err
		case !ok:
			return errSilent
		case ev.What == Answer && ev.Status != 0:
			return unix.Errno(ev.Status)
		case ev.What == Answer:
			return nil
		}
	}
}

// decode keeps the answer to the request, and what rest has a layout for.
func decode(m nlkit.Message, ev *Event) (keep bool, err error) {
	if len(m.Data) < head.Size {
		return false, nlkit.ErrMalformed
	}
	if err := head.Decode(m.Data, ev); err != nil {
		return false, err
	}
	layout, ok := rest[ev.What]
	if !ok {
		return false, nil
	}
	return true, layout.Decode(m.Data[head.Size:], ev)
}
