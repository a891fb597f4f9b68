package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

// A generic netlink family that no package of nlkit knows: TASKSTATS, by which the
// kernel accounts for tasks. All that is to be said of it stands in this file.
//
// include/uapi/linux/taskstats.h

const family = "TASKSTATS" // TASKSTATS_GENL_NAME

// query is what is asked for: a thread, or all threads of a process.
type query struct {
	PID, TGID uint32
}

var queryAttrs = attr.Table[query]{
	attr.U32(1, "TASKSTATS_CMD_ATTR_PID", func(q *query) *uint32 { return &q.PID }),
	attr.U32(2, "TASKSTATS_CMD_ATTR_TGID", func(q *query) *uint32 { return &q.TGID }),
}

// listen has the kernel tell of tasks that end on some CPUs: "0-3".
type listen struct{ CPUs string }

var listenAttrs = attr.Table[listen]{
	attr.String(3, "TASKSTATS_CMD_ATTR_REGISTER_CPUMASK", func(l *listen) *string { return &l.CPUs }),
}

// task is what the kernel knows of a task.
type task struct {
	PID, TGID uint32
	Stats     stats
}

var taskAttrs = attr.Table[task]{
	attr.Inline(4, "TASKSTATS_TYPE_AGGR_PID", attr.Table[task]{
		attr.U32(1, "TASKSTATS_TYPE_PID", func(t *task) *uint32 { return &t.PID }),
		attr.Struct(3, "TASKSTATS_TYPE_STATS", statsLayout, func(t *task) *stats { return &t.Stats }),
	}, attr.Self),
	attr.Inline(5, "TASKSTATS_TYPE_AGGR_TGID", attr.Table[task]{
		attr.U32(2, "TASKSTATS_TYPE_TGID", func(t *task) *uint32 { return &t.TGID }),
		attr.Struct(3, "TASKSTATS_TYPE_STATS", statsLayout, func(t *task) *stats { return &t.Stats }),
	}, attr.Self),
}

// stats are the numbers (struct taskstats). They are more with every version: what an
// older kernel does not have stays zero, what a newer one has besides is passed over.
type stats struct {
	Version            uint16
	ExitCode           uint32
	Nice               int8
	Command            string
	UID, GID           uint32
	PID, Parent        uint32
	Elapsed            uint64 // in microseconds, as the next two
	User, System       uint64
	ReadChars, Written uint64 // bytes that were read and written, from caches too
	Voluntary, Forced  uint64 // context switches
}

var statsLayout = attr.Layout[stats]{Size: 328, Fields: []attr.Row[stats]{
	attr.U16(0, "version", func(s *stats) *uint16 { return &s.Version }),
	attr.U32(4, "ac_exitcode", func(s *stats) *uint32 { return &s.ExitCode }),
	attr.S8(9, "ac_nice", func(s *stats) *int8 { return &s.Nice }),
	attr.FixedString(80, "ac_comm", 32, func(s *stats) *string { return &s.Command }),
	attr.U32(120, "ac_uid", func(s *stats) *uint32 { return &s.UID }),
	attr.U32(124, "ac_gid", func(s *stats) *uint32 { return &s.GID }),
	attr.U32(128, "ac_pid", func(s *stats) *uint32 { return &s.PID }),
	attr.U32(132, "ac_ppid", func(s *stats) *uint32 { return &s.Parent }),
	attr.U64(144, "ac_etime", func(s *stats) *uint64 { return &s.Elapsed }),
	attr.U64(152, "ac_utime", func(s *stats) *uint64 { return &s.User }),
	attr.U64(160, "ac_stime", func(s *stats) *uint64 { return &s.System }),
	attr.U64(216, "read_char", func(s *stats) *uint64 { return &s.ReadChars }),
	attr.U64(224, "write_char", func(s *stats) *uint64 { return &s.Written }),
	attr.U64(272, "nvcsw", func(s *stats) *uint64 { return &s.Voluntary }),
	attr.U64(280, "nivcsw", func(s *stats) *uint64 { return &s.Forced }),
}}

// getTask is the family's command: one variable, by which the compiler checks what it
// is called with.
var getTask = genl.Call[query, task]{
	Op:      "taskstats.Get",
	Command: 1, // TASKSTATS_CMD_GET
	Request: queryAttrs,
	Reply:   taskAttrs,
	Check:   true, // against the kernel's own policy, before it is sent
	Describe: func(q *query) string {
		if q.TGID != 0 {
			return fmt.Sprintf("process %d", q.TGID)
		}
		return fmt.Sprintf("thread %d", q.PID)
	},
}

// get returns the statistics of a process. It takes CAP_NET_ADMIN in the first user
// namespace.
func get(ctx context.Context, c *nlkit.Client, pid int) (task, error) {
	return getTask.Query(ctx, c, genl.Name(family), &query{TGID: uint32(pid)})
}

// exits receives the tasks that end on the given CPUs. The family has no multicast
// group for them: it sends to every socket that asks it to.
func exits(ctx context.Context, c *nlkit.Client, cpus string) (*nlkit.Subscription[task], error) {
	fam, err := genl.Resolve(ctx, c, family)
	if err != nil {
		return nil, err
	}
	attrs, err := listenAttrs.Append(nil, &listen{CPUs: cpus})
	if err != nil {
		return nil, err
	}
	register, err := fam.Request("taskstats.Subscribe", genl.Message{Command: getTask.Command, Attrs: attrs})
	if err != nil {
		return nil, err
	}
	sub, err := nlkit.Subscribe(ctx, c, nlkit.Listen{Op: register.Op, Protocol: register.Protocol}, func(m nlkit.Message, t *task) (bool, error) {
		if m.Type != fam.ID {
			return false, nil
		}
		msg, err := fam.Parse(m)
		if err != nil {
			return false, err
		}
		return true, taskAttrs.Decode(msg.Attrs, t)
	})
	if err != nil {
		return nil, err
	}
	if err := sub.Do(ctx, register); err != nil {
		_ = sub.Close()
		return nil, err
	}
	return sub, nil
}

func micros(n uint64) time.Duration { return time.Duration(n) * time.Microsecond }
