package piggyback_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/piggyback"
)

func TestASectionOfSeveralSourcesIsReadInTheOrderOfTheirNames(t *testing.T) {
	got := piggyback.Overlaps([]piggyback.Given{
		{Source: "esx2", Usable: true, Sections: []string{"mem", "cpu"}},
		{Source: "esx1", Site: "rome", Usable: true, Sections: []string{"cpu", "df"}},
		{Source: "esx1", Usable: true, Sections: []string{"cpu"}},
		{Source: "old", Sections: []string{"cpu", "df"}},
	})
	want := []piggyback.Overlap{
		{Section: "cpu", Read: []int{2, 1, 0}, Left: []int{3}},
		{Section: "df", Read: []int{1}, Left: []int{3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := piggyback.Overlaps([]piggyback.Given{{Source: "a", Usable: true, Sections: []string{"cpu"}}, {Source: "b", Usable: true}}); got != nil {
		t.Errorf("what one source brings is no overlap: %v", got)
	}
}
