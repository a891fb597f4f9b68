package attr

import "time"

// Millis64 is a duration as a 64-bit count of milliseconds, rounded up.
func Millis64[T any](typ uint16, name string, field func(*T) *time.Duration) Row[T] {
	return Row[T]{duration(typ, name, time.Millisecond, 8, field)}
}

// OptMillis64 is [Millis64] where zero is a value: nil is not sent.
func OptMillis64[T any](typ uint16, name string, field func(*T) **time.Duration) Row[T] {
	return Opt(Millis64(typ, name, Self[time.Duration]), field)
}
