package nstest

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Recorded returns the messages in the package's testdata: in each *.txt one, as
// hex with comments behind #. Its name is that of the file.
//
// They were recorded on little-endian machines; see [LittleEndian].
func Recorded(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	messages := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var digits strings.Builder
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		b, err := hex.DecodeString(digits.String())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		messages[strings.TrimSuffix(filepath.Base(file), ".txt")] = b
	}
	return messages
}

// LittleEndian reports whether this machine can read recorded messages.
func LittleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }
