package oracle_test

import (
	"errors"
	"testing"

	"github.com/onbu/onbu/internal/oracle"
)

// TestOnbuIsAsNagiosIs lets the nagios4 of this machine live through a few short sequences and compares at once: the
// recorder works, and what it recorded is what this Nagios says.
func TestOnbuIsAsNagiosIs(t *testing.T) {
	all := short()
	recordOnce(t, all)
	compareAll(t, all)
}

// recordOnce lets Nagios live through the sequences until it was never late.
func recordOnce(t *testing.T, some []*oracle.Sequence) {
	for try := 1; ; try++ {
		switch err := oracle.Record(t, some); {
		case err == nil:
			return
		case !errors.Is(err, oracle.ErrLate) || try == 4:
			t.Fatal(err)
		default:
			t.Log(err) // the machine has other things to do
		}
	}
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
