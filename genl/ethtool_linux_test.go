package genl_test

import (
	"context"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The features of ethtool, as a user of this package writes them down.

type device struct {
	Index uint32
	Name  string
}

type bit struct {
	Index uint32
	Name  string
	Value bool
}

type bitset struct {
	NoMask bool
	Size   uint32
	Bits   []bit
	Words  []byte // of 32 bits, in notifications
}

type features struct {
	Device *device
	Wanted *bitset
	Active *bitset
}

var (
	deviceAttrs = attr.Table[device]{
		attr.U32(uapi.ETHTOOL_A_HEADER_DEV_INDEX, "ETHTOOL_A_HEADER_DEV_INDEX", func(d *device) *uint32 { return &d.Index }),
		attr.String(uapi.ETHTOOL_A_HEADER_DEV_NAME, "ETHTOOL_A_HEADER_DEV_NAME", func(d *device) *string { return &d.Name }),
	}
	bitAttrs = attr.Table[bit]{
		attr.U32(uapi.ETHTOOL_A_BITSET_BIT_INDEX, "ETHTOOL_A_BITSET_BIT_INDEX", func(b *bit) *uint32 { return &b.Index }),
		attr.String(uapi.ETHTOOL_A_BITSET_BIT_NAME, "ETHTOOL_A_BITSET_BIT_NAME", func(b *bit) *string { return &b.Name }),
		attr.Flag(uapi.ETHTOOL_A_BITSET_BIT_VALUE, "ETHTOOL_A_BITSET_BIT_VALUE", func(b *bit) *bool { return &b.Value }),
	}
	bitsetAttrs = attr.Table[bitset]{
		attr.Flag(uapi.ETHTOOL_A_BITSET_NOMASK, "ETHTOOL_A_BITSET_NOMASK", func(b *bitset) *bool { return &b.NoMask }),
		attr.U32(uapi.ETHTOOL_A_BITSET_SIZE, "ETHTOOL_A_BITSET_SIZE", func(b *bitset) *uint32 { return &b.Size }),
		attr.List(uapi.ETHTOOL_A_BITSET_BITS, "ETHTOOL_A_BITSET_BITS", bitAttrs, func(b *bitset) *[]bit { return &b.Bits }),
		attr.Bytes(uapi.ETHTOOL_A_BITSET_VALUE, "ETHTOOL_A_BITSET_VALUE", func(b *bitset) *[]byte { return &b.Words }),
	}
	featuresAttrs = attr.Table[features]{
		attr.Nested(uapi.ETHTOOL_A_FEATURES_HEADER, "ETHTOOL_A_FEATURES_HEADER", deviceAttrs, func(f *features) **device { return &f.Device }),
		attr.Nested(uapi.ETHTOOL_A_FEATURES_WANTED, "ETHTOOL_A_FEATURES_WANTED", bitsetAttrs, func(f *features) **bitset { return &f.Wanted }),
		attr.Nested(uapi.ETHTOOL_A_FEATURES_ACTIVE, "ETHTOOL_A_FEATURES_ACTIVE", bitsetAttrs, func(f *features) **bitset { return &f.Active }),
	}

	describeFeatures = func(f *features) string {
		if f.Device == nil {
			return ""
		}
		return f.Device.Name
	}
	getFeatures = genl.Call[features, features]{
		Op: "ethtool.GetFeatures", Command: uapi.ETHTOOL_MSG_FEATURES_GET,
		Request: featuresAttrs, Reply: featuresAttrs, Describe: describeFeatures,
	}
	setFeatures = genl.Call[features, struct{}]{
		Op: "ethtool.SetFeatures", Command: uapi.ETHTOOL_MSG_FEATURES_SET,
		Request: featuresAttrs, Describe: describeFeatures,
	}
)

// gro is the request that turns a device's rx-gro on or off.
func gro(dev string, on bool) *features {
	return &features{
		Device: &device{Name: dev},
		Wanted: &bitset{Bits: []bit{{Name: "rx-gro", Value: on}}},
	}
}

// has reports whether a feature is among the active ones.
func (f *features) has(name string) bool {
	return f.Active != nil && slices.ContainsFunc(f.Active.Bits, func(b bit) bool { return b.Name == name })
}

// groBit returns the number of rx-gro, which lo has at first.
func groBit(t *testing.T, c *nlkit.Client, fam genl.Family) uint32 {
	t.Helper()
	f, err := getFeatures.Query(t.Context(), c, fam, &features{Device: &device{Name: "lo"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range f.Active.Bits {
		if b.Name == "rx-gro" {
			return b.Index
		}
	}
	t.Fatalf("no rx-gro among %+v", f.Active)
	return 0
}

// hasBit is has for a notification, whose bits have no names.
func (f *features) hasBit(n uint32) bool {
	if f.Active == nil || len(f.Active.Words) < int(n/32+1)*4 {
		return false
	}
	return binary.NativeEndian.Uint32(f.Active.Words[n/32*4:])&(1<<(n%32)) != 0
}

var live = livetest.New

// resolve returns a family that the test needs.
func resolve(t testing.TB, c *nlkit.Client, name string) genl.Family {
	t.Helper()
	fam, err := genl.Resolve(context.WithoutCancel(t.Context()), c, name)
	if err != nil {
		t.Fatal(err)
	}
	return fam
}

// withoutNetAdmin runs f on a thread of its own that has given up CAP_NET_ADMIN.
func withoutNetAdmin(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocks: the thread ends with the goroutine
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var caps [2]unix.CapUserData
		if err := unix.Capget(&head, &caps[0]); err != nil {
			t.Error(err)
			return
		}
		caps[0].Effective &^= 1 << unix.CAP_NET_ADMIN
		if err := unix.Capset(&head, &caps[0]); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// privileged reports whether the test has CAP_NET_ADMIN in the first user
// namespace, and not only in one of its own.
func privileged(t *testing.T) bool {
	t.Helper()
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		t.Fatal(err)
	}
	return caps[0].Effective&(1<<unix.CAP_NET_ADMIN) != 0 && inFirstUserNS(t)
}

// inFirstUserNS reports whether all users are who they seem to be.
func inFirstUserNS(t *testing.T) bool {
	t.Helper()
	b, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(b)), " ") == "0 0 4294967295"
}
