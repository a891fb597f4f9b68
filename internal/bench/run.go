package main

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nlkit/nlkit/internal/netns"
)

//go:embed floor
var floor embed.FS

// patience is how long one variant may take, on a busy machine.
const patience = 5 * time.Minute

// A bench runs variants; it owns the C programs, and the stage in use.
type bench struct {
	dir      string // of what is compiled
	profiles string // the directory for CPU profiles, "" for none
	scene    string // that stage is of
	size     int    // of it
	stage    *stage
}

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	return &bench{dir: dir}, os.CopyFS(dir, floor)
}

func (b *bench) close() error { return errors.Join(b.clear(), os.RemoveAll(b.dir)) }

// clear closes the stage in use.
func (b *bench) clear() error {
	s := b.stage
	b.stage = nil
	return s.clear()
}

func (s *stage) clear() error {
	if s == nil {
		return nil
	}
	var err error
	if s.close != nil {
		err = s.close()
	}
	return errors.Join(err, s.ns.Close())
}

// at returns the stage of a work.
func (b *bench) at(w *work, s scale) (*stage, error) {
	if b.stage != nil && b.scene == w.scene.name && b.size == s.objects() && !w.scene.fresh {
		return b.stage, nil
	}
	if err := b.clear(); err != nil {
		return nil, err
	}
	stage, err := w.scene.build(s.objects())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.scene.name, err)
	}
	b.stage, b.scene, b.size = stage, w.scene.name, s.objects()
	return stage, nil
}

// compiled returns the path of a C program.
func (b *bench) compiled(name string) (string, error) {
	program := filepath.Join(b.dir, name+".bin")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	cmd := exec.Command("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, filepath.Join(b.dir, "floor", name))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc %s: %w\n%s", name, err, out)
	}
	return program, nil
}

// run runs one variant.
func (b *bench) run(w *work, v *variant, s scale) (report, error) {
	r, err := b.play(w, v, s)
	if err == nil && r.Wrong != "" {
		err = errors.New(r.Wrong)
	}
	want := uint64(s.n * max(w.rounds, 1) / max(v.part, 1))
	if got := r.Items + r.Lost; err == nil && (got < want || got > want && !w.open) {
		err = fmt.Errorf("%d %ss, and not %d", got, w.unit, want)
	}
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", w.name, v.name, err)
	}
	return r, err
}

func (b *bench) play(w *work, v *variant, s scale) (r report, err error) {
	j := job{n: s.n, rounds: max(w.rounds, 1), practice: w.practice}
	program, args := "/proc/self/exe", append([]string{childArg, w.name, v.name}, j.numbers()...)
	if v.c != "" {
		if program, err = b.compiled(v.c); err != nil {
			return r, err
		}
		args = append(j.numbers(), v.args...)
	}
	stage, err := b.at(w, s)
	if err != nil {
		return r, err
	}
	if stage.before != nil {
		if err := stage.before(s.n); err != nil {
			return r, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	if b.profiles != "" {
		cmd.Env = append(os.Environ(), profileEnv+"="+filepath.Join(b.profiles, strings.ReplaceAll(w.name+"."+v.name, " ", "-")+".pprof"))
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	// A process is in the namespace of the thread that starts it.
	if err := netns.Do(stage.ns, cmd.Start); err != nil {
		return r, err
	}
	driven := make(chan error, 1)
	driving, stop := context.WithCancel(ctx)
	defer stop()
	started := false
	lines := bufio.NewScanner(out)
	var last []byte
	for lines.Scan() {
		if ask, ok := strings.CutPrefix(lines.Text(), ready); ok && !started && stage.drive != nil {
			started = true
			go func() { driven <- stage.drive(driving, s.n, strings.TrimSpace(ask)) }()
			continue
		}
		last = slices.Clone(lines.Bytes())
	}
	err = errors.Join(lines.Err(), cmd.Wait())
	stop()
	if started {
		err = errors.Join(err, <-driven)
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(last, &r); err != nil {
		return r, fmt.Errorf("it says %q: %w", last, err)
	}
	return r, nil
}
