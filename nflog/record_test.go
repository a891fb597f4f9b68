package nflog_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/nflog"
)

var record = flag.String("record", "", "write testdata from the kernel at hand, which is called so")

// keep writes a packet of the real kernel to testdata: hex, an attribute a line.
func keep(t testing.TB, name string, p *nflog.Packet) {
	t.Helper()
	if *record == "" {
		return
	}
	var b strings.Builder
	raw := nflog.Raw(p)
	fmt.Fprintf(&b, "# %s, NFULNL_MSG_PACKET: %s %s\n% x # struct nfgenmsg\n", *record, p.Family, p.Hook, raw[:4])
	rest := raw[4:]
	s := attr.Scan(rest)
	for s.Next() {
		n := min(len(rest), (4+len(s.Bytes())+3)&^3)
		label, _ := attr.Name(nflog.PacketAttrs, s.Type(), nil)
		fmt.Fprintf(&b, "% x # %s\n", rest[:n], label)
		rest = rest[n:]
	}
	t.Log(b.String()) // for machines whose files are read-only
	if err := os.WriteFile(filepath.Join("testdata", name+".txt"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
