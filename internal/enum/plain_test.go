package enum_test

import "testing"

func TestPlain(t *testing.T) {
	for v, want := range map[mode]string{1: "on", 9: "9", -7: "-7"} {
		if got := modes.Plain(v); got != want {
			t.Errorf("%d: got %q, want %q", v, got, want)
		}
		var back mode
		if err := modes.Parse([]byte(want), &back); err != nil || back != v {
			t.Errorf("%q: got %d, %v", want, back, err)
		}
	}
}
