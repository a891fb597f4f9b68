package enum_test

import (
	"testing"

	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

type mode int8

var modes = enum.Words[mode]{"Mode", []enum.Word[mode]{{0, "auto"}, {1, "on"}, {-1, "off"}}}

func TestWords(t *testing.T) {
	for text, want := range map[string]mode{"auto": 0, "on": 1, "off": -1, "Mode(9)": 9, "Mode(-7)": -7, "9": 9, "0x10": 16} {
		var got mode
		if err := modes.Parse([]byte(text), &got); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
		var again mode
		if err := modes.Parse([]byte(modes.String(want)), &again); err != nil || again != want {
			t.Errorf("%d does not survive as %q: %v", want, modes.String(want), err)
		}
	}
	if got := modes.String(9); got != "Mode(9)" {
		t.Errorf("got %q", got)
	}
	for _, text := range []string{"", "ON", "Mode()", "Mode(128)", "128", "-129", "18446744073709551615"} {
		var v mode
		if modes.Parse([]byte(text), &v) == nil {
			t.Errorf("%q is taken for %d", text, v)
		}
	}
}

func TestFlags(t *testing.T) {
	flags := enum.Flags[uint32]{"Flags", []enum.Word[uint32]{{1, "up"}, {2, "broadcast"}}}
	for v, want := range map[uint32]string{0: "0", 1: "up", 3: "up|broadcast", 0x40003: "up|broadcast|0x40000", 1 << 31: "0x80000000"} {
		if got := flags.String(v); got != want {
			t.Errorf("%#x: got %q, want %q", v, got, want)
		}
		var back uint32
		if err := flags.Parse([]byte(want), &back); err != nil || back != v {
			t.Errorf("%q: got %#x, %v", want, back, err)
		}
	}
	for _, text := range []string{"", "up|", "upp", "0x100000000"} {
		var v uint32
		if flags.Parse([]byte(text), &v) == nil {
			t.Errorf("%q is taken for %#x", text, v)
		}
	}
}
