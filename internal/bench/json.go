package main

import (
	"encoding/json"
	"io"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// What is written as JSON: values are medians, times in nanoseconds, memory in bytes.

type jsonMachine struct {
	Kernel  string            `json:"kernel"`
	Machine string            `json:"machine"`
	CPUs    int               `json:"cpus"`
	Go      string            `json:"go"`
	Peers   map[string]string `json:"peers"` // by module, their versions
}

// machine returns where this is.
func machine() jsonMachine {
	m := jsonMachine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Peers: peers()}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		m.Kernel, m.Machine = unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:])
	}
	return m
}

type jsonRun struct {
	jsonMachine
	Works []jsonWork `json:"works"`
}

type jsonWork struct {
	Name     string        `json:"name"`
	About    string        `json:"about"`
	Unit     string        `json:"unit"`
	Figure   string        `json:"figure"`
	N        int           `json:"n"`
	Objects  int           `json:"objects"`
	Passes   int           `json:"passes"`
	Noise    float64       `json:"noise"` // of the C program beside itself, as a part
	Variants []jsonVariant `json:"variants"`
	Goals    []jsonGoal    `json:"goals,omitempty"`
}

type jsonVariant struct {
	Name   string    `json:"name"`
	By     string    `json:"by"`
	Value  float64   `json:"value"`  // of the figure, for each item
	Values []float64 `json:"values"` // of each pass
	XFirst float64   `json:"ratio"`  // to the first variant
	Allocs float64   `json:"allocs"` // of all items, as what follows
	Bytes  float64   `json:"bytes"`
	Peak   float64   `json:"peak"`
	Lost   float64   `json:"lost"` // as a part
	Last   report    `json:"last"` // what the last pass said
}

type jsonGoal struct {
	Variant string  `json:"variant"`
	Figure  string  `json:"figure"`
	Than    string  `json:"than,omitempty"`
	Most    float64 `json:"most"`
	Got     float64 `json:"got"`
	Noise   float64 `json:"noise"`
	Reached bool    `json:"reached"`
	Missed  bool    `json:"missed"` // by more than the noise
}

func writeJSON(w io.Writer, all []*result) error {
	run := jsonRun{machine(), []jsonWork{}}
	for _, r := range all {
		jw := jsonWork{
			Name: r.w.name, About: r.w.about, Unit: r.w.unit, Figure: r.w.figure.String(),
			N: r.at.n, Objects: r.at.objects(), Passes: r.passes(), Noise: r.noise(),
		}
		for i := range r.lines {
			l := &r.lines[i]
			jw.Variants = append(jw.Variants, jsonVariant{
				Name: l.v.name, By: l.v.by, Value: l.middle(r.w.figure), Values: l.values(r.w.figure),
				XFirst: ratio(l, &r.lines[0], r.w.figure), Allocs: l.middle(allocs), Bytes: l.middle(bytes), Peak: l.middle(peak),
				Lost: l.lost(), Last: l.last(),
			})
		}
		for _, g := range r.w.goals {
			v := r.judge(g)
			jw.Goals = append(jw.Goals, jsonGoal{
				Variant: v.variant, Figure: v.figure.String(), Than: v.than, Most: v.most, Got: v.got, Noise: v.noise, Reached: v.reached(), Missed: v.missed(),
			})
		}
		run.Works = append(run.Works, jw)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(run)
}

// peers returns the versions of the modules that this program is made of.
func peers() map[string]string {
	versions := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Replace == nil {
				versions[m.Path] = m.Version
			}
		}
	}
	return versions
}
