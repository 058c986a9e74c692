package faults

import "testing"

// A clock that is set makes no crowd of checks and no pause, and nobody is told twice of anything.
func TestAClockThatIsSetMakesNoCrowdAndNoPause(t *testing.T) {
	var f Finding
	if err := clockSet().alone(&f); err != nil {
		t.Fatal(err)
	}
	for _, g := range f.Figures {
		if !g.OK {
			t.Errorf("%s: %s, want %s", g.What, g.Got, g.Target)
		}
	}
}
