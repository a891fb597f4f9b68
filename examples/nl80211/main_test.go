//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, queryAttrs)
	attrtest.RoundTrip(t, wiphyAttrs)
	attrtest.RoundTrip(t, interfaceAttrs)
	attrtest.Covers(t, wiphyAttrs)
	attrtest.Covers(t, interfaceAttrs)
}

func FuzzWiphy(f *testing.F)     { attrtest.Fuzz(f, wiphyAttrs) }
func FuzzInterface(f *testing.F) { attrtest.Fuzz(f, interfaceAttrs) }

func TestJoin(t *testing.T) {
	got := join([]Wiphy{
		{Index: 3, Name: "phy3"},
		{Index: 3, Supported: map[InterfaceType]bool{2: true}},
		{Index: 3, Bands: map[uint16]Band{0: {[]Frequency{{MHz: 2412}}}}},
		{Index: 3, Bands: map[uint16]Band{0: {[]Frequency{{MHz: 2417}}}, 1: {[]Frequency{{MHz: 5180}}}}},
		{Index: 4, Name: "phy4"},
	})
	const want = "[{3 phy3 map[managed:true] map[0:{[{2412 false} {2417 false}]} 1:{[{5180 false}]}]} {4 phy4 map[] map[]}]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestSimulated lists the devices that mac80211_hwsim makes, which is loaded for it
// on a machine that is there for tests.
func TestSimulated(t *testing.T) {
	c, err := nlkit.New() // the devices are in the first network namespace
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	load(t)
	wiphys, err := Wiphys(ctx, c)
	if errors.Is(err, fs.ErrNotExist) {
		nstest.Skip(t, "family:nl80211", "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	interfaces, err := Interfaces(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if len(wiphys) == 0 {
		nstest.Skip(t, "family:nl80211", "there is no device")
	}
	if err := run(ctx); err != nil {
		t.Error(err)
	}
	for _, w := range wiphys {
		var inside []string
		for _, i := range interfaces {
			if i.Wiphy != w.Index {
				continue
			}
			inside = append(inside, i.Name)
			l, err := link.Get(context.WithoutCancel(ctx), c, link.Index(int(i.Index)))
			if err != nil || l.Name != i.Name || l.Address.String() != i.MAC.String() {
				t.Errorf("%+v is the link %s %s, %v", i, l.Name, l.Address, err)
			}
		}
		if _, err := os.Stat("/sys/class/ieee80211/" + w.Name); err != nil {
			t.Error(err)
		}
		if len(inside) == 0 || !slices.Contains(w.Types(), 2) || len(w.Bands[0].Frequencies) < 11 || w.Bands[0].Frequencies[0].MHz != 2412 {
			t.Errorf("%s has %d interfaces: %+v", w.Name, len(inside), w)
		}
	}
}

// load has the kernel simulate devices, if this machine is one for tests (see
// internal/kernels): the program that loads modules for the kernel knows where they
// are.
func load(t *testing.T) {
	t.Helper()
	if os.Getenv("NLKIT_RUN") == "" {
		return
	}
	program, err := os.ReadFile("/proc/sys/kernel/modprobe")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), strings.TrimSpace(string(program)), "mac80211_hwsim").CombinedOutput()
	if err != nil {
		t.Logf("mac80211_hwsim: %v: %s", err, out)
	}
}
