package sites_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

func TestASourceOfAnotherSiteWithATimeFarAheadIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		for _, s := range []monitor.Source{
			{Name: "good", At: now(), Newest: now()},
			{Name: "bad", At: now(), Newest: monitor.At(time.Now().AddDate(100, 0, 0))},
		} {
			_, err := berlin.bus.Post(t.Context(), []bus.Letter{{Subject: bus.OutboundSource("paris", s.Name, ""), Data: wire.Marshal(s)}})
			must(t, err)
		}
		elapse(3 * time.Second)
		if got := paris.kept.sources; len(got) != 1 || got["good"].Site != "berlin" {
			t.Errorf("paris keeps %+v", got)
		}
	})
}
