package courier

import (
	"fmt"
	"testing"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

func TestASpeakerIsOnlyOneDeliverysAtATime(t *testing.T) {
	rules, _ := piggyback.Compile(monitor.Piggyback{})
	s := newSpeakers(rules)
	first, second := s.take("esx"), s.take("esx")
	if first == second {
		t.Error("two deliveries have one speaker")
	}
	s.giveBack("esx", first)
	if s.take("esx") != first {
		t.Error("the names of the output before are forgotten")
	}
	for i := range 100 {
		name := fmt.Sprint("esx", i)
		k := s.take(name)
		for n := range 3000 {
			k.Translate(fmt.Append(nil, "vm", n))
		}
		s.giveBack(name, k)
		s.giveBack(name, rules.Speaker(name))
	}
	sum := 0
	for _, k := range s.free {
		sum += weight(k)
	}
	if sum != s.names || sum > mostNames || sum < mostNames/2 {
		t.Errorf("%d names are remembered and %d counted, want at most %d", sum, s.names, mostNames)
	}
}
