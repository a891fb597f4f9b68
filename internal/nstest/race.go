//go:build race

package nstest

// Race says whether the race detector is at work.
const Race = true
