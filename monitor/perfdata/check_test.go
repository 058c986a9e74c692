package perfdata_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

func TestACheckIsRememberedByItsMetricsWithAValue(t *testing.T) {
	c := monitor.Check{Perfdata: "a=1 b=U rubbish 'c d'=3s;;;"}
	labels := func() (all []string) {
		for m := range perfdata.OfCheck(&c) {
			all = append(all, m.Label)
		}
		return all
	}
	if got, want := labels(), []string{"a", "c d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	c.NoPerfdata = true
	if got := labels(); got != nil {
		t.Errorf("process_perf_data 0: got %q", got)
	}
}

func TestBaseUnits(t *testing.T) {
	for unit, want := range map[string]struct {
		factor float64
		base   string
	}{
		"ms": {1e-3, "s"}, "µs": {1e-6, "s"}, "s": {1, "s"}, "MB": {1 << 20, "B"}, "KiB": {1024, "B"}, "Mbit": {1e6, "b"},
		"%": {1, "%"}, "c": {1, "c"}, "": {1, ""}, "widgets": {1, "widgets"},
	} {
		if factor, base := perfdata.Base(unit); factor != want.factor || base != want.base {
			t.Errorf("%q: %g %q, want %g %q", unit, factor, base, want.factor, want.base)
		}
	}
}
