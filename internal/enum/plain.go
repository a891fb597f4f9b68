package enum

import "strconv"

// Plain is String for an enumeration that users extend with numbers of their own,
// such as routing tables: v without a word is a plain number.
func (w *Words[T]) Plain(v T) string {
	for i := range w.Words {
		if w.Words[i].Value == v {
			return w.Words[i].Name
		}
	}
	if v < 0 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatUint(uint64(v), 10)
}
