package main

import (
	"context"
	"os"
	"time"
)

// works are all that there is to measure, each in a file of its name.
var works = []work{nflogWork}

// A work is one thing to do, and the ways to do it.
type work struct {
	name     string
	about    string // for people
	unit     string // what is counted
	n, quick int    // how many of them
	stage    func(n int) (*stage, error)
	variants []variant
	goals    []goal
}

// A stage is where a variant works: each gets a new one.
type stage struct {
	ns *os.File
	// drive is what goes on while the variant works, from when it says that it is
	// ready until ctx ends; nil for nothing.
	drive func(ctx context.Context) error
}

// A variant is one way to do a work, in a process of its own: a function, or a C
// program of floor, which is called with the arguments.
type variant struct {
	name string
	run  func(n int) (report, error)
	c    string
	args []string
}

// A report is what a variant says in the end, in JSON.
type report struct {
	Items    uint64        `json:"items"`
	Lost     uint64        `json:"lost"`
	Overruns uint64        `json:"overruns"`
	CPU      time.Duration `json:"cpu"`  // user and system, in nanoseconds
	Wall     time.Duration `json:"wall"` // in nanoseconds
	Allocs   uint64        `json:"allocs"`
	// Wrong says what is not as it must be: then the figures say nothing.
	Wrong string `json:"wrong"`
}

// A goal is how much CPU a variant may take, in units of what another one takes.
type goal struct {
	variant, than string
	most          float64
}
