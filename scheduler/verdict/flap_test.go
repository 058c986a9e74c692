package verdict_test

import (
	"math/rand/v2"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// schedulingitem.py, add_flapping_change and update_flapping, with a list.
func TestShinkensHistoryIsAListOfChanges(t *testing.T) {
	for _, length := range []int{1, 5, 20, 50} {
		r := rand.New(rand.NewPCG(uint64(length), 1))
		var h verdict.History
		var list []bool
		for range 300 {
			changed := r.IntN(3) == 0
			h = h.RecordChange(changed, length)
			if list = append(list, changed); len(list) > length {
				list = list[1:]
			}
			want := 0.0
			for i, b := range list {
				if b {
					want += float64(i+1)*(1.2-0.8)/float64(length) + 0.8
				}
			}
			want = want / float64(length) * 100
			if got, full := h.Percent(), len(list) == length; got != want || h.Full() != full {
				t.Fatalf("length %d, %v: %v %v, want %v %v", length, list, got, h.Full(), want, full)
			}
		}
	}
}

func TestAHistoryOfTheOtherRuleIsOfNoUse(t *testing.T) {
	h := verdict.History(0).Record(monitor.Critical).Record(monitor.OK)
	if got := h.RecordChange(false, 20); got.Percent() != 0 || got.Full() {
		t.Errorf("Shinken's rule made %v %% of Nagios' history", got.Percent())
	}
	h = verdict.History(0).RecordChange(true, 1)
	if got := h.Record(monitor.OK); got != 0 {
		t.Errorf("Nagios' rule made %x of Shinken's history", got)
	}
}

func TestAStateThatNeverChangesHasNoPercent(t *testing.T) {
	var h verdict.History
	for range 21 {
		h = h.Record(monitor.Critical)
	}
	if h.Percent() != 0 || !h.Full() {
		t.Errorf("%v %%", h.Percent())
	}
}
