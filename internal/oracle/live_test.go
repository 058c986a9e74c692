package oracle_test

import (
	"testing"

	"github.com/onbu/onbu/internal/oracle"
)

// TestOnbuIsAsNagiosIs lets the nagios4 of this machine live through a few short sequences and compares at once: the
// recorder works, and what it recorded is what this Nagios says.
func TestOnbuIsAsNagiosIs(t *testing.T) {
	if testing.Short() || *record {
		t.Skip("takes 20 seconds")
	}
	all := short()
	recordOnce(t, all)
	compareAll(t, all)
}

// short gives sequences of ten seconds that can live in one Nagios.
func short() (all []*oracle.Sequence) {
	profiles := oracle.Profiles()
	for seed := uint64(1000); len(all) < 60; seed++ {
		if s := oracle.Generate(&profiles[seed%uint64(len(profiles))], seed, 10); len(s.Options) == 0 {
			all = append(all, s)
		}
	}
	return all
}
