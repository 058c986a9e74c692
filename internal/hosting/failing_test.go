package hosting_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/hosting"
)

func TestWhatDoesNotWorkIsNamedUntilItDoes(t *testing.T) {
	var f hosting.Failing
	say := func(name string, why error) error { return fmt.Errorf("%s: %w", name, why) }
	if err := f.Err(say); err != nil || f.Lines(say) != nil {
		t.Errorf("at first: %v", err)
	}
	taken := errors.New("the port is taken")
	f.Set("web", taken)
	f.Set("live", errors.New("a.cfg:1: x\na.cfg:2: y"))
	if err := f.Err(say); !errors.Is(err, taken) {
		t.Errorf("it says %v", err)
	}
	if diff := cmp.Diff([]string{"live: a.cfg:1: x; a.cfg:2: y", "web: the port is taken"}, f.Lines(say)); diff != "" {
		t.Error(diff)
	}
	f.Set("live", nil)
	f.Set("web", nil)
	if err := f.Err(say); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
