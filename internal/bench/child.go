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
	"strconv"
	"time"

	"github.com/nlkit/nlkit/internal/netns"
)

//go:embed floor
var floor embed.FS

// patience is how long one variant may take, on a busy machine.
const patience = 3 * time.Minute

// ready is what a variant says when its stage can begin.
const ready = "ready"

// A bench runs variants; it owns the C programs.
type bench struct {
	dir string // of what was compiled
}

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "bench")
	return &bench{dir}, err
}

func (b *bench) close() error { return os.RemoveAll(b.dir) }

// compiled returns the path of a C program.
func (b *bench) compiled(name string) (string, error) {
	program := filepath.Join(b.dir, name+".bin")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	source, err := floor.ReadFile("floor/" + name)
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, name)
	if err := os.WriteFile(file, source, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, file).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc %s: %w\n%s", name, err, out)
	}
	return program, nil
}

// run runs one variant on a new stage.
func (b *bench) run(w *work, v *variant, n int) (report, error) {
	r, err := b.play(w, v, n)
	if err == nil && r.Wrong != "" {
		err = errors.New(r.Wrong)
	}
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", w.name, v.name, err)
	}
	return r, err
}

func (b *bench) play(w *work, v *variant, n int) (r report, err error) {
	program, args := "/proc/self/exe", []string{childArg, w.name, v.name, strconv.Itoa(n)}
	if v.c != "" {
		if program, err = b.compiled(v.c); err != nil {
			return r, err
		}
		args = append([]string{strconv.Itoa(n)}, v.args...)
	}
	s, err := w.stage(n)
	if err != nil {
		return r, err
	}
	defer s.ns.Close()

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	// A process is in the namespace of the thread that starts it.
	if err := netns.Do(s.ns, cmd.Start); err != nil {
		return r, err
	}
	driven := make(chan error, 1)
	driving, stop := context.WithCancel(ctx)
	defer stop()
	started := false
	lines := bufio.NewScanner(out)
	var last []byte
	for lines.Scan() {
		if lines.Text() == ready && !started && s.drive != nil {
			started = true
			go func() { driven <- s.drive(driving) }()
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

// childArg makes the program one variant.
const childArg = "-child"

// child is the variant that the arguments name: work, variant, how many.
func child(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("%d arguments", len(args))
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	w, ok := findWork(args[0])
	if !ok {
		return fmt.Errorf("no work %q", args[0])
	}
	for _, v := range w.variants {
		if v.name == args[1] && v.run != nil {
			r, err := v.run(n)
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	return fmt.Errorf("no variant %q", args[1])
}

func findWork(name string) (*work, bool) {
	for i := range works {
		if works[i].name == name {
			return &works[i], true
		}
	}
	return nil, false
}
