package snmp

import (
	"crypto/sha256"
	"strings"
)

// sample is what --rate keeps of a check for the next: the plugin keeps it in a file per command line, we in memory. It
// is lost when the daemon ends; the check after that is like the first.
type sample struct {
	taken  int64 // Unix seconds, as in the plugin: a rate over less than a second is none
	values []float64
}

// value gives the i-th value without decimals, as the plugin's file has it.
func (s *sample) value(i int) float64 {
	if i >= len(s.values) {
		return 0
	}
	v, _ := leadingFloat(formatFloat("%.0f", s.values[i]))
	return v
}

// lineKey stands for a command line in the table of samples.
type lineKey [sha256.Size]byte

func keyOf(argv []string) lineKey { return sha256.Sum256([]byte(strings.Join(argv, "\x00"))) }
