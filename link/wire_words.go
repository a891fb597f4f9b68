package link

import "encoding/binary"

// appendWords appends a struct of 32-bit integers.
func appendWords(b []byte, words ...uint32) []byte {
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

// readWords reads a struct of 32-bit integers, which may be longer.
func readWords(p []byte, words ...*uint32) error {
	if len(p) < 4*len(words) {
		return short(p, 4*len(words))
	}
	for i, w := range words {
		*w = binary.NativeEndian.Uint32(p[4*i:])
	}
	return nil
}
