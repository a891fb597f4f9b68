package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"time"
)

// works are all that there is to measure, in the order of the table: those of one
// scene follow each other, so that it is set up once.
var works = slices.Concat(
	codecWorks, genlWorks, memoryWorks, cancelWorks, // small stages
	ruleWorks, nexthopWorks, neighbourWorks, addressWorks,
	watchWorks, routeWorks, writeWorks, eventWorks, nflogWorks,
	millionWorks, watchMillionWorks, linkWorks, watchLinkWorks, // large ones, which the kernel takes its time to clear away
)

// A work is one thing to do, and the ways to do it.
type work struct {
	name   string
	about  string // for people
	unit   string // what is counted
	figure figure // what is compared

	full, quick, least scale // as it is, with -quick, and in tests
	rounds             int   // how often a variant does all of it in one pass, 0 for once
	practice           int   // how many rounds or calls do not count, at first
	open               bool  // more items than n may come
	passes             int   // the most that make sense, 0 for any

	scene    scene
	variants []variant
	goals    []goal
	extra    bool // not done unless named
}

// A scale says how much there is to do.
type scale struct {
	n    int // how many units
	size int // how many objects there are at the scene, 0 for n
}

func (s scale) objects() int {
	if s.size == 0 {
		return s.n
	}
	return s.size
}

// A scene makes stages.
type scene struct {
	name string
	// build makes a stage with so many objects.
	build func(size int) (*stage, error)
	// fresh tells that each run needs a new one; otherwise all runs of all works of
	// the scene with the same size share one.
	fresh bool
}

// A stage is where a variant works: a network namespace and what is in it.
type stage struct {
	ns *os.File
	// before prepares the run of a variant; nil for nothing.
	before func(n int) error
	// drive is what goes on while the variant works, from when it says that it is
	// ready, and what for, until ctx ends; nil for nothing.
	drive func(ctx context.Context, n int, ask string) error
	// close clears away what is in ns; nil for nothing.
	close func() error
}

// A variant is one way to do a work, in a process of its own: a function, or a C
// program of floor, which is called with the arguments.
type variant struct {
	name string
	by   string // whose way it is: the column of the table
	run  func(j job) (report, error)
	c    string
	args []string
	slow bool // not done with -quick
	part int  // of how many: it does only a part of the work, 0 for all
}

// Those whose ways are compared. The first variant of each is the one that the table
// shows; the others stand in the list of the work.
const (
	byC           = "C"
	byNLKit       = "nlkit"
	byVishvananda = "vishvananda"
	byJsimonetti  = "jsimonetti"
	byMdlayher    = "mdlayher"
	byNFLog       = "go-nflog"
	byIP          = "ip"
)

var columns = []string{byC, byNLKit, byVishvananda, byJsimonetti, byMdlayher, byNFLog, byIP}

// A job is what a variant is told.
type job struct {
	n, rounds, practice int
}

// A report is what a variant says in the end, in JSON.
type report struct {
	Items     uint64        `json:"items"`
	Lost      uint64        `json:"lost"`
	Overruns  uint64        `json:"overruns"`
	Datagrams uint64        `json:"datagrams"`
	CPU       time.Duration `json:"cpu"`    // user and system, in nanoseconds
	System    time.Duration `json:"system"` // of that, the kernel; C does not say
	Wall      time.Duration `json:"wall"`   // in nanoseconds
	Single    time.Duration `json:"single"` // median of single calls
	Memory    uint64        `json:"memory"` // that the items hold, in bytes
	Peak      uint64        `json:"peak"`   // memory of the process at most, in bytes
	Allocs    uint64        `json:"allocs"`
	Bytes     uint64        `json:"bytes"` // allocated
	// Note is something to know that is no number.
	Note string `json:"note"`
	// Wrong says what is not as it must be: then the figures say nothing.
	Wrong string `json:"wrong"`
}

// A figure is one of the numbers of a report.
type figure int

const (
	wall    figure = iota // time by the clock, for each item
	cpuTime               // CPU, for each item
	single                // median time of single calls
	memory                // that an item holds
	allocs                // in all
	bytes                 // allocated, in all
	peak                  // of the process
)

func (f figure) String() string {
	return [...]string{"time", "CPU", "median", "memory", "allocations", "bytes allocated", "peak memory"}[f]
}

// of returns the figure of a report.
func (f figure) of(r report) float64 {
	items := float64(max(r.Items, 1))
	return [...]float64{
		float64(r.Wall) / items, float64(r.CPU) / items, float64(r.Single), float64(r.Memory) / items,
		float64(r.Allocs), float64(r.Bytes), float64(r.Peak),
	}[f]
}

// text returns a value of the figure for people.
func (f figure) text(v float64) string {
	switch f {
	case allocs:
		return fmt.Sprintf("%.0f", v)
	case memory, bytes, peak:
		return size(v)
	}
	return duration(v)
}

// A goal is a figure to reach.
type goal struct {
	variant string
	figure  figure
	// than is the variant that it is compared with; none means that the figure by
	// itself is meant.
	than string
	most float64
}

// faster returns how many times less a variant must take than a peer.
func faster(variant, peer string, f figure, times float64) goal {
	return goal{variant, f, peer, 1 / times}
}

// find returns the works whose names match one of the patterns; without a pattern
// those that are not extra.
func find(patterns []string) ([]*work, error) {
	var found []*work
	matched := make([]bool, len(patterns))
	for i := range works {
		w := &works[i]
		wanted := len(patterns) == 0 && !w.extra
		for j, p := range patterns {
			ok, err := path.Match(p, w.name)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", p, err)
			}
			matched[j] = matched[j] || ok
			wanted = wanted || ok
		}
		if wanted {
			found = append(found, w)
		}
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, fmt.Errorf("no work %q", patterns[i])
	}
	return found, nil
}
