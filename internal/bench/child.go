package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
)

// childArg makes the program one variant.
const childArg = "-child"

// ready is what a variant says when its stage can begin; what stands behind it is for
// the stage.
const ready = "ready"

// numbers returns a job as the first arguments of a variant.
func (j job) numbers() []string {
	return []string{strconv.Itoa(j.n), strconv.Itoa(j.rounds), strconv.Itoa(j.practice)}
}

// child is the variant that the arguments name: its work, its name and its job.
func child(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("%d arguments", len(args))
	}
	var j job
	for i, to := range []*int{&j.n, &j.rounds, &j.practice} {
		var err error
		if *to, err = strconv.Atoi(args[2+i]); err != nil {
			return err
		}
	}
	found, err := find(args[:1])
	if err != nil {
		return err
	}
	for _, v := range found[0].variants {
		if v.name == args[1] && v.run != nil {
			r, err := profiled(v.run, j)
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	return fmt.Errorf("no variant %q", args[1])
}

// profileEnv is the environment variable with the file that a variant writes a CPU
// profile to; without it there is none.
const profileEnv = "NLKIT_BENCH_PROFILE"

func profiled(run func(j job) (report, error), j job) (r report, err error) {
	name := os.Getenv(profileEnv)
	if name == "" {
		return run(j)
	}
	f, err := os.Create(name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return r, err
	}
	defer pprof.StopCPUProfile()
	return run(j)
}
