package http

import (
	"testing"

	"github.com/onbu/onbu/monitor"
)

func FuzzDecode(f *testing.F) {
	f.Add(`[{"host":"a","service":"b","state":"OK","output":"x|y=1","time":1700000000.5,"id":"7"}]`)
	f.Add(`{"host":"a","state":1,"time":"2026-01-31T17:00:00Z"}` + "\n" + `{"host":7}`)
	f.Fuzz(func(t *testing.T, text string) {
		const now, most = monitor.Time(1700000000e9), 10
		results, mistakes, err := decode([]byte(text), most, now)
		if err == nil && len(results)+len(mistakes) == 0 || len(results) > most {
			t.Errorf("%d results, %d mistakes and no error", len(results), len(mistakes))
		}
		for _, s := range results {
			if s.Host == "" || s.State > monitor.Unknown || s.IsHost() && s.State > monitor.Unreachable || s.Time < 0 || s.Time.Sub(now) > ahead {
				t.Errorf("%q gives %+v", text, s)
			}
		}
	})
}
